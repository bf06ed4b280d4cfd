"""What writing costs: CPU of one mutation, with the real application called in-process, beside a bare INSERT.

`python -m benchmarks.writing [--profile CASE]` starts stores of its own. The bare handler reads JSON, inserts one row
by asyncpg and answers what RETURNING gives; ours does all that the product does. No socket of HTTP is read. Cases take
turns in each round; least of the rounds are shown, in microseconds: of our process, and of all of PostgreSQL's. Beside
them stand the round trips to the database that one request takes. Those at once are beside the bare ones at once.
"""

import argparse
import asyncio
import gc
import itertools
import sys
import tempfile
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, cast

import asyncpg
import orjson
import uvloop
from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks import door
from core import logging
from core.database import connection
from core.ids import uuid7
from core.security.local import with_local_secrets
from core.settings import Environment, load_settings
from server.app import Parts, build
from server.process import Steps, running, stores_of

ROUNDS: Final = 5
REQUESTS: Final = 48
BATCH: Final = 500
CROWD: Final = 32
_CLIENTS: Final = 4
_LINES: Final = 12
_WARM: Final = 48
_COUNTED: Final = 4
_GOOD: Final = b'"userErrors":[]'
_CREATE: Final = """mutation ($input: ContactCreateInput!) { contactCreate(input: $input) {
    contact { id name email createdAt } userErrors { code message field } } }"""
_UPDATE: Final = """mutation ($input: ContactUpdateInput!) { contactUpdate(input: $input) {
    contact { id name email updatedAt } userErrors { code message field } } }"""
_LABEL: Final = """mutation ($input: LabelUpdateInput!) { labelUpdate(input: $input) {
    label { id name color } userErrors { code message field } } }"""
_MANY: Final = """mutation ($input: ContactsUpsertInput!) { contactsUpsert(input: $input) {
    created refused results { contact { id } } userErrors { code message field } } }"""
_CONTACT: Final = "{ contacts(first: 1) { nodes { id } } }"
_A_LABEL: Final = "{ labels(first: 1) { nodes { id } } }"
_INSERT: Final = """INSERT INTO contacts (workspace_id, id, name, email) VALUES ($1, $2, $3, $4)
    RETURNING id, name, email, created_at"""


@dataclass(kw_only=True)
class Case:
    """Requests that differ, and the microseconds that each round took for one: here, and in the database."""

    app: ASGIApp
    bodies: Callable[[int], Mapping[str, Any]]
    token: str | None = None
    requests: int = REQUESTS
    clients: int = _CLIENTS
    here: list[float] = field(default_factory=list[float])
    there: list[float] = field(default_factory=list[float])
    trips: float = 0

    async def ask(self) -> bytes:
        """Send the next one; return the body of the answer, which must say that nothing was wrong."""
        body = orjson.dumps(self.bodies(next(_numbers)))
        answer = await door.Case(app=self.app, body=body, token=self.token).ask()
        if _GOOD not in answer:
            raise RuntimeError(answer)
        return answer


_numbers: Final = itertools.count(1)


