"""Sessions through the door: refresh tokens in families, signing out, and what ends what is open."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from typing import Any

import orjson
import pytest
import websockets
from sqlalchemy import select, update

from core import clock
from core.errors import RateLimited
from core.ground import Ground
from core.ids import decode, encode
from core.security.vault import Vault
from models import EventType, RefreshToken, Role, Session, TokenPurpose, User
from server.app import GRAPHQL
from services.access import Actor, Origin
from services.accounts import limits
from services.transaction import begin_system
from tests.fixtures.door import Door, Stream
from tests.fixtures.people import (
    LOGOUT,
    LOGOUT_EVERYWHERE,
    ME,
    OTHER_PASSWORD,
    PASSWORD,
    REFRESH,
    SECONDS,
    SignedIn,
    act,
    end_of,
    is_in,
    link_of,
    log_in,
    make_person,
    refresh,
    refusals,
    token_row,
)
from tests.fixtures.tenants import Tenant

SESSIONS = "{ sessions { id isCurrent ip userAgent createdAt lastUsedAt expiresAt } }"
EVENTS = "subscription { workspaceEvents { ... on WorkspaceEvent { type } } }"


@asynccontextmanager
async def listening(door: Door) -> AsyncIterator[Stream]:
    async with door.subscribe(EVENTS) as stream:
        yield stream


async def age(ground: Ground, token: str, seconds: float) -> None:
    """Let a spent refresh token have been spent so much earlier."""
    async with ground.database.system() as session:
        own = RefreshToken.token_hash == Vault.digest(token)
        earlier = RefreshToken.used_at - timedelta(seconds=seconds)
        await session.execute(update(RefreshToken).where(own).values(used_at=earlier))


async def exchange(door: Door, token: str) -> Any:
    return await door.mutate(REFRESH, {"input": {"refreshToken": token}})


# Refresh tokens.


async def test_a_refresh_token_is_exchanged_for_its_successor(door: Door, ground: Ground) -> None:
    first = await log_in(door, await make_person(ground))

    second = await refresh(door, first.refresh_token)
    third = await refresh(door, second.refresh_token)

    assert len({first.refresh_token, second.refresh_token, third.refresh_token}) == 3
    assert await is_in(third.door)
    assert third.payload["workspaceId"] == first.payload["workspaceId"]


async def test_of_a_refresh_token_only_a_hash_is_kept(door: Door, ground: Ground) -> None:
    signed = await log_in(door, await make_person(ground))

    row = await token_row(ground, signed.refresh_token)

    assert row.token_hash == Vault.digest(signed.refresh_token)
    assert len(row.token_hash) == 32


async def test_a_spent_refresh_token_ends_its_session(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    first, elsewhere = await log_in(door, person), await log_in(door, person)
    second = await refresh(door, first.refresh_token)
    await age(ground, first.refresh_token, 10.5)

    stolen = await exchange(door, first.refresh_token)

    assert refusals(stolen) == [("REFRESH_INVALID", ["refreshToken"])]
    assert stolen["accessToken"] is None
    assert refusals(await exchange(door, second.refresh_token)) == [("REFRESH_INVALID", ["refreshToken"])]
    assert [await is_in(each.door) for each in (first, second, elsewhere)] == [False, False, True]


async def test_a_lost_answer_is_forgiven_for_ten_seconds(door: Door, ground: Ground) -> None:
    first = await log_in(door, await make_person(ground))
    await refresh(door, first.refresh_token)
    await age(ground, first.refresh_token, 8.0)

    again = await refresh(door, first.refresh_token)

    assert await is_in((await refresh(door, again.refresh_token)).door)


async def test_only_the_direct_predecessor_is_forgiven(door: Door, ground: Ground) -> None:
    first = await log_in(door, await make_person(ground))
    second = await refresh(door, first.refresh_token)
    third = await refresh(door, second.refresh_token)

    replayed = await exchange(door, first.refresh_token)

    assert refusals(replayed) == [("REFRESH_INVALID", ["refreshToken"])]
    assert not await is_in(third.door)


async def test_two_exchanges_of_one_token_at_once_keep_the_session(door: Door, ground: Ground) -> None:
    first = await log_in(door, await make_person(ground))

    both = await asyncio.gather(*(refresh(door, first.refresh_token) for _ in range(2)))

    assert both[0].refresh_token != both[1].refresh_token
    assert [await is_in(each.door) for each in both] == [True, True]


@pytest.mark.parametrize("token", ["", "wrt_", "wrt_x", "x" * 5_000, f"wrt_{'x' * 5_000}", "wrt_\x00", "wrt_👻"])
async def test_what_was_never_a_refresh_token_is_refused(door: Door, token: str) -> None:
    assert refusals(await exchange(door, token)) == [("REFRESH_INVALID", ["refreshToken"])]


async def test_an_access_token_is_no_refresh_token(door: Door, ground: Ground) -> None:
    signed = await log_in(door, await make_person(ground))

    payload = await exchange(door, signed.payload["accessToken"])

    assert refusals(payload) == [("REFRESH_INVALID", ["refreshToken"])]
    assert (await door.with_token(signed.refresh_token).execute(ME)).code == "UNAUTHENTICATED"


async def test_a_session_ends_after_thirty_days_without_a_refresh(door: Door, ground: Ground) -> None:
    signed = await log_in(door, await make_person(ground))
    row = await token_row(ground, signed.refresh_token)
    async with ground.database.system() as session:
        own = Session.id == row.session_id
        lifetime = await session.scalar(select(Session.expires_at - Session.created_at).where(own))
        await session.execute(update(Session).where(own).values(expires_at=clock.now()))

    assert lifetime == timedelta(days=30)
    assert not await is_in(signed.door)
    assert refusals(await exchange(door, signed.refresh_token)) == [("REFRESH_INVALID", ["refreshToken"])]


async def test_a_closed_account_is_out_everywhere(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    signed = await log_in(door, person)
    async with ground.database.system() as session:
        await session.execute(update(User).where(User.id == person.user.id).values(is_active=False))

    assert not await is_in(signed.door)
    assert refusals(await exchange(door, signed.refresh_token)) == [("REFRESH_INVALID", ["refreshToken"])]


async def test_refreshes_from_one_address_have_a_limit(door: Door, ground: Ground) -> None:
    assert (await door.execute(REFRESH, {"input": {"refreshToken": "x"}})).code is None
    with suppress(RateLimited):
        for _ in range(limits.REFRESH_BY_ADDRESS.quota.limit):
            await limits.spend_at(ground, limits.REFRESH_BY_ADDRESS, Origin(ip="127.0.0.1"))

    assert (await door.execute(REFRESH, {"input": {"refreshToken": "x"}})).code == "RATE_LIMITED"


# Lists, and signing out.


async def test_one_sees_ones_own_open_sessions(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    here, elsewhere, _ = (
        await log_in(door, person),
        await log_in(door, person),
        await log_in(door, await make_person(ground)),
    )
    ended = await log_in(door, person)
    await ended.door.mutate(LOGOUT)

    listed = (await here.door.execute(SESSIONS)).data["sessions"]

    expected = {
        encode("session", (await token_row(ground, each.refresh_token)).session_id): each is here
        for each in (here, elsewhere)
    }
    assert {each["id"]: each["isCurrent"] for each in listed} == expected
    assert {each["ip"] for each in listed} == {"127.0.0.1"}


async def test_one_ends_one_of_ones_sessions(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    here, elsewhere = await log_in(door, person), await log_in(door, person)
    there = encode("session", (await token_row(ground, elsewhere.refresh_token)).session_id)

    first = await act(here.door, "sessionRevoke", "SessionRevokeInput", "session { id }", id=there)
    second = await act(here.door, "sessionRevoke", "SessionRevokeInput", "session { id }", id=there)

    assert first["session"]["id"] == there
    assert refusals(second) == [("NOT_FOUND", ["id"])]
    assert [await is_in(here.door), await is_in(elsewhere.door)] == [True, False]
    assert refusals(await exchange(door, elsewhere.refresh_token)) == [("REFRESH_INVALID", ["refreshToken"])]


async def test_the_sessions_of_others_and_other_ids_look_unknown(door: Door, ground: Ground) -> None:
    mine, theirs = await log_in(door, await make_person(ground)), await log_in(door, await make_person(ground))
    session_id = (await token_row(ground, theirs.refresh_token)).session_id

    own = encode("session", session_id)
    for each in (own, encode("user", session_id), session_id.hex, "session_", "", "👻", "\x00"):
        payload = await act(mine.door, "sessionRevoke", "SessionRevokeInput", "session { id }", id=each)
        assert refusals(payload) == [("NOT_FOUND", ["id"])], each

    assert await is_in(theirs.door)
    found = await mine.door.execute(f'{{ node(id: "{own}") {{ id }} }}')
    assert found.data["node"] is None


async def test_signing_out_ends_this_session_alone(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    here, elsewhere = await log_in(door, person), await log_in(door, person)

    payload = await here.door.mutate(LOGOUT)

    assert payload == {"done": True, "userErrors": []}
    assert (await here.door.execute(LOGOUT)).code == "SESSION_ENDED"
    assert refusals(await exchange(door, here.refresh_token)) == [("REFRESH_INVALID", ["refreshToken"])]
    assert await is_in(elsewhere.door)


async def test_signing_out_everywhere_ends_all(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    here, elsewhere, other = (
        await log_in(door, person),
        await log_in(door, person),
        await log_in(door, await make_person(ground)),
    )

    payload = await here.door.mutate(LOGOUT_EVERYWHERE)

    assert payload["sessions"] == 2
    assert [await is_in(each.door) for each in (here, elsewhere, other)] == [False, False, True]


# What is open when a session ends.


async def end_by_new_password(door: Door, person: SignedIn) -> None:
    await act(person.door, "passwordChange", "PasswordChangeInput", currentPassword=PASSWORD, password=OTHER_PASSWORD)


async def end_by_reset(door: Door, person: SignedIn) -> None:
    email, user_id = person.payload["user"]["email"], decode("user", person.payload["user"]["id"])
    assert user_id is not None
    await act(door, "passwordResetRequest", "PasswordResetRequestInput", email=email)
    token = await link_of(door._ground, user_id, TokenPurpose.PASSWORD_RESET)
    await act(door, "passwordReset", "PasswordResetInput", token=token, password=OTHER_PASSWORD)


async def end_by_signing_out(door: Door, person: SignedIn) -> None:
    await person.door.mutate(LOGOUT_EVERYWHERE)


@pytest.mark.parametrize("end", [end_by_new_password, end_by_reset, end_by_signing_out])
async def test_a_live_subscription_ends_with_its_session(door: Door, ground: Ground, end: Any) -> None:
    person = await make_person(ground)
    here, elsewhere = await log_in(door, person), await log_in(door, person)
    async with listening(elsewhere.door) as stream:
        await end(door, here)

        assert await end_of(stream) == "SESSION_ENDED"


async def test_a_renewed_sign_in_reaches_what_runs_on_the_socket(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    first, second = await log_in(door, person), await log_in(door, person)
    async with first.door.socket() as socket, socket.subscribe(EVENTS) as stream:
        line = f"Bearer {second.door.token}"
        await socket.send({"type": "ping", "payload": {"authorization": line}})
        await socket._settled()
        await first.door.mutate(LOGOUT)
        heard = [(await stream.next())["type"] for _ in range(1)]
        await act(second.door, "labelCreate", "LabelCreateInput", name="VIP", color="#112233")
        while "LABEL_CREATED" not in heard:
            heard.append((await stream.next())["type"])
        await second.door.mutate(LOGOUT)

        assert await end_of(stream) == "SESSION_ENDED"


async def test_a_session_ends_in_the_workspace_that_it_left_too(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    here, elsewhere = await log_in(door, person), await log_in(door, person)
    made = await act(elsewhere.door, "workspaceCreate", "WorkspaceCreateInput", "workspace { id }", name="Filial")
    async with listening(elsewhere.door) as stream:
        switched = await act(
            elsewhere.door, "workspaceSwitch", "WorkspaceSwitchInput", "accessToken", id=made["workspace"]["id"]
        )
        async with listening(elsewhere.door.with_token(switched["accessToken"])) as other:
            await end_by_new_password(door, here)

            assert await end_of(stream) == await end_of(other) == "SESSION_ENDED"


async def test_a_session_that_another_process_ended_ends_what_is_open_here(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    signed = await log_in(door, person)
    row = await token_row(ground, signed.refresh_token)
    assert await is_in(signed.door)
    async with listening(signed.door) as stream:
        async with begin_system(ground) as tx:
            ended = update(Session).where(Session.id == row.session_id).values(revoked_at=clock.now())
            await tx.session.execute(ended)
            tx.within(Actor.system(person.workspace_id)).publish(EventType.SESSION_REVOKED, person.user.id)

        assert await end_of(stream) == "SESSION_ENDED"


async def test_other_peoples_subscriptions_go_on(door: Door, ground: Ground, tenant: Tenant, make_actor: Any) -> None:
    viewer = await door.as_(await make_actor(tenant, Role.VIEWER))
    member = await door.as_(await make_actor(tenant, Role.MEMBER))
    owner = await door.as_(tenant.owner)
    async with listening(viewer) as stream:
        await member.mutate(LOGOUT)
        await owner.mutate(
            'mutation { labelCreate(input: {name: "VIP", color: "#ff0000"}) { userErrors { message } } }'
        )

        assert (await stream.next(SECONDS))["type"] == "LABEL_CREATED"


# Sockets.


async def test_a_socket_signs_in_with_the_same_line(door: Door, ground: Ground) -> None:
    signed = await log_in(door, await make_person(ground))

    async with signed.door.socket() as socket, socket.subscribe(ME) as stream:
        event = await stream.next()

    assert event["user"]["id"] == signed.payload["user"]["id"]


@pytest.mark.parametrize("line", ["Bearer nonsense", "nonsense", "", "Bearer ", 7, None, ["Bearer x"]])
async def test_a_socket_with_a_bad_line_is_closed_or_anonymous(door: Door, line: object) -> None:
    url = str(door.client.base_url.join(GRAPHQL)).replace("http", "ws", 1)
    async with websockets.connect(url, subprotocols=[websockets.Subprotocol("graphql-transport-ws")]) as connection:
        await connection.send(orjson.dumps({"type": "connection_init", "payload": {"authorization": line}}).decode())
        if line is not None:
            with pytest.raises(websockets.ConnectionClosed):
                await asyncio.wait_for(connection.recv(), SECONDS)
            assert connection.close_code == 4403
            return
        await connection.recv()
        await connection.send(orjson.dumps({"id": "1", "type": "subscribe", "payload": {"query": ME}}).decode())
        answer = orjson.loads(await asyncio.wait_for(connection.recv(), SECONDS))

    assert answer["payload"]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_an_ended_session_does_nothing_more_on_its_open_socket(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    here, elsewhere = await log_in(door, person), await log_in(door, person)
    async with elsewhere.door.socket() as socket:
        await here.door.mutate(LOGOUT_EVERYWHERE)
        async with asyncio.timeout(2 * SECONDS):
            while True:
                async with socket.subscribe(ME) as stream:
                    payload = (await stream.message())["payload"]
                if "errors" in payload:
                    break

    assert payload["errors"][0]["extensions"]["code"] == "SESSION_ENDED"
