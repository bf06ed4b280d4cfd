"""Both ways to an answer, side by side: with plans, and by resolvers alone."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from graphql import GraphQLSchema
from graphql.execution.values import get_variable_values

from core.ground import Ground
from core.settings import Introspection
from resolvers.context import Context
from server.engine.budget import Budget
from server.engine.documents import Document, Documents
from server.engine.engine import TIMEOUT, Engine
from server.engine.execution import Coercion
from server.engine.planned import Planned, Plans
from server.engine.request import Parameters, RequestRefused
from services.access import Identity, Origin
from tests.fixtures.houses import house_of

_PORTION: Final = 1_000_000
_AGAIN: Final = 4


class Free(Budget):
    """Prices operations, and never runs out."""

    async def _refill(self, key: str, account: Any, cost: int, quota: Any) -> None:
        del key, cost, quota
        account.left += _PORTION


class Coerced(Coercion):
    """Coerces variables as graphql-core does, whatever they are."""

    def straight(self, given: Mapping[str, Any]) -> None:
        """Take nothing as it is."""

    def of(self, given: Mapping[str, Any], *, suggests: bool) -> Any:
        """Return the values of the variables, or what is wrong with them."""
        return get_variable_values(self._schema, self._definitions, dict(given), hide_suggestions=not suggests)


class CoercedDocuments(Documents):
    """Documents whose variables are coerced so."""

    def _define(self, made: Document) -> None:
        super()._define(made)
        for each in made.operations.values():
            each.coercion = Coerced(self._schema, each.node, made.uses)


class NoPlans(Plans):
    """Leaves everything to the resolvers."""

    async def answer(self, *_: Any) -> Planned:
        """Answer nothing."""
        return Planned({})

    def showing(self, *_: Any) -> None:
        """Show nothing."""

    def verbs(self, *_: Any) -> None:
        """Leave mutations to the executor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What is compared of an answer: its data as ordered JSON, its errors, and its cost; `way` only tells how."""

    data: str
    errors: tuple[str, ...]
    actual: int | None
    way: Mapping[str, Any] | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One operation as somebody sends it."""

    text: str
    given: Mapping[str, Any]
    identity: Identity = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where the two ways part."""

    case: Case
    plans: Said
    resolvers: Said

    def __str__(self) -> str:
        actor = self.case.identity.working
        return "\n".join(
            (
                "the two ways differ:",
                self.case.text,
                orjson.dumps(self.case.given).decode(),
                f"as {actor.role.value} with {sorted(each.value for each in actor.permissions)}",
                f"plans     {self.plans.way}",
                f"          {self.plans.data}\n          {self.plans.errors} {self.plans.actual}",
                f"resolvers {self.resolvers.data}\n          {self.resolvers.errors} {self.resolvers.actual}",
            )
        )


class Sides:
    """Both ways over one schema, with a count of what became of the operations."""

    def __init__(self, ground: Ground, schema: GraphQLSchema) -> None:
        self._house = house_of(ground)
        self.plans = Engine(schema, Free(ground.throttle), Introspection.ANYBODY, explains=True)
        self.resolvers = Engine(schema, Free(ground.throttle), Introspection.ANYBODY)
        self.resolvers._plans = NoPlans(schema, TIMEOUT)
        self.resolvers.documents = CoercedDocuments(schema)
        self.ways: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()

    async def compare(self, case: Case) -> tuple[Said, Difference | None]:
        """Answer both ways; return what plans say, and the difference if there is one."""
        plans, resolvers = await self.planned(case), await self.resolved(case)
        self._count(plans, resolvers)
        return plans, await self.told_apart(case, plans, resolvers)

    async def told_apart(self, case: Case, plans: Said, other: Said) -> Difference | None:
        """Return the difference between two answers to a case, the first of which is of plans, if there is one."""
        if plans == other or await self._is_open(case, plans, other):
            return None
        return Difference(case=case, plans=plans, resolvers=other)

    async def planned(self, case: Case) -> Said:
        """Answer with plans."""
        return await self._said(self.plans, case)

    async def resolved(self, case: Case) -> Said:
        """Answer by the resolvers alone."""
        return await self._said(self.resolvers, case)

    async def _is_open(self, case: Case, plans: Said, first: Said) -> bool:
        """Tell whether the resolvers give this answer at other times: which of several errors is told of first, where
        each of them empties the same object, is left open by the specification.
        """
        if not plans.errors or plans.data != first.data:
            return False
        again = [await self.resolved(case) for _ in range(_AGAIN)]
        is_so = plans in again or (plans.actual == first.actual and _is_of_resolvers(plans, first))
        self.ways["open"] += is_so
        return is_so

    async def _said(self, engine: Engine, case: Case) -> Said:
        context = Context(self._house, Origin(ip="127.0.0.1", request_id="suite"))
        context.renew(case.identity)
        context._standing.checked_at = float("inf")
        try:
            parameters = Parameters(query=case.text, variables=case.given)
            operation = await engine.prepare(parameters, context)
        except RequestRefused as refusal:
            return Said(data="refused", errors=_told([each.formatted for each in refusal.errors]), actual=None)
        answer = await engine.run(operation)
        body = orjson.loads(answer.text)
        return Said(
            data=orjson.dumps(body.get("data")).decode(),
            errors=_told(body.get("errors", ())),
            actual=body["extensions"].get("cost", {}).get("actual") if "extensions" in body else None,
            way=body.get("extensions", {}).get("plan"),
        )

    def _count(self, plans: Said, resolvers: Said) -> None:
        self.ways["compared"] += 1
        self.ways["with errors"] += bool(resolvers.errors)
        if resolvers.data == "refused":
            self.ways["refused"] += 1
            return
        way = plans.way or {"planned": [], "resolvers": {"": "nothing was asked of tables"}}
        for reason in way["resolvers"].values():
            self.reasons[reason] += 1
        if not way["resolvers"]:
            self.ways["planned"] += 1
        else:
            self.ways["mixed" if way["planned"] else "resolvers"] += 1


def _is_of_resolvers(plans: Said, first: Said) -> bool:
    """Tell whether errors empty the same places, and are all told by the resolvers of fields that no plan answered."""
    left = (plans.way or {}).get("resolvers", {})
    told, expected = [[orjson.loads(each)["path"] or () for each in said.errors] for said in (plans, first)]
    data = orjson.loads(first.data)
    emptied, wanted = ({_emptied(data, path) for path in paths} for paths in (told, expected))
    return emptied == wanted and all(path and path[0] in left for path in told)


def _emptied(data: Any, path: Sequence[str | int]) -> tuple[str | int, ...]:
    """Return where an error left null: at its path, or at what is above of it."""
    for depth, step in enumerate(path):
        if data is None:
            return tuple(path[:depth])
        data = data[step]
    return tuple(path)


def _told(errors: Any) -> tuple[str, ...]:
    """Return errors in an order of their own, without their places in the text."""
    return tuple(sorted(orjson.dumps(_kept(each), option=orjson.OPT_SORT_KEYS).decode() for each in errors))


def _kept(error: Mapping[str, Any]) -> dict[str, Any]:
    extensions = error.get("extensions") or {}
    return {
        "message": error["message"],
        "path": error.get("path"),
        "code": extensions.get("code"),
        "field": extensions.get("field"),
    }
