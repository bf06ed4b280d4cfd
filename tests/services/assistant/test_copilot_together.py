"""Many suggestions of one workspace at once, and what a suggestion begins beside itself: it ends with it."""

import asyncio
import socket
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

import pytest
from sqlalchemy import update

from core.documents import Documents
from core.ground import Ground
from core.ids import uuid7
from models import CreditKind, Role, WorkspaceSettings
from services import crediting
from services.assistant.copilot.events import Completed, Event, Failed
from services.crediting import price_of
from services.transaction import begin
from tests.fixtures.fleets import fleeted, ledger, says
from tests.fixtures.tenants import Tenant, join
from tests.fixtures.waiting import until
from tests.services.assistant.engines import last_of
from tests.services.assistant.following import Follower, asked_of, text_of

PEOPLE, EACH = 10, 5
READ, SAID = 1_200, 90
TEXT: Final = "O bolo de cenoura custa R$ 45,00 e fica pronto amanhã. " * 10
GOOD: Final = says(TEXT.strip(), parts=40, between=0.02, input_tokens=READ, output_tokens=SAID)
BESIDE: Final = frozenset({"an intent", "a mood", "terms", "a customer", "knowledge", "a voice", "decisions", "safety"})
"""The names of what a suggestion begins beside itself."""


@contextmanager
def silent() -> Generator[str]:
    """Listen, and never say anything; yield the address of the document store that this pretends to be."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"mongodb://127.0.0.1:{server.getsockname()[1]}"


def still_running() -> set[str]:
    return {each.get_name() for each in asyncio.all_tasks()} & BESIDE


async def test_fifty_suggestions_at_once_all_come_in_order_and_are_charged_once(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    async with begin(ground, tenant.owner) as tx:
        await crediting.add(tx, CreditKind.TOPUP, 100_000, uuid7())
    before = await ledger(ground, tenant.workspace_id)
    people = [await join(ground, tenant, Role.MEMBER) for _ in range(PEOPLE)]

    async with fleeted(ground, redis_url, {"openai": GOOD}) as shown:
        wished = shown.first("openai")
        followers = [
            Follower(shown.assistant, person, asked_of(preferences=wished, client_request_id=f"{place}"))
            for person in people
            for place in range(EACH)
        ]
        async with asyncio.timeout(60):
            await asyncio.gather(*(each.task for each in followers))
        await until(lambda: shown.assistant.streams.running == 0)
        cost, asked = price_of(shown.model("openai").cost(READ, SAID)), shown.asked

    books = await ledger(ground, tenant.workspace_id)
    assert [type(each.last) for each in followers] == [Completed] * PEOPLE * EACH
    for each in followers:
        assert [event.seq for event in each.seen] == sorted({event.seq for event in each.seen})
        assert each.text == text_of(each.seen) == TEXT.strip()
    assert asked == {"openai": PEOPLE * EACH}
    assert [taken for _, taken in books.charges] == [cost] * PEOPLE * EACH
    assert {request for request, _ in books.charges} == {each.id for each in books.usage}
    assert len(books.usage) == PEOPLE * EACH
    assert (before.balance - books.balance, books.held, books.open_holds) == (cost * PEOPLE * EACH, 0, 0)
    assert still_running() == set()


async def ended(follower: Follower) -> Event:
    await follower.ended()
    return last_of(follower.seen)


@pytest.mark.parametrize("wrong", ["contact", "persona", "switched off"])
async def test_what_is_refused_leaves_nothing_running_that_was_begun_beside_it(
    ground: Ground, redis_url: str, tenant: Tenant, wrong: str
) -> None:
    if wrong == "switched off":
        async with begin(ground, tenant.owner) as tx:
            own = WorkspaceSettings.workspace_id == tenant.workspace_id
            await tx.session.execute(update(WorkspaceSettings).where(own).values(ai_enabled=False))
    asked = {
        "contact": asked_of(contact_id=uuid7()),
        "persona": asked_of(persona="nobody"),
        "switched off": asked_of(),
    }[wrong]
    with silent() as address:
        away = replace(ground, documents=Documents(address))
        async with fleeted(away, redis_url, {"openai": GOOD}) as shown:
            last = await ended(Follower(shown.assistant, tenant.owner, asked))
            left = still_running()
        await away.documents.close()

    assert isinstance(last, Failed)
    # the document store would be waited for three seconds
    assert left == set()


async def test_who_leaves_while_it_is_found_out_what_is_known_leaves_nothing_running(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    with silent() as address:
        away = replace(ground, documents=Documents(address))
        async with fleeted(away, redis_url, {"openai": GOOD}) as shown:
            follower = Follower(shown.assistant, tenant.owner, asked_of())
            await until(lambda: "knowledge" in still_running())
            await follower.leave()
            await until(lambda: shown.assistant.streams.running == 0, 2)
            left = still_running()
            asked = shown.asked
        await away.documents.close()

    assert left == set()
    assert asked == {"openai": 0}
    assert (await ledger(ground, tenant.workspace_id)).open_holds == 0
