"""What filters mean, held against a plain reading of the same words in Python, and what they refuse."""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import models
from core.database import Database
from core.ids import encode, uuid7
from graph.comparing import CONDITIONS
from models import Role
from services.access import Actor
from tests.fixtures.tenants import Tenant
from tests.graph.conftest import MOMENT, People, store
from tests.graph.views import Client

Clients = Callable[[Actor], Client]

NAMES = ("Ana", "ana", "João Ávila", "joao avila", "100%", "a_b", "a\\b", "100％", "İstanbul", "São  José", "😀 Zé")
PIECES = ("", "a", "A", "ã", "AO", "%", "_", "\\", "％", "0%", "a_", "ão á", "😀", "zé", "\\b")
COMPANIES = (None, "Padaria", "padaria", "Ótica")
CITIES = (None, "Recife", "Olinda")


@dataclass
class World:
    """Thirty contacts of many shapes, and what their labels are called in ids."""

    people: People
    tenant: Tenant
    second: Actor

    def owner(self, key: str) -> str:
        return {
            "owner": encode("user", self.tenant.owner_user.id),
            "second": encode("user", self.second.user_id or uuid7()),
            "unknown": encode("user", uuid7()),
            "other type": encode("label", self.tenant.owner_user.id),
            "nonsense": "user_1",
        }[key]

    def label(self, key: int) -> str:
        if key == 3:
            return encode("label", uuid7())
        if key == 4:
            return encode("contact", self.people.labels[0].id)
        return self.people.label_ids(key)[0]


