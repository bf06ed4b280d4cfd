"""The health pages: what they say to whom while stores come and go."""

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from starlette.applications import Starlette

from core.ground import Ground, Places, open_ground
from core.settings import Settings
from models import Role
from server.health import Health
from server.middleware import RequestLog
from services.access import Actor
from services.feed import Feed
from tests.fixtures import stores
from tests.fixtures.door import Door, serving
from tests.fixtures.houses import house_of
from tests.fixtures.redis_server import RedisServer
from tests.fixtures.tenants import Tenant
from tests.fixtures.waiting import until_holds
from workers.supervisor import Workers

PREFIXES = ("/health", "/api/health")


@pytest.fixture
def redis_server(tmp_path: Path) -> AsyncIterator[RedisServer]:
    """A Redis of the test's own."""
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest_asyncio.fixture
async def address(redis_server: RedisServer, database_url: str) -> AsyncIterator[str]:
    """The product on a Redis that can be killed."""
    places = stores.places(database_url, redis_server.url)
    async with open_ground(stores.test_settings(), places) as ground, serving(ground) as address:
        yield address


async def hears_itself(ground: Ground) -> bool:
    return ground.hints.healthy


async def test_a_process_that_serves_says_so_to_everybody(door: Door) -> None:
    for prefix in PREFIXES:
        live = await door.client.get(f"{prefix}/live")
        ready = await door.client.get(f"{prefix}/ready")
        summary = await door.client.get(prefix)

        assert (live.status_code, live.json()) == (200, {"status": "ok"})
        assert (ready.status_code, ready.json()["checks"]) == (200, {"database": "ok", "redis": "ok"})
        assert summary.json().keys() == {"status", "version", "uptimeSeconds"}


async def test_details_are_for_members_who_may_see_them(
    door: Door, tenant: Tenant, make_actor: Callable[[Tenant, Role], Awaitable[Actor]]
) -> None:
    anonymous, owner = door, await door.as_(tenant.owner)
    viewer = await door.as_(await make_actor(tenant, Role.VIEWER))

    answers = [
        await door.client.get(f"{prefix}/detailed", headers=each.headers)
        for prefix in PREFIXES
        for each in (anonymous, door.with_token("nonsense"), viewer, owner)
    ]

    assert [each.status_code for each in answers] == [401, 401, 403, 200] * 2
    assert answers[0].json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
    assert "stores" not in "".join(each.text for each in answers[:3])


async def test_details_tell_of_every_part_and_of_no_secret(ground: Ground, door: Door, tenant: Tenant) -> None:
    owner = await door.as_(tenant.owner)
    # a process that had no time for a moment has not heard itself, and says so
    await until_holds(lambda: hears_itself(ground))

    answer = await door.client.get("/health/detailed", headers=owner.headers)

    said = answer.json()
    assert said["status"] == "ok"
    assert said["stores"].keys() == {"database", "redis", "documents", "vectors"}
    assert all(each["status"] == "ok" and each["milliseconds"] >= 0 for each in said["stores"].values())
    assert said["workers"] == {"status": "elsewhere"}
    assert said["providers"]["openai"] is False
    assert "://" not in answer.text
    secret = ground.settings.security.jwt_secret
    assert secret is not None
    assert secret.get_secret_value() not in answer.text


async def test_a_lost_redis_is_told_and_its_return_too(
    address: str, redis_server: RedisServer, ground: Ground, tenant: Tenant
) -> None:
    async with Door.open(address, ground) as door:
        owner = await door.as_(tenant.owner)

        async def details() -> dict[str, dict[str, dict[str, str]]]:
            return (await door.client.get("/health/detailed", headers=owner.headers)).json()

        async def is_ready() -> bool:
            return (await door.client.get("/health/ready")).status_code == 200

        async def is_well() -> bool:
            return (await details())["status"] == "ok"

        assert await is_ready()
        redis_server.kill()
        lost = await door.client.get("/health/ready")
        summary = await door.client.get("/health")
        said = await details()
        alive = await door.client.get("/health/live")
        redis_server.start()

        assert (lost.status_code, lost.json()["checks"]) == (503, {"database": "ok", "redis": "unavailable"})
        assert (summary.status_code, summary.json()["status"]) == (503, "unavailable")
        assert said["status"] == "degraded"
        assert said["stores"]["redis"] == {"status": "unavailable"}
        assert said["stores"]["database"]["status"] == "ok"
        assert alive.status_code == 200
        await until_holds(is_ready)
        await until_holds(is_well, 15)


@pytest.fixture
def nowhere() -> Places:
    """Places where nobody is."""
    return Places(
        database="postgresql://nobody@127.0.0.1:1/nothing",
        redis="redis://127.0.0.1:1/0",
        documents="mongodb://127.0.0.1:1",
        vectors="http://127.0.0.1:1",
    )


async def test_without_stores_it_lives_answers_soon_and_lets_nobody_in(
    nowhere: Places, ground: Ground, tenant: Tenant
) -> None:
    settings: Settings = ground.settings
    async with open_ground(settings, nowhere) as lost, serving(lost) as address, Door.open(address, ground) as door:
        owner = await door.as_(tenant.owner)

        live = await door.client.get("/health/live")
        ready = await door.client.get("/health/ready", timeout=4)
        details = await door.client.get("/health/detailed", headers=owner.headers, timeout=8)

    assert live.status_code == 200
    assert (ready.status_code, ready.json()["checks"]) == (503, {"database": "unavailable", "redis": "unavailable"})
    assert details.status_code == 503
    assert details.json()["errors"][0]["extensions"]["code"] == "UNAVAILABLE"


async def test_workers_that_do_not_work_degrade_the_whole(ground: Ground, tenant: Tenant) -> None:
    feed = Feed(ground.database, ground.hints)
    idle = Workers(ground, ground.database.url)
    health = Health(house=house_of(ground, feed), workers=idle, version="0", started=0.0)
    app = RequestLog(Starlette(routes=health.routes()))

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
        owner = await Door(client, ground).as_(tenant.owner)
        answer = await client.get("/health/detailed", headers=owner.headers)

    assert answer.json()["status"] == "degraded"
    assert answer.json()["workers"]["status"] == "unavailable"
