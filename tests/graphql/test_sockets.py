"""graphql-transport-ws, message by message: what is answered, what ends an operation, and what ends the socket."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import websockets
from structlog.testing import capture_logs

from core.ground import Ground
from server.protocols.sockets import SocketLimits
from tests.fixtures.stage import Line, Stage, staged, token_of
from tests.fixtures.tenants import found_tenant
from tests.fixtures.waiting import until

SLOW_READER = SocketLimits(patience=0.4, keepalive=60.0)
EXTENSION = "chrome-extension://abcdefghijklmnopabcdefghijklmnop"


@pytest.fixture(scope="module")
async def stage(ground: Ground) -> AsyncIterator[Stage]:
    async with staged(ground) as opened:
        yield opened


def tasks() -> int:
    """How many tasks of sockets and streams there are."""
    names = ("socket", "stream", "next of a stream")
    return sum(each.get_name().startswith(names) for each in asyncio.all_tasks())


GARBAGE: list[str | bytes] = [
    "", "{", "null", "[]", "7", '"subscribe"', "{}", '{"type":7}', '{"type":"next"}', '{"type":"connection_ack"}',
    '{"type":"connection_init","payload":[]}', '{"type":"ping","payload":"x"}', '{"type":"pong","payload":7}',
    '{"type":"subscribe"}', '{"type":"subscribe","id":"1"}', '{"type":"subscribe","id":"","payload":{"query":"{a}"}}',
    '{"type":"subscribe","id":7,"payload":{"query":"{a}"}}', '{"type":"subscribe","id":"1","payload":{"query":7}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{a}","variables":[]}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{a}","extensions":"x"}}',
    '{"type":"subscribe","id":"1","payload":{"query":"{a}","operationName":7}}',
    '{"type":"subscribe","id":"1","payload":{}}', '{"type":"complete"}', '{"type":"complete","id":7}',
    '{"type":"subscribe","id":"' + "x" * 201 + '","payload":{"query":"{a}"}}', "[" * 100_000, "\ud800", b"\x00\xff",
    b'{"type":"ping"}', "{'type': 'ping'}", '{"type":"ping"}{"type":"ping"}', '{"type":"pi\\u0000ng"}',
]  # fmt: skip


@pytest.mark.parametrize("place", range(len(GARBAGE)))
async def test_a_message_that_is_none_of_the_protocol_closes_the_socket(stage: Stage, place: int) -> None:
    message = GARBAGE[place]
    sent = (
        message if isinstance(message, bytes) else message.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    )

    with capture_logs() as lines:
        async with Line.ready(stage.address) as line:
            await line.connection.send(sent)
            code = await line.closed()

    assert code == 4400
    assert not [each for each in lines if each["log_level"] in ("error", "critical")]


async def test_bytes_that_are_no_utf_8_close_the_socket(stage: Stage) -> None:
    async with Line.ready(stage.address) as line:
        await line.connection.send(b"\xff\xfe", text=True)

        assert await line.closed() == 1007


async def test_an_operation_before_the_acknowledgement_is_unauthorized(stage: Stage) -> None:
    async with Line.open(stage.address) as line:
        await line.subscribe("{ __typename }")

        assert await line.closed() == 4401


async def test_a_second_introduction_is_too_many(stage: Stage) -> None:
    async with Line.ready(stage.address) as line:
        await line.say(type="connection_init")

        assert await line.closed() == 4429


@pytest.mark.parametrize("protocol", [None, "graphql-ws", "mqtt"])
async def test_a_socket_of_another_protocol_is_closed(stage: Stage, protocol: str | None) -> None:
    async with Line.open(stage.address, protocol=protocol) as line:
        assert await line.closed() == 4406


async def test_who_does_not_introduce_itself_in_time_is_closed(ground: Ground) -> None:
    async with staged(ground, limits=SocketLimits(init=0.2)) as quick, Line.open(quick.address) as line:
        await line.say(type="ping")

        assert (await line.hear())["type"] == "pong"
        assert await line.closed(3) == 4408


@pytest.mark.parametrize("key", ["1", "🍞" * 100])
async def test_the_id_of_an_operation_that_runs_is_not_given_again(stage: Stage, key: str) -> None:
    async with Line.ready(stage.address) as line:
        await line.subscribe("subscription { waits }", key)
        await line.subscribe("subscription { waits }", key)

        assert await line.closed() == 4409
        assert (line.connection.close_reason or "").startswith("Subscriber for")


async def test_the_id_of_an_operation_that_ended_may_be_given_again(stage: Stage) -> None:
    async with Line.ready(stage.address) as line:
        for _ in range(3):
            await line.subscribe("subscription { ticks(until: 1) }")
            assert [(await line.hear())["type"] for _ in range(2)] == ["next", "complete"]


FAULTS: dict[str, tuple[dict[str, Any], str]] = {
    "syntax": ({"query": "{"}, "GRAPHQL_PARSE_FAILED"),
    "field": ({"query": "{ nada }"}, "GRAPHQL_VALIDATION_FAILED"),
    "empty": ({"query": ""}, "GRAPHQL_PARSE_FAILED"),
    "name": ({"query": "query A { __typename }", "operationName": "B"}, "OPERATION_RESOLUTION_FAILURE"),
    "variable": (
        {"query": "query ($n: Int!) { many(first: $n) { totalCount } }", "variables": {"n": "x"}},
        "BAD_USER_INPUT",
    ),
    "stored": ({"documentId": "sha256:" + "0" * 64}, "PERSISTED_QUERY_NOT_FOUND"),
    "stored name": ({"documentId": "0"}, "BAD_REQUEST"),
    "long name": ({"query": "{ __typename }", "operationName": "x" * 201}, "BAD_REQUEST"),
    "deferred": ({"query": "{ ... @defer { __typename } }"}, "GRAPHQL_VALIDATION_FAILED"),
    "identity": ({"query": "subscription { signed }"}, "UNAUTHENTICATED"),
    "conflict": ({"query": 'subscription { breaks(how: "conflict") }'}, "CONFLICT"),
    "bug": ({"query": 'subscription { breaks(how: "bug") }'}, "INTERNAL_ERROR"),
}


@pytest.mark.parametrize("name", FAULTS)
async def test_a_fault_of_one_operation_ends_that_operation_alone(stage: Stage, name: str) -> None:
    payload, code = FAULTS[name]
    async with Line.ready(stage.address) as line:
        await line.subscribe("subscription { ticks }", key="other")
        await line.say(id="faulty", type="subscribe", payload=payload)

        message = await line.hear_of("faulty")
        if message["type"] == "next":
            message = await line.hear_of("faulty")

        assert message["type"] == "error"
        assert message["payload"][0]["extensions"]["code"] == code
        assert "secret" not in str(message)
        assert (await line.hear_of("other"))["type"] == "next"
        assert await line.answers()


async def test_a_bug_names_the_request_and_leaves_its_traceback_in_the_log(stage: Stage) -> None:
    with capture_logs() as lines:
        async with Line.ready(stage.address) as line:
            await line.subscribe("{ bug }")
            answer = (await line.hear())["payload"]

    assert answer["data"] == {"bug": None}
    (error,) = answer["errors"]
    assert (error["path"], error["extensions"]["code"]) == (["bug"], "INTERNAL_ERROR")
    assert len(error["extensions"]["requestId"]) >= 8
    assert "secret" not in str(answer)
    assert any("secret" in str(each.get("exc_info")) for each in lines)


async def test_queries_and_mutations_are_answered_once_and_say_what_they_cost(stage: Stage) -> None:
    async with Line.ready(stage.address) as line:
        for document in ('{ echo(text: "x") }', "mutation { touch }"):
            await line.subscribe(document)
            answer, end = await line.hear(), await line.hear()

            assert (answer["type"], end["type"]) == ("next", "complete")
            assert answer["payload"]["extensions"]["cost"]["requested"] >= 1


async def test_operations_have_surroundings_of_their_own(stage: Stage) -> None:
    async with Line.ready(stage.address) as line:
        for key in ("1", "2", "3"):
            await line.subscribe("{ loads }", key)
            assert (await line.hear_of(key))["payload"]["data"] == {"loads": 1}


async def test_a_completed_operation_is_heard_of_no_more(stage: Stage) -> None:
    async with Line.ready(stage.address) as line:
        await line.subscribe("subscription { ticks }")
        await line.hear()
        opened = stage.open

        await line.say(id="1", type="complete")
        await line.say(id="never", type="complete")

        await until(lambda: stage.open == opened - 1)
        assert await line.answers()


async def test_a_ping_is_answered_with_what_it_said_unless_that_is_long(stage: Stage) -> None:
    async with Line.open(stage.address) as line:
        for payload in (None, {}, {"a": [1, "é"]}):
            await line.say(type="ping", payload=payload)
            assert (await line.hear()).get("payload") == payload

        await line.say(type="ping", payload={"a": "x" * 2_000})
        await line.say(type="pong")

        assert await line.hear() == {"type": "pong"}


async def test_a_quiet_line_is_kept_alive(ground: Ground) -> None:
    async with staged(ground, limits=SocketLimits(keepalive=0.05)) as quick, Line.ready(quick.address) as line:
        assert [(await line.hear(2))["type"] for _ in range(3)] == ["ping"] * 3


def test_the_server_pings_more_often_than_proxies_close_quiet_lines() -> None:
    assert SocketLimits().keepalive < 30


async def test_a_client_that_says_too_much_is_closed(ground: Ground) -> None:
    async with staged(ground, limits=SocketLimits(burst=10, per_second=0.1)) as strict:
        async with Line.ready(strict.address) as line:
            for _ in range(12):
                await line.say(type="pong")

            assert await line.closed() == 4429
        async with Line.ready(strict.address) as line:
            assert await line.answers()


async def test_a_socket_has_so_many_operations_at_once_and_no_more(ground: Ground) -> None:
    async with staged(ground, limits=SocketLimits(operations=2)) as strict, Line.ready(strict.address) as line:
        for key in ("1", "2", "3"):
            await line.subscribe("subscription { waits }", key)
        refusal = await line.hear_of("3")
        await line.say(id="1", type="complete")
        await line.subscribe("subscription { ticks(until: 1) }", "4")

        assert (refusal["type"], refusal["payload"][0]["extensions"]["code"]) == ("error", "TOO_MANY_OPERATIONS")
        assert (await line.hear_of("4"))["type"] == "next"


async def refusal_of(address: str, **how: Any) -> int:
    try:
        async with Line.open(address, **how) as line:
            await line.begin()
    except websockets.InvalidStatus as error:
        return error.response.status_code
    return 101


async def test_pages_of_the_list_and_our_own_may_connect_and_no_others(ground: Ground) -> None:
    server = ground.settings.server.model_copy(update={"allowed_origins": ("https://crm.example", EXTENSION)})
    listed = replace(ground, settings=ground.settings.model_copy(update={"server": server}))
    async with staged(listed) as stage:
        host = stage.address.removeprefix("http://")
        welcome = ["https://crm.example", "HTTPS://CRM.example", EXTENSION, f"http://{host}", f"https://{host}", None]
        foreign = [
            "https://evil.example", "https://crm.example.evil", "http://crm.example", "null", "", f"http://{host}.evil",
            "chrome-extension://ponmlkjihgfedcbaponmlkjihgfedcba", "http://[", "file://", f"http://user@{host}",
            f"chrome-extension://{host}",
        ]  # fmt: skip

        with capture_logs() as lines:
            assert [await refusal_of(stage.address, origin=each) for each in welcome] == [101] * len(welcome)
            assert [await refusal_of(stage.address, origin=each) for each in foreign] == [403] * len(foreign)

    assert not [each for each in lines if each["log_level"] == "error"]


async def test_an_address_a_person_and_a_workspace_have_so_many_sockets(ground: Ground) -> None:
    tenants = [await found_tenant(ground) for _ in range(3)]
    limits = SocketLimits(user=1, workspace=2, address=3)
    async with staged(ground, limits=limits) as strict:
        tokens = [await token_of(ground, each.owner) for each in tenants]
        async with Line.ready(strict.address, tokens[0]):
            async with Line.open(strict.address) as line:
                await line.say(type="connection_init", payload={"authorization": f"Bearer {tokens[0]}"})
                assert await line.closed() == 4429
            await until(lambda: len(strict.sockets) == 1)
            async with (
                Line.ready(strict.address, tokens[1]),
                Line.ready(strict.address, tokens[2]),
                Line.open(strict.address) as line,
            ):
                assert await line.closed() == 4429
        await until(lambda: len(strict.sockets) == 0)
        async with Line.ready(strict.address, tokens[0]) as line:
            assert await line.answers()


async def test_half_of_a_character_ends_no_socket(stage: Stage) -> None:
    async with Line.ready(stage.address) as line:
        await line.subscribe("subscription { ticks }", "live")
        text = json.dumps(
            {"id": "2", "type": "subscribe", "payload": {"query": "{ echo }", "variables": {"a": "\ud83d"}}}
        )
        await line.connection.send(text)

        answered = await line.hear_of("2")
        assert answered["type"] in ("next", "error")
        assert await line.answers()


async def test_a_client_that_does_not_read_is_cut_and_others_are_not(ground: Ground) -> None:
    async with (
        staged(ground, limits=SLOW_READER) as stage,
        Line.ready(stage.address, max_queue=1, compression=None) as deaf,
        Line.ready(stage.address) as other,
    ):
        await other.subscribe("subscription { ticks }")
        for key in ("1", "2", "3"):
            await deaf.subscribe("subscription { floods }", key)
        await until(lambda: stage.open == 4)

        await until(lambda: stage.open == 1 and len(stage.sockets) == 1)
        deaf.connection.transport.abort()

        assert (await other.hear_of("1"))["type"] == "next"
        assert await other.answers()


async def test_a_socket_that_is_cut_while_its_answers_wait_leaves_nothing(ground: Ground) -> None:
    before = tasks()
    async with staged(ground, limits=SocketLimits(operations=200, burst=500)) as stage:
        async with Line.ready(stage.address, max_queue=1, compression=None) as line:
            await line.subscribe("subscription { floods }", "flood")
            await until(lambda: stage.open == 1)
            for key in range(100):
                await line.subscribe("{ __typename }", f"{key}")
            await asyncio.sleep(0.2)
            line.connection.transport.abort()

        await until(lambda: len(stage.sockets) == 0)
        await until(lambda: tasks() == before)
        assert stage.open == 0


@pytest.mark.parametrize("politely", [True, False])
async def test_twenty_that_leave_leave_nothing_behind(ground: Ground, stage: Stage, politely: bool) -> None:
    await until(lambda: len(stage.sockets) == 0)
    before, keys, opened = tasks(), await ground.redis.dbsize(), stage.open
    for _ in range(20):
        async with Line.ready(stage.address) as line:
            for key in ("1", "2"):
                await line.subscribe("subscription { ticks }", key)
            await line.subscribe("subscription { waits }", "3")
            await line.subscribe("{ slow }", "4")
            await line.hear()
            if not politely:
                line.connection.transport.abort()

    await until(lambda: tasks() == before and len(stage.sockets) == 0)
    assert (stage.open, stage.running) == (opened, 0)
    assert await ground.redis.dbsize() <= keys + 1  # what an address has spent, which runs out by itself