@pytest.fixture
async def world(database: Database, tenant: Tenant, make_actor: Any) -> World:
    second = await make_actor(tenant, Role.MEMBER)
    owners = (None, tenant.owner.user_id, second.user_id)
    rows = [
        {
            "name": NAMES[number % len(NAMES)],
            "company": COMPANIES[number % 4],
            "owner_id": owners[number % 3],
            "lead_score": number % 5,
            "sentiment": (None, *models.Sentiment)[number // 2 % 4],
            "archived_at": MOMENT if number % 7 == 0 else None,
            "custom": {} if CITIES[number % 3] is None else {"city": CITIES[number % 3]},
            "labels": [(), (0,), (0, 1), (0, 1, 2), (2,)][number % 5],
        }
        for number in range(30)
    ]
    return World(people=await store(database, tenant, rows), tenant=tenant, second=second)


def folded(text: str) -> str:
    plain = "".join(each for each in unicodedata.normalize("NFKD", text) if not unicodedata.combining(each))
    return plain.lower()


def holds(comparator: dict[str, Any], value: Any) -> bool:
    return all(_operator(name, operand, value) for name, operand in comparator.items())


def _operator(name: str, operand: Any, value: Any) -> bool:
    if name in {"isNull", "isEmpty"}:
        return (value is None) == operand
    if name == "ne":
        return value != operand
    if name == "notIn":
        return value not in operand
    if name == "eq":
        return value == operand
    if value is None:
        return False
    text = folded(value) if isinstance(value, str) else ""
    return {
        "in": lambda: value in operand,
        "contains": lambda: folded(operand) in text,
        "startsWith": lambda: text.startswith(folded(operand)),
        "endsWith": lambda: text.endswith(folded(operand)),
        "gt": lambda: value > operand,
        "gte": lambda: value >= operand,
        "lt": lambda: value < operand,
        "lte": lambda: value <= operand,
    }[name]()


def attached(asked: dict[str, Any], labels: set[str]) -> bool:
    return all(_attached(name, operand, labels) for name, operand in asked.items())


def _attached(name: str, operand: Any, labels: set[str]) -> bool:
    return {
        "anyOf": lambda: bool(labels & set(operand)),
        "allOf": lambda: set(operand) <= labels,
        "noneOf": lambda: not labels & set(operand),
        "isEmpty": lambda: (not labels) == operand,
    }[name]()


def matches(filter: dict[str, Any], row: dict[str, Any]) -> bool:
    parts: list[bool] = []
    for name, operand in filter.items():
        if operand is None:
            continue
        if name == "and":
            parts.append(all(matches(each, row) for each in operand))
        elif name == "or":
            parts.append(any(matches(each, row) for each in operand))
        elif name == "not":
            parts.append(not any(matches(each, row) for each in operand))
        elif name == "labels":
            parts.append(attached(operand, row["labels"]))
        else:
            parts.append(holds(operand, row[name]))
    return all(parts)


def some(**operators: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=operators)


def comparators(values: st.SearchStrategy[Any], **more: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    several = st.lists(values, max_size=3)
    nullable = st.one_of(st.none(), values)
    return some(eq=nullable, ne=nullable, notIn=several, isNull=st.booleans(), **{"in": several}, **more)


def texts(values: Sequence[str | None]) -> st.SearchStrategy[dict[str, Any]]:
    pieces = st.sampled_from(PIECES)
    known = st.sampled_from([each for each in values if each is not None])
    return comparators(known, contains=pieces, startsWith=pieces, endsWith=pieces)


numbers = st.integers(-1, 5)
moments = st.integers(-1, 31).map(lambda second: (MOMENT + timedelta(seconds=second)).isoformat())
owners = st.sampled_from(["owner", "second", "unknown", "other type", "nonsense"])
label_lists = st.lists(st.integers(0, 4), max_size=3)
leaves = some(
    name=st.one_of(st.none(), texts(NAMES)),
    company=texts(COMPANIES),
    owner=comparators(owners),
    score=comparators(numbers, gt=numbers, gte=numbers, lt=numbers, lte=numbers),
    sentiment=comparators(st.sampled_from([each.name for each in models.Sentiment])),
    archived=some(eq=st.booleans(), ne=st.booleans(), isNull=st.booleans()),
    createdAt=some(gt=moments, gte=moments, lt=moments, lte=moments, isNull=st.booleans()),
    labels=some(anyOf=label_lists, allOf=label_lists, noneOf=label_lists, isEmpty=st.booleans()),
    city=texts(CITIES),
)


def few(filter: dict[str, Any], most: int) -> dict[str, Any]:
    """Keep a filter's first fields: more than a few leave no row to tell apart."""
    return dict(list(filter.items())[:most])


def size(filter: dict[str, Any]) -> int:
    """Count a filter's comparisons."""
    parts = (operand for operand in filter.values() if operand is not None)
    return sum(len(part) if isinstance(part, dict) else sum(map(size, part)) for part in parts)


filters = st.recursive(
    leaves.map(lambda drawn: few(drawn, 2)),
    lambda inner: some(
        **{"and": st.lists(inner, max_size=2), "or": st.lists(inner, max_size=3), "not": st.lists(inner, max_size=2)}
    ),
    max_leaves=5,
).filter(lambda drawn: size(drawn) <= CONDITIONS)


def bound(filter: dict[str, Any], world: World) -> dict[str, Any]:
    """Put a world's ids where a drawn filter only names them."""

    def ids(read: Callable[[Any], str], comparator: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, operand in comparator.items():
            if isinstance(operand, list):
                found[name] = [read(each) for each in operand]
            else:
                found[name] = operand if operand is None or isinstance(operand, bool) else read(operand)
        return found

    result: dict[str, Any] = {}
    for name, operand in filter.items():
        if name in {"and", "or", "not"}:
            result[name] = [bound(each, world) for each in operand]
        elif name == "owner":
            result[name] = ids(world.owner, operand)
        elif name == "labels":
            result[name] = ids(world.label, operand)
        else:
            result[name] = operand
    return result


def seen(row: models.Contact, number: int, world: World) -> dict[str, Any]:
    """A row as filters see it."""
    return {
        "name": row.name,
        "company": row.company,
        "owner": None if row.owner_id is None else encode("user", row.owner_id),
        "score": row.lead_score,
        "sentiment": None if row.sentiment is None else row.sentiment.name,
        "archived": row.archived_at is not None,
        "createdAt": row.created_at.isoformat(),
        "labels": set(world.people.label_ids(*[(), (0,), (0, 1), (0, 1, 2), (2,)][number % 5])),
        "city": row.custom.get("city"),
    }


LIST = """query($filter: ContactFilter) {
    contacts(first: 100, orderBy: OLDEST, filter: $filter) { totalCount nodes { id } } }"""


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.filter_too_much],
)
@given(drawn=filters)
async def test_a_filter_means_what_its_words_say(world: World, client: Clients, drawn: dict[str, Any]) -> None:
    asked = bound(drawn, world)

    data = await client(world.tenant.owner).data(LIST, filter=asked)

    expected = [
        encode("contact", row.id)
        for number, row in enumerate(world.people.contacts)
        if matches(asked, seen(row, number, world))
    ]
    assert [node["id"] for node in data["contacts"]["nodes"]] == expected
    assert data["contacts"]["totalCount"] == len(expected)


@pytest.mark.parametrize("piece", [*PIECES, "avila", "SÃO", "istanbul"])
@pytest.mark.parametrize("operator", ["contains", "startsWith", "endsWith"])
async def test_a_piece_of_text_is_found_whatever_its_accents_and_no_character_is_a_wildcard(
    world: World, client: Clients, operator: str, piece: str
) -> None:
    asked = {"name": {operator: piece}}

    data = await client(world.tenant.owner).data(LIST, filter=asked)

    expected = [
        encode("contact", row.id)
        for number, row in enumerate(world.people.contacts)
        if matches(asked, seen(row, number, world))
    ]
    assert [node["id"] for node in data["contacts"]["nodes"]] == expected


def nested(depth: int) -> dict[str, Any]:
    return {} if depth == 1 else {"not": [nested(depth - 1)]}


@pytest.mark.parametrize(
    "filter",
    [
        nested(6),
        {"or": [{"score": {"eq": 1}}] * 51},
        {"or": [{"city": {"eq": "x"}}] * 51},
        {"or": [{}] * 101},
        {"score": {"in": list(range(101))}},
        {"owner": {"in": ["user_1"] * 101}},
        {"labels": {"anyOf": ["label_1"] * 101}},
        {"name": {"contains": "x" * 1001}},
        {"name": {"eq": "a\0b"}},
        {"name": {"in": ["a\0b"]}},
        {"city": {"contains": "a\0b"}},
        {"name": {"contains": "\ud800"}},
        {"owner": {"eq": "x" * 1001}},
        {"name": {"in": None}},
        {"score": {"gt": None}},
        {"name": {"isNull": None}},
        {"labels": {"anyOf": None}},
        {"name": {"contains": None}},
    ],
    ids=lambda each: re.sub(r"\W+", "_", str(each))[:40],
)
async def test_a_filter_beyond_the_limits_is_refused(tenant: Tenant, client: Clients, filter: dict[str, Any]) -> None:
    asking = client(tenant.owner)

    assert await asking.code(LIST, filter=filter) == "BAD_FILTER"
    assert asking.reader.statements == []


@pytest.mark.parametrize(
    "filter",
    [nested(5), {"or": [{"score": {"eq": 1}}] * 50}, {"score": {"in": list(range(100))}}, None, {}],
    ids=["deep", "wide", "listed", "null", "empty"],
)
async def test_a_filter_at_the_limits_is_answered(tenant: Tenant, client: Clients, filter: Any) -> None:
    await client(tenant.owner).data(LIST, filter=filter)


@pytest.mark.parametrize(("words", "found"), [("AVILA", 6), (" ", 30), ("%", 6), ("nobody", 0)])
async def test_a_search_narrows_the_page_and_its_count(world: World, client: Clients, words: str, found: int) -> None:
    data = await client(world.tenant.owner).data(
        "query($words: String) { contacts(search: $words, first: 100) { totalCount nodes { id } } }", words=words
    )

    assert data["contacts"]["totalCount"] == len(data["contacts"]["nodes"]) == found


@pytest.mark.parametrize("words", ["a\0", "x" * 1001, "\udc00"])
async def test_words_that_are_no_text_are_refused(tenant: Tenant, client: Clients, words: str) -> None:
    source = "query($words: String) { contacts(search: $words) { totalCount } }"

    assert await client(tenant.owner).code(source, words=words) == "BAD_FILTER"
