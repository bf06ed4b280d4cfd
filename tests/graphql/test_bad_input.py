"""Bad input at the door: each gets its own refusal, no traceback is logged, and the next request is served."""

import json
import logging
from collections.abc import Iterator
from typing import Any

import orjson
import pytest

from core.database import Database
from core.ids import encode, uuid7
from tests.fixtures.contacts import CREATE, UPDATE, UPSERT, log_of
from tests.fixtures.door import Door
from tests.fixtures.people import LOGIN, REGISTER
from tests.fixtures.tenants import Tenant

MEGABYTE = 1024 * 1024


@pytest.fixture
async def asking(door: Door, tenant: Tenant) -> Door:
    return await door.as_(tenant.owner)


@pytest.fixture(autouse=True)
def no_traceback(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """Nothing that happens here is a bug."""
    yield
    assert [each for each in caplog.records if each.levelno >= logging.ERROR] == []
    said = capsys.readouterr()
    assert "Traceback" not in said.out + said.err
    assert "an operation failed" not in said.out + said.err


async def serves(asking: Door) -> bool:
    return (await asking.execute("{ contacts { totalCount } }")).data["contacts"]["totalCount"] >= 0


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 400, id="nothing"),
        pytest.param(b"null", 400, id="null"),
        pytest.param(b"7", 400, id="number"),
        pytest.param(b'"{ __typename }"', 400, id="text"),
        pytest.param(b"true", 400, id="true"),
        pytest.param(b"[]", 400, id="list"),
        pytest.param(b'[{"query": "{ __typename }"}]', 400, id="batch"),
        pytest.param(b"{}", 400, id="no query"),
        pytest.param(b'{"query": null}', 400, id="null query"),
        pytest.param(b'{"query": 7}', 400, id="number as query"),
        pytest.param(b'{"query": {"a": 1}}', 400, id="object as query"),
        pytest.param(b'{"query": "{ __typename }", "variables": [1]}', 400, id="list as variables"),
        pytest.param(b'{"query": "{ __typename }", "variables": "x"}', 400, id="text as variables"),
        pytest.param(b'{"query": "{ __typename }", "operationName": 7}', 400, id="number as name"),
        pytest.param(b'{"query": "{ __typename }", "operationName": "Nada"}', 400, id="unknown name"),
        pytest.param(b'{"query": "{ __typename }", "extensions": 7}', 400, id="number as extensions"),
        pytest.param(b'{"query": "{ __typename }"', 400, id="cut off"),
        pytest.param(b'{"query": "\xff\xfe"}', 400, id="invalid UTF-8"),
        pytest.param(b'\xef\xbb\xbf{"query": "{ __typename }"}', 400, id="byte order mark"),
        pytest.param(b'{"query": "\\ud800"}', 400, id="lone surrogate"),
        pytest.param(b"[" * 100_000, 400, id="100,000 brackets"),
        pytest.param(b'{"a":' * 40_000, 400, id="40,000 objects"),
        pytest.param(b'{"query": "' + b"x" * 10 * MEGABYTE + b'"}', 413, id="ten megabytes"),
        pytest.param(b"\x00" * 100, 400, id="zeros"),
        pytest.param(b'{"query": "{ __typename }", "variables": {"n": NaN}}', 400, id="NaN"),
    ],
)
async def test_a_body_that_is_no_request_is_refused(asking: Door, body: bytes, status: int) -> None:
    response = await asking.post(body)

    assert response.status_code in (status, 200 if status == 400 else status)
    assert response.json()["errors"][0]["extensions"]["code"]
    assert "INTERNAL_ERROR" not in response.text
    assert await serves(asking)


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data", "", "application/json; x"])
async def test_other_content_is_refused_or_read_as_json(asking: Door, kind: str) -> None:
    response = await asking.post(b'{"query": "{ __typename }"}', **{"content-type": kind})

    assert response.status_code in (200, 400, 415)
    assert await serves(asking)


DOCUMENTS = {
    "brackets": "{" * 100_000,
    "lists": "{ contacts(search: " + "[" * 100_000 + ") { totalCount } }",
    "aliases": "{ " + " ".join(f"a{n}: __typename" for n in range(1_000)) + " }",
    "few aliases": "{ " + " ".join(f"a{n}: __typename" for n in range(31)) + " }",
    "roots": "{ " + "__typename " * 200 + "}",
    "directives": "{ __typename " + "@include(if: true) " * 500 + "}",
    "deep": "{ contacts " + "{ nodes " * 60 + "{ id" + " }" * 61,
    "deep lists": "{ contacts(filter: " + "{and: [" * 200 + "{}" + "]}" * 200 + ") { totalCount } }",
    "cycle": "{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }",
    "tokens": "{ contacts { nodes { " + "id " * 60_000 + "} } }",
    "unknown": "{ nada }",
    "unknown argument": "{ contacts(nada: 1) { totalCount } }",
    "no document": "   # nothing",
    "surrogate": '{ contacts(search: "\\uD800") { totalCount } }',
    "control": "{ __typename \x00 }",
    "wrong type": '{ contacts(first: "ten") { totalCount } }',
    "too big": "{ contacts(first: 99999999999) { totalCount } }",
    "fraction": "{ contacts(first: 1.5) { totalCount } }",
    "enum": "{ contacts(orderBy: [SIDEWAYS]) { totalCount } }",
    "time": '{ contacts(filter: {createdAt: {gt: "yesterday"}}) { totalCount } }',
    "time without offset": '{ contacts(filter: {createdAt: {gt: "2026-11-23T14:30:00"}}) { totalCount } }',
    "time before time": '{ contacts(filter: {createdAt: {gt: "0001-01-01T00:00:00+14:00"}}) { totalCount } }',
    "time after time": '{ contacts(filter: {createdAt: {gt: "9999-12-31T23:59:59-14:00"}}) { totalCount } }',
    "null input": "mutation { contactCreate(input: null) { userErrors { code } } }",
    "missing input": "mutation { contactCreate { userErrors { code } } }",
}


