"""Mutations do and answer the same by verbs as by the executor: generated ones, whose acts follow from their input."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from graphql import GraphQLError
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from core.ground import Ground
from graph.plan import Verbs, conversion, inputs, payloads
from graph.plan.conversion import Conversions
from graph.plan.selection import Selection
from resolvers.once import Call
from server.engine import verbs
from server.engine.verbs import Performance
from tests.equivalence.acting import OFFER, Acts, Ways, planted, stored
from tests.equivalence.answers import Case
from tests.equivalence.chance import Chance, Dice, Drawn, pick
from tests.equivalence.sweep import Field
from tests.equivalence.writing import Writer

# graphql-core leaves what it began of an object that an error empties
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")

EXAMPLES = 100
SAMPLE = 100
ROUNDS = 300
"""How many generated mutations it may take to find a planted fault."""

Patch = pytest.MonkeyPatch


@pytest.fixture
async def ways(ground: Ground, both: tuple[Field, Field]) -> AsyncIterator[Ways]:
    acts = Acts(rows=await stored(ground.database, both[0].houses[0]))
    with planted(acts):
        yield Ways(ground, acts)


def cases(field: Field, chance: Chance) -> list[Case]:
    """Write a mutation, and send it with several variables, the last time as somebody else."""
    house = field.houses[0]
    written = Writer(OFFER, house.known, chance).operation()
    identity = house.people[pick(chance, ("owner", "owner", "member", "viewer"))]
    sent = [written.given, *(written.redrawn(chance) for _ in range(2 if written.variables else 0))]
    found = [Case(text=written.text, given=each, identity=identity) for each in sent]
    return [*found, Case(text=written.text, given=written.given, identity=house.people["curtailed"])]


def swept(part: int) -> Callable[..., Any]:
    """Make one part of the sweep; each part has a seed of its own, which is always the same."""

    @seed(part)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        print_blob=True,
        phases=(Phase.explicit, Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    async def test(ways: Ways, both: tuple[Field, Field], data: st.DataObject) -> None:
        for each in data.draw(drawn(both[0])):
            assert await ways.differs(each) is None

    return test


@st.composite
def drawn(draw: st.DrawFn, field: Field) -> list[Case]:
    """Mutations as Hypothesis draws them."""
    return cases(field, Drawn(draw))


test_mutations_1 = swept(1)
test_mutations_2 = swept(2)
test_mutations_3 = swept(3)


async def test_most_generated_mutations_are_planned(ways: Ways, both: tuple[Field, Field]) -> None:
    found: Counter[str] = Counter()

    for number in range(SAMPLE):
        for each in cases(both[0], Dice(number)):
            done = await ways.done(ways.verbs, each)
            if done.way is not None:
                found["planned" if not done.way["resolvers"] else "left"] += 1
                found["with errors"] += '"errors"' in done.answer

    assert found["planned"] > 2 * found["left"] > 0, found
    assert found["with errors"] > SAMPLE / 4, found


def done_again(patch: Patch) -> None:
    async def again(self: Any, key: str, root: Any, *_: Any) -> Any:
        return await self._executor.field(key, root.group)

    patch.setattr(Performance, "_completed", again)


def not_the_end(patch: Patch) -> None:
    field = Performance._field

    async def on(self: Performance, key: str, root: Any) -> Any:
        try:
            return await field(self, key, root)
        except GraphQLError:
            return None

    patch.setattr(Performance, "_field", on)


def null_for_what_is_left_out(patch: Patch) -> None:
    maker = Conversions._maker

    def filled(self: Conversions, kind: type, definition: Any) -> Any:
        make = maker(self, kind, definition)

        def convert(value: Any) -> Any:
            made = make(value)
            for each in definition.fields if made else ():
                if getattr(made, each.python_name) is conversion.UNSET:
                    setattr(made, each.python_name, None)
            return made

        return convert

    patch.setattr(Conversions, "_maker", filled)
    conversion.conversions_of.cache_clear()


def left_out_for_null(patch: Patch) -> None:
    of = Conversions.of

    def turned(self: Conversions, kind: Any) -> Any:
        inner = of(self, kind)
        return lambda value: conversion.UNSET if value is None else value if inner is None else inner(value)

    patch.setattr(Conversions, "of", turned)
    conversion.conversions_of.cache_clear()


def texts_of_anything(patch: Patch) -> None:
    patch.setattr(inputs, "_leaf", lambda _: lambda value: value)
    inputs._object.cache_clear()


def needed_or_not(patch: Patch) -> None:
    patch.setattr(payloads, "_needed", lambda put, *rest: put(*rest))


def any_object(patch: Patch) -> None:
    attributes = payloads._Attributes
    patch.setattr(payloads, "_Attributes", lambda parts, _: attributes(parts, object))


def nothing_absent(patch: Patch) -> None:
    patch.setattr(payloads, "_absent", lambda _, into, at, __: into.update({at: None}))


def rights_not_in_the_key(patch: Patch) -> None:
    of = Verbs.of
    patch.setattr(Verbs, "of", lambda self, variables, actor, _: of(self, variables, actor, None))


def named_as_in_the_schema(patch: Patch) -> None:
    patch.setattr(verbs, "Call", lambda name, _: Call(name, name))


def only_first_of_merged_nodes(patch: Patch) -> None:
    below = Selection.below
    patch.setattr(Selection, "below", lambda self, kind, group: below(self, kind, group[:1]))


FAULTS = (
    done_again, not_the_end, null_for_what_is_left_out, left_out_for_null, texts_of_anything,
    needed_or_not, any_object, nothing_absent, rights_not_in_the_key, named_as_in_the_schema,
    only_first_of_merged_nodes,
)  # fmt: skip


@pytest.mark.parametrize("plant", FAULTS, ids=lambda each: each.__name__)
async def test_a_planted_fault_is_found(
    ways: Ways, both: tuple[Field, Field], monkeypatch: Patch, plant: Callable[[Patch], None]
) -> None:
    plant(monkeypatch)

    try:
        found = await rounds_until_found(ways, both[0])
    finally:
        conversion.conversions_of.cache_clear()
        inputs._object.cache_clear()

    assert found is not None


async def rounds_until_found(ways: Ways, field: Field) -> int | None:
    """Return how many mutations it took until both ways differed."""
    for number in range(ROUNDS):
        for each in cases(field, Dice(number)):
            if await ways.differs(each) is not None:
                return number
    return None
