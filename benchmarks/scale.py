"""A million contacts in one workspace: pages, counts and searches as the application role, behind row-level security.

`python -m benchmarks.scale postgresql://postgres@127.0.0.1/postgres [--contacts N]` makes a database, and drops it at
the end. Reads go through the product's pages and `Database.read`, without the door. The plan of every statement is
looked at: contacts may not be read from end to end, and nothing but the rows that a search found may be sorted.
"""

import argparse
import asyncio
import math
import statistics
import sys
import time
import uuid
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from typing import Any, Final, cast
from uuid import UUID

import asyncpg
import orjson
import uvloop
from sqlalchemy import event, select

import models
from benchmarks.scale_data import Crowd, fill
from core.database import Database, PoolLimits
from core.errors import Unavailable
from core.ids import WorkspaceId, encode
from graph import Context, pages
from graph.facts import Page
from graph.filters import BooleanFilter, IdFilter, LinkFilter, TextFilter
from graph.statements import FEW
from migrations import run
from models import Contact, Role, effective
from resolvers import root
from resolvers.contacts import ContactQueries
from schema.contact_list import ContactFilter, ContactOrder
from schema.label import Label
from services.access import Actor, Origin

ROUNDS: Final = 20
SIZE: Final = 50
_FILLING: Final = PoolLimits(writing=900.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A list: of the workspace, or of a label."""

    fact: Page
    label_id: UUID | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What is asked of the list, and whether its size is. A `scans` case is one that is known to read all rows; where
    that takes too long for an answer, its time is inf.
    """

    name: str
    given: Mapping[str, Any]
    counted: bool = False
    scans: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """Milliseconds of a case, how much it found, and what its plans do that they should not."""

    p50: float
    p95: float
    found: int
    faults: Sequence[str]


async def main(admin: str, contacts: int) -> None:
    """Fill, measure, and print one line a case."""
    async with furnished(admin, contacts) as (database, crowd):
        await report(database, crowd)


@asynccontextmanager
async def furnished(admin: str, contacts: int) -> AsyncIterator[tuple[Database, Crowd]]:
    """Make a database with a large and a small workspace."""
    name = f"bench_{uuid.uuid4().hex[:10]}"
    base, _, query = admin.partition("?")
    url = f"{base.rpartition('/')[0]}/{name}" + (f"?{query}" if query else "")
    connection = await asyncpg.connect(admin)
    await connection.execute(f"CREATE DATABASE {name}")
    try:
        await run.upgrade(url)
        filling, database = Database(url, pool=_FILLING), Database(url)
        crowd = await fill(filling, contacts)
        await filling.close()
        yield database, crowd
        await database.close()
    finally:
        await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        await connection.close()


async def report(database: Database, crowd: Crowd) -> None:
    """Measure every case, and print its line; end with an error when a plan does what it should not."""
    root.build()
    actor = _actor(crowd)
    everybody = Place(fact=cast("Page", ContactQueries.facts["contacts"]))
    labelled = [
        (Place(fact=cast("Page", Label.facts["contacts"]), label_id=label_id), name)
        for label_id, name in ((crowd.label_id, "label (134,000)"), (crowd.rare_label_id, "label of 20"))
    ]
    cases = [(everybody, case) for case in [*await _walks(database, actor, crowd), *_counts(crowd), *_searches()]]
    cases += [(place, case) for place, name in labelled for case in await _labelled(database, actor, crowd, name)]
    wrong: list[str] = []
    sys.stdout.write(f"{'':52}{'p50 ms':>9}{'p95 ms':>9}{'found':>10}\n")
    for place, case in cases:
        taken = await _measured(database, actor, place, case)
        sys.stdout.write(f"{case.name:52}{taken.p50:9.1f}{taken.p95:9.1f}{taken.found:10}\n")
        if not case.scans:
            wrong.extend(f"{case.name}: {each}" for each in taken.faults)
    sys.stdout.writelines(f"{each}\n" for each in wrong)
    if wrong:
        sys.exit("a plan reads or sorts more than it should")


async def _labelled(database: Database, actor: Actor, crowd: Crowd, name: str) -> list[Case]:
    """Pages of a label's contacts in the orders that stand in the join table, one in another order, and the count."""
    orders = (ContactOrder.NEWEST, ContactOrder.OLDEST)
    found = [
        replace(each, name=f"of a {name}, {each.name}") for each in await _walks(database, actor, crowd, orders=orders)
    ]
    by_name = {"order_by": [ContactOrder.NAME_A_TO_Z], "first": SIZE}
    found.append(Case(name=f"of a {name}, NAME_A_TO_Z first page", given=by_name, scans=True))
    found.append(Case(name=f"of a {name}, totalCount", given={"first": SIZE}, counted=True, scans=True))
    return found


async def _walks(
    database: Database, actor: Actor, crowd: Crowd, *, orders: Iterable[ContactOrder] = ContactOrder
) -> list[Case]:
    """The first, a middle and the last page of orders."""
    fact = cast("Page", ContactQueries.facts["contacts"])
    found: list[Case] = []
    for member in orders:
        order = {"order_by": [member]}
        middle = await _cursor(database, actor, fact, member, crowd.contacts // 2)
        ways: dict[str, dict[str, Any]] = {
            "first page": {"first": SIZE},
            "last page, backward": {"last": SIZE},
            "middle, forward": {"first": SIZE, "after": middle},
            "middle, backward": {"last": SIZE, "before": middle},
        }
        found.extend(Case(name=f"{member.name} {way}", given=order | given) for way, given in ways.items())
    return found


async def _cursor(database: Database, actor: Actor, fact: Page, member: Any, place: int) -> str:
    """Name a place far inside of a list. It is found by counting rows, once."""
    listing = await pages.read_listing(fact, {"order_by": [member], "first": 1}, Context(actor, database))
    keys = [(each.column, each.descending) for each in listing.order]
    statement = select(*[column for column, _ in keys]).where(Contact.workspace_id == actor.workspace_id)
    statement = statement.order_by(*[column.desc() if down else column.asc() for column, down in keys])
    async with database.system() as session:
        row = (await session.execute(statement.offset(place).limit(1))).one()
    return pages.write_cursor(list(row), listing.order, listing.scope)


def _counts(crowd: Crowd) -> list[Case]:
    owner, label = encode("user", crowd.owner_id), encode("label", crowd.label_id)
    rare = encode("label", crowd.rare_label_id)
    filters: dict[str, tuple[ContactFilter | None, bool]] = {
        "no filter": (None, False),
        "archived": (ContactFilter(is_archived=BooleanFilter(eq=True)), False),
        "archived or not": (ContactFilter(is_archived=BooleanFilter(is_null=False)), False),
        "owner (150,000)": (ContactFilter(owner=IdFilter(eq=cast("Any", owner))), True),
        "label (134,000)": (ContactFilter(labels=LinkFilter(any_of=[cast("Any", label)])), True),
        "label of 20": (ContactFilter(labels=LinkFilter(any_of=[cast("Any", rare)])), False),
        "name contains wladislaw": (ContactFilter(name=TextFilter(contains="wladislaw")), False),
        "name contains silva": (ContactFilter(name=TextFilter(contains="silva")), True),
    }
    found: list[Case] = []
    for name, (each, scans) in filters.items():
        given = {"filter": each, "first": SIZE}
        found.append(Case(name=f"page, {name}", given=given))
        found.append(Case(name=f"totalCount, {name}", given=given, counted=True, scans=scans))
    return found


def _searches() -> list[Case]:
    words = {
        "rare word": "wladislaw",
        "rare word of the notes": "bambu",
        "common word (42,000)": "silva",
        "very common part (125,000)": "ana",
        "two common words": "silva padaria",
        "part of a phone number": "7919",
        "whole phone number": "+55 11 90791-9000",
        "nothing found": "xyzzyq",
    }
    # a part that every eighth row has is soon found 2,001 times, whatever way the planner takes
    return [
        Case(name=f"search, {name}", given={"search": each, "first": SIZE}, scans=name.startswith("very common"))
        for name, each in words.items()
    ]


async def _measured(database: Database, actor: Actor, place: Place, case: Case) -> Taken:
    taken: list[float] = []
    found = 0
    for _ in range(ROUNDS):
        began = time.perf_counter()
        try:
            found = await _asked(database, actor, place, case)
        except Unavailable:
            return Taken(p50=math.inf, p95=math.inf, found=0, faults=["is not answered in time"])
        taken.append((time.perf_counter() - began) * 1e3)
        if taken[-1] > 1_000 and len(taken) >= 5:
            break
    with _noting(database) as sent:
        await _asked(database, actor, place, case)
    faults = [fault for statement, given in sent for fault in await _faults(database, actor, statement, given)]
    cuts = statistics.quantiles(taken, n=20)
    return Taken(p50=statistics.median(taken), p95=cuts[18], found=found, faults=faults)


async def _asked(database: Database, actor: Actor, place: Place, case: Case) -> int:
    context = Context(actor, database)
    if not case.counted:
        return len((await pages.load_page(place.fact, models.Label(id=place.label_id), context, case.given)).nodes)
    listing = await pages.read_listing(place.fact, case.given, context)
    return await pages.count(listing, place.label_id or pages.WHOLE, context)


@contextmanager
def _noting(database: Database) -> Iterator[list[tuple[str, Any]]]:
    sent: list[tuple[str, Any]] = []

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        sent.append((statement, parameters))

    event.listen(database.engine.sync_engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(database.engine.sync_engine, "before_cursor_execute", note)


async def _faults(database: Database, actor: Actor, statement: str, given: Any) -> list[str]:
    """Look at a statement's plan, as the application role has it."""
    async with database.read(actor.workspace_id) as session:
        line: Any = session._line  # noqa: SLF001  (the product has no use for plans)
        shown = await line.sql.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", given)
        plan = shown.scalar_one()
    tree = orjson.loads(plan) if isinstance(plan, str) else plan
    return list(_bad(tree[0]["Plan"]))


def _bad(node: Mapping[str, Any]) -> Iterator[str]:
    if node["Node Type"] == "Seq Scan" and node.get("Relation Name") == "contacts":
        yield "reads all contacts"
    if node["Node Type"] == "Sort" and node["Plan Rows"] > FEW:
        yield f"sorts {node['Plan Rows']} rows"
    for each in node.get("Plans", ()):
        yield from _bad(each)


def _actor(crowd: Crowd) -> Actor:
    return Actor(
        workspace_id=WorkspaceId(crowd.workspace_id),
        user_id=None,
        role=Role.OWNER,
        permissions=effective(Role.OWNER, (), ()),
        origin=Origin(ip="127.0.0.1", user_agent="bench", request_id="bench"),
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("admin", help="address of a database whose login may create others")
    parser.add_argument("--contacts", type=int, default=1_000_000)
    options = parser.parse_args()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main(options.admin, options.contacts))
