"""Mutations both ways: by compiled verbs, and by the executor, with acts that only note what they were given.

What an act answers follows from its arguments: rows that are stored, payloads of any form, errors, and what no act
should answer. So both ways meet the same, and nothing is changed.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from types import NoneType, SimpleNamespace
from typing import Any, Final, get_args, get_origin, get_type_hints
from uuid import UUID
from zlib import crc32

import orjson
import pytest
import sqlalchemy as sa
from graphql import GraphQLError, GraphQLObjectType

from core.database import Database
from core.errors import Conflict, Forbidden, NotFound, RateLimited, Unavailable
from core.ground import Ground
from core.settings import Introspection
from graph import DOES, Row
from graph.plan.selection import origin_of
from models import Contact
from resolvers.context import Context, Info
from resolvers.once import Call
from schema.errors import MutationPayload
from server.engine.engine import TIMEOUT, Engine
from server.engine.planned import Plans
from server.engine.request import Parameters, RequestRefused
from services.access import Origin
from tests.equivalence.answers import Case, CoercedDocuments, Free
from tests.equivalence.chance import Chance, Dice, happens, pick
from tests.equivalence.world import House
from tests.equivalence.writing import Offer
from tests.fixtures.houses import house_of
from tests.fixtures.operations import SCHEMA, RootField, root_fields

MUTATIONS: Final = root_fields("mutation")
OFFER: Final = Offer(
    schema=SCHEMA,
    operation="mutation",
    roots=(
        *("contactCreate", "contactUpdate", "contactsUpsert", "labelReorder") * 8,
        *[each.name for each in MUTATIONS],
    ),
)
_ERRORS: Final = (
    Forbidden("no"), NotFound("nothing"), Conflict("stale"), RateLimited("wait"), Unavailable("away"),
    RuntimeError("bug"), GraphQLError("told"), TimeoutError(),
)  # fmt: skip
_TEXTS: Final = ("", "Ana", "5511987654321", "ção", "x" * 50)
_ROWS: Final = 3


class NoVerbs(Plans):
    """Leaves mutations to the executor; rows are shown as ever."""

    def verbs(self, *_: Any) -> None:
        """Leave all to the executor."""


@dataclass(slots=True)
class Acts:
    """Acts in the place of the product's, over the rows of some workspaces; `noted` is what they were given."""

    rows: Mapping[type[Any], Sequence[Any]]
    noted: list[str] = field(default_factory=list[str])

    async def act(self, mutation: RootField, context: Context, call: Call, /, **given: Any) -> Any:
        """Note the arguments, and answer what follows from them."""
        told = f"{call} {given!r}"
        self.noted.append(told)
        context.forget()
        chance = Dice(crc32(told.encode()))
        if happens(chance, 12):
            raise pick(chance, _ERRORS)
        made = self._made(_payload_of(mutation), chance)
        return SimpleNamespace(**vars(made)) if isinstance(made, MutationPayload) and happens(chance, 3) else made

    def _made(self, kind: Any, chance: Chance) -> Any:
        """Make a value of a declared type; now and then one that is not of it."""
        given = [each for each in get_args(kind) if each is not NoneType]
        if NoneType in get_args(kind):
            return None if happens(chance, 25) else self._made(given[0], chance)
        if happens(chance, 1):
            return pick(chance, (None, "odd", [], [None], object()))
        if get_origin(kind) is list:
            return [self._made(given[0], chance) for _ in range(chance.below(4))]
        if isinstance(kind, type) and issubclass(kind, Row):
            stored = self.rows.get(kind.model, ())
            return pick(chance, stored) if stored else kind.model()
        if is_dataclass(kind):
            hints = get_type_hints(kind)
            return kind(**{each.name: self._made(hints[each.name], chance) for each in fields(kind) if each.init})  # type: ignore[operator]
        return pick(chance, self.rows[Contact]).id if kind is UUID else _leaf(kind, chance)


