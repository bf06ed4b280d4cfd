"""Laws of pages: any walk gives the ordered set, whatever is inserted meanwhile; a cursor is good for one list only."""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

import models
from core.database import Database
from core.ids import encode, uuid7
from services.access import Actor
from tests.fixtures.tenants import Tenant
from tests.graph.conftest import MOMENT, store
from tests.graph.views import Client

Clients = Callable[[Actor], Client]

LAW = settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)

PAGE = """query($orderBy: [ContactOrder!], $company: String!, $first: Int, $after: String, $last: Int,
                $before: String) {
  contacts(orderBy: $orderBy, filter: {company: {eq: $company}}, first: $first, after: $after, last: $last,
           before: $before) {
    edges { cursor node { id } } nodes { id }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""

KEYS: dict[str, tuple[str, bool]] = {
    "NEWEST": ("created_at", True),
    "OLDEST": ("created_at", False),
    "NAME": ("name", False),
    "SCORE": ("lead_score", True),
}

rows_of = st.builds(
    lambda moment, name, score: {
        "created_at": MOMENT + timedelta(microseconds=moment),
        "name": name,
        "lead_score": score,
    },
    st.integers(0, 3),
    st.sampled_from("abc"),
    st.integers(0, 2),
)
orders = st.lists(st.sampled_from(sorted(KEYS)), min_size=1, max_size=3)


def expected(rows: Sequence[models.Contact], order: Sequence[str]) -> list[str]:
    """Sort as the API promises: each key in turn, then the id in the direction of the last key that counts."""
    keys: dict[str, bool] = {}
    for name in order:
        keys.setdefault(*KEYS[name])
    found = sorted(rows, key=lambda row: row.id, reverse=list(keys.values())[-1])
    for name, descending in reversed(keys.items()):
        found.sort(key=lambda row: getattr(row, name), reverse=descending)
    return [encode("contact", row.id) for row in found]


def ids_of(page: Any) -> list[str]:
    assert [edge["node"] for edge in page["edges"]] == page["nodes"]
    return [node["id"] for node in page["nodes"]]


@LAW
@given(rows=st.lists(rows_of, max_size=9), order=orders, size=st.integers(1, 4))
async def test_walking_forward_and_backward_gives_exactly_the_ordered_list(
    database: Database, tenant: Tenant, client: Clients, rows: list[dict[str, Any]], order: list[str], size: int
) -> None:
    company = uuid7().hex
    people = await store(database, tenant, [{**row, "company": company} for row in rows])
    asking = client(tenant.owner)
    whole = expected(people.contacts, order)

    forward: list[str] = []
    cursor = None
    while True:
        data = await asking.data(PAGE, orderBy=order, company=company, first=size, after=cursor)
        page = data["contacts"]
        info = page["pageInfo"]
        assert info["hasPreviousPage"] == (len(forward) > 0)
        forward += ids_of(page)
        assert info["hasNextPage"] == (len(forward) < len(whole))
        cursor = info["endCursor"]
        if not info["hasNextPage"]:
            break

    backward: list[str] = []
    cursor = None
    while True:
        data = await asking.data(PAGE, orderBy=order, company=company, last=size, before=cursor)
        page = data["contacts"]
        info = page["pageInfo"]
        assert info["hasNextPage"] == (len(backward) > 0)
        backward = ids_of(page) + backward
        assert info["hasPreviousPage"] == (len(backward) < len(whole))
        cursor = info["startCursor"]
        if not info["hasPreviousPage"]:
            break

    assert forward == whole
    assert backward == whole


@LAW
@given(
    rows=st.lists(rows_of, min_size=1, max_size=7),
    more=st.lists(rows_of, min_size=1, max_size=7),
    order=orders,
    size=st.integers(1, 3),
)
async def test_rows_inserted_during_a_walk_neither_repeat_nor_hide_others(
    database: Database,
    tenant: Tenant,
    client: Clients,
    rows: list[dict[str, Any]],
    more: list[dict[str, Any]],
    order: list[str],
    size: int,
) -> None:
    company = uuid7().hex
    people = await store(database, tenant, [{**row, "company": company} for row in rows])
    asking = client(tenant.owner)

    walked: list[str] = []
    waiting = list(more)
    cursor = None
    while True:
        data = await asking.data(PAGE, orderBy=order, company=company, first=size, after=cursor)
        walked += ids_of(data["contacts"])
        cursor = data["contacts"]["pageInfo"]["endCursor"]
        if not data["contacts"]["pageInfo"]["hasNextPage"]:
            break
        if waiting:
            people.contacts += await insert(database, tenant, [{**waiting.pop(), "company": company}])

    original = set(expected(people.contacts[: len(rows)], order))
    assert len(walked) == len(set(walked))
    assert [each for each in walked if each in original] == expected(people.contacts[: len(rows)], order)
    assert walked == [each for each in expected(people.contacts, order) if each in set(walked)]


async def insert(database: Database, tenant: Tenant, rows: list[dict[str, Any]]) -> list[models.Contact]:
    found = [models.Contact(workspace_id=tenant.workspace_id, custom={}, **row) for row in rows]
    async with database.write(tenant.workspace_id) as session:
        session.add_all(found)
    return found


@LAW
@given(
    rows=st.lists(rows_of, min_size=2, max_size=8),
    order=orders,
    size=st.integers(1, 4),
    ends=st.tuples(st.integers(0, 7), st.integers(0, 7)),
    backward=st.booleans(),
)
async def test_a_page_between_two_cursors_holds_what_lies_between(
    database: Database,
    tenant: Tenant,
    client: Clients,
    rows: list[dict[str, Any]],
    order: list[str],
    size: int,
    ends: tuple[int, int],
    backward: bool,
) -> None:
    company = uuid7().hex
    people = await store(database, tenant, [{**row, "company": company} for row in rows])
    asking = client(tenant.owner)
    whole = expected(people.contacts, order)
    start, end = (each % len(rows) for each in ends)
    data = await asking.data(PAGE, orderBy=order, company=company, first=100)
    cursors = [edge["cursor"] for edge in data["contacts"]["edges"]]

    data = await asking.data(
        PAGE,
        orderBy=order,
        company=company,
        after=cursors[start],
        before=cursors[end],
        **{"last" if backward else "first": size},
    )

    between = whole[start + 1 : end]
    page = between[-size:] if backward else between[:size]
    assert ids_of(data["contacts"]) == page
    info = data["contacts"]["pageInfo"]
    if page:
        assert info["hasNextPage"] == (page[-1] != whole[-1])
        assert info["hasPreviousPage"] == (page[0] != whole[0])


async def test_a_page_holds_twenty_unless_asked(database: Database, tenant: Tenant, client: Clients) -> None:
    people = await store(database, tenant, [{}] * 21)

    data = await client(tenant.owner).data("{ contacts { totalCount nodes { id } } }")

    assert data["contacts"]["totalCount"] == 21
    # the first member of the order is the default
    assert ids_of_nodes(data) == expected(people.contacts, ["NEWEST"])[:20]


def ids_of_nodes(data: Any) -> list[str]:
    return [node["id"] for node in data["contacts"]["nodes"]]


@pytest.mark.parametrize("order", ["null", "[]"])
async def test_no_order_is_the_default_order(database: Database, tenant: Tenant, client: Clients, order: str) -> None:
    people = await store(database, tenant, [{}, {}])

    data = await client(tenant.owner).data("{ contacts(orderBy: " + order + ") { nodes { id } } }")

    assert ids_of_nodes(data) == expected(people.contacts, ["NEWEST"])


async def test_a_list_of_a_workspace_sees_nothing_when_it_is_empty(tenant: Tenant, client: Clients) -> None:
    data = await client(tenant.owner).data(
        "{ contacts { totalCount edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }"
    )

    nothing = {"hasNextPage": False, "hasPreviousPage": False, "startCursor": None, "endCursor": None}
    assert data["contacts"] == {"totalCount": 0, "edges": [], "pageInfo": nothing}


@pytest.mark.parametrize(
    "arguments",
    ["first: 0", "first: -1", "first: 101", "last: 0", "last: 101", "first: 1, last: 1"],
)
async def test_a_page_of_another_size_is_refused(tenant: Tenant, client: Clients, arguments: str) -> None:
    assert await client(tenant.owner).code("{ contacts(" + arguments + ") { totalCount } }") == "BAD_PAGE_SIZE"


async def test_more_than_three_orders_are_refused(tenant: Tenant, client: Clients) -> None:
    code = await client(tenant.owner).code("{ contacts(orderBy: [NAME, NAME, NAME, NAME]) { totalCount } }")

    assert code == "BAD_ORDER"


async def test_a_list_takes_no_more_than_its_most(database: Database, tenant: Tenant, client: Clients) -> None:
    await store(database, tenant, [{}])

    code = await client(tenant.owner).code("{ contacts { nodes { topLabels(last: 6) { name } } } }")

    assert code == "BAD_PAGE_SIZE"


async def cursor_of(asking: Client, arguments: str = "") -> str:
    data = await asking.data("{ contacts" + arguments + " { pageInfo { endCursor } } }")
    return data["contacts"]["pageInfo"]["endCursor"]


@pytest.mark.parametrize(
    "arguments",
    [
        "(orderBy: NEWEST, after: $c)",
        "(orderBy: [NAME, SCORE], after: $c)",
        '(orderBy: NAME, after: $c, filter: {name: {contains: "b"}})',
        '(orderBy: NAME, after: $c, search: "b")',
        "(orderBy: NAME, after: $c, filter: {})",
    ],
)
async def test_a_cursor_of_another_list_is_refused(
    database: Database, tenant: Tenant, client: Clients, arguments: str
) -> None:
    await store(database, tenant, [{}])
    asking = client(tenant.owner)
    cursor = await cursor_of(asking, "(orderBy: NAME)")

    code = await asking.code("query($c: String) { contacts" + arguments + " { totalCount nodes { id } } }", c=cursor)

    assert code == "BAD_CURSOR"


spoils = st.one_of(
    st.text(max_size=40).map(lambda text: lambda cursor: text),
    st.tuples(st.integers(0, 99), st.sampled_from("ABCxyz019-_+/=é")).map(
        lambda drawn: lambda cursor: cursor[: drawn[0]] + drawn[1] + cursor[drawn[0] + 1 :]
    ),
    st.integers(0, 99).map(lambda place: lambda cursor: cursor[:place]),
    st.just(lambda cursor: cursor + cursor),
    st.binary(max_size=60).map(lambda each: lambda cursor: urlsafe_b64encode(each).decode()),
)


@settings(LAW, max_examples=150)
@given(spoil=spoils)
async def test_a_cursor_that_was_tampered_with_is_refused(
    database: Database, tenant: Tenant, client: Clients, spoil: Callable[[str], str]
) -> None:
    await store(database, tenant, [{}])
    asking = client(tenant.owner)
    cursor = await cursor_of(asking)
    spoiled = spoil(cursor)
    assume(spoiled != cursor)

    assert await asking.code("query($c: String) { contacts(after: $c) { nodes { id } } }", c=spoiled) == "BAD_CURSOR"


async def test_a_cursor_with_other_values_is_refused(database: Database, tenant: Tenant, client: Clients) -> None:
    await store(database, tenant, [{}])
    asking = client(tenant.owner)
    cursor = await cursor_of(asking)
    sealed = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    values = json.loads(sealed[9:])

    other = "2026-11-23T12:00:00+00:00"
    for forged in ([other, values[1]], [values[0], 7], [None, None], values[:1], {}, "x", [[], {}]):
        text = urlsafe_b64encode(sealed[:9] + json.dumps(forged).encode()).decode()
        assert await asking.code("query($c: String) { contacts(after: $c) { nodes { id } } }", c=text) == "BAD_CURSOR"
