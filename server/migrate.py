"""`python -m server.migrate [--new "what it does"]`: brings the database up to date, or writes a new migration.

A new migration is made from the difference between the models and a scratch database at the newest revision.
"""

import asyncio
import sys
import tempfile
from pathlib import Path

from alembic import command

from core.embedded import EmbeddedStores
from core.settings import SettingsInvalid, load_settings
from migrations import run
from server.process import DatabaseRefused, database_refusals


async def _write(words: str) -> None:
    with tempfile.TemporaryDirectory(prefix="migration-") as folder:
        stores = EmbeddedStores(Path(folder), only=frozenset({"postgres"}), durability="fast")
        addresses = await stores.start()
        try:
            url = addresses.database_url or ""
            await run.upgrade(url)
            await run.act(url, lambda on: command.revision(run.configuration(on), message=words, autogenerate=True))
        finally:
            await stores.stop()


def main(arguments: list[str]) -> int:
    """Migrate, or write a migration; return the exit code."""
    if arguments[:1] == ["--new"]:
        asyncio.run(_write(" ".join(arguments[1:])))
        return 0
    try:
        url = load_settings().stores.database_url
    except SettingsInvalid as error:
        sys.stderr.write(f"{error}\n")
        return 1
    if url is None:
        sys.stderr.write("DATABASE_URL is not set: the embedded database is brought up to date by `make run`.\n")
        return 1
    try:
        with database_refusals():
            asyncio.run(run.upgrade(url))
    except DatabaseRefused as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
