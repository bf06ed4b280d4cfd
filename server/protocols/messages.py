"""Messages of graphql-transport-ws: their shape, checked before anything is done (graphql-ws, PROTOCOL.md)."""

from collections.abc import Mapping
from typing import Any, Final, cast

from server.protocols import json_text

ID_LONGEST: Final = 200
_FROM_CLIENTS: Final = frozenset({"connection_init", "ping", "pong", "subscribe", "complete"})


class MessageInvalid(Exception):
    """The message is none of the protocol's. Its text is the reason that the socket is closed with."""


def read(text: str) -> Mapping[str, Any]:
    """Read a client's message.

    Raises:
        MessageInvalid: it is no JSON object, or its parts have the wrong types.
    """
    try:
        message: object = json_text.parsed(text.encode("utf-8", "surrogatepass"))
    except json_text.JsonRefused as error:
        raise MessageInvalid(f"Not JSON: {error}"[:120]) from None
    if not isinstance(message, dict):
        raise MessageInvalid("A message is an object")
    given = cast("dict[str, Any]", message)
    if given.get("type") not in _FROM_CLIENTS:
        raise MessageInvalid("Unknown type of message")
    fault = _fault(given)
    if fault is not None:
        raise MessageInvalid(fault)
    return given


def _fault(given: Mapping[str, Any]) -> str | None:
    payload: object = given.get("payload")
    if given["type"] in ("connection_init", "ping", "pong"):
        return None if payload is None or isinstance(payload, dict) else "The payload is an object"
    key: object = given.get("id")
    if not isinstance(key, str) or not 0 < len(key) <= ID_LONGEST:
        return "The id is a text"
    if given["type"] == "subscribe" and not isinstance(payload, dict):
        return "A subscribe message has a payload"
    return None if given["type"] == "complete" else _subscribe_fault(cast("dict[str, Any]", payload))


def _subscribe_fault(payload: Mapping[str, Any]) -> str | None:
    for name in ("query", "documentId", "operationName"):
        if not isinstance(payload.get(name), (str, type(None))):
            return f"{name} is a text"
    for name in ("variables", "extensions"):
        if not isinstance(payload.get(name), (dict, type(None))):
            return f"{name} is an object"
    is_named = isinstance(payload.get("documentId"), str) or isinstance(payload.get("extensions"), dict)
    return None if isinstance(payload.get("query"), str) or is_named else "The query is a text"
