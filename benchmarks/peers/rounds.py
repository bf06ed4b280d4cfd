"""The run: every server in turn, in each round; first whether all answer the same, then how fast."""

import json
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from benchmarks.peers import operations
from benchmarks.peers.measuring import Load, Order, Reading, usage_of
from benchmarks.peers.operations import MARK, PAGE, Place, Values, comparable, without_chance
from benchmarks.peers.servers import Server, by_name, introduced
from benchmarks.peers.stage import Stage
from benchmarks.processes import Served

BUSY: Final = 32
SIZES: Final = (1, 10, 100)
CROWDS: Final = (1, 10, 100)
CURVED: Final = "contacts"
_BODIES: Final = 400
_COMPARED: Final = 3
_SLOW: Final = 40
_WALK: Final = 300
_WITHOUT_CURVES: Final = 0.7
BY_ID: Final = "WhatsHybrid, stored document"


class Unequal(Exception):
    """Two servers answer the same question differently. Says where."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How long everything takes, in seconds. As many `rounds` are made as fit into `budget`, and one in any case."""

    rounds: int
    budget: float
    warm: float
    measure: float
    slow: float
    curve: float
    contacts: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """What was measured: an operation, by so many connections, with pages of a size."""

    operation: str
    connections: int = BUSY
    size: int = PAGE


@dataclass(slots=True)
class Findings:
    """All that a run found: readings by the name of the server and the point; the largest resident MB."""

    readings: dict[tuple[str, Point], list[Reading]] = field(default_factory=dict[tuple[str, Point], list[Reading]])
    peaks: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    rounds: int = 0

    def note(self, name: str, point: Point, reading: Reading) -> None:
        """Keep a reading."""
        self.readings.setdefault((name, point), []).append(reading)


class Visit:
    """A server that runs, as it is measured in one round."""

    def __init__(self, run: "Run", server: Server, served: Served) -> None:
        self._run = run
        self._server = server
        self._served = served
        self._tokens = run.stage.tokens() if server.is_ours else []

    async def look_around(self) -> Values:
        """Find out where pages may begin, by walking through the lists of our server."""
        places, ids = self._walk("contacts", "createdAt")
        labels, _ = self._walk("labels", "position")
        # so that a whole page follows each
        return Values(
            workspace_id=self._run.stage.workspace_id,
            contacts=ids,
            places=places[: -max(SIZES)],
            labels=labels[:-20],
        )

    def _walk(self, name: str, key: str) -> tuple[list[Place], list[UUID]]:
        order = "OLDEST" if name == "contacts" else "POSITION"
        query = (
            f"query ($after: String) {{ {name}(first: 100, after: $after, orderBy: [{order}])"
            f" {{ edges {{ cursor node {{ id {key} }} }} pageInfo {{ hasNextPage endCursor }} }} }}"
        )
        places: list[Place] = []
        ids: list[UUID] = []
        after: str | None = None
        for _ in range(_WALK):
            page = self.ask(json.dumps({"query": query, "variables": {"after": after}}))[name]
            for each in page["edges"]:
                places.append(Place(cursor=each["cursor"], key=str(each["node"][key])))
                ids.append(UUID(each["node"]["id"].rpartition("_")[2]))
            after = page["pageInfo"]["endCursor"]
            if not page["pageInfo"]["hasNextPage"]:
                break
        return places, ids

    def ask(self, body: str) -> Any:
        """Ask one question; return its data."""
        headers = {"content-type": "application/json", "accept": "application/json"}
        if self._tokens:
            headers["authorization"] = f"Bearer {self._tokens[0]}"
        request = urllib.request.Request(f"{self._served.address}/graphql", body.encode(), headers)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
                found = json.loads(answer.read())
        except urllib.error.HTTPError as error:
            found = {"errors": [error.read(1_000).decode(errors="replace")]}
        if found.get("errors"):
            message = f"{self._server.name} answers {json.dumps(found['errors'])[:1_000]}"
            raise Unequal(message)
        return found["data"]

    def answers(self, values: Values, name: str) -> list[Any]:
        """Ask the first few questions of an operation; return what is comparable of the answers."""
        found = [
            comparable(self.ask(each.replace(MARK, f"{place:08d}")))
            for place, each in enumerate(self._bodies(values, name, PAGE)[:_COMPARED])
        ]
        return without_chance(found) if operations.text_of(name).startswith("mutation") else found

    async def measure(self, values: Values, *, with_curve: bool) -> None:
        """Measure every operation, and what it costs with other sizes and crowds."""
        for name in operations.names():
            bodies = self._bodies(values, name, PAGE)
            await self._at(self._server.name, Point(operation=name), bodies, self._run.pace.measure)
            if self._server.is_ours:
                self.ask_all({introduced(bodies[0])})
                named = [by_name(each) for each in bodies]
                await self._at(BY_ID, Point(operation=name), named, self._run.pace.measure)
            if with_curve and name == CURVED:
                await self._curve(values, name)
        self._run.findings.peaks.setdefault(self._server.name, []).append(usage_of(self._served).peak / 1024)

    def ask_all(self, bodies: set[str]) -> None:
        """Ask some questions for their effect."""
        for each in bodies:
            self.ask(each.replace(MARK, "00000009"))

    async def _curve(self, values: Values, name: str) -> None:
        points = [Point(operation=name, connections=each) for each in CROWDS]
        points += [Point(operation=name, size=each) for each in SIZES]
        for each in points:
            await self._at(self._server.name, each, self._bodies(values, name, each.size), self._run.pace.curve)

    async def _at(self, name: str, point: Point, bodies: Sequence[str], seconds: float) -> None:
        run = self._run
        if point == Point(operation=point.operation):
            warming = Order(bodies=bodies, connections=point.connections, seconds=run.pace.warm)
            warm = await run.load.put(self._served, warming, self._tokens)
            if warm["perSecond"] < _SLOW:
                seconds = max(run.pace.slow, seconds)
        order = Order(bodies=bodies, connections=point.connections, seconds=seconds)
        run.findings.note(name, point, await run.load.measure(self._served, run.stage, order, self._tokens))

    def _bodies(self, values: Values, name: str, size: int) -> list[str]:
        return operations.bodies(name, self._server.dialect, values, amount=_BODIES, size=size)


