"""One answer on its way from a provider over HTTP: opened, read with deadlines, and closed at once.

Knows server-sent events and what a status means; formats are the drivers'.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final

import httpx

from ai.errors import FailureKind, ProviderFailed, kind_of_status, wait_of
from ai.messages import Request
from ai.provider import Credential, Patience
from ai.sse import EventReader, TooLong

_OK: Final = 200
_DRAIN: Final = 0.05
_HEADERS: Final = {
    "content-type": "application/json",
    "accept": "text/event-stream",
    "accept-encoding": "identity",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Keyed:
    """What every provider over HTTP has. The client is shared by all, and closed by whoever opened it."""

    client: httpx.AsyncClient = field(repr=False)
    credential: Credential
    patience: Patience = field(default_factory=Patience)

    @property
    def scope(self) -> str:
        """The key's name."""
        return self.credential.scope

    @property
    def is_shared(self) -> bool:
        """Whether everybody asks the same servers."""
        return self.credential.is_shared


class Upstream:
    """A request's answer. Times are those of the event loop."""

    def __init__(self, client: httpx.AsyncClient, provider: str, request: Request, patience: Patience) -> None:
        self._client = client
        self._provider = provider
        self._model = request.model.name
        self._patience = patience
        self._deadline = _now() + patience.first
        self._response: httpx.Response | None = None
        self._pieces: AsyncIterator[bytes] | None = None
        self._reader = EventReader()

    def failed(self, kind: FailureKind, response: httpx.Response | None = None) -> ProviderFailed:
        """Return the error of a kind."""
        return ProviderFailed(
            kind,
            provider=self._provider,
            model=self._model,
            status=None if response is None else response.status_code,
            retry_after=None if response is None else wait_of(response.headers.get("retry-after")),
        )

    async def open(self, url: str, headers: Mapping[str, str], content: bytes) -> httpx.Response:
        """Send the question, and wait for the answer's beginning.

        Raises:
            ProviderFailed: nothing came in time, or what came is no stream of events.
        """
        wait = httpx.Timeout(None, connect=self._patience.connect, pool=self._patience.connect)
        post = self._client.build_request("POST", url, content=content, headers={**headers, **_HEADERS}, timeout=wait)
        try:
            async with asyncio.timeout_at(self._deadline):
                response = await self._client.send(post, stream=True)
        except (TimeoutError, httpx.TimeoutException):
            raise self.failed(FailureKind.TIMEOUT) from None
        except httpx.ConnectError:
            raise self.failed(FailureKind.UNREACHABLE) from None
        except httpx.HTTPError:
            raise self.failed(FailureKind.CUT) from None
        self._response = response
        is_stream = response.headers.get("content-type", "").startswith("text/event-stream")
        if response.status_code != _OK or not is_stream:
            await self.aclose()
            kind = FailureKind.GARBLED if response.is_success else kind_of_status(response.status_code)
            raise self.failed(kind, response)
        self._pieces = response.aiter_raw()
        return response

    async def read(self) -> list[bytes] | None:
        """Return the data of the events that came next, maybe none; None when the stream has ended.

        Raises:
            ProviderFailed: nothing came in time, or the stream broke.
        """
        pieces = self._pieces
        if pieces is None:
            return None
        try:
            async with asyncio.timeout_at(self._deadline):
                piece = await anext(pieces, None)
            return None if piece is None else self._reader.feed(piece)
        except (TimeoutError, httpx.TimeoutException):
            raise self.failed(FailureKind.TIMEOUT) from None
        except (httpx.HTTPError, httpx.StreamError):
            raise self.failed(FailureKind.CUT) from None
        except TooLong:
            raise self.failed(FailureKind.GARBLED) from None

    def moved(self) -> None:
        """Note that the answer goes on: from now on there is time for the next sign of it."""
        self._deadline = _now() + self._patience.between

    async def drain(self) -> None:
        """Read what is left behind the last word, mostly nothing, so that the connection can be used again."""
        with suppress(TimeoutError, httpx.HTTPError, httpx.StreamError):
            async with asyncio.timeout(_DRAIN):
                while self._pieces is not None and await anext(self._pieces, None) is not None:
                    pass

    async def aclose(self) -> None:
        """Close the answer; a connection in the middle of one is closed with it. May be repeated."""
        response, self._response, self._pieces = self._response, None, None
        if response is not None:
            with suppress(TimeoutError, httpx.HTTPError):
                async with asyncio.timeout(self._patience.close):
                    await response.aclose()


def _now() -> float:
    return asyncio.get_running_loop().time()