@pytest.mark.parametrize("name", DOCUMENTS)
async def test_a_document_that_cannot_be_run_is_refused(asking: Door, name: str) -> None:
    response = await asking.post(orjson.dumps({"query": DOCUMENTS[name]}))

    assert response.status_code in (200, 400, 413)
    code = response.json()["errors"][0]["extensions"]["code"]
    assert code in (
        "GRAPHQL_PARSE_FAILED",
        "GRAPHQL_VALIDATION_FAILED",
        "BAD_USER_INPUT",
        "BAD_REQUEST",
        "LIMIT_EXCEEDED",
    )
    assert await serves(asking)


@pytest.mark.parametrize(
    "input",
    [
        {"name": 7}, {"name": ["Ana"]}, {"name": {"a": 1}}, {"phone": 5511987654321}, {"leadScore": "7"},
        {"leadScore": 7.5}, {"leadScore": 2**40}, {"sentiment": "HAPPY"}, {"nada": 1}, {"ownerId": 1.5}, [], "x",
        {"name": "Ana", "leadScore": True},
    ],
)  # fmt: skip
async def test_a_value_of_a_wrong_type_is_refused_before_anything_runs(
    asking: Door, database: Database, tenant: Tenant, input: Any
) -> None:
    before = await log_of(database, tenant.workspace_id)

    reply = await asking.execute(CREATE, {"input": input})

    assert reply.code == "BAD_USER_INPUT"
    assert await log_of(database, tenant.workspace_id) == before


HALF = "Ana \ud83d"
WEAK = ("PASSWORD_WEAK", ["password"])
UNKNOWN = ("CUSTOM_VALUE_INVALID", ["customFields", "Ana \uffff"])


@pytest.mark.parametrize(
    ("query", "input", "told"),
    [
        (CREATE, {"name": HALF}, ("TEXT_INVALID", ["name"])),
        (CREATE, {"name": "Ana", "customFields": {HALF: "x"}}, UNKNOWN),
        (CREATE, {"name": "Ana", "notes": HALF, "email": HALF}, ("TEXT_INVALID", ["notes"])),
        (CREATE, {"name": "Ana", "idempotencyKey": HALF}, ("IDEMPOTENCY_KEY_INVALID", ["idempotencyKey"])),
        (LOGIN, {"email": HALF, "password": HALF}, ("INVALID_CREDENTIALS", [])),
        (REGISTER, {"email": "half@example.com", "password": f"heron {HALF}", "name": "Ana"}, WEAK),
    ],
)
async def test_half_of_a_character_is_refused_where_it_stands(
    asking: Door, query: str, input: Any, told: tuple[str, list[str]]
) -> None:
    response = await asking.post(json.dumps({"query": query, "variables": {"input": input}}).encode())

    (payload,) = response.json()["data"].values()
    assert told in [(each["code"], each["field"]) for each in payload["userErrors"]]


async def test_half_of_a_character_in_a_filter_or_an_id_is_no_bug(asking: Door) -> None:
    find = "query ($id: ID!) { contact(id: $id) { id } }"
    search = "query ($s: String) { contacts(search: $s) { totalCount } }"

    missing, refused = [
        (await asking.post(json.dumps({"query": query, "variables": {name: HALF}}).encode())).json()
        for query, name in ((find, "id"), (search, "s"))
    ]

    assert missing == {"data": {"contact": None}, "extensions": missing["extensions"]}
    assert refused["errors"][0]["extensions"] == {"code": "BAD_FILTER", "field": ["search"]}


