"""`python -m benchmarks [DATABASE_URL]`: every measurement, on a given server or on an embedded one of its own."""

import sys
import tempfile
from pathlib import Path

import uvloop

from benchmarks import assistant, privacy, retrieval, subscriptions, tenant_walls
from benchmarks.peers.comparison import Options, compare
from core.embedded import EmbeddedStores

_ROUNDS = 5


async def main(url: str | None) -> None:
    """Run everything."""
    if not privacy.main():
        sys.exit("privacy: a gate does not hold")
    if not retrieval.main():
        sys.exit("retrieval: a gate does not hold")
    await subscriptions.main()
    await assistant.main()
    await _walls(url)
    # last, since it moves this process to the second core
    await compare(Options(database=url))


async def _walls(url: str | None) -> None:
    if url is not None:
        await tenant_walls.main(url, _ROUNDS)
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        stores = EmbeddedStores(Path(folder), only=frozenset({"postgres"}), durability="fast")
        addresses = await stores.start()
        try:
            await tenant_walls.main(str(addresses.database_url), _ROUNDS)
        finally:
            await stores.stop()


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1] if len(sys.argv) > 1 else None))
