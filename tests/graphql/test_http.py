"""GraphQL over HTTP (September 2026 release): media types, statuses, methods, and who may ask from where."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import orjson
import pytest
from structlog.testing import capture_logs

from core.ground import Ground
from server.app import Parts, build
from services.feed import Feed
from tests.fixtures.door import Door, listening
from tests.fixtures.houses import house_of
from tests.fixtures.stage import Stage, door_to, staged

JSON = "application/json"
RESPONSE = "application/graphql-response+json"
EXTENSION = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"


@pytest.fixture(scope="module")
async def stage(ground: Ground) -> AsyncIterator[Stage]:
    async with staged(ground) as opened:
        yield opened


@pytest.fixture
async def door(stage: Stage, ground: Ground) -> AsyncIterator[Door]:
    async with door_to(stage, ground) as opened:
        yield opened


async def ask(door: Door, query: str, accept: str = RESPONSE, **more: Any) -> httpx.Response:
    return await door.post(orjson.dumps({"query": query, **more}), accept=accept)


@pytest.mark.parametrize("accept", [JSON, RESPONSE, "*/*", f"{RESPONSE}, {JSON};q=0.9"])
async def test_a_good_answer_has_the_type_that_was_asked_for(door: Door, accept: str) -> None:
    answer = await ask(door, "{ __typename }", accept)

    kind = RESPONSE if accept.startswith(RESPONSE) else JSON
    assert answer.status_code == 200
    assert answer.headers["content-type"] == f"{kind}; charset=utf-8"
    assert answer.json()["data"] == {"__typename": "Query"}
    assert "errors" not in answer.json()


async def test_without_an_accept_line_the_answer_is_json(stage: Stage) -> None:
    async with httpx.AsyncClient() as client:
        del client.headers["accept"]
        answer = await client.post(f"{stage.address}/graphql", json={"query": "{ __typename }"})

    assert answer.headers["content-type"] == "application/json; charset=utf-8"


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "syntax": ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
    "no definition": ({"query": "# nothing"}, "GRAPHQL_PARSE_FAILED"),
    "unknown field": ({"query": "{ nothingOfThatName }"}, "GRAPHQL_VALIDATION_FAILED"),
    "missing selection": ({"query": "{ list }"}, "GRAPHQL_VALIDATION_FAILED"),
    "unknown operation": ({"query": "query A { whoami }", "operationName": "B"}, "OPERATION_RESOLUTION_FAILURE"),
    "which operation": ({"query": "query A { whoami } query B { whoami }"}, "OPERATION_RESOLUTION_FAILURE"),
    "variable": (
        {"query": "query ($n: Int!) { many(first: $n) { totalCount } }", "variables": {"n": "x"}},
        "BAD_USER_INPUT",
    ),
    "missing variable": ({"query": "query ($n: Int!) { many(first: $n) { totalCount } }"}, "BAD_USER_INPUT"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_faulty_document_gets_400_in_the_new_type_and_200_in_the_old_one(door: Door, name: str) -> None:
    body, code = FAULTS[name]

    new, old = [await door.post(orjson.dumps(body), accept=each) for each in (RESPONSE, JSON)]

    assert (new.status_code, old.status_code) == (400, 200)
    assert new.headers["content-type"].startswith(RESPONSE)
    for answer in (new, old):
        assert list(answer.json()) == ["errors"]
        assert answer.json()["errors"][0]["extensions"]["code"] == code


@pytest.mark.parametrize(
    "body",
    [
        {}, [], [{"query": "{ __typename }"}], "{ __typename }", 7, None, {"query": 7}, {"query": None}, {"query": []},
        {"query": "{ __typename }", "variables": []}, {"query": "{ __typename }", "variables": "{}"},
        {"query": "{ __typename }", "operationName": 7}, {"query": "{ __typename }", "extensions": []},
        {"query": "{ __typename }", "documentId": 7}, {"extensions": {}},
    ],
)  # fmt: skip
@pytest.mark.parametrize("accept", [JSON, RESPONSE])
async def test_a_body_that_is_no_request_gets_400_in_either_type(door: Door, body: object, accept: str) -> None:
    answer = await door.post(orjson.dumps(body), accept=accept)

    assert answer.status_code == 400
    assert list(answer.json()) == ["errors"]
    assert len(answer.json()["errors"][0]["message"]) > 10


async def test_nulls_stand_for_what_is_not_given(door: Door) -> None:
    answer = await ask(door, "{ __typename }", variables=None, operationName=None, extensions=None, unknown=7)

    assert answer.status_code == 200


@pytest.mark.parametrize(("accept", "status"), [(RESPONSE, 294), (JSON, 200), ("text/event-stream", 200)])
async def test_a_partial_answer_is_told_by_its_status_in_the_new_type(door: Door, accept: str, status: int) -> None:
    answer = await ask(door, "{ whoami }", accept)

    assert answer.status_code == status
    assert "UNAUTHENTICATED" in answer.text
    assert '"data":{"whoami":null}' in answer.text


async def test_an_answer_without_data_has_null_for_it_and_no_partial_status(door: Door) -> None:
    answer = await ask(door, "{ conflict }")

    assert answer.status_code == 200
    assert answer.json()["data"] is None
    assert answer.json()["errors"][0]["extensions"]["code"] == "CONFLICT"


async def test_a_bug_is_shown_as_the_id_of_its_request(door: Door) -> None:
    with capture_logs() as lines:
        answer = await door.post(b'{"query": "{ bug partial }"}', **{"x-request-id": "request-0042"})

    assert "secret" not in answer.text
    assert [each["extensions"] for each in answer.json()["errors"]] == [
        {"code": "INTERNAL_ERROR", "requestId": "request-0042"}
    ] * 2
    assert answer.json()["data"]["partial"] == ["a", None]
    assert sum("secret" in str(each.get("exc_info")) for each in lines) == 2


async def test_what_breaks_before_an_operation_is_a_bug_too(ground: Ground) -> None:
    broken = replace(ground, tokens=None)
    async with staged(broken) as stage, door_to(stage, ground) as door:
        with capture_logs() as lines:
            answer = await door.with_token("x").post(b'{"query": "{ __typename }"}', **{"x-request-id": "request-0043"})

    assert answer.status_code == 500
    assert answer.json()["errors"][0]["extensions"] == {"code": "INTERNAL_ERROR", "requestId": "request-0043"}
    assert any(each["log_level"] == "error" for each in lines)


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "HEAD", "QUERY", "OPTIONS"])
async def test_other_methods_are_refused_with_those_that_are_not(door: Door, method: str) -> None:
    answer = await door.client.request(method, "/graphql", headers={"content-type": JSON})

    assert answer.status_code == 405
    assert answer.headers["allow"] == "GET, POST"


@pytest.mark.parametrize("accept", ["text/html", "image/png", "application/json;q=0", "application/xml"])
async def test_a_client_that_accepts_none_of_our_types_gets_406(door: Door, accept: str) -> None:
    answer = await ask(door, "{ __typename }", accept)

    assert answer.status_code == 406
    assert RESPONSE in answer.json()["errors"][0]["message"]


@pytest.mark.parametrize(
    "kind",
    [
        "", "text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "application/graphql",
        "application/json; charset=latin-1", "application/json; charset=utf-16", "text/json", "application/json+x",
    ],
)  # fmt: skip
async def test_only_json_in_utf_8_is_read(door: Door, kind: str) -> None:
    answer = await door.post(b'{"query": "{ __typename }"}', **{"content-type": kind})

    assert answer.status_code == 415
    assert answer.headers["accept-post"] == JSON


@pytest.mark.parametrize(
    "kind", [JSON, "Application/JSON", "application/json; charset=UTF-8", 'application/json;charset="utf-8";x=y']
)
async def test_json_may_be_written_in_several_ways(door: Door, kind: str) -> None:
    assert (await door.post(b'{"query": "{ __typename }"}', **{"content-type": kind})).status_code == 200


async def test_a_compressed_body_is_not_read(door: Door) -> None:
    assert (await door.post(b"x", **{"content-encoding": "gzip"})).status_code == 415


@pytest.mark.parametrize("accept", [JSON, RESPONSE, "*/*"])
async def test_a_subscription_is_told_how_to_be_followed(door: Door, stage: Stage, accept: str) -> None:
    answer = await ask(door, "subscription { ticks }", accept)

    assert answer.status_code == 406
    assert "text/event-stream" in answer.json()["errors"][0]["message"]
    assert stage.open == 0


@pytest.mark.parametrize("directive", ["@defer", '@stream(label: "x")'])
async def test_parts_that_come_later_are_refused(door: Door, directive: str) -> None:
    query = f"{{ ... {directive} {{ __typename }} }}" if directive == "@defer" else f"{{ partial {directive} }}"

    new, old = await ask(door, query), await ask(door, query, JSON)

    assert (new.status_code, old.status_code) == (400, 200)
    assert old.json()["errors"][0]["message"].startswith("Unknown directive")
    assert old.headers["content-type"].startswith(JSON)


async def test_a_get_needs_a_header_that_no_foreign_page_can_send(door: Door) -> None:
    address = "/graphql?query={__typename}"

    bare = await door.client.get(address, headers={"accept": JSON})
    with_header = await door.client.get(address, headers={"accept": JSON, "graphql-require-preflight": "1"})
    stream = await door.client.get("/graphql?query=subscription{waits}", headers={"accept": "text/event-stream"})

    assert [each.status_code for each in (bare, with_header, stream)] == [405, 405, 405]


async def test_a_browser_that_opens_the_address_gets_the_page(door: Door) -> None:
    answer = await door.client.get("/graphql", headers={"accept": "text/html,application/xhtml+xml,*/*;q=0.8"})

    assert answer.text == "page"


async def test_a_body_that_does_not_arrive_is_waited_for_so_long(ground: Ground) -> None:
    async with staged(ground, patience=0.2) as stage:
        host, port = stage.address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port))
        head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"
        writer.write(head.encode())

        answer = await asyncio.wait_for(reader.read(), 5)
        writer.close()

    assert answer.startswith(b"HTTP/1.1 408")
    assert b"connection: close" in answer.lower()


async def test_a_client_that_hangs_up_early_leaves_no_traceback(stage: Stage, door: Door) -> None:
    host, port = stage.address.removeprefix("http://").split(":")
    head = "POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 9\r\n\r\n{"

    with capture_logs() as lines:
        _, writer = await asyncio.open_connection(host, int(port))
        writer.write(head.encode())
        await writer.drain()
        writer.transport.abort()
        assert (await ask(door, "{ __typename }")).status_code == 200

    assert [each for each in lines if each["log_level"] == "error"] == []


@pytest.fixture(scope="module")
async def listed(ground: Ground) -> AsyncIterator[str]:
    """The product, with pages of other origins on its list."""
    server = ground.settings.server.model_copy(update={"allowed_origins": ("https://crm.example", EXTENSION)})
    settings = ground.settings.model_copy(update={"server": server})
    feed = Feed(ground.database, ground.hints)
    app = build(Parts(house=house_of(replace(ground, settings=settings), feed)))
    async with listening(app.asgi) as address:
        yield address


@pytest.mark.parametrize("origin", ["https://crm.example", EXTENSION])
async def test_pages_of_the_list_may_read_answers(listed: str, origin: str) -> None:
    wanted = {
        "origin": origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization, content-type, apollo-require-preflight, last-event-id",
    }
    async with httpx.AsyncClient() as client:
        asked = await client.options(f"{listed}/graphql", headers=wanted)
        answer = await client.post(f"{listed}/graphql", json={"query": "{ __typename }"}, headers={"origin": origin})

    assert asked.status_code == 200
    assert asked.headers["access-control-allow-origin"] == origin
    assert answer.headers["access-control-allow-origin"] == origin
    assert "access-control-allow-credentials" not in answer.headers
    assert "retry-after" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "http://crm.example", "https://crm.example.evil"])
async def test_other_pages_may_not(listed: str, origin: str) -> None:
    wanted = {"origin": origin, "access-control-request-method": "POST"}
    async with httpx.AsyncClient() as client:
        asked = await client.options(f"{listed}/graphql", headers=wanted)
        answer = await client.post(f"{listed}/graphql", json={"query": "{ __typename }"}, headers={"origin": origin})

    assert asked.status_code == 400
    assert "access-control-allow-origin" not in asked.headers
    assert "access-control-allow-origin" not in answer.headers
