"""uvicorn's HTTP connection, with less to do for what comes to the endpoint: its head and its body are written at once,
headers that are always the same are not looked at each time, and a connection has one timer, not one for each request.

Whatever is not plain goes uvicorn's own way: other paths, upgrades, HTTP/1.0, streams, answers that end the connection.
"""

import asyncio
from typing import Any, Final, cast

from uvicorn.protocols.http.httptools_impl import (
    HEADER_RE,
    HEADER_VALUE_RE,
    STATUS_LINE,
    HttpToolsProtocol,
    RequestResponseCycle,
)

from server.middleware import CAREFUL, Header
from server.protocols.negotiation import Form

GRAPHQL: Final = "/graphql"
_TARGET: Final = GRAPHQL.encode()
_LENGTH: Final = b"content-length"
_CLOSING: Final = frozenset({b"connection", b"transfer-encoding"})


class Exchange(RequestResponseCycle):
    """One request and its answer. An answer whose length is told waits for its body."""

    _held: list[bytes] | None = None

    async def send(self, message: Any) -> None:
        """Send a part of the answer."""
        if self._held is not None:
            if self._ends(message):
                return
            if not self.disconnected:
                self.transport.write(b"".join(self._held))
            self._held = None
        elif message["type"] == "http.response.start":
            self._held = self._head(message)
            if self._held is not None:
                return
        await super().send(message)

    def _head(self, message: Any) -> list[bytes] | None:
        """Write the head of an answer that has one length, and does not end the connection."""
        if self.response_started or not self.keep_alive or self.disconnected or self.flow.write_paused:
            return None
        if self.access_log or self.default_headers or self.scope["method"] == "HEAD":
            return None
        length: bytes | None = None
        lines = [STATUS_LINE[message["status"]]]
        for each in message.get("headers", ()):
            line = _LINES.get(each)
            if line is None:
                name, value = each[0].lower(), each[1]
                if name in _CLOSING:
                    return None
                if name == _LENGTH:
                    length = value
                line = _line((name, value))
            lines.append(line)
        if length is None or not length.isdigit():
            return None
        lines.append(b"\r\n")
        self.response_started, self.waiting_for_100_continue = True, False
        self.chunked_encoding, self.expected_content_length = False, int(length)
        return lines

    def _ends(self, message: Any) -> bool:
        """Send head and body, if this is the whole body."""
        body: bytes = message.get("body", b"")
        is_whole = message["type"] == "http.response.body" and not message.get("more_body")
        if not is_whole or len(body) != self.expected_content_length or self.disconnected or self.flow.write_paused:
            return False
        lines, self._held = self._held or [], None
        lines.append(body)
        self.expected_content_length = 0
        self.response_complete = True
        self.message_event.set()
        self.transport.write(b"".join(lines))
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
        return True


class Connection(HttpToolsProtocol):
    """A connection of HTTP/1.1, with its requests one after the other."""

    _idle_since: float | None = None

    def on_headers_complete(self) -> None:
        """Begin to answer a request."""
        # uvicorn's own types leave these open
        parser, app, before = cast("Any", self.parser), cast("Any", self).app, cast("Exchange | None", self.cycle)
        scope = self.scope
        is_plain = self.url == _TARGET and not self.root_path and self.limit_concurrency is None
        if not is_plain or parser.should_upgrade() or parser.get_http_version() != "1.1":
            super().on_headers_complete()
            return
        scope["method"] = parser.get_method().decode("ascii")
        scope["path"], scope["raw_path"], scope["query_string"] = GRAPHQL, _TARGET, b""
        self.cycle = Exchange(
            scope=scope,
            transport=self.transport,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=parser.should_keep_alive(),
            on_response=self.on_response_complete,
        )
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, app)
        else:
            # one that did not wait for the answer before
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, app))

    def on_response_complete(self) -> None:
        """Go on with the next request, or wait for one."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            return
        self._idle_since = self.loop.time()
        if self.timeout_keep_alive_task is None:
            self._look_after(self.timeout_keep_alive)

    def timeout_keep_alive_handler(self) -> None:
        """Look whether nothing came for too long, and close the connection then."""
        self.timeout_keep_alive_task = None
        if self._idle_since is None:
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._look_after(left)
        else:
            super().timeout_keep_alive_handler()

    def connection_lost(self, exc: Exception | None) -> None:
        """End."""
        super().connection_lost(exc)
        if self.timeout_keep_alive_task is not None:
            self.timeout_keep_alive_task.cancel()
            self.timeout_keep_alive_task = None

    def _look_after(self, seconds: float) -> None:
        self.timeout_keep_alive_task = self.loop.call_later(seconds, self.timeout_keep_alive_handler)

    def _unset_keepalive_if_required(self) -> None:
        """Note that something came: the timer finds out when it looks."""
        self._idle_since = None


def _line(header: Header) -> bytes:
    """Write a header.

    Raises:
        RuntimeError: it holds what none may hold.
    """
    name, value = header
    if HEADER_RE.search(name) or HEADER_VALUE_RE.search(value):
        message = "Invalid HTTP header."
        raise RuntimeError(message)
    return b"%b: %b\r\n" % header


_LINES: Final = {each: _line(each) for each in (*CAREFUL, *((b"content-type", form.line) for form in Form))}
