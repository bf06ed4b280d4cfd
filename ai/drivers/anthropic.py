"""Anthropic's messages format, translated by litellm."""

from typing import Any, Final

from ai.client import Sign, Wire
from ai.errors import FailureKind

_KINDS: Final = {
    "authentication_error": FailureKind.AUTH,
    "permission_error": FailureKind.AUTH,
    "rate_limit_error": FailureKind.RATE_LIMITED,
    "not_found_error": FailureKind.MISSING,
    "invalid_request_error": FailureKind.REFUSED,
}


def _sign(event: Any) -> Sign | FailureKind:
    match event["type"]:
        case "ping":
            return Sign.IDLE
        case "message_stop":
            return Sign.WHOLE
        case "error":
            return _KINDS.get(event["error"]["type"], FailureKind.OVERLOADED)
        case _:
            return Sign.MOVES


ANTHROPIC: Final = Wire(
    name="anthropic",
    prefix="anthropic",
    root="https://api.anthropic.com",
    path="",
    sign=_sign,
)
