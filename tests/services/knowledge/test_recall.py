"""How often the right passage is found, for questions as customers write them. The gates are just below the measure."""

import pytest

from benchmarks import retrieval
from core.ground import Ground
from services.knowledge import fusing
from services.knowledge.retrieval import search
from tests.fixtures import knowledge
from tests.fixtures.tenants import Tenant


@pytest.fixture(scope="module")
def weighed() -> retrieval.Weighed:
    return retrieval.weigh_all(retrieval.read_set())


def test_the_right_passage_is_found(weighed: retrieval.Weighed) -> None:
    found = retrieval.score(fusing.ranking, weighed.answered, weighed.places)

    assert found.first >= retrieval.LEAST_FIRST
    assert found.fifth >= retrieval.LEAST_FIFTH


def test_the_fusion_beats_each_of_its_parts_and_the_sum_of_ranks(weighed: retrieval.Weighed) -> None:
    scores = {name: retrieval.score(rank, weighed.answered, weighed.places) for name, rank in retrieval.METHODS.items()}

    best = scores.pop("ours")
    assert all(best.first > each.first and best.mrr > each.mrr for each in scores.values())


def test_what_is_not_known_is_said_not_to_be(weighed: retrieval.Weighed) -> None:
    trust = retrieval.trust(weighed.answered, weighed.unanswered)

    assert trust.right >= retrieval.LEAST_GROUNDED
    assert trust.false <= retrieval.MOST_FALSE


async def test_the_stores_find_what_the_measurement_finds(ground: Ground, tenant: Tenant) -> None:
    given = retrieval.read_set()
    for name, passage in list(given.passages.items())[:8]:
        await knowledge.add(ground, tenant, name, passage)
    asked = [(question, name) for question, name in given.questions if name in list(given.passages)[:8]]

    found = [(await search(ground, tenant.workspace_id, question)).passages[0].title for question, _ in asked]

    right = sum(title == name for title, (_, name) in zip(found, asked, strict=True))
    assert right / len(asked) >= retrieval.LEAST_FIRST


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What time do you open?", "hours"),
        ("ta aberto hj?", "hours"),
        ("do you have parking?", "parking"),
        ("¿Cuánto cuesta el envío?", "delivery_fee"),
        ("how much is the delivery?", "delivery_fee"),
        ("do you accept credit card?", "payment"),
    ],
)
async def test_guests_and_the_hurried_find_what_a_portuguese_base_says(
    ground: Ground, tenant: Tenant, question: str, name: str
) -> None:
    given = retrieval.read_set().passages
    for each in ("hours", "parking", "delivery_fee", "payment", "cake_size", "pets"):
        await knowledge.add(ground, tenant, each, given[each])

    found = await search(ground, tenant.workspace_id, question)

    assert found.is_grounded
    assert found.passages[0].title == name
