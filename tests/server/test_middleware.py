"""What happens to every request: its id, its size, its headers, and what the log keeps of it."""

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import orjson
import pytest
from structlog.testing import capture_logs

from core.ground import Ground
from core.settings import Introspection
from server.middleware import BODY_LIMIT, _new_id
from tests.fixtures.door import Door, serving
from tests.fixtures.tenants import Tenant

COMMITTED = Path(__file__).parents[2] / "schema" / "schema.graphql"
ID = re.compile(r"[0-9a-f]{32}")


async def test_each_answer_carries_an_id_of_its_own(door: Door) -> None:
    ids = [(await door.client.get("/health/live")).headers["x-request-id"] for _ in range(3)]

    assert all(ID.fullmatch(each) for each in ids)
    assert len(set(ids)) == 3


def test_ids_are_drawn_anew_each_time() -> None:
    ids = [_new_id() for _ in range(1_000)]

    assert all(ID.fullmatch(each) for each in ids)
    assert len({each[12:] for each in ids}) == 1_000


async def test_a_callers_id_is_kept_when_it_is_a_plain_word(door: Door) -> None:
    answer = await door.client.get("/health/live", headers={"x-request-id": "from_the-Proxy01"})

    assert answer.headers["x-request-id"] == "from_the-Proxy01"


@pytest.mark.parametrize(
    "given", ["short", "x" * 65, "with space1", "a;b=12345678", "<script>alert</script>", "ana@example.com"]
)
async def test_any_other_id_is_replaced(door: Door, given: str) -> None:
    answer = await door.client.get("/health/live", headers={"x-request-id": given})

    assert ID.fullmatch(answer.headers["x-request-id"])


@pytest.mark.parametrize("path", ["/health/live", "/graphql", "/schema.graphql", "/nowhere"])
async def test_every_answer_tells_browsers_to_be_careful(door: Door, path: str) -> None:
    headers = (await door.client.get(path)).headers

    assert headers["x-content-type-options"] == "nosniff"
    assert headers["x-frame-options"] == "DENY"
    assert headers["referrer-policy"] == "no-referrer"
    assert "server" not in headers


async def test_a_request_is_logged_without_what_it_said(door: Door) -> None:
    query = 'mutation { login(input: { email: "ana@example.com", password: "hunter2hunter2" }) { __typename } }'
    body = orjson.dumps({"query": query})

    with capture_logs() as lines:
        answer = await door.post(body, **{"x-request-id": "request-0001"})

    (line,) = [each for each in lines if each["event"] == "request"]
    assert (line["kind"], line["method"], line["path"], line["status"]) == (
        "http",
        "POST",
        "/graphql",
        answer.status_code,
    )
    assert line["milliseconds"] >= 0
    assert "ana@" not in str(lines)
    assert "hunter2" not in str(lines)


async def test_a_query_string_is_not_logged(door: Door) -> None:
    with capture_logs() as lines:
        await door.client.get("/health/live?token=hunter2hunter2")

    assert "hunter2" not in str(lines)


async def test_a_body_of_the_largest_size_is_read(door: Door) -> None:
    query = '{"query": "{ __typename }", "extra": ""}'
    body = query.replace('""', f'"{"x" * (BODY_LIMIT - len(query))}"').encode()
    assert len(body) == BODY_LIMIT

    answer = await door.post(body)

    assert answer.status_code == 200
    assert answer.json()["data"] == {"__typename": "Query"}


async def test_a_larger_body_is_refused_by_its_announcement(door: Door) -> None:
    answer = await door.post(b"x" * (BODY_LIMIT + 1))

    assert answer.status_code == 413
    assert answer.json()["errors"][0]["extensions"]["code"] == "PAYLOAD_TOO_LARGE"
    assert ID.fullmatch(answer.headers["x-request-id"])


async def test_a_larger_body_is_refused_when_it_comes_in_parts(door: Door) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for _ in range(BODY_LIMIT // 1024 + 2):
            yield b"x" * 1024

    try:
        answer = await door.client.post("/graphql", content=parts(), headers={"content-type": "application/json"})
    except httpx.WriteError:
        return

    assert answer.status_code == 413


async def test_a_body_in_parts_is_read_whole(door: Door) -> None:
    async def parts() -> AsyncIterator[bytes]:
        for part in (b'{"query": "{ __ty', b"", b'pename }"}'):
            yield part
            await asyncio.sleep(0)

    answer = await door.client.post("/graphql", content=parts(), headers={"content-type": "application/json"})

    assert answer.json()["data"] == {"__typename": "Query"}


async def test_the_schema_is_served_as_it_is_committed(door: Door) -> None:
    answer = await door.client.get("/schema.graphql")

    assert answer.status_code == 200
    assert answer.text == COMMITTED.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("who", "anonymous", "signed_in"),
    [(Introspection.ANYBODY, 200, 200), (Introspection.SIGNED_IN, 403, 200), (Introspection.NOBODY, 403, 403)],
)
async def test_the_schema_is_served_to_whoever_may_ask_for_it(
    ground: Ground, tenant: Tenant, who: Introspection, anonymous: int, signed_in: int
) -> None:
    door = ground.settings.door.model_copy(update={"introspection": who})
    strict = replace(ground, settings=ground.settings.model_copy(update={"door": door}))
    async with serving(strict) as address, Door.open(address, ground) as nobody:
        somebody = await nobody.as_(tenant.owner)

        seen = [await each.client.get("/schema.graphql", headers=each.headers) for each in (nobody, somebody)]

    assert [each.status_code for each in seen] == [anonymous, signed_in]
    assert ["type Query" in each.text for each in seen] == [anonymous == 200, signed_in == 200]


@pytest.mark.parametrize("path", ["/graphql", "/schema.graphql"])
@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_cache_keeps_answers_apart_by_origin(door: Door, path: str, method: str) -> None:
    answer = await door.client.request(method, path, headers={"accept": "text/html"} if method == "GET" else {})

    assert "origin" in [each.strip().lower() for each in answer.headers["vary"].split(",")]


async def test_a_slash_behind_the_address_leads_to_it(door: Door) -> None:
    answer = await door.client.post("/graphql/", json={"query": "{ __typename }"}, follow_redirects=True)

    assert (answer.url.path, answer.status_code) == ("/graphql", 200)


async def test_no_origin_is_allowed_that_was_not_named(door: Door) -> None:
    asked = {"origin": "https://evil.example", "access-control-request-method": "POST"}

    answer = await door.client.options("/graphql", headers=asked)

    assert "access-control-allow-origin" not in answer.headers