def _leaf(kind: Any, chance: Chance) -> Any:
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return pick(chance, list(kind))
    plain: dict[Any, Any] = {
        int: 7,
        bool: True,
        float: 0.5,
        datetime: datetime(2026, 11, 23, tzinfo=UTC),
    }
    return plain[kind] if kind in plain else pick(chance, _TEXTS)


def _payload_of(mutation: RootField) -> Any:
    kind: Any = mutation.field.type
    return kind.of_type.extensions["strawberry-definition"].origin


@contextmanager
def planted(acts: Acts) -> Any:
    """Put the acts in the place of the product's, for both ways."""
    with pytest.MonkeyPatch.context() as patch:
        for each in MUTATIONS:
            of = each.field.extensions["strawberry-definition"]
            act = partial(acts.act, each)
            patch.setattr(of, "metadata", {**of.metadata, DOES: act})
            patch.setattr(of.base_resolver, "wrapped_func", _resolver(act))
        yield


def _resolver(act: Any) -> Any:
    async def resolve(info: Info, **given: Any) -> Any:
        return await act(info.context, Call(info.field_name, str(info.path.key)), **given)

    return resolve


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What came of a mutation: the answer as it is sent, and what acts were given, in their order."""

    answer: str
    noted: Sequence[str]
    way: Mapping[str, Any] | None = field(default=None, compare=False)


class Ways:
    """Both ways, over the product's schema."""

    def __init__(self, ground: Ground, acts: Acts) -> None:
        self._house, self._acts = house_of(ground), acts
        self.verbs = Engine(SCHEMA, Free(ground.throttle), Introspection.ANYBODY, explains=True)
        self.executor = Engine(SCHEMA, Free(ground.throttle), Introspection.ANYBODY)
        self.executor._plans = NoVerbs(SCHEMA, TIMEOUT)
        self.executor.documents = CoercedDocuments(SCHEMA)

    async def done(self, engine: Engine, case: Case) -> Done:
        """Run a mutation."""
        self._acts.noted.clear()
        context = Context(self._house, Origin(ip="127.0.0.1", request_id="suite"))
        context.renew(case.identity)
        context._standing.checked_at = float("inf")
        try:
            operation = await engine.prepare(Parameters(query=case.text, variables=case.given), context)
        except RequestRefused as refusal:
            return Done(answer=repr([each.formatted for each in refusal.errors]), noted=())
        body = orjson.loads((await engine.run(operation)).text)
        way = body["extensions"].pop("plan", None)
        body["extensions"]["cost"] = {name: body["extensions"]["cost"][name] for name in ("requested", "actual")}
        return Done(answer=orjson.dumps(body).decode(), noted=tuple(self._acts.noted), way=way)

    async def differs(self, case: Case) -> str | None:
        """Run a mutation both ways; say what differs."""
        by_verbs, by_executor = await self.done(self.verbs, case), await self.done(self.executor, case)
        if by_verbs == by_executor:
            return None
        return f"{case.text}\n{case.given}\n{by_verbs}\n{by_executor}"


async def stored(database: Database, house: House) -> Mapping[type[Any], Sequence[Any]]:
    """Return some rows of a workspace, by their tables."""
    found: dict[type[Any], Sequence[Any]] = {}
    own = house.tenant.workspace_id
    async with database.system() as session:
        for model in {each.model for each in map(origin_of, _objects()) if issubclass(each, Row)}:
            rows = sa.select(model).order_by(*sa.inspect(model).primary_key).limit(_ROWS)
            is_walled = hasattr(model, "workspace_id")
            found[model] = (await session.scalars(rows.where(model.workspace_id == own) if is_walled else rows)).all()
    return found


def _objects() -> Iterator[GraphQLObjectType]:
    for each in SCHEMA.type_map.values():
        if isinstance(each, GraphQLObjectType) and origin_of(each) is not None:
            yield each
