"""Real clients: each asks, subscribes, resumes after a cursor, meets errors, and leaves nothing behind."""

import asyncio
import json
from typing import Any

import pytest

from core.database import Database
from core.ground import Ground
from services import feed_cursor, feed_log
from services.feed import Feed
from tests.clients.installing import HERE
from tests.fixtures.contacts import make
from tests.fixtures.stage import token_of
from tests.fixtures.tenants import Tenant
from tests.fixtures.waiting import until

CLIENTS = ("graphql-ws", "graphql-sse", "apollo-multipart", "apollo-socket", "apollo-persisted", "urql")
TASKS = ("socket", "stream", "next of a stream")
_PATIENCE = 40.0


async def run(script: str, *given: str) -> Any:
    """Run a script of this folder to its end; return what it printed."""
    process = await asyncio.create_subprocess_exec(
        "node", script, *given, cwd=HERE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    try:
        out, err = await asyncio.wait_for(process.communicate(), _PATIENCE)
    except TimeoutError:
        process.kill()
        raise
    assert process.returncode == 0, err.decode()
    return json.loads(out)


async def head(database: Database, tenant: Tenant) -> str:
    """The cursor of now."""
    return feed_cursor.encode(tenant.workspace_id, (await feed_log.extent(database, tenant.workspace_id)).head)


def tasks() -> int:
    return sum(each.get_name().startswith(TASKS) for each in asyncio.all_tasks())


@pytest.mark.parametrize("name", CLIENTS)
async def test_a_client_asks_follows_resumes_fails_and_leaves(
    ground: Ground, address: str, feed: Feed, tenant: Tenant, name: str
) -> None:
    before = tasks()
    token, cursor = await token_of(ground, tenant.owner), await head(ground.database, tenant)

    told = await run("travel.mjs", name, address, token, cursor)

    assert told["created"] == "Ana"
    assert told["first"]["type"] == told["resumed"]["type"] == "CONTACT_CREATED"
    assert int(told["resumed"]["seq"]) == int(told["first"]["seq"]) + 1
    assert told["refused"] == "BAD_CURSOR"
    assert told["invalid"] == "GRAPHQL_VALIDATION_FAILED"
    await until(lambda: feed.subscribers == 0 and tasks() == before)


async def test_a_client_whose_token_runs_out_comes_back_with_another_and_misses_nothing(
    ground: Ground, address: str, feed: Feed, tenant: Tenant
) -> None:
    short, long = await token_of(ground, tenant.owner, seconds=3), await token_of(ground, tenant.owner)
    cursor = await head(ground.database, tenant)
    await make(ground, tenant.owner, name="Ana")

    told = await run("renew.mjs", address, short, long, cursor)

    assert told["closes"] == [4403]
    assert told["connections"] == 2
    assert told["seqs"][1] == told["seqs"][0] + 1


async def test_the_public_audits_end_without_a_warning(address: str) -> None:
    results = await run("audit.mjs", address)

    found = {each["id"]: each for each in results}
    assert len(found) > 55
    assert [each for each in results if each["status"] in ("error", "warn")] == []
    # what a server MAY do, and this one does not: queries by GET
    assert {each["id"] for each in results if each["status"] != "ok"} == {"5A70", "6A70", "D6D5"}
