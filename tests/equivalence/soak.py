"""`python -m tests.equivalence.soak --operations 1000000`: compares as many operations as are wanted, or for so long.

Says now and then how many were planned, mixed, or left to resolvers. Ends at the first difference, with its seed.
"""

import argparse
import asyncio
import logging
import os
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from core.ground import open_ground
from tests.equivalence.chance import Dice
from tests.equivalence.sweep import Field, fields
from tests.fixtures import stores

_EVERY = 10.0


def main() -> int:
    """Read the command line, and soak."""
    parser = argparse.ArgumentParser(prog="python -m tests.equivalence.soak", description=__doc__)
    parser.add_argument("--operations", type=int, default=1_000_000, help="how many to compare")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="for how long at most")
    parser.add_argument("--seed", type=int, default=1, help="where to begin")
    parser.add_argument("--differences", type=int, default=1, help="after how many to end")
    given = parser.parse_args()
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    return asyncio.run(_soak(given))


async def _soak(given: argparse.Namespace) -> int:
    async with _ground() as found:
        return await _compare(found, given)


async def _compare(found: tuple[Field, Field], given: argparse.Namespace) -> int:
    begun = told = time.monotonic()
    seed, differing = given.seed, 0
    while _compared(found) < given.operations and time.monotonic() - begun < given.seconds:
        chance = Dice(seed)
        field = found[chance.below(4) == 0]
        difference = await field.differs(field.round(chance))
        if difference is not None:
            differing += 1
            sys.stdout.write(f"seed {seed}: {difference}\n")
            if differing >= given.differences:
                break
        seed += 1
        if time.monotonic() - told > _EVERY:
            told = time.monotonic()
            _tell(found, seed - given.seed, told - begun)
    _tell(found, seed - given.seed, time.monotonic() - begun)
    for field in found:
        for reason, often in field.sides.reasons.most_common(12):
            sys.stdout.write(f"{often:8} {reason}\n")
    return 1 if differing else 0


def _compared(found: tuple[Field, Field]) -> int:
    return sum(each.sides.ways["compared"] for each in found)


def _tell(found: tuple[Field, Field], documents: int, seconds: float) -> None:
    ways = found[0].sides.ways + found[1].sides.ways
    line = ", ".join(
        f"{ways[name]} {name}"
        for name in ("compared", "planned", "mixed", "resolvers", "refused", "with errors", "open")
    )
    sys.stdout.write(f"{seconds:7.0f} s: {documents} documents, {line}\n")
    sys.stdout.flush()


@asynccontextmanager
async def _ground() -> AsyncIterator[tuple[Field, Field]]:
    started = stores.Stores()
    os.environ.update(await started.start())
    try:
        async with stores.database_of("soak") as url:
            places = stores.places(url, stores.redis_of("gw0"))
            async with open_ground(stores.test_settings(), places) as ground:
                yield await fields(ground)
    finally:
        await started.stop()


if __name__ == "__main__":
    sys.exit(main())