@pytest.mark.parametrize(
    ("input", "code", "field"),
    [
        ({"name": "x" * 1000}, "TOO_LONG", "name"),
        ({"name": ""}, "REQUIRED", "name"),
        ({"name": "\u200b"}, "REQUIRED", "name"),
        ({"name": "a\x00b"}, "TEXT_INVALID", "name"),
        ({"name": "a\x1bb"}, "TEXT_INVALID", "name"),
        ({"name": "a\ufffeb"}, "TEXT_INVALID", "name"),
        ({"name": "a\U0001ffffb"}, "TEXT_INVALID", "name"),
        ({"name": "gpj\u202eexe"}, "TEXT_INVALID", "name"),
        ({"name": "a\nb"}, "TEXT_INVALID", "name"),
        ({"name": "a", "company": "x" * 201}, "TOO_LONG", "company"),
        ({"name": "a", "position": "\x07"}, "TEXT_INVALID", "position"),
        ({"name": "a", "notes": "x" * 10_001}, "TOO_LONG", "notes"),
        ({"name": "a", "notes": "\x00"}, "TEXT_INVALID", "notes"),
        ({"name": "a", "email": "a@b@c"}, "EMAIL_INVALID", "email"),
        ({"name": "a", "email": "a" * 300 + "@example.com"}, "EMAIL_INVALID", "email"),
        ({"name": "a", "phone": "\x00"}, "PHONE_INVALID", "phone"),
        ({"name": "a", "phone": "+999 1234 5678"}, "PHONE_INVALID", "phone"),
        ({"name": "a", "whatsappId": "5511987654321@g.us"}, "WHATSAPP_ID_INVALID", "whatsappId"),
        ({"name": "a", "externalId": "x" * 201}, "TOO_LONG", "externalId"),
        ({"name": "a", "externalId": " "}, "REQUIRED", "externalId"),
        ({"name": "a", "avatarUrl": "javascript:alert(1)"}, "URL_INVALID", "avatarUrl"),
        ({"name": "a", "leadScore": -1}, "LEAD_SCORE_INVALID", "leadScore"),
        ({"name": "a", "leadScore": 101}, "LEAD_SCORE_INVALID", "leadScore"),
        ({"name": "a", "ownerId": "label_7"}, "OWNER_UNKNOWN", "ownerId"),
        ({}, "ADDRESS_MISSING", None),
    ],
)  # fmt: skip
async def test_a_value_that_is_refused_is_named_and_says_what_would_be_accepted(
    asking: Door, database: Database, tenant: Tenant, input: Any, code: str, field: str | None
) -> None:
    before = await log_of(database, tenant.workspace_id)

    payload = await asking.mutate(CREATE, {"input": input})

    assert [(each["code"], each["field"]) for each in payload["userErrors"]] == [(code, [field] if field else [])]
    assert len(payload["userErrors"][0]["message"]) > 15
    assert payload["contact"] is None
    assert await log_of(database, tenant.workspace_id) == before


NAMES = [
    "🍞🥖",
    "👩‍👩‍👧‍👦 família",
    "محمد بن سلمان",
    "שרה כהן",
    "Zoë O’Neil",
    "李小龍",
    "नरेन्द्र",
    "x" * 200,
    "%_\\'\"; --",
    "<b>Ana",
]


@pytest.mark.parametrize("name", NAMES)
async def test_names_of_the_world_are_kept_as_they_are(asking: Door, name: str) -> None:
    created = await asking.mutate(CREATE, {"input": {"name": name, "notes": name}})
    found = await asking.mutate(UPDATE, {"input": {"id": created["contact"]["id"], "company": name}})

    assert created["userErrors"] == []
    assert [found["contact"][each] for each in ("name", "notes", "company")] == [name] * 3


async def test_ids_that_name_nothing_here_are_not_found(
    door: Door, asking: Door, tenant: Tenant, other_tenant: Tenant
) -> None:
    other = await door.as_(other_tenant.owner)
    theirs = (await other.mutate(CREATE, {"input": {"name": "Alheia"}}))["contact"]["id"]
    mine = (await asking.mutate(CREATE, {"input": {"name": "Ana"}}))["contact"]["id"]
    bad = [
        theirs,
        mine.replace("contact", "label"),
        mine.upper(),
        mine[:-1],
        mine + "0",
        "",
        "_",
        "\u202e",
        "'",
        "x" * 9999,
    ]

    for each in [*bad, encode("contact", uuid7())]:
        assert (await asking.execute("query($id: ID!) { contact(id: $id) { id } }", {"id": each})).data == {
            "contact": None
        }
        payload = await asking.mutate(UPDATE, {"input": {"id": each, "name": "x"}})
        assert [(e["code"], e["field"]) for e in payload["userErrors"]] == [("NOT_FOUND", ["id"])]
    assert (await other.execute("query($id: ID!) { contact(id: $id) { name } }", {"id": theirs})).data == {
        "contact": {"name": "Alheia"}
    }


async def test_many_wrong_values_are_all_told_and_nothing_is_kept(
    asking: Door, database: Database, tenant: Tenant
) -> None:
    await asking.mutate(CREATE, {"input": {"name": "Ana", "email": "ana@example.com"}})
    before = await log_of(database, tenant.workspace_id)

    payload = await asking.mutate(
        UPSERT,
        {"input": {"email": "ana@example.com", "name": "\x00", "phone": "x", "avatarUrl": "x", "leadScore": 1000}},
    )

    assert {each["field"][0] for each in payload["userErrors"]} == {"name", "phone", "avatarUrl", "leadScore"}
    assert await log_of(database, tenant.workspace_id) == before
