"""The only file that knows litellm, which translates: our question into a provider's request, its events into text.

It takes four seconds and 190 MB to import, so that happens in a thread at the first use, or at `warm`. HTTP is ours:
deadlines, statuses and closing are those of `ai.upstream`, and nothing is asked but the provider. litellm's own would
repeat a request that broke, hide how long to wait, and leave a stream open that nobody reads.
"""

import asyncio
import logging
import os
import threading
import warnings
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from copy import deepcopy
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any, Final

import httpx
import orjson

from ai.drivers.openai_shaped import in_openai_words
from ai.errors import FailureKind, ProviderFailed
from ai.messages import Delta, End, FinishReason, Request, Usage, counted, estimated
from ai.upstream import Keyed, Upstream

_LOADING: Final = 120.0
_LOCK: Final = threading.Lock()
_BEFORE_IMPORT: Final = {
    "LITELLM_LOCAL_MODEL_COST_MAP": "True",
    "LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS": "True",
    "LITELLM_LOCAL_AUTOROUTER_PRESETS": "True",
    "LITELLM_MODE": "PRODUCTION",
    "LITELLM_LOG": "CRITICAL",
}
_LOADED_LATE: Final = ("AnthropicConfig", "GoogleAIStudioGeminiConfig")
_LOGGERS: Final = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")
_FINISHES: Final = {"length": FinishReason.LENGTH, "content_filter": FinishReason.FILTERED}


class Sign(StrEnum):
    """What an event of a provider means for the stream: nothing, that it goes on, or that it is whole."""

    IDLE = "idle"
    MOVES = "moves"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """What is to be known of a provider beside litellm's translation.

    `prefix` is litellm's name, `path` comes behind the address, and `sign` tells what an event means, or which failure
    it is.
    """

    name: str
    prefix: str
    root: str
    path: str
    sign: Callable[[Any], Sign | FailureKind]


@dataclass(frozen=True, slots=True, kw_only=True)
class Translated(Keyed):
    """A provider whose format litellm translates."""

    wire: Wire

    @property
    def name(self) -> str:
        """The provider's name in the catalogue."""
        return self.wire.name

    async def stream(self, request: Request) -> AsyncGenerator[Delta | End]:
        """Ask, and yield the answer as it comes.

        Raises:
            ProviderFailed: of any kind, at any place.
        """
        await warm()
        upstream = Upstream(self.client, self.name, request, self.patience)
        lines = _Lines(upstream, self.wire.sign)
        understood = _Understood(request)
        try:
            chunks = await self._asked(request, lines)
            while (chunk := await self._next(chunks, lines)) is not None:
                if text := understood.take(chunk):
                    yield Delta(text)
                    # however long whoever reads took for it
                    upstream.moved()
            if not lines.is_whole:
                raise upstream.failed(FailureKind.CUT)
            await upstream.drain()
            yield understood.end()
        finally:
            await upstream.aclose()

    async def _asked(self, request: Request, lines: "_Lines") -> AsyncIterator[Any]:
        secret = self.credential.secret
        try:
            async with asyncio.timeout(self.patience.connect + self.patience.first):
                return await _litellm().acompletion(
                    model=f"{self.wire.prefix}/{request.model.name}",
                    api_key="none" if secret is None else secret.get_secret_value(),
                    api_base=(self.credential.address or self.wire.root).rstrip("/") + self.wire.path,
                    client=_door()(lines),
                    stream=True,
                    stream_options={"include_usage": True},
                    num_retries=0,
                    max_retries=0,
                    # with tools it would import a package for a protocol that nobody speaks here
                    _skip_mcp_handler=True,
                    **_words(request),
                )
        except Exception as error:  # noqa: BLE001  (litellm raises anything, and its words may hold the question)
            raise lines.failure_behind(error) from None

    async def _next(self, chunks: AsyncIterator[Any], lines: "_Lines") -> Any:
        try:
            async with asyncio.timeout(self.patience.first + self.patience.between):
                return await anext(chunks, None)
        except Exception as error:  # noqa: BLE001  (litellm raises anything, and its words may hold the question)
            raise lines.failure_behind(error) from None


