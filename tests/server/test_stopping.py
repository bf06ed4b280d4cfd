"""A stop in order, as a process meets it: everybody who listens is told to come back, and it ends within seconds."""

import asyncio
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from core.ground import Ground
from models import Outcome
from services.crediting import TRIAL
from tests.fakes.providers.server import Behaviour, Mood, ProviderServer
from tests.fakes.providers.wire import WIRES
from tests.fixtures.fleets import ledger
from tests.fixtures.redis_server import free_port
from tests.fixtures.served import environment
from tests.fixtures.stage import Line, token_of
from tests.fixtures.stores import test_settings as settings_of_suite
from tests.fixtures.tenants import Tenant
from tests.fixtures.waiting import until, until_holds

SOCKETS = int(os.environ.get("STOPPING_SOCKETS", "200"))
STREAMS = 5
CORRECT = '{ correctText(text: "voce tem bolo", tone: FORMAL) { text } }'
SUGGEST = 'mutation { copilotSuggest(input: { messages: [{ fromCustomer: true, text: "Oi" }] }) { reply { text } } }'
FOLLOW = "subscription { workspaceEvents { ... on WorkspaceEvent { seq } } }"


@contextmanager
def child(
    ground: Ground, database_url: str, redis_url: str, **given: str
) -> Iterator[tuple[subprocess.Popen[bytes], str, Path]]:
    """Start the product on the suite's stores, with the suite's secrets and what is `given`; yield it, its address, and
    what it says.
    """
    secrets = settings_of_suite().security
    assert secrets.jwt_secret is not None
    assert secrets.jwt_refresh_secret is not None
    with tempfile.TemporaryDirectory(prefix="stopping-") as name:
        port, folder = free_port(), Path(name)
        more = {
            "APP_ENV": "test",
            "DATABASE_URL": database_url,
            "REDIS_URL": redis_url,
            "MONGO_URL": os.environ["TEST_MONGO_URL"],
            "RUN_WORKERS": "false",
            "SOCKETS_PER_USER": "5000",
            "SOCKETS_PER_ADDRESS": "5000",
            "SOCKETS_PER_WORKSPACE": "5000",
            "JWT_SECRET": secrets.jwt_secret.get_secret_value(),
            "JWT_REFRESH_SECRET": secrets.jwt_refresh_secret.get_secret_value(),
            **given,
        }
        with (folder / "out").open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "server"],
                cwd=folder,
                env=environment(folder / "data", port, **more),
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            yield process, f"http://127.0.0.1:{port}", folder / "out"
        finally:
            process.kill()
            process.wait(5)


async def answers(address: str) -> bool:
    try:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"{address}/health/ready")).status_code == 200
    except httpx.TransportError:
        return False


async def farewell(client: httpx.AsyncClient, token: str, ready: asyncio.Event) -> str:
    """Follow a stream to its end; return what it said."""
    headers = {"accept": "text/event-stream", "authorization": f"Bearer {token}"}
    request = client.stream("POST", "/graphql", json={"query": FOLLOW}, headers=headers, timeout=30)
    async with request as response:
        ready.set()
        return (await response.aread()).decode()


@pytest.fixture
def sockets() -> int:
    """How many listen. `STOPPING_SOCKETS` says otherwise."""
    return SOCKETS


async def test_all_who_listen_are_told_to_come_back_and_the_process_ends_within_seconds(
    ground: Ground, database_url: str, redis_url: str, tenant: Tenant, sockets: int
) -> None:
    token = await token_of(ground, tenant.owner)
    with child(ground, database_url, redis_url) as (process, address, out):
        await until_holds(lambda: answers(address), 40)
        async with AsyncExitStack() as stack, httpx.AsyncClient(base_url=address) as client:
            begun = [asyncio.Event() for _ in range(STREAMS)]
            streams = [asyncio.create_task(farewell(client, token, each)) for each in begun]
            lines = [await stack.enter_async_context(Line.ready(address, token)) for _ in range(sockets)]
            for line in lines:
                await line.subscribe(FOLLOW)
            await asyncio.gather(*(each.wait() for each in begun), *(line.answers() for line in lines))

            process.terminate()
            began = time.monotonic()
            codes = await asyncio.gather(*(line.closed() for line in lines))
            words = await asyncio.gather(*streams)
            status = await asyncio.to_thread(process.wait, 20)
            taken = time.monotonic() - began

        said = out.read_text()
        last_words = "".join(str(each) for line in lines for each in line.last_words)
        reasons = {line.connection.close_reason for line in lines}

    assert status == 0, said
    assert taken < 5, f"{sockets} sockets and {STREAMS} streams took {taken:.2f} s"
    assert Counter(codes) == {1012: sockets}
    assert reasons == {"The server restarts: connect again, and go on after your last cursor"}
    assert '"type":"error"' not in last_words
    for each in words:
        assert '"code":"UNAVAILABLE","retryAfter":1.0' in each
        assert each.endswith("event: complete\ndata:\n\n")
    assert "Traceback" not in said
    assert "Error" not in said


async def test_who_waits_for_a_model_is_told_to_ask_again_and_the_books_are_kept(
    ground: Ground, database_url: str, redis_url: str, tenant: Tenant
) -> None:
    token = await token_of(ground, tenant.owner)
    async with ProviderServer(WIRES["openai"], [Behaviour(mood=Mood.HANGS)]).running() as model:
        keyed = {"OPENAI_API_KEY": "sk-test", "OPENAI_BASE_URL": model.url}
        with child(ground, database_url, redis_url, **keyed) as (process, address, out):
            await until_holds(lambda: answers(address), 40)
            async with httpx.AsyncClient(base_url=address, timeout=40) as client:
                headers = {"authorization": f"Bearer {token}"}
                asked = [
                    asyncio.create_task(client.post("/graphql", json={"query": each}, headers=headers))
                    for each in (CORRECT, SUGGEST)
                ]
                await until(lambda: model.streaming == 2, seconds=30)
                process.terminate()
                began = time.monotonic()
                replies = await asyncio.gather(*asked)
                status = await asyncio.to_thread(process.wait, 20)
                taken = time.monotonic() - began
            said = out.read_text()

    assert [each.status_code for each in replies] == [503, 503]
    assert {each.json()["errors"][0]["extensions"]["code"] for each in replies} == {"UNAVAILABLE"}
    assert (status, taken < 5) == (0, True), said
    assert "Traceback" not in said
    assert "Cancel" not in said
    books = await ledger(ground, tenant.workspace_id)
    assert [each.outcome for each in books.usage] == [Outcome.CANCELLED] * 2
    assert (books.balance, books.held, books.open_holds) == (TRIAL, 0, 0)
