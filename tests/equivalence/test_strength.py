"""The comparison is strong enough: it finds each planted fault within so many operations."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import zip_longest

import pytest

from core.database import Database
from core.ground import Ground
from tests.equivalence.answers import Said, Sides
from tests.equivalence.chance import Dice
from tests.equivalence.mutants import MUTANTS, Patch
from tests.equivalence.sweep import Field, Round, leaks

# graphql-core leaves what it began of an object that an error empties
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")

ROUNDS = 50
"""How many generated operations of each schema it may take."""
_TIMES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Rehearsed:
    """Operations of a schema, and what the resolvers answer in each case."""

    field: Field
    rounds: Sequence[tuple[Round, Sequence[Said]]]


@pytest.fixture(scope="module")
async def rehearsed(both: tuple[Field, Field]) -> Sequence[Rehearsed]:
    found: list[Rehearsed] = []
    for field in both:
        rounds = [*field.landmarks(), *(field.round(Dice(number)) for number in range(ROUNDS))]
        answers = [(each, [await field.sides.resolved(case) for case, _ in each.cases]) for each in rounds]
        found.append(Rehearsed(field=field, rounds=answers))
    return found


async def test_without_a_fault_nothing_differs(ground: Ground, rehearsed: Sequence[Rehearsed]) -> None:
    assert await found_difference(ground, rehearsed) is None


@pytest.mark.parametrize("plant", MUTANTS.values(), ids=MUTANTS)
async def test_a_planted_fault_is_found(
    ground: Ground,
    rehearsed: Sequence[Rehearsed],
    monkeypatch: pytest.MonkeyPatch,
    plant: Callable[[Patch, Database], None],
) -> None:
    own = ground.database._plans
    plant(monkeypatch, ground.database)

    try:
        found = await found_difference(ground, rehearsed)
    finally:
        forget(rehearsed)
    if ground.database._plans is not own:
        await ground.database._plans.close()

    assert found is not None


async def found_difference(ground: Ground, rehearsed: Sequence[Rehearsed]) -> str | None:
    """Answer with plans that are made anew, by turns of both schemas, one case after the other and then all at once;
    return the first difference, and how many rounds it took to find it.
    """
    forget(rehearsed)
    sides = [Sides(ground, each.field.offer.schema) for each in rehearsed]
    for each, side in zip(rehearsed, sides, strict=True):
        side.plans.documents = each.field.sides.plans.documents
    for number, turn in enumerate(zip_longest(*[each.rounds for each in rehearsed])):
        for side, (asked, answers) in ((side, each) for side, each in zip(sides, turn, strict=True) if each):
            cases = asked.cases * _TIMES
            alone = [await side.planned(case) for case, _ in asked.cases]
            together = await asyncio.gather(*[side.planned(case) for case, _ in cases])
            for said, expected, (case, other) in zip(
                (*alone, *together), [*answers] * (_TIMES + 1), asked.cases * (_TIMES + 1), strict=True
            ):
                if leaks(said, other) or differs(said, expected):
                    return f"round {number + 1}: {case.text} {case.given}\nsaid {said}\nnot  {expected}"
    return None


def forget(rehearsed: Sequence[Rehearsed]) -> None:
    """Forget the plans that are kept with documents: those that were made with a fault are of no use to others."""
    for each in rehearsed:
        for document in each.field.sides.plans.documents._kept.values():
            for definition in document.operations.values():
                definition.plans = definition.verbs = None


def differs(said: Said, expected: Said) -> bool:
    """Tell whether answers differ, whatever the one error is that is told of where there are several."""
    return (said.data, said.actual, bool(said.errors)) != (expected.data, expected.actual, bool(expected.errors))
