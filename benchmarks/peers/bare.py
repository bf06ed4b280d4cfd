"""The bare limit: one statement that writes the whole answer as JSON, behind uvicorn. No GraphQL, no wall, no check."""

import os
from typing import Any, Final
from uuid import UUID

import asyncpg  # pyright: ignore[reportMissingTypeStubs]
import orjson
import uvicorn

from benchmarks.peers.operations import QUERIES, text_of

_PATHS: Final = {
    text_of(each.stem): (
        each.read_text(encoding="utf-8"),
        [p.split(".") for p in _first_line.removeprefix("--").split()],
    )
    for each in QUERIES.glob("*.sql")
    if (_first_line := each.read_text(encoding="utf-8").split("\n", 1)[0])
}
"""For the text of each operation its statement, and where in the variables the statement's arguments are."""

_WORKSPACE: Final = UUID(os.environ.get("WORKSPACE", "0" * 32))


class Limit:
    """The application."""

    def __init__(self) -> None:
        self._pool: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        message = await receive()
        body = message.get("body", b"")
        while message.get("more_body"):
            message = await receive()
            body += message["body"]
        out = await self._answer(body) if body else b"{}"
        headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(out))]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": out})

    async def _answer(self, body: bytes) -> bytes:
        asked = orjson.loads(body)
        statement, paths = _PATHS[asked["query"]]
        found = await self._pool.fetchval(statement, _WORKSPACE, *(_at(asked["variables"], path) for path in paths))
        return b'{"data":' + found.encode() + b"}"

    async def _live(self, receive: Any, send: Any) -> None:
        library: Any = asyncpg
        size = int(os.environ["POOL"])
        await receive()
        self._pool = await library.create_pool(os.environ["DATABASE_URL"], min_size=size, max_size=size, reset=_keep)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._pool.close()
        await send({"type": "lifespan.shutdown.complete"})


async def _keep(connection: object) -> None:
    """Put a connection back as it is: a reset is a round trip, and nothing was set."""


def _at(variables: Any, path: list[str]) -> Any:
    for name in path:
        variables = variables[name]
    return variables


if __name__ == "__main__":
    uvicorn.run(Limit(), port=int(os.environ["PORT"]), log_config=None, access_log=False, lifespan="on")
