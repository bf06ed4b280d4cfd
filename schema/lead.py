"""How promising contacts are."""

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, TypeAlias

import strawberry

import models
from ai.results import Recommendation
from graph import Row, computed
from schema.analysis import Analysis
from schema.enums import described

described(
    Recommendation,
    "What to do with a lead.",
    {
        "HOT": "Talk to them now: 80 points or more.",
        "WARM": "Within a day: 60 or more.",
        "COLD": "Keep in touch: 40 or more.",
        "LOW": "Leave it for later.",
    },
    name="LeadRecommendation",
)


@strawberry.type(description="One term of a lead's score.")
class LeadFactor:
    name: str = strawberry.field(
        description="Which: purchase_intent, position, sentiment, engagement, response_time or company."
    )
    points: int = strawberry.field(description="What it gives.")
    most: int = strawberry.field(description="What it can give.")
    known: bool = strawberry.field(description="Whether it is known; of what is not, half the points are given.")


def as_factors(factors: dict[str, Any]) -> list[LeadFactor]:
    """Show the factors of a score, the weightiest first."""
    found = [LeadFactor(name=name, **each) for name, each in factors.items()]
    return sorted(found, key=lambda each: (-each.most, each.name))


def as_recommendation(word: str) -> Recommendation:
    """Read a recommendation as it is kept."""
    return Recommendation(word)


class LeadScore(Row[models.LeadScore]):
    """A score of a contact that was worked out at some moment. It is kept when it, or a factor of it, changed."""

    score: int
    """From 0 to 100: the sum of its factors."""

    recommendation: Recommendation = computed(as_recommendation, models.LeadScore.recommendation)
    """What to do."""

    factors: list[LeadFactor] = computed(as_factors, models.LeadScore.factors)
    """Its terms, the weightiest first."""

    reasons: list[str]
    """A model's words on it, where one was asked."""

    provider: str
    """Who worked it out: `local` for what needs no key."""

    at: datetime
    """When."""


Recall: TypeAlias = Callable[[int], Awaitable[Sequence[models.LeadScore]]]
First = Annotated[int, strawberry.argument(description="How many items: 1 to 100.")]


@strawberry.type(description="How promising a contact is at this moment.")
class LeadScoreResult(Analysis):
    score: int = strawberry.field(description="From 0 to 100: the sum of its factors.")
    factors: list[LeadFactor] = strawberry.field(description="Its terms, the weightiest first.")
    recommendation: Recommendation = strawberry.field(description="What to do.")
    reasons: list[str] = strawberry.field(description="A model's words on it; empty when none was asked.")
    recall: strawberry.Private[Recall]

    @strawberry.field(description="The scores that were kept before, the newest first.")
    async def history(self, first: First = 20) -> list[LeadScore]:
        """Look up what was kept."""
        return [LeadScore.of(each) for each in await self.recall(first)]
