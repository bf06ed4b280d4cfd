"""Who a socket belongs to: signed in once, looked at again and again, and renewed without a new socket."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import delete, update

from core.database import DatabaseAway
from core.ground import Ground
from core.security.tokens import Claims
from models import Role, Session, WorkspaceMember
from server.protocols.sockets import SocketLimits
from services.accounts import sessions
from tests.fixtures.stage import Line, Stage, staged, token_of
from tests.fixtures.tenants import Tenant, join, sign_in_user

WATCHFUL = SocketLimits(look=0.1)


@pytest.fixture(scope="module")
async def stage(ground: Ground) -> AsyncIterator[Stage]:
    async with staged(ground, limits=WATCHFUL) as opened:
        yield opened


async def who(line: Line) -> Any:
    await line.subscribe("{ whoami }", key="who")
    return (await line.hear_of("who"))["payload"]["data"]["whoami"]


async def renew(line: Line, token: str, name: str = "authorization") -> Any:
    await line.say(type="ping", payload={name: f"Bearer {token}"})
    while True:
        message = await line.hear()
        if message["type"] == "pong":
            return message["payload"]


async def test_a_socket_is_whose_token_introduced_it(stage: Stage, ground: Ground, tenant: Tenant) -> None:
    async with Line.ready(stage.address, await token_of(ground, tenant.owner)) as line:
        assert await who(line) == str(tenant.owner.user_id)


@pytest.mark.parametrize("name", ["authorization", "Authorization"])
async def test_the_line_may_be_written_in_two_ways(stage: Stage, ground: Ground, tenant: Tenant, name: str) -> None:
    token = await token_of(ground, tenant.owner)
    async with Line.open(stage.address) as line:
        await line.say(type="connection_init", payload={name: f"bearer {token}"})

        assert (await line.hear())["type"] == "connection_ack"


async def test_a_socket_without_a_token_is_nobodys(stage: Stage) -> None:
    async with Line.ready(stage.address) as line:
        await line.subscribe("{ whoami }")

        assert (await line.hear())["payload"]["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_a_token_that_runs_out_closes_its_socket_at_once_with_a_code_to_come_back_on(
    ground: Ground, tenant: Tenant
) -> None:
    token = await token_of(ground, tenant.owner, seconds=1.2)
    async with staged(ground) as stage, Line.ready(stage.address, token) as line:
        await line.subscribe("subscription { signed }")

        assert await line.closed(4) == 4403
        assert "renew it by a ping" in (line.connection.close_reason or "")


@pytest.mark.parametrize("name", ["authorization", "Authorization"])
async def test_a_renewed_token_keeps_the_socket_and_what_runs_on_it(
    stage: Stage, ground: Ground, tenant: Tenant, name: str
) -> None:
    async with Line.ready(stage.address, await token_of(ground, tenant.owner, seconds=1.2)) as line:
        await line.subscribe("subscription { ticks }", "1")
        told = await renew(line, await token_of(ground, tenant.owner), name)

        assert told["expiresAt"] > "2026"
        with pytest.raises(TimeoutError):
            await line.closed(1.8)
        assert await who(line) == str(tenant.owner.user_id)
        assert (await line.hear_of("1"))["type"] == "next"


@pytest.mark.parametrize("token", ["", "nonsense", "x.y.z"])
async def test_a_bad_token_renews_nothing_and_ends_nothing(
    stage: Stage, ground: Ground, tenant: Tenant, token: str
) -> None:
    async with Line.ready(stage.address, await token_of(ground, tenant.owner)) as line:
        told = await renew(line, token)

        assert told["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
        assert await who(line) == str(tenant.owner.user_id)


async def test_nobody_and_somebody_else_need_a_new_socket(
    stage: Stage, ground: Ground, tenant: Tenant, other_tenant: Tenant
) -> None:
    mine, theirs = await token_of(ground, tenant.owner), await token_of(ground, other_tenant.owner)
    colleague = await token_of(ground, await join(ground, tenant, Role.MEMBER))
    for first, second in ((None, mine), (mine, theirs), (mine, colleague)):
        async with Line.ready(stage.address, first) as line:
            await line.say(type="ping", payload={"authorization": f"Bearer {second}"})

            assert await line.closed() == 4403


async def test_another_workspace_of_the_same_person_needs_a_new_socket(
    stage: Stage, ground: Ground, tenant: Tenant
) -> None:
    assert tenant.owner.user_id is not None
    session_id = await sign_in_user(ground, tenant.owner.user_id)
    claims = Claims(user_id=tenant.owner.user_id, session_id=session_id, workspace_id=None)
    async with Line.ready(stage.address, await token_of(ground, tenant.owner)) as line:
        await line.say(type="ping", payload={"authorization": f"Bearer {ground.tokens.issue(claims).token}"})

        assert await line.closed() == 4403


async def test_a_socket_does_not_outlive_its_session(stage: Stage, ground: Ground, tenant: Tenant) -> None:
    async with Line.ready(stage.address, await token_of(ground, tenant.owner)) as line:
        async with ground.database.system() as session:
            await session.execute(
                update(Session)
                .where(Session.user_id == tenant.owner.user_id)
                .values(revoked_at=tenant.owner_user.created_at)
            )
        sessions.forget(tenant.owner_user.id)

        assert await line.closed() == 4401


async def test_a_socket_ends_with_its_session_though_an_operation_noticed_first(
    stage: Stage, ground: Ground, tenant: Tenant
) -> None:
    async with Line.ready(stage.address, await token_of(ground, tenant.owner)) as line:
        await line.subscribe("subscription { ticks }", "live")
        async with ground.database.system() as session:
            own = update(Session).where(Session.user_id == tenant.owner.user_id)
            await session.execute(own.values(revoked_at=tenant.owner_user.created_at))
        sessions.forget(tenant.owner_user.id)
        await line.subscribe("{ whoami }", "asks")

        assert await line.closed() == 4401


async def test_a_socket_does_not_outlive_its_membership(stage: Stage, ground: Ground, tenant: Tenant) -> None:
    member = await join(ground, tenant, Role.MEMBER)
    async with Line.ready(stage.address, await token_of(ground, member)) as line:
        async with ground.database.system() as session:
            await session.execute(delete(WorkspaceMember).where(WorkspaceMember.user_id == member.user_id))
        assert member.user_id is not None
        sessions.forget(member.user_id)

        assert await line.closed() == 4403


class Away:
    """A database that answers as long as nobody says otherwise."""

    def __init__(self, real: Any) -> None:
        self._real = real
        self.is_away = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def system(self, *given: Any, **more: Any) -> Any:
        if self.is_away:
            raise DatabaseAway
        return self._real.system(*given, **more)


async def test_a_socket_outlives_a_while_without_the_database(ground: Ground, tenant: Tenant) -> None:
    away: Any = Away(ground.database)
    async with staged(replace(ground, database=away), limits=WATCHFUL) as stage:
        token = await token_of(ground, tenant.owner)
        async with Line.ready(stage.address, token) as line:
            away.is_away = True
            sessions.forget(tenant.owner_user.id)
            with pytest.raises(TimeoutError):
                await line.closed(0.5)
            async with Line.open(stage.address) as late:
                await late.say(type="connection_init", payload={"authorization": f"Bearer {token}"})
                assert await late.closed() == 1013
            away.is_away = False

            assert await line.answers()
