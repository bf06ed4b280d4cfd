"""Streams over HTTP: server-sent events (graphql-sse, distinct connections) and multipart (Apollo), byte by byte."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import delete, update
from structlog.testing import capture_logs

from core.ground import Ground
from models import Role, Session, WorkspaceMember
from server.app import Parts, build
from server.protocols.sockets import SocketLimits
from server.protocols.streams import Pace
from services.accounts import sessions
from services.feed import Feed
from tests.fixtures.contacts import make
from tests.fixtures.door import Door, listening
from tests.fixtures.houses import house_of
from tests.fixtures.stage import Line, Stage, door_to, staged, token_of
from tests.fixtures.tenants import Tenant, found_tenant, join
from tests.fixtures.waiting import until

EVENTS, PARTS = "text/event-stream", "multipart/mixed;subscriptionSpec=1.0"
BOTH = pytest.mark.parametrize("kind", [EVENTS, PARTS])
BOUNDARY = b"\r\n--graphql"
HEAD = b"\r\ncontent-type: application/json\r\n\r\n"
FOLLOW = (
    "subscription ($after: String) { workspaceEvents(after: $after) { ... on WorkspaceEvent { cursor seq type } } }"
)


@pytest.fixture(scope="module")
async def stage(ground: Ground) -> AsyncIterator[Stage]:
    async with staged(ground) as opened:
        yield opened


@pytest.fixture
async def asking(stage: Stage, ground: Ground) -> AsyncIterator[Door]:
    async with door_to(stage, ground) as opened:
        yield opened


def tasks() -> int:
    names = ("stream", "next of a stream")
    return sum(each.get_name().startswith(names) for each in asyncio.all_tasks())


async def whole(door: Door, query: str, kind: str) -> httpx.Response:
    return await door.post(orjson.dumps({"query": query}), accept=kind)


class Reader:
    """Reads a stream of events one by one."""

    def __init__(self, response: httpx.Response) -> None:
        self.response = response
        self._chunks = response.aiter_bytes()
        self._buffer = b""

    async def event(self) -> dict[str, Any]:
        """Return the next event that is no sign of life."""
        while True:
            frame, found, rest = self._buffer.partition(b"\n\n")
            if not found:
                self._buffer += await asyncio.wait_for(anext(self._chunks), 10)
                continue
            self._buffer = rest
            fields = dict(line.split(": ", 1) for line in frame.decode().split("\n") if ": " in line)
            if fields.get("event") == "next":
                return {"id": fields.get("id"), **orjson.loads(fields["data"])}
            if "event: complete" in frame.decode():
                return {"complete": True}


@asynccontextmanager
async def following(door: Door, variables: dict[str, Any] | None = None, **more: str) -> AsyncIterator[Reader]:
    body = orjson.dumps({"query": FOLLOW, "variables": variables})
    headers = {"content-type": "application/json", "accept": EVENTS, **door.headers, **more}
    async with door.client.stream("POST", "/graphql", content=body, headers=headers) as response:
        yield Reader(response)


async def test_events_are_framed_with_line_feeds_and_end_with_complete(asking: Door) -> None:
    answer = await whole(asking, "subscription { ticks(until: 2) }", EVENTS)

    first, second, end, nothing = answer.content.split(b"\n\n")
    assert first.startswith(b'event: next\ndata: {"data":{"ticks":0},"extensions":{"cost":{')
    assert second == b'event: next\ndata: {"data":{"ticks":1}}'
    assert (end, nothing) == (b"event: complete\ndata:", b"")
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["cache-control"] == "no-cache, no-transform"
    assert answer.headers["x-accel-buffering"] == "no"


async def test_parts_are_framed_as_apollo_reads_them(asking: Door) -> None:
    answer = await whole(asking, "subscription { ticks(until: 2) }", PARTS)

    nothing, first, second, end = answer.content.split(BOUNDARY)
    assert (nothing, end) == (b"", b"--\r\n")
    assert first.startswith(HEAD + b'{"payload":{"data":{"ticks":0},"extensions":{"cost":{')
    assert first.endswith(b"}}}}")
    assert second == HEAD + b'{"payload":{"data":{"ticks":1}}}'
    assert answer.headers["content-type"] == 'multipart/mixed; boundary="graphql"; subscriptionSpec="1.0"'


@BOTH
async def test_queries_and_mutations_are_streams_of_one_answer(asking: Door, kind: str) -> None:
    for query in ("{ __typename }", "mutation { touch }"):
        answer = await whole(asking, query, kind)

        assert answer.status_code == 200
        assert answer.text.count('"data":{') == 1
        assert answer.text.endswith("event: complete\ndata:\n\n" if kind == EVENTS else "--graphql--\r\n")


@BOTH
@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{", "GRAPHQL_PARSE_FAILED"),
        ("subscription { nothing }", "GRAPHQL_VALIDATION_FAILED"),
        ("subscription { signed }", "UNAUTHENTICATED"),
        ('subscription { breaks(how: "conflict") }', "CONFLICT"),
        ('subscription { breaks(how: "bug") }', "INTERNAL_ERROR"),
    ],
)
async def test_an_error_is_an_answer_of_the_stream_and_its_last(
    asking: Door, stage: Stage, kind: str, query: str, code: str
) -> None:
    answer = await whole(asking, query, kind)

    assert answer.status_code == 200
    assert f'"code":"{code}"' in answer.text
    assert "secret" not in answer.text
    assert answer.text.endswith("event: complete\ndata:\n\n" if kind == EVENTS else "--graphql--\r\n")
    assert stage.open == 0


@BOTH
async def test_a_body_that_is_no_request_is_refused_as_ever(asking: Door, kind: str) -> None:
    answer = await asking.post(b"{", accept=kind)

    assert answer.status_code == 400
    assert answer.headers["content-type"].startswith("application/json")


@pytest.mark.parametrize("accept", ["application/json, text/event-stream", "text/event-stream;q=0.1, application/json"])
async def test_a_subscription_streams_whatever_is_preferred_for_other_answers(asking: Door, accept: str) -> None:
    answer = await whole(asking, "subscription { ticks(until: 1) }", accept)

    assert answer.headers["content-type"].startswith(EVENTS)


@BOTH
async def test_a_quiet_stream_gives_signs_of_life(ground: Ground, kind: str) -> None:
    sign = b":\n\n" if kind == EVENTS else HEAD + b"{}" + BOUNDARY
    async with staged(ground, pace=Pace(quiet=0.05)) as quiet, door_to(quiet, ground) as door:
        headers = {"content-type": "application/json", "accept": kind}
        body = orjson.dumps({"query": "subscription { waits }"})
        async with door.client.stream("POST", "/graphql", content=body, headers=headers) as response:
            received = b""
            async for chunk in response.aiter_bytes():
                received += chunk
                if received.count(sign) == 3:
                    quiet.gate.set()

    assert b'"waits":1' in received
    assert quiet.open == 0


async def test_a_part_is_whole_before_the_next_one_comes(asking: Door, stage: Stage) -> None:
    headers = {"content-type": "application/json", "accept": PARTS}
    body = orjson.dumps({"query": "subscription { holds }"})
    received = b""
    async with (
        asyncio.timeout(10),
        asking.client.stream("POST", "/graphql", content=body, headers=headers) as response,
    ):
        async for chunk in response.aiter_bytes():
            received += chunk
            if received.count(BOUNDARY) == 2:
                break

    assert received.startswith(BOUNDARY + HEAD + b'{"payload":{"data":{"holds":1},')
    assert received.endswith(b"}}" + BOUNDARY)


@BOTH
async def test_twenty_that_hang_up_leave_nothing_behind(ground: Ground, stage: Stage, kind: str) -> None:
    before, keys = tasks(), await ground.redis.dbsize()
    headers = {"content-type": "application/json", "accept": kind}
    with capture_logs() as lines:
        for number in range(20):
            query = "subscription { ticks }" if number % 2 else "subscription { waits }"
            async with httpx.AsyncClient(base_url=stage.address) as client:
                request = client.stream("POST", "/graphql", content=orjson.dumps({"query": query}), headers=headers)
                async with request as response:
                    assert response.status_code == 200
                    if number % 2:
                        await anext(response.aiter_bytes())

        await until(lambda: stage.open == 0 and tasks() == before)

    assert await ground.redis.dbsize() <= keys + 1  # what an address has spent, which runs out by itself
    assert [each for each in lines if each["log_level"] == "error"] == []


@BOTH
async def test_a_client_that_does_not_read_is_cut_and_others_are_not(ground: Ground, kind: str) -> None:
    async with staged(ground, pace=Pace(patience=0.3)) as stage, door_to(stage, ground) as door:
        host, port = stage.address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(host, int(port), limit=1)
        body = orjson.dumps({"query": "subscription { floods }"})
        head = (
            f"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\naccept: {kind}\r\n"
            f"content-length: {len(body)}\r\n\r\n"
        )
        writer.write(head.encode() + body)
        await until(lambda: stage.open == 1)

        await until(lambda: stage.open == 0)
        other = await whole(door, "subscription { ticks(until: 1) }", kind)
        writer.transport.abort()
        del reader

    assert '"ticks":0' in other.text


async def test_an_event_carries_its_cursor_and_a_stream_goes_on_behind_it(
    ground: Ground, door: Door, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)
    async with following(asking) as stream:
        coming = asyncio.create_task(stream.event())
        async with asyncio.timeout(10):
            while not coming.done():
                await make(ground, tenant.owner, name="Ana")
                await asyncio.wait({coming}, timeout=1)
        first = coming.result()
    cursor = first["data"]["workspaceEvents"]["cursor"]
    await make(ground, tenant.owner, name="Bia")
    seq = int(first["data"]["workspaceEvents"]["seq"])

    async with following(asking, **{"last-event-id": first["id"]}) as stream:
        resumed = [await stream.event()]
    async with following(asking, {"after": cursor}, **{"last-event-id": "nonsense"}) as stream:
        by_argument = await stream.event()
    async with following(asking, **{"last-event-id": "nonsense"}) as stream:
        refused = [await stream.event(), await stream.event()]

    assert first["id"] == cursor
    assert int(resumed[0]["data"]["workspaceEvents"]["seq"]) == seq + 1
    assert by_argument == resumed[0]
    assert refused[0]["errors"][0]["extensions"]["code"] == "BAD_CURSOR"
    assert refused[1] == {"complete": True}


@BOTH
async def test_a_stream_ends_with_its_token_and_says_so(ground: Ground, tenant: Tenant, kind: str) -> None:
    async with staged(ground) as stage, door_to(stage, ground) as door:
        signed = door.with_token(await token_of(ground, tenant.owner, seconds=1.2))

        answer = await asyncio.wait_for(whole(signed, "subscription { signed }", kind), 5)

    assert str(tenant.owner.user_id) in answer.text
    assert answer.text.count('"code":"TOKEN_EXPIRED"') == 1
    assert tasks() == 0


async def test_a_stream_does_not_outlive_its_session_or_its_membership(ground: Ground, tenant: Tenant) -> None:
    member = await join(ground, tenant, Role.MEMBER)
    async with staged(ground, limits=SocketLimits(look=0.1)) as stage, door_to(stage, ground) as door:
        signed = [door.with_token(await token_of(ground, each)) for each in (tenant.owner, member)]
        streams = [asyncio.create_task(whole(each, "subscription { signed }", EVENTS)) for each in signed]
        await until(lambda: stage.open == 2)
        async with ground.database.system() as session:
            mine = update(Session).where(Session.user_id == tenant.owner.user_id)
            await session.execute(mine.values(revoked_at=tenant.owner_user.created_at))
            await session.execute(delete(WorkspaceMember).where(WorkspaceMember.user_id == member.user_id))
        sessions.forget(*(each for each in (tenant.owner.user_id, member.user_id) if each is not None))

        ended = [each.text for each in await asyncio.wait_for(asyncio.gather(*streams), 5)]

    assert '"code":"SESSION_ENDED"' in ended[0]
    assert '"code":"NOT_WORKSPACE_MEMBER"' in ended[1]


async def test_streams_are_counted_with_sockets_and_one_too_many_is_refused(ground: Ground) -> None:
    tenants = [await found_tenant(ground) for _ in range(3)]
    limits = SocketLimits(user=1, workspace=2, address=3)
    async with staged(ground, limits=limits) as stage, door_to(stage, ground) as door:
        tokens = [await token_of(ground, each.owner) for each in tenants]
        signed = [door.with_token(each) for each in tokens]
        first = asyncio.create_task(whole(signed[0], "subscription { signed }", EVENTS))
        await until(lambda: stage.open == 1)

        of_person = await whole(signed[0], "subscription { signed }", EVENTS)
        async with Line.ready(stage.address, tokens[1]), Line.ready(stage.address, tokens[2]):
            of_address = await whole(door, "subscription { ticks }", PARTS)
        first.cancel()
        await asyncio.gather(first, return_exceptions=True)
        await until(lambda: stage.open == 0)

    assert (of_person.status_code, of_address.status_code) == (429, 429)
    assert of_person.json()["errors"][0]["extensions"]["code"] == "TOO_MANY_STREAMS"
    assert "one person" in of_person.text
    assert "one address" in of_address.text


async def test_a_stream_that_the_server_ends_says_when_to_come_back(ground: Ground, tenant: Tenant) -> None:
    feed = Feed(ground.database, ground.hints)
    await feed.start()
    app = build(Parts(house=house_of(ground, feed)))
    async with listening(app.asgi) as address, Door.open(address, ground) as door:
        asking = await door.as_(tenant.owner)
        async with following(asking) as stream:
            await until(lambda: feed.subscribers == 1)
            await app.sockets.stop()
            await feed.stop()
            last = [await stream.event(), await stream.event()]

    assert last[0]["errors"][0]["extensions"] == {"code": "UNAVAILABLE", "retryAfter": 1.0}
    assert last[1] == {"complete": True}


NAMED = """subscription ($after: String) { contactChanged(filter: { name: { eq: $after } }) {
  ... on ContactChanged { contact { name } } } }"""


async def test_subscribers_that_ask_for_different_things_never_share_an_answer(
    ground: Ground, door: Door, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)
    async with (
        asking.subscribe(NAMED, {"after": "Ana"}) as one,
        asking.subscribe(NAMED, {"after": "Bia"}) as other,
        asking.subscribe(NAMED, {"after": "Ana"}) as same,
    ):
        await make(ground, tenant.owner, name="Ana")
        await make(ground, tenant.owner, name="Bia")
        heard = [(await each.next())["contact"]["name"] for each in (one, other, same)]
        quiet = [await each.quiet(0.2) for each in (one, other, same)]

    assert heard == ["Ana", "Bia", "Ana"]
    assert quiet == [True, True, True]
