"""A process that works the night shift for two minutes: `python -m tests.workers.night_process URL`."""

import asyncio
import sys
from typing import TYPE_CHECKING, cast

from core.database import Database
from tests.workers.night import QUICK, Yard
from workers.supervisor import Workers

if TYPE_CHECKING:
    from core.ground import Ground


async def work(url: str) -> None:
    database = Database(url.replace("postgresql://", "postgresql+asyncpg://", 1))
    workers = Workers(cast("Ground", Yard(database)), url, pace=QUICK)
    await workers.start()
    await asyncio.sleep(120)


asyncio.run(work(sys.argv[1]))
