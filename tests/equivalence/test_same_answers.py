"""Plans and resolvers answer the same: generated operations, as several people, in two workspaces with twin rows.

`python -m tests.equivalence.soak` does the same for as long as one likes.
"""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from tests.equivalence.chance import Dice, Drawn
from tests.equivalence.sweep import Field, Round

EXAMPLES = 100
SAMPLE = 40


def swept(number: int, part: int) -> Callable[..., Any]:
    """Make one part of the sweep over a schema; each part has a seed of its own, which is always the same."""

    @seed(part)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        print_blob=True,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
    @given(data=st.data())
    async def test(both: tuple[Field, Field], data: st.DataObject) -> None:
        field = both[number]

        assert await field.differs(data.draw(rounds(field))) is None

    return test


@st.composite
def rounds(draw: st.DrawFn, field: Field) -> Round:
    """Operations of a schema, and who sends them."""
    return field.round(Drawn(draw))


test_product_1 = swept(0, 1)
test_product_2 = swept(0, 2)
test_product_3 = swept(0, 3)
test_product_4 = swept(0, 4)
test_lists_in_lists_1 = swept(1, 5)
test_lists_in_lists_2 = swept(1, 6)


async def test_most_generated_operations_are_planned(both: tuple[Field, Field]) -> None:
    field = both[0]
    ways = {"planned": 0, "in part": 0, "not": 0}

    for number in range(SAMPLE):
        case, _ = field.round(Dice(number)).cases[0]
        said = await field.sides.planned(case)
        way = said.way or {"planned": [], "resolvers": {}}
        ways["planned" if not way["resolvers"] else "in part" if way["planned"] else "not"] += bool(said.way)

    assert ways["planned"] > SAMPLE * 0.4, ways
    assert ways["in part"] > 0, ways


@pytest.mark.parametrize("number", [0, 1])
async def test_what_is_compared_is_not_empty(both: tuple[Field, Field], number: int) -> None:
    field = both[number]
    case, other = field.round(Dice(1)).cases[0]
    text = "{ contacts(first: 20) { nodes { id name owner { id name } labels { id name } } } }"

    home = next(each for each in field.houses if each is not other)
    said = await field.sides.resolved(type(case)(text=text, given={}, identity=home.people["owner"]))

    assert len(home.shows(said.data)) > 20
    assert other.shows(said.data) == []