@dataclass(slots=True, kw_only=True)
class Run:
    """A run of all rounds."""

    stage: Stage
    load: Load
    pace: Pace
    servers: Sequence[Server]
    findings: Findings = field(default_factory=Findings)
    began: float = field(default_factory=time.monotonic)

    async def go(self) -> None:
        """Go through all rounds. The first server is ours: the others must answer as it does.

        Raises:
            Unequal: one answers differently, or not at all.
        """
        values: Values | None = None
        expected: dict[str, list[Any]] = {}
        longest = 0.0
        for number in range(self.pace.rounds):
            beginning = time.monotonic()
            if number and beginning - self.began + longest > self.pace.budget:
                break
            for server in self.servers:
                async with server.run(self.stage) as served:
                    visit = Visit(self, server, served)
                    if values is None:
                        values = await visit.look_around()
                    if number == 0:
                        self._compare(visit, server, values, expected)
                    await visit.measure(values, with_curve=bool(self.pace.curve) and number == 0)
                sys.stderr.write(f"  {time.monotonic() - self.began:4.0f} s: {server.name}, round {number + 1}\n")
            # the first round has the curves as well
            longest = (time.monotonic() - beginning) * (1.0 if number else _WITHOUT_CURVES)
            self.findings.rounds = number + 1

    def _compare(self, visit: Visit, server: Server, values: Values, expected: dict[str, list[Any]]) -> None:
        for name in operations.names():
            found = visit.answers(values, name)
            wanted = expected.setdefault(name, found)
            for where in differences(wanted, found, name):
                message = f"{server.name} answers otherwise than {self.servers[0].name} at {where}"
                raise Unequal(message)


def differences(one: Any, other: Any, where: str) -> Iterator[str]:
    """Yield the places where two answers differ. Labels may come in any order: not all can sort by what is joined."""
    if isinstance(one, dict) and isinstance(other, dict):
        here: Mapping[str, Any] = one
        there: Mapping[str, Any] = other
        for key in {**here, **there}:
            yield from differences(here.get(key), there.get(key), f"{where}.{key}")
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        if where.endswith(".labels"):
            one, other = (sorted(each, key=json.dumps) for each in (one, other))
        for place, (mine, theirs) in enumerate(zip(one, other, strict=True)):
            yield from differences(mine, theirs, f"{where}[{place}]")
    elif one != other:
        yield f"{where}: {str(one)[:200]} and {str(other)[:200]}"
