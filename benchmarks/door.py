"""What the door costs: CPU of one answer, with the real application called in-process, beside a bare ASGI handler.

`python -m benchmarks.door [--profile CASE]` starts stores of its own. No socket is read: what uvicorn adds is the same
for all. Cases take turns in each round; the median of the rounds and the least are shown, in microseconds.
"""

import argparse
import asyncio
import cProfile
import gc
import hashlib
import pstats
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, cast

import asyncpg
import orjson
import uvloop
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core import logging
from core.security.local import with_local_secrets
from core.settings import Environment, load_settings
from server import seed
from server.app import GRAPHQL, Parts, build
from server.process import Steps, running, stores_of

ROUNDS: Final = 7
SECONDS: Final = 0.25
CLIENTS: Final = 16
_WARM: Final = 160
_PROFILED: Final = 2_000
_LINES: Final = 45
_LOGIN: Final = "mutation ($input: LoginInput!) { login(input: $input) { accessToken } }"
_GOOD: Final = b'{"data":'
_TRIVIAL: Final = "{ __typename }"
_ID: Final = "{ contacts(first: 1) { nodes { id } } }"
_CONTACT: Final = "query ($id: ID!) { contact(id: $id) { id name email leadScore createdAt } }"
_ROW: Final = "SELECT id, name, email, lead_score, created_at FROM contacts WHERE id = $1"
_BROWSER: Final = (
    (b"host", b"127.0.0.1:8000"),
    (b"user-agent", b"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36"),
    (b"accept", b"application/graphql-response+json, application/json;q=0.9"),
    (b"accept-language", b"pt-BR,pt;q=0.9"),
    (b"content-type", b"application/json"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A request that is sent again and again, and the microseconds that each round took for one."""

    app: ASGIApp
    body: bytes
    token: str | None = None
    found: list[float] = field(default_factory=list[float])

    async def ask(self) -> bytes:
        """Send it once; return the body of the answer."""
        headers = [*_BROWSER, (b"content-length", str(len(self.body)).encode())]
        if self.token is not None:
            headers.append((b"authorization", b"Bearer " + self.token.encode()))
        scope: Scope = {
            "type": "http",
            "asgi": {"version": "3.0", "spec_version": "2.3"},
            "http_version": "1.1",
            "server": ("127.0.0.1", 8000),
            "client": ("127.0.0.1", 50_000),
            "scheme": "http",
            "root_path": "",
            "method": "POST",
            "path": GRAPHQL,
            "raw_path": GRAPHQL.encode(),
            "query_string": b"",
            "headers": headers,
            "state": {},
        }
        answered = b""

        async def receive() -> Message:
            return {"type": "http.request", "body": self.body, "more_body": False}

        async def send(message: Message) -> None:
            nonlocal answered
            if message["type"] == "http.response.body":
                answered = message["body"]

        await self.app(scope, receive, send)
        return answered


async def measure(case: Case, requests: int, clients: int = CLIENTS) -> float:
    """Return the microseconds of CPU of one request, with some clients at a time."""

    async def client() -> None:
        for _ in range(requests // clients):
            answer = await case.ask()
            if not answer.startswith(_GOOD):
                raise RuntimeError(answer)

    began = time.thread_time()
    await asyncio.gather(*(client() for _ in range(clients)))
    return (time.thread_time() - began) / (requests // clients * clients) * 1e6


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """Read a request and answer it, and nothing else."""
    del scope
    message = await receive()
    given = orjson.loads(message["body"])
    await _reply(send, {"data": {"__typename": given["query"]}})


def bare_with(pool: Any) -> ASGIApp:
    """Return a handler that also fetches one row."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        message = await receive()
        given = orjson.loads(message["body"])
        async with pool.acquire() as connection:
            row = await connection.fetchrow(_ROW, given["variables"]["id"])
        key, name, email, score, created_at = row
        contact = {"id": str(key), "name": name, "email": email, "leadScore": score, "createdAt": created_at}
        await _reply(send, {"data": {"contact": contact}})

    return answer


async def _reply(send: Send, body: Mapping[str, Any]) -> None:
    written = orjson.dumps(body)
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(written)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": written})


async def cases(app: ASGIApp, pool: Any) -> dict[str, Case]:
    """Return what is measured, by name; each is asked once, and must answer with data."""
    token = await token_of(app)
    found = await data(Case(app=app, body=body_of(_ID), token=token))
    contact = found["contacts"]["nodes"][0]["id"]
    given = {"id": contact}
    row = await pool.fetchval("SELECT id FROM contacts LIMIT 1")
    name = hashlib.sha256(_CONTACT.encode()).hexdigest()
    stored = {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": name}}, "variables": given}
    await Case(app=app, body=orjson.dumps({**stored, "query": _CONTACT}), token=token).ask()
    made = {
        "bare handler": Case(app=bare, body=body_of(_TRIVIAL)),
        "bare handler, one row": Case(app=bare_with(pool), body=body_of(_CONTACT, {"id": str(row)})),
        "__typename, nobody": Case(app=app, body=body_of(_TRIVIAL)),
        "__typename, signed in": Case(app=app, body=body_of(_TRIVIAL), token=token),
        "contact(id)": Case(app=app, body=body_of(_CONTACT, given), token=token),
        "contact(id), stored": Case(app=app, body=orjson.dumps(stored), token=token),
    }
    for each in made.values():
        await data(each)
    return made


def body_of(query: str, variables: Mapping[str, Any] | None = None) -> bytes:
    return orjson.dumps({"query": query} if variables is None else {"query": query, "variables": variables})


async def data(case: Case) -> Any:
    answer = orjson.loads(await case.ask())
    if "errors" in answer:
        message = f"{case.body!r} was answered with {answer['errors']}"
        raise RuntimeError(message)
    return answer["data"]


async def token_of(app: ASGIApp) -> str:
    login = {"input": {"email": seed.EMAIL, "password": seed.PASSWORD}}
    return cast("str", (await data(Case(app=app, body=body_of(_LOGIN, login))))["login"]["accessToken"])


async def run(profiled: str | None, level: str) -> None:
    """Open the product on stores of its own, and measure."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        environ = {"DATA_DIR": folder, "LOG_LEVEL": level, "RUN_WORKERS": "false"}
        settings = with_local_secrets(load_settings(environ))
        logging.configure(Environment.PRODUCTION, level)
        steps = Steps(lambda _: None)
        async with stores_of(settings, steps) as stores, running(settings, stores.places, steps) as process:
            app = build(Parts(house=process.house)).asgi
            database = stores.places.database
            async with asyncpg.create_pool(database, min_size=CLIENTS, max_size=CLIENTS) as pool:
                found = await cases(app, pool)
                if profiled is None:
                    await compare(found)
                else:
                    await profile(found[profiled])


async def compare(found: Mapping[str, Case]) -> None:
    """Measure all cases in turns, and print a table."""
    requests = {name: _WARM + round(SECONDS * 1e6 / await measure(case, _WARM)) for name, case in found.items()}
    gc.freeze()
    for _ in range(ROUNDS):
        for name, case in found.items():
            case.found.append(await measure(case, requests[name]))
    floor = statistics.median(found["bare handler"].found)
    sys.stdout.write(f"{'µs of CPU a request':28}{'median':>9}{'least':>9}{'above bare':>12}\n")
    for name, case in found.items():
        middle = statistics.median(case.found)
        sys.stdout.write(f"{name:28}{middle:>9.1f}{min(case.found):>9.1f}{middle - floor:>12.1f}\n")


async def profile(case: Case) -> None:
    """Say where the time of one case goes."""
    await measure(case, _WARM)
    profiler = cProfile.Profile()
    profiler.enable()
    await measure(case, _PROFILED, 1)
    profiler.disable()
    pstats.Stats(profiler, stream=sys.stdout).strip_dirs().sort_stats("tottime").print_stats(_LINES)


def main() -> None:
    """Read the command, and run."""
    reader = argparse.ArgumentParser(prog="python -m benchmarks.door", description=__doc__)
    reader.add_argument("--profile", metavar="CASE", help="profile one case instead, by its name in the table")
    reader.add_argument("--log-level", default="warning", help="what is logged; at `info` each request is")
    given = reader.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(given.profile, given.log_level))


if __name__ == "__main__":
    main()
