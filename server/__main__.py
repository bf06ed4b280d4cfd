"""`python -m server`: the product on one port. Settings come from the environment and `.env`."""

import asyncio
import gc
import logging as logs
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from functools import partial
from typing import Final

import uvicorn
import uvloop
from starlette.types import ASGIApp

from core import logging
from core.embedded import FolderInUse, StoreFailed
from core.reporting import reporter
from core.security.local import with_local_secrets
from core.settings import Settings, SettingsInvalid, load_settings
from server import __version__, seed
from server.app import GRAPHQL, Parts, build
from server.listening import PortRefused, held_port, refusals
from server.persisted import ManifestUnusable
from server.process import DatabaseRefused, Process, Steps, Stores, running, stores_of
from server.protocols.connection import Connection
from server.protocols.sockets import Sockets

_GRACE: Final = 2  # with the two seconds that sockets may take, a stop ends within five, whoever does not read
_BACKLOG: Final = 2_048
_WS_LIMIT: Final = 256 * 1024
_PING: Final = 20.0
# a process with thousands of sockets has millions of objects, and little of what it makes is garbage in circles
_COLLECT: Final = (20_000, 50, 100)


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def _welcome(process: Process, seconds: float) -> str:
    url = process.settings.server.public_url
    lines = ["", f"WhatsHybrid is ready after {seconds:.1f} s: {url}{GRAPHQL}", ""]
    if process.demo:
        lines += [
            f"  Sign in as     {seed.EMAIL} / {seed.PASSWORD}",
            f'  Workspace      "{seed.WORKSPACE}", as its owner',
        ]
    lines += [
        f"  Schema         {url}/schema.graphql",
        f"  Health         {url}/health",
        f"  Data           {process.settings.server.data_dir.resolve()}",
        "",
        "Open the first address in a browser: sign in, create a contact, and follow `workspaceEvents` beside it.",
        "Ctrl+C stops everything, cleanly.",
        "",
    ]
    return "\n".join(lines)


def _is_news(record: logs.LogRecord) -> bool:
    """Tell what uvicorn says of a stream that nobody reads, and that ends unfinished, from the rest."""
    return not record.getMessage().startswith("ASGI callable returned without ")


class Server(uvicorn.Server):
    """Tells when it listens, and leaves signals to `Stop`: uvicorn would send them again before the stores stopped."""

    def __init__(
        self, config: uvicorn.Config, when_ready: Callable[[], None], when_ending: Callable[[], Awaitable[None]]
    ) -> None:
        super().__init__(config)
        self._when_ready = when_ready
        self._when_ending = when_ending

    @contextmanager
    def capture_signals(self) -> Generator[None]:
        """Leave them alone."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        with refusals(self.config.host, self.config.port):
            await super().startup(sockets)
        self._when_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Let streams say goodbye before their connections are closed."""
        await self._when_ending()
        await super().shutdown(sockets)


class Stop:
    """Ends the process in order when it is asked to (SIGTERM, Ctrl+C), also while it still starts.

    Asking again changes nothing: each step of the end has its own limit. kill -9 is always safe.
    """

    def __init__(self) -> None:
        self.was_asked = False
        self.server: Server | None = None
        self._starting = asyncio.current_task()
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, self._ask)

    def _ask(self) -> None:
        if self.was_asked:
            return
        self.was_asked = True
        if self.server is not None:
            self.server.should_exit = True
        elif self._starting is not None:
            self._starting.cancel()


async def serve(settings: Settings, began: float) -> None:
    """Serve until a signal, or until a store is lost for good.

    Raises:
        StoreFailed: a store could not be started; or it ended, and could not be begun again.
        FolderInUse, PortRefused, DatabaseRefused: it cannot start here.
    """
    stop, steps = Stop(), Steps(_say)
    host, port = settings.server.host, settings.server.port
    try:
        async with stores_of(settings, steps) as stores:
            with held_port(host, port) as door:
                async with running(settings, stores.places, steps) as process:
                    parts = Parts(house=process.house, workers=process.workers, demo=process.demo)
                    app = build(parts)
                    server = Server(
                        _config(settings, app.asgi),
                        when_ready=lambda: _say(_welcome(process, time.monotonic() - began)),
                        when_ending=partial(_end_streams, process, app.sockets),
                    )
                    stop.server = server
                    await _until_end(server, door, stores)
    except asyncio.CancelledError:
        if not stop.was_asked:
            raise


async def _end_streams(process: Process, sockets: Sockets) -> None:
    """End the sockets, whose clients go on by themselves; then what else is followed, with its last words."""
    await sockets.stop()
    await process.house.feed.stop()
    await process.house.ground.ephemeral.stop()
    await sockets.end_streams()


async def _until_end(server: Server, door: socket.socket, stores: Stores) -> None:
    serving = asyncio.create_task(server.serve([door]), name="server")
    watching = asyncio.create_task(stores.watch(), name="stores")
    await asyncio.wait({serving, watching}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    watching.cancel()
    for outcome in await asyncio.gather(serving, watching, return_exceptions=True):
        if isinstance(outcome, Exception):
            raise outcome


def _config(settings: Settings, app: ASGIApp) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.server.host,
        port=settings.server.port,
        lifespan="off",
        log_config=None,
        access_log=False,
        backlog=_BACKLOG,
        http=Connection,
        interface="asgi3",
        ws="websockets-sansio",
        ws_max_size=_WS_LIMIT,
        ws_ping_interval=_PING,
        ws_ping_timeout=_PING,
        # frames are small, and a compressor for each socket weighs 300 kB
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=_GRACE,
        server_header=False,
        proxy_headers=bool(settings.server.trusted_proxies),
        forwarded_allow_ips=list(settings.server.trusted_proxies),
    )


def main() -> int:
    """Run the product; return the exit code: 0 when it was asked to end, 1 with a line that says what is wrong."""
    began = time.monotonic()
    # what is stored in its folder is nobody else's
    os.umask(0o077)
    try:
        settings = with_local_secrets(load_settings())
        report = reporter(settings, __version__)
        logging.configure(settings.server.env, settings.observability.log_level, report)
        logs.getLogger("uvicorn.error").addFilter(_is_news)
        gc.freeze()
        gc.set_threshold(*_COLLECT)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings, began))
    except (SettingsInvalid, FolderInUse, StoreFailed, PortRefused, DatabaseRefused, ManifestUnusable) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
