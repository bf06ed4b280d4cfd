"""The chat completions format, as OpenAI, Groq, Together, Mistral and Ollama speak it, over plain HTTP.

A thin driver: a library's objects for each token cost ten times as much as the token (see docs/performance.md).
"""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import httpx
import orjson

from ai.errors import FailureKind, ProviderFailed, kind_of_status, wait_of
from ai.messages import Delta, End, FinishReason, Means, Request, Shape, Usage, counted, estimated
from ai.provider import Credential, Patience
from ai.sse import EventReader, TooLong

_OK: Final = 200
_BAD: Final = 400
_DRAIN: Final = 0.05
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
class OpenAiShaped:
    """A provider that speaks chat completions. The client is shared by all, and closed by whoever opened it."""

    dialect: Dialect
    client: httpx.AsyncClient = field(repr=False)
    credential: Credential
    patience: Patience = field(default_factory=Patience)

    @property
    def name(self) -> str:
        """The provider's name in the catalogue."""
        return self.dialect.name

    @property
    def scope(self) -> str:
        """The key's name."""
        return self.credential.scope

    async def stream(self, request: Request) -> AsyncGenerator[Delta | End]:
        """Ask, and yield the answer as it comes.

        Raises:
            ProviderFailed: of any kind, at any place.
        """
        reply = _Reply(request)
        deadline = _after(self.patience.first)
        response = await self._open(request, deadline)
        try:
            reader, pieces = EventReader(), response.aiter_raw()
            while not reply.is_done:
                piece = await self._read(request, pieces, deadline)
                if piece is None:
                    break
                for text in reply.take(self, reader, piece):
                    yield Delta(text)
                if reply.has_moved:
                    deadline = _after(self.patience.between)
            if reply.is_done:
                await _drain(pieces)
            yield reply.end(self)
        finally:
            with suppress(TimeoutError, httpx.HTTPError):
                async with asyncio.timeout(self.patience.close):
                    await response.aclose()

    def failed(self, kind: FailureKind, request: Request, response: httpx.Response | None = None) -> ProviderFailed:
        """Return the error of a kind."""
        return ProviderFailed(
            kind,
            provider=self.name,
            model=request.model.name,
            status=None if response is None else response.status_code,
            retry_after=None if response is None else wait_of(response.headers.get("retry-after")),
        )

    async def _open(self, request: Request, deadline: float) -> httpx.Response:
        root = (self.credential.address or self.dialect.root).rstrip("/").removesuffix("/v1")
        headers = {"content-type": "application/json", "accept": "text/event-stream", "accept-encoding": "identity"}
        if self.credential.secret is not None:
            headers["authorization"] = f"Bearer {self.credential.secret.get_secret_value()}"
        post = self.client.build_request(
            "POST",
            f"{root}{self.dialect.path}/chat/completions",
            content=orjson.dumps(_body(request, self.dialect)),
            headers=headers,
            timeout=httpx.Timeout(None, connect=self.patience.connect, pool=self.patience.connect),
        )
        try:
            async with asyncio.timeout_at(deadline):
                response = await self.client.send(post, stream=True)
        except (TimeoutError, httpx.TimeoutException):
            raise self.failed(FailureKind.TIMEOUT, request) from None
        except httpx.ConnectError:
            raise self.failed(FailureKind.UNREACHABLE, request) from None
        except httpx.HTTPError:
            raise self.failed(FailureKind.CUT, request) from None
        is_stream = response.headers.get("content-type", "").startswith("text/event-stream")
        if response.status_code == _OK and is_stream:
            return response
        kind = FailureKind.GARBLED if response.is_success else kind_of_status(response.status_code)
        with suppress(TimeoutError, httpx.HTTPError):
            async with asyncio.timeout(self.patience.close):
                await response.aclose()
        raise self.failed(kind, request, response)

    async def _read(self, request: Request, pieces: AsyncIterator[bytes], deadline: float) -> bytes | None:
        try:
            async with asyncio.timeout_at(deadline):
                return await anext(pieces, None)
        except (TimeoutError, httpx.TimeoutException):
            raise self.failed(FailureKind.TIMEOUT, request) from None
        except (httpx.HTTPError, httpx.StreamError):
            raise self.failed(FailureKind.CUT, request) from None


class _Reply:
    """What was understood of an answer so far."""

    def __init__(self, request: Request) -> None:
        self.request = request
        self.is_done = False
        self.has_moved = False
        self._characters = 0
        self._finish: FinishReason | None = None
        self._usage: Usage | None = None

    def take(self, driver: OpenAiShaped, reader: EventReader, piece: bytes) -> list[str]:
        """Return the texts in a piece of the stream."""
        self.has_moved = False
        texts: list[str] = []
        try:
            for payload in reader.feed(piece):
                if payload == b"[DONE]":
                    self.is_done = True
                    break
                data: Any = orjson.loads(payload)
                if "error" in data:
                    raise driver.failed(self._kind(data["error"]), self.request)
                text = self._said(data)
                if text:
                    texts.append(text)
        except (orjson.JSONDecodeError, TooLong, LookupError, TypeError, AttributeError):
            raise driver.failed(FailureKind.GARBLED, self.request) from None
        self._characters += sum(map(len, texts))
        if self._characters > _ANSWER_LIMIT:
            raise driver.failed(FailureKind.GARBLED, self.request)
        return texts

    def end(self, driver: OpenAiShaped) -> End:
        """Return the last word; the stream ended."""
        if self._finish is None and not self.is_done:
            raise driver.failed(FailureKind.CUT, self.request)
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


def _after(seconds: float) -> float:
    return asyncio.get_running_loop().time() + seconds


async def _drain(pieces: AsyncIterator[bytes]) -> None:
    """Read what is left behind the last word, mostly nothing, so that the connection can be used again."""
    with suppress(TimeoutError, httpx.HTTPError, httpx.StreamError):
        async with asyncio.timeout(_DRAIN):
            async for _ in pieces:
                pass


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