def bare_with(pool: Any, workspace: object) -> ASGIApp:
    """Return a handler that inserts one row, and nothing else."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        del scope
        given = orjson.loads((await receive())["body"])["variables"]["input"]
        async with pool.acquire() as line:
            row = await line.fetchrow(_INSERT, workspace, uuid7(), given["name"], given["email"])
        key, name, email, created_at = row
        contact = {"id": str(key), "name": name, "email": email, "createdAt": created_at}
        written = orjson.dumps({"data": {"contactCreate": {"contact": contact, "userErrors": []}}})
        headers = [(b"content-type", b"application/json"), (b"content-length", str(len(written)).encode())]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": written})

    return answer


def _person(number: int) -> dict[str, Any]:
    return {"name": f"Ana {number}", "email": f"ana{number}@exemplo.com.br"}


def _created(number: int) -> Mapping[str, Any]:
    return {"query": _CREATE, "variables": {"input": _person(number)}}


def _created_once(number: int) -> Mapping[str, Any]:
    return {"query": _CREATE, "variables": {"input": {**_person(number), "idempotencyKey": f"key {number}"}}}


def _upserted(number: int) -> Mapping[str, Any]:
    people = [{**_person(number), "email": f"lote{number}.{each}@exemplo.com.br"} for each in range(BATCH)]
    return {"query": _MANY, "variables": {"input": {"contacts": people}}}


async def cases(app: ASGIApp, pool: Any) -> dict[str, Case]:
    """Return what is measured, by name."""
    token = await door.token_of(app)
    contact = (await door.data(door.Case(app=app, body=door.body_of(_CONTACT), token=token)))["contacts"]["nodes"][0]
    label = (await door.data(door.Case(app=app, body=door.body_of(_A_LABEL), token=token)))["labels"]["nodes"][0]
    workspace = await pool.fetchval("SELECT workspace_id FROM contacts LIMIT 1")

    def changed(number: int) -> Mapping[str, Any]:
        return {"query": _UPDATE, "variables": {"input": {"id": contact["id"], "notes": f"Ligar {number}"}}}

    def coloured(number: int) -> Mapping[str, Any]:
        color = f"#{number % 0xFFFFFF:06x}"
        return {"query": _LABEL, "variables": {"input": {"id": label["id"], "color": color}}}

    bare = bare_with(pool, workspace)
    crowded = {"requests": 10 * CROWD, "clients": CROWD}
    return {
        "bare INSERT": Case(app=bare, bodies=_created),
        f"bare INSERT, {CROWD} at once": Case(app=bare, bodies=_created, **crowded),
        "contactCreate": Case(app=app, bodies=_created, token=token),
        f"contactCreate, {CROWD} at once": Case(app=app, bodies=_created, token=token, **crowded),
        "contactCreate, with a key": Case(app=app, bodies=_created_once, token=token),
        "contactUpdate": Case(app=app, bodies=changed, token=token),
        "labelUpdate": Case(app=app, bodies=coloured, token=token),
        f"contactsUpsert of {BATCH}": Case(app=app, bodies=_upserted, token=token, requests=1),
    }


async def measure(case: Case, folder: Path) -> None:
    """Add what one round takes."""
    clients = min(case.clients, case.requests)

    async def client() -> None:
        for _ in range(case.requests // clients):
            await case.ask()

    there, here = _used_by_postgres(folder), time.thread_time()
    await asyncio.gather(*(client() for _ in range(clients)))
    case.here.append((time.thread_time() - here) / case.requests * 1e6)
    taken = sum(used - there.get(process, 0) for process, used in _used_by_postgres(folder).items())
    case.there.append(taken / case.requests * 1e6)


def _used_by_postgres(folder: Path) -> Mapping[str, float]:
    """Return the seconds of CPU that each process of the server took which keeps its files in a folder."""
    used: dict[str, float] = {}
    for process in Path("/proc").iterdir():
        try:
            if process.name.isdigit() and process.joinpath("cwd").readlink().is_relative_to(folder / "postgres"):
                used[process.name] = int(process.joinpath("schedstat").read_text(encoding="ascii").split()[0]) / 1e9
        except OSError:
            continue
    return used


@contextmanager
def _counting() -> Generator[list[int]]:
    """Count what our connections write: each write waits for its answer."""
    found: list[int] = []
    transport: Any = connection._Transport  # pyright: ignore[reportPrivateUsage]  # noqa: SLF001
    write = transport.write

    def counted(self: Any, data: Any) -> None:
        found.append(len(data))
        write(self, data)

    transport.write = counted
    try:
        yield found
    finally:
        transport.write = write


async def run(profiled: str | None) -> None:
    """Open the product on stores of its own, and measure."""
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        environ = {"DATA_DIR": folder, "LOG_LEVEL": "warning", "RUN_WORKERS": "false"}
        settings = with_local_secrets(load_settings(environ))
        logging.configure(Environment.PRODUCTION, "warning")
        steps = Steps(lambda _: None)
        async with stores_of(settings, steps) as stores, running(settings, stores.places, steps) as process:
            app = build(Parts(house=process.house)).asgi
            async with asyncpg.create_pool(stores.places.database, min_size=_LINES, max_size=_LINES) as pool:
                found = await cases(app, pool)
                if profiled is None:
                    await compare(found, Path(folder))
                else:
                    await door.profile(cast("Any", found[profiled]))


async def compare(found: Mapping[str, Case], folder: Path) -> None:
    """Measure all cases in turns, and print a table."""
    for case in found.values():
        await asyncio.gather(*(case.ask() for _ in range(min(_WARM, case.requests))))
        taken: list[float] = []
        for _ in range(_COUNTED):
            at_once = case.clients if case.clients == CROWD else 1
            with _counting() as written:
                await asyncio.gather(*(case.ask() for _ in range(at_once)))
            taken.append(len(written) / at_once)
        case.trips = min(taken)
    gc.freeze()
    for _ in range(ROUNDS):
        for case in found.values():
            await measure(case, folder)
    bares = {case.clients: case for case in found.values() if case.token is None}
    heads = ("here", "times", "database", "times", "trips")
    sys.stdout.write(f"{'µs of CPU a request, least':32}{''.join(f'{each:>10}' for each in heads)}\n")
    for name, case in found.items():
        here, there = min(case.here), min(case.there)
        bare = bares[case.clients]
        ratios = here / min(bare.here), there / min(bare.there)
        sys.stdout.write(
            f"{name:32}{here:>10.0f}{ratios[0]:>10.1f}{there:>10.0f}{ratios[1]:>10.1f}{case.trips:>10.3g}\n"
        )


def main() -> None:
    """Read the command, and run."""
    reader = argparse.ArgumentParser(prog="python -m benchmarks.writing", description=__doc__)
    reader.add_argument("--profile", metavar="CASE", help="profile one case instead, by its name in the table")
    given = reader.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run(given.profile))


if __name__ == "__main__":
    main()
