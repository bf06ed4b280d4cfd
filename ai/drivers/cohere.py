"""Cohere's chat format, its second version (docs.cohere.com/v2/docs/streaming), over plain HTTP.

Not through litellm: its reader fails on the lines that name an event, and it takes no client of ours here.
"""

from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, Final

import orjson

from ai.errors import FailureKind
from ai.messages import Delta, End, FinishReason, Means, Request, Usage, counted, estimated
from ai.upstream import Keyed, Upstream

_ROOT: Final = "https://api.cohere.com"
_FINISHES: Final = {"MAX_TOKENS": FinishReason.LENGTH, "ERROR_TOXIC": FinishReason.FILTERED}
_FAILURES: Final = {"ERROR": FailureKind.OVERLOADED, "ERROR_LIMIT": FailureKind.REFUSED, "TIMEOUT": FailureKind.TIMEOUT}


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohere(Keyed):
    """Cohere with one key."""

    @property
    def name(self) -> str:
        """The provider's name in the catalogue."""
        return "cohere"

    async def stream(self, request: Request) -> AsyncGenerator[Delta | End]:
        """Ask, and yield the answer as it comes.

        Raises:
            ProviderFailed: of any kind, at any place.
        """
        upstream = Upstream(self.client, self.name, request, self.patience)
        reply = _Reply(request, upstream)
        secret = self.credential.secret
        headers = {} if secret is None else {"authorization": f"Bearer {secret.get_secret_value()}"}
        root = (self.credential.address or _ROOT).rstrip("/")
        try:
            await upstream.open(f"{root}/v2/chat", headers, orjson.dumps(_body(request)))
            while reply.finish is None and (payloads := await upstream.read()) is not None:
                for payload in payloads:
                    if text := reply.take(payload):
                        yield Delta(text)
                if payloads:
                    upstream.moved()
            await upstream.drain()
            yield reply.end()
        finally:
            await upstream.aclose()


class _Reply:
    """What was understood of an answer so far."""

    def __init__(self, request: Request, upstream: Upstream) -> None:
        self.request = request
        self.finish: FinishReason | None = None
        self._upstream = upstream
        self._characters = 0
        self._usage: Usage | None = None

    def take(self, payload: bytes) -> str:
        """Return the text in an event, often none.

        Raises:
            ProviderFailed: it is no event of this format, or says that the provider failed.
        """
        if payload == b"[DONE]":
            return ""
        try:
            event: Any = orjson.loads(payload)
            text = self._said(event)
        except (ValueError, LookupError, TypeError, AttributeError):
            raise self._upstream.failed(FailureKind.GARBLED) from None
        self._characters += len(text)
        return text

    def end(self) -> End:
        """Return the last word; the stream ended.

        Raises:
            ProviderFailed: the answer has no end.
        """
        if self.finish is None:
            raise self._upstream.failed(FailureKind.CUT)
        return End(finish=self.finish, usage=self._usage or estimated(self.request, self._characters))

    def _said(self, event: Any) -> str:
        match event["type"]:
            case "content-delta":
                return str(event["delta"]["message"]["content"].get("text") or "")
            case "tool-call-delta":
                return str(event["delta"]["message"]["tool_calls"]["function"]["arguments"])
            case "message-end":
                self._ended(event["delta"])
            case _:
                pass
        return ""

    def _ended(self, delta: Any) -> None:
        reason: str = delta.get("finish_reason") or "COMPLETE"
        if reason in _FAILURES:
            raise self._upstream.failed(_FAILURES[reason])
        self.finish = _FINISHES.get(reason, FinishReason.STOP)
        # what is billed is less than what was read: Cohere adds words of its own, at its own expense
        usage: Any = delta.get("usage") or {}
        counts: Any = usage.get("billed_units") or usage.get("tokens")
        if counts:
            tokens = int(counts.get("input_tokens") or 0), int(counts.get("output_tokens") or 0)
            self._usage = counted(self.request.model, *tokens)


def _body(request: Request) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": request.model.name,
        "messages": [{"role": each.role.value, "content": each.text} for each in request.messages],
        "stream": True,
        "max_tokens": request.max_tokens,
    }
    if request.temperature is not None and not request.model.fixed_temperature:
        body["temperature"] = min(request.temperature, 1.0)
    if request.stop:
        body["stop_sequences"] = list(request.stop)
    shape = request.shape
    if shape is not None and shape.by is Means.FORMAT:
        body["response_format"] = {"type": "json_object", "json_schema": dict(shape.json_schema)}
    elif shape is not None and shape.by is Means.TOOL:
        function = {"name": shape.name, "description": shape.name, "parameters": dict(shape.json_schema)}
        body |= {"tools": [{"type": "function", "function": function}], "tool_choice": "REQUIRED"}
    return body
