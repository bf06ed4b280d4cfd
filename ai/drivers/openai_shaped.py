"""The chat completions format, as OpenAI, Groq, Together, Mistral and Ollama speak it, over plain HTTP.

A thin driver, as a library's objects for each token cost ten times as much as the token itself (measured: litellm 391
microseconds of CPU for a piece of an answer, openai's client 140, bare HTTP 32).
"""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final

import httpx
import orjson

from ai.errors import FailureKind, kind_of_status
from ai.messages import Delta, End, FinishReason, Means, Request, Shape, Usage, counted, estimated
from ai.upstream import Keyed, Upstream

_BAD: Final = 400
_PROBE: Final = 1.0
_ANSWER_LIMIT: Final = 4_000_000
_NOTHING: Final[dict[str, Any]] = {}
_FINISHES: Final = {
    "length": FinishReason.LENGTH,
    "model_length": FinishReason.LENGTH,
    "content_filter": FinishReason.FILTERED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialect:
    """What differs between providers: their place, the name of the answer's bound, whether to ask for a count."""

    name: str
    root: str
    path: str = "/v1"
    bound: str = "max_tokens"
    counts_on_demand: bool = True


DIALECTS: Final[Mapping[str, Dialect]] = {
    each.name: each
    for each in (
        Dialect(name="openai", root="https://api.openai.com", bound="max_completion_tokens"),
        Dialect(name="groq", root="https://api.groq.com", path="/openai/v1", bound="max_completion_tokens"),
        Dialect(name="together", root="https://api.together.xyz"),
        Dialect(name="mistral", root="https://api.mistral.ai", counts_on_demand=False),
        Dialect(name="ollama", root="http://127.0.0.1:11434"),
    )
}


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenAiShaped(Keyed):
    """A provider that speaks chat completions."""

    dialect: Dialect

    @property
    def name(self) -> str:
        """The provider's name in the catalogue."""
        return self.dialect.name

    async def stream(self, request: Request) -> AsyncGenerator[Delta | End]:
        """Ask, and yield the answer as it comes.

        Raises:
            ProviderFailed: of any kind, at any place.
        """
        upstream = Upstream(self.client, self.name, request, self.patience)
        reply = _Reply(request, upstream)
        headers: dict[str, str] = {}
        if self.credential.secret is not None:
            headers["authorization"] = f"Bearer {self.credential.secret.get_secret_value()}"
        root = (self.credential.address or self.dialect.root).rstrip("/").removesuffix("/v1")
        try:
            await upstream.open(
                f"{root}{self.dialect.path}/chat/completions", headers, orjson.dumps(_body(request, self.dialect))
            )
            while not reply.is_done and (payloads := await upstream.read()) is not None:
                for payload in payloads:
                    if text := reply.take(payload):
                        yield Delta(text)
                if reply.has_moved:
                    reply.has_moved = False
                    upstream.moved()
            await upstream.drain()
            yield reply.end()
        finally:
            await upstream.aclose()


class _Reply:
    """What was understood of an answer so far."""

    def __init__(self, request: Request, upstream: Upstream) -> None:
        self.request = request
        self.is_done = False
        self.has_moved = False
        self._upstream = upstream
        self._characters = 0
        self._finish: FinishReason | None = None
        self._usage: Usage | None = None

    def take(self, payload: bytes) -> str:
        """Return the text in an event, often none.

        Raises:
            ProviderFailed: it is no event of this format, or says that the provider failed.
        """
        if payload == b"[DONE]":
            self.is_done = True
            return ""
        try:
            data: Any = orjson.loads(payload)
            if "error" in data:
                raise self._upstream.failed(self._kind(data["error"]))
            text = self._said(data)
        except (ValueError, LookupError, TypeError, AttributeError):
            raise self._upstream.failed(FailureKind.GARBLED) from None
        self._characters += len(text)
        if self._characters > _ANSWER_LIMIT:
            raise self._upstream.failed(FailureKind.GARBLED)
        return text

    def end(self) -> End:
        """Return the last word; the stream ended.

        Raises:
            ProviderFailed: the answer has no end.
        """
        if self._finish is None and not self.is_done:
            raise self._upstream.failed(FailureKind.CUT)
        usage = self._usage or estimated(self.request, self._characters)
        return End(finish=self._finish or FinishReason.STOP, usage=usage)

    def _said(self, data: Any) -> str:
        usage: Any = data.get("usage") or (data.get("x_groq") or _NOTHING).get("usage")
        if usage:
            tokens = int(usage["prompt_tokens"]), int(usage.get("completion_tokens") or 0)
            self._usage = counted(self.request.model, *tokens)
            self.has_moved = True
        choices = data["choices"]
        if not choices:
            return ""
        choice = choices[0]
        finish = choice.get("finish_reason")
        if finish:
            self._finish = _FINISHES.get(finish, FinishReason.STOP)
            self.has_moved = True
        delta: Any = choice.get("delta") or _NOTHING
        calls = delta.get("tool_calls")
        text: Any = delta.get("content")
        if calls:
            text = "".join([each["function"].get("arguments") or "" for each in calls])
        if text or delta.get("reasoning_content") or delta.get("reasoning"):
            self.has_moved = True
        if text and not isinstance(text, str):
            # Mistral's reasoning models give parts: what is thought, and what is said
            return "".join(each["text"] for each in text if each["type"] == "text")
        return text or ""

    def _kind(self, error: Any) -> FailureKind:
        status: Any = error.get("code") if hasattr(error, "get") else None
        if isinstance(status, int) and status >= _BAD:
            return kind_of_status(status)
        return FailureKind.CUT if self._characters else FailureKind.OVERLOADED


async def local_models(client: httpx.AsyncClient, address: str) -> tuple[str, ...]:
    """Return the names of the models that an Ollama has; nothing when it does not answer within a second."""
    with suppress(httpx.HTTPError, TimeoutError, ValueError, LookupError, TypeError):
        async with asyncio.timeout(_PROBE):
            response = await client.get(f"{address.rstrip('/').removesuffix('/v1')}/v1/models")
            data: Any = orjson.loads(response.content)
            return tuple(str(each["id"]) for each in data["data"])
    return ()


def _body(request: Request, dialect: Dialect) -> dict[str, Any]:
    body: dict[str, Any] = {
        "model": request.model.name,
        "messages": [{"role": each.role.value, "content": each.text} for each in request.messages],
        "stream": True,
        dialect.bound: request.max_tokens,
    }
    if dialect.counts_on_demand:
        body["stream_options"] = {"include_usage": True}
    if request.temperature is not None and not request.model.fixed_temperature:
        body["temperature"] = request.temperature
    if request.stop:
        body["stop"] = list(request.stop)
    if request.shape is not None:
        body |= in_openai_words(request.shape)
    return body


def in_openai_words(shape: Shape) -> dict[str, Any]:
    """Return the parameters that ask for a shape: a strict response format, or the one tool that must be called."""
    schema = dict(shape.json_schema)
    match shape.by:
        case Means.FORMAT:
            wanted = {"name": shape.name, "schema": schema, "strict": True}
            return {"response_format": {"type": "json_schema", "json_schema": wanted}}
        case Means.TOOL:
            function = {"name": shape.name, "parameters": schema}
            choice = {"type": "function", "function": {"name": shape.name}}
            return {"tools": [{"type": "function", "function": function}], "tool_choice": choice}
        case Means.PROMPT:
            return {}
