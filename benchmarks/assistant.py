"""The AI layer beside bare clients: CPU of a call, streams, failover, and the copilot over sockets.

`python -m benchmarks.assistant [calls|streams|failures|sockets]`, on embedded stores, with a provider on loopback.
"""

import sys
from typing import Final

import uvloop

from benchmarks import assistant_calls, assistant_failures, assistant_sockets, assistant_streams
from benchmarks.assistants import benched, provider

PARTS: Final = {
    "calls": assistant_calls.measure,
    "streams": assistant_streams.measure,
    "failures": assistant_failures.measure,
    "sockets": assistant_sockets.measure,
}


async def main(*wanted: str) -> None:
    """Measure, and print tables."""
    async with provider() as models, benched(models) as bench:
        for name in wanted or PARTS:
            await PARTS[name](bench)


if __name__ == "__main__":
    uvloop.run(main(*sys.argv[1:]))
