"""`python -m workers`: the night shift as a process of its own, beside as many as are needed. It needs real servers."""

import asyncio
import os
import signal
import sys
from typing import Final

import structlog
import uvloop

from core import logging
from core.ground import Places, open_ground
from core.reporting import reporter
from core.security.local import with_local_secrets
from core.settings import Settings, SettingsInvalid, load_settings
from workers.supervisor import Workers

_HANG_EXIT: Final = 70

log = structlog.stdlib.get_logger(__name__)


def _places(settings: Settings) -> Places:
    stores = settings.stores
    given = {
        "DATABASE_URL": stores.database_url,
        "REDIS_URL": stores.redis_url,
        "MONGO_URL": stores.mongo_url,
        "QDRANT_URL": stores.qdrant_url,
    }
    missing = [name for name, url in given.items() if not url]
    if missing:
        message = f"{', '.join(missing)}: set it to a server that the API uses too (without, the API runs the workers)"
        raise SettingsInvalid(message)
    return Places(
        database=stores.database_url or "",
        redis=stores.redis_url or "",
        documents=stores.mongo_url or "",
        vectors=stores.qdrant_url or "",
    )


async def work(settings: Settings) -> None:
    """Work until SIGTERM or SIGINT; then finish what runs, within the grace."""
    places = _places(settings)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stop.set)
    async with open_ground(settings, places) as ground:
        workers = Workers(ground, places.database, on_hang=lambda: os._exit(_HANG_EXIT))
        await workers.start()
        log.info("workers are at work", topics=len(workers.topics))
        await stop.wait()
        await workers.stop()


def main() -> int:
    """Run the workers; return the exit code."""
    try:
        settings = with_local_secrets(load_settings())
        report = reporter(settings)
        logging.configure(settings.server.env, settings.observability.log_level, report)
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(work(settings))
    except SettingsInvalid as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
