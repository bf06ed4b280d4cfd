"""One round of the sweep: an operation as several people send it, with other variables, and with fewer rights."""

import asyncio
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from core.ground import Ground
from models import Permission
from tests.equivalence.answers import Case, Said, Sides
from tests.equivalence.chance import Chance, pick
from tests.equivalence.offers import PRODUCT, SMALL, with_cursors
from tests.equivalence.values import Known
from tests.equivalence.world import House, furnish, without
from tests.equivalence.writing import Offer, Writer, Written

_AGAIN = 2
_AT_ONCE = 3
_LOST = (
    Permission.PHONES_READ,
    Permission.LABELS_READ,
    Permission.CONTACTS_READ,
    Permission.MEMBERS_READ,
    Permission.WORKSPACE_READ,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """An operation and the cases in which it is sent, each with the workspace of which nothing may be shown."""

    text: str
    cases: list[tuple[Case, House]] = field(repr=False)

    @property
    def given(self) -> list[object]:
        """The variables of all cases."""
        return [case.given for case, _ in self.cases]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One schema with both ways to its answers, and what is known of each workspace."""

    offer: Offer
    sides: Sides
    houses: Sequence[House]
    known: Sequence[Known]

    def round(self, chance: Chance) -> Round:
        """Write an operation with what is known of one workspace, and say who sends it."""
        home = chance.below(len(self.houses))
        written = Writer(self.offer, self.known[home], chance).operation()
        return Round(text=written.text, cases=list(self._cases(written, home, chance)))

    def landmarks(self) -> list[Round]:
        """Operations that are written by hand, since what they hold together is seldom generated."""
        house, other = self.houses
        cases = [(house.people[name], given) for name in house.people for given in ({"size": 3}, {"size": 1}, {})]
        return [
            Round(
                text=text, cases=[(Case(text=text, given=given, identity=identity), other) for identity, given in cases]
            )
            for text in self.offer.landmarks
        ]

    async def differs(self, asked: Round) -> str | None:
        """Answer all cases both ways, and then all at once with plans, several times each, so that they share what they
        load; say what differs, or what of the other workspace is shown.
        """
        said: list[Said] = []
        for case, _ in asked.cases:
            plans, difference = await self.sides.compare(case)
            if difference is not None:
                return str(difference)
            said.append(plans)
        cases = [case for case, _ in asked.cases] * _AT_ONCE
        together = await asyncio.gather(*[self.sides.planned(case) for case in cases])
        for case, alone, shared in zip(cases, said * _AT_ONCE, together, strict=True):
            difference = await self.sides.told_apart(case, shared, alone)
            if difference is not None:
                return f"at once:\n{difference}"
        for (case, other), plans in zip(asked.cases * (_AT_ONCE + 1), [*said, *together], strict=True):
            leaked = leaks(plans, other)
            if leaked:
                return f"of the other workspace: {leaked} in\n{case.text}\n{case.given}\n{plans.data}"
        return None

    def _cases(self, written: Written, home: int, chance: Chance) -> Iterator[tuple[Case, House]]:
        house, other = self.houses[home], self.houses[1 - home]
        identity = house.people[pick(chance, ("owner", "owner", "member", "curtailed", "viewer"))]
        yield Case(text=written.text, given=written.given, identity=identity), other
        for _ in range(_AGAIN if written.variables else 0):
            yield Case(text=written.text, given=written.redrawn(chance), identity=identity), other
        less = without(identity, {pick(chance, _LOST)})
        yield Case(text=written.text, given=written.given, identity=less), other
        guest = other.people[pick(chance, ("owner", "curtailed"))]
        yield Case(text=written.text, given=written.given, identity=guest), house


def leaks(said: Said, other: House) -> list[str]:
    """Return what of another workspace an answer shows."""
    return other.shows(said.data)


async def fields(ground: Ground) -> tuple[Field, Field]:
    """Make the data, and both ways over the product's schema and over the small one."""
    houses = await furnish(ground)
    found: list[Field] = []
    for offer in (PRODUCT, SMALL):
        sides = Sides(ground, offer.schema)
        known = [await with_cursors(sides, offer, house) for house in houses]
        found.append(Field(offer=offer, sides=sides, houses=houses, known=known))
    return found[0], found[1]
