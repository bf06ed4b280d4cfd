"""`python -m server`: the product on one port. Settings come from the environment and `.env`."""

import asyncio
import socket
import sys
import time
from typing import Final

import uvicorn
import uvloop
from starlette.applications import Starlette

from core import logging
from core.embedded import FolderInUse, StoreFailed
from core.settings import Settings, SettingsInvalid, load_settings, with_local_secrets
from server import seed
from server.app import GRAPHQL, Parts, build
from server.process import Process, running

_GRACE: Final = 5
_BACKLOG: Final = 2_048
_WS_LIMIT: Final = 256 * 1024
_PING: Final = 20.0


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


class Server(uvicorn.Server):
    """Tells when it listens."""

    def __init__(self, config: uvicorn.Config, process: Process, began: float) -> None:
        super().__init__(config)
        self._process = process
        self._began = began

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Listen, then say so."""
        await super().startup(sockets)
        if not self.should_exit:
            _say(_welcome(self._process, time.monotonic() - self._began))


async def serve(settings: Settings, began: float) -> None:
    """Serve until a signal, or until a store is lost for good.

    Raises:
        StoreFailed: a store ended, and could not be begun again.
    """
    async with running(settings, _say) as process:
        parts = Parts(ground=process.ground, feed=process.feed, workers=process.workers, demo=process.demo)
        server = Server(_config(settings, build(parts)), process, began)
        serving = asyncio.create_task(server.serve(), name="server")
        watching = asyncio.create_task(_watch(process), name="stores")
        await asyncio.wait({serving, watching}, return_when=asyncio.FIRST_COMPLETED)
        server.should_exit = True
        watching.cancel()
        _, lost = await asyncio.gather(serving, watching, return_exceptions=True)
        if isinstance(lost, StoreFailed):
            raise lost


async def _watch(process: Process) -> None:
    if process.stores is None:
        await asyncio.Event().wait()
    else:
        await process.stores.watch()


def _config(settings: Settings, app: Starlette) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=settings.server.host,
        port=settings.server.port,
        lifespan="off",
        log_config=None,
        access_log=False,
        backlog=_BACKLOG,
        ws="websockets-sansio",
        ws_max_size=_WS_LIMIT,
        ws_ping_interval=_PING,
        ws_ping_timeout=_PING,
        timeout_graceful_shutdown=_GRACE,
        server_header=False,
        proxy_headers=bool(settings.server.trusted_proxies),
        forwarded_allow_ips=list(settings.server.trusted_proxies),
    )


def main() -> int:
    """Run the product; return the exit code."""
    began = time.monotonic()
    try:
        settings = with_local_secrets(load_settings())
        logging.configure(settings.server.env, settings.observability.log_level)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(serve(settings, began))
    except (SettingsInvalid, FolderInUse, StoreFailed) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