class _Lines:
    """The answer as litellm wants to read it, and the failure that is behind whatever litellm makes of one."""

    def __init__(self, upstream: Upstream, sign: Callable[[Any], Sign | FailureKind]) -> None:
        self.upstream = upstream
        self.is_whole = False
        self._sign = sign
        self._failure: ProviderFailed | None = None

    async def open(self, url: str, headers: dict[str, str], content: bytes) -> httpx.Response:
        """Send what litellm made of the question."""
        try:
            return await self.upstream.open(url, headers, content)
        except ProviderFailed as failure:
            self._failure = failure
            raise

    async def read(self) -> AsyncGenerator[str]:
        """Yield the events, each as one line."""
        try:
            while not self.is_whole and (payloads := await self.upstream.read()) is not None:
                for payload in payloads:
                    self._note(payload)
                    yield f"data: {payload.decode()}"
        except ProviderFailed as failure:
            self._failure = failure
            raise

    def failure_behind(self, error: Exception) -> ProviderFailed:
        """Return why something went wrong. An error of litellm's own means that it did not understand."""
        if self._failure is not None:
            return self._failure
        is_late = isinstance(error, TimeoutError)
        return self.upstream.failed(FailureKind.TIMEOUT if is_late else FailureKind.GARBLED)

    def _note(self, payload: bytes) -> None:
        try:
            sign = self._sign(orjson.loads(payload))
        except (ValueError, LookupError, TypeError, AttributeError):
            raise self.upstream.failed(FailureKind.GARBLED) from None
        if isinstance(sign, FailureKind):
            raise self.upstream.failed(sign)
        if sign is not Sign.IDLE:
            self.upstream.moved()
        self.is_whole = self.is_whole or sign is Sign.WHOLE


class _Understood:
    """What litellm's chunks said so far."""

    def __init__(self, request: Request) -> None:
        self._request = request
        self._characters = 0
        self._finish = FinishReason.STOP
        self._usage: Usage | None = None

    def take(self, chunk: Any) -> str:
        """Return a chunk's text, often none."""
        usage: Any = getattr(chunk, "usage", None)
        if usage is not None and usage.prompt_tokens is not None:
            self._usage = counted(self._request.model, usage.prompt_tokens, usage.completion_tokens or 0)
        text = ""
        for choice in chunk.choices[:1]:
            if choice.finish_reason:
                self._finish = _FINISHES.get(choice.finish_reason, FinishReason.STOP)
            calls: Any = choice.delta.tool_calls or ()
            text = choice.delta.content or "".join([each.function.arguments or "" for each in calls])
        self._characters += len(text)
        return text

    def end(self) -> End:
        """Return the last word."""
        return End(finish=self._finish, usage=self._usage or estimated(self._request, self._characters))


def _words(request: Request) -> dict[str, Any]:
    words: dict[str, Any] = {
        "messages": [{"role": each.role.value, "content": each.text} for each in request.messages],
        "max_tokens": request.max_tokens,
    }
    if request.temperature is not None and not request.model.fixed_temperature:
        words["temperature"] = request.temperature
    if request.stop:
        words["stop"] = list(request.stop)
    if request.shape is not None:
        # litellm rewrites a schema in place, and this one is everybody's
        words |= deepcopy(in_openai_words(request.shape))
    return words


async def warm() -> None:
    """Have litellm imported, in a thread; does nothing when it is."""
    if _litellm.cache_info().currsize == 0:
        async with asyncio.timeout(_LOADING):
            await asyncio.to_thread(_load)


def _load() -> None:
    with _LOCK:
        _litellm()


@cache
def _litellm() -> Any:
    """Import litellm so that it says nothing, fetches nothing and tells nobody."""
    os.environ.update(_BEFORE_IMPORT)
    for name in _LOGGERS:
        logging.getLogger(name).disabled = True
    with warnings.catch_warnings():
        # its own types make pydantic warn as they are loaded
        warnings.simplefilter("ignore")
        import litellm

        library: Any = litellm
        _silence(library)
        for name in _LOADED_LATE:
            getattr(library, name)
        # builds what it builds at its first answer, which takes a third of a second
        nothing = [{"role": "user", "content": "-"}]
        list(library.completion(model="anthropic/-", messages=nothing, mock_response="-", stream=True))
    return library


def _silence(library: Any) -> None:
    library.telemetry = False
    library.suppress_debug_info = True
    library.turn_off_message_logging = True
    library.disable_hf_tokenizer_download = True
    library.drop_params = True
    library.callbacks = []


@cache
def _door() -> Any:
    """Return the class of what litellm takes for its HTTP client."""
    _litellm()
    from litellm.llms.custom_httpx.http_handler import AsyncHTTPHandler  # pyright: ignore[reportMissingTypeStubs]

    handler: Any = AsyncHTTPHandler

    class Door(handler):
        def __init__(self, lines: _Lines) -> None:
            self._lines = lines

        async def post(self, url: str, *, data: Any = None, json: Any = None, headers: Any = None, **_: object) -> Any:
            content = data.encode() if isinstance(data, str) else data or orjson.dumps(json)
            response = await self._lines.open(url, dict(headers or {}), content)
            return _Answered(response, self._lines)

        def __del__(self) -> None:
            # the handler that this stands for would close a client here
            pass

    return Door


class _Answered:
    """An answer as litellm takes it: its status and head, and the lines that it reads."""

    def __init__(self, response: httpx.Response, lines: _Lines) -> None:
        self.status_code = response.status_code
        self.headers = response.headers
        self.aiter_lines = lines.read

    def raise_for_status(self) -> "_Answered":
        return self
