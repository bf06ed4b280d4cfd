"""Moderation beside an answer: it stops what it must, sees nothing personal, and holds nothing up."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
from sqlalchemy import select, update

from ai.conversations import Speaker, Turn
from core.database import Database
from core.ground import Ground
from models import AiUsage, Outcome, WorkspaceSettings
from services.access import Actor
from services.assistant import composing, judging
from services.assistant.assistant import Assistant
from services.assistant.composing import Wanted
from services.assistant.copilot.asked import Asked, checked
from services.assistant.copilot.events import Blocked, Completed, Delta, Side
from services.assistant.copilot.writing import write
from services.assistant.errors import ContentBlocked
from tests.fakes.providers.server import Behaviour, Judgement, ProviderServer
from tests.fakes.providers.wire import OPENAI, Answer
from tests.fixtures import knowledge
from tests.fixtures.models import Read, assisted, suggested
from tests.fixtures.tenants import Tenant

ASKED = "Oi, aqui é Ana Conceição, CPF 529.982.247-25. Quanto custa o frete para o Centro?"
STOPS = Judgement(flags={"illicit/violent": 0.98})
REPLIES = Answer(pieces=('{"replies": [{"text": "Olá! Já verifico para você.", "tone": "friendly"}]}',))


@pytest.fixture
async def openai() -> AsyncIterator[ProviderServer]:
    async with ProviderServer(OPENAI).running() as server:
        yield server


@pytest.fixture
async def assistant(ground: Ground, openai: ProviderServer) -> AsyncIterator[Assistant]:
    async with assisted(ground, openai=openai) as opened:
        yield opened


async def settle(database: Database, tenant: Tenant, **values: object) -> None:
    own = WorkspaceSettings.workspace_id == tenant.workspace_id
    async with database.write(tenant.workspace_id) as session:
        await session.execute(update(WorkspaceSettings).where(own).values(**values))


async def requests_of(database: Database, tenant: Tenant) -> list[AiUsage]:
    async with database.read(tenant.workspace_id) as session:
        return list(await session.scalars(select(AiUsage).where(AiUsage.workspace_id == tenant.workspace_id)))


async def smart_replies(assistant: Assistant, actor: Actor) -> None:
    turn = Turn(speaker=Speaker.CUSTOMER, text=ASKED)
    await composing.replies(assistant, actor, (turn,), Wanted(count=1))


async def knowledge_answer(assistant: Assistant, actor: Actor) -> None:
    await composing.answered(assistant, actor, "Quanto é a taxa de entrega para o Centro?")


async def test_a_suggestion_that_is_flagged_in_time_shows_nothing_and_costs_nothing(
    database: Database, tenant: Tenant, assistant: Assistant, openai: ProviderServer
) -> None:
    openai.judgement = STOPS
    openai.behave(Behaviour(delay=0.3))

    events = await suggested(assistant, tenant.owner, ASKED)

    assert events[-1] == Blocked(side=Side.INPUT, categories=("weapons",))
    assert not [each for each in events if isinstance(each, Delta)]
    (row,) = await requests_of(database, tenant)
    assert (row.outcome, row.credits) == (Outcome.BLOCKED, 0)
    (asked,) = openai.judged
    assert "529" not in asked.body["input"]
    assert "Concei" not in asked.body["input"]
    assert "frete" in asked.body["input"]


async def test_a_late_verdict_holds_up_no_piece_and_still_ends_the_answer(
    tenant: Tenant, assistant: Assistant, openai: ProviderServer
) -> None:
    openai.judgement = Judgement(flags=STOPS.flags, delay=0.8)
    asked = checked(Asked(turns=(Turn(speaker=Speaker.CUSTOMER, text=ASKED),)))
    began, first = time.perf_counter(), 0.0

    events = []
    async for each in write(assistant, tenant.owner, asked, Read()):
        if isinstance(each, Delta) and not first:
            first = time.perf_counter() - openai.received[-1].at
        events.append(each)

    assert 0 < first < 0.5
    assert isinstance(events[-1], Blocked)
    assert time.perf_counter() - began > 0.8


@pytest.mark.parametrize("judgement", [Judgement(status=500), Judgement(status=404), Judgement(delay=30.0)])
async def test_without_a_verdict_the_rules_stand(
    database: Database, tenant: Tenant, assistant: Assistant, openai: ProviderServer, judgement: Judgement
) -> None:
    openai.judgement = judgement
    began = time.perf_counter()

    events = await suggested(assistant, tenant.owner, ASKED)

    assert isinstance(events[-1], Completed)
    assert openai.received[-1].at - began < 8.0
    assert time.perf_counter() - openai.received[-1].at < 2.5
    (row,) = await requests_of(database, tenant)
    assert (row.outcome, row.credits > 0) == (Outcome.COMPLETED, True)


@pytest.mark.parametrize("ask", [smart_replies, knowledge_answer])
async def test_whole_answers_for_customers_are_stopped_too(
    ground: Ground,
    database: Database,
    tenant: Tenant,
    assistant: Assistant,
    openai: ProviderServer,
    ask: Callable[[Assistant, Actor], Awaitable[None]],
) -> None:
    await knowledge.add(ground, tenant, "Entregas", "A taxa de entrega (frete) para o Centro é R$ 6,00.")
    openai.behave(Behaviour(answer=REPLIES))
    openai.judgement = STOPS

    with pytest.raises(ContentBlocked) as caught:
        await ask(assistant, tenant.owner)

    assert caught.value.categories == ("weapons",)
    (row,) = await requests_of(database, tenant)
    assert (row.outcome, row.credits, row.attempts) == (Outcome.BLOCKED, 0, 1)
    assert len(openai.judged) == 1


async def test_who_keeps_openai_out_or_sends_texts_as_they_are_is_not_moderated_there(
    ground: Ground, database: Database, tenant: Tenant, other_tenant: Tenant, openai: ProviderServer
) -> None:
    await settle(database, tenant, ai_providers=["groq"])
    await settle(database, other_tenant, ai_mask_personal_data=False)
    openai.judgement = STOPS
    async with ProviderServer(OPENAI).running() as groq, assisted(ground, openai=openai, groq=groq) as assistant:
        kept_out = await suggested(assistant, tenant.owner, ASKED)
        bare = await suggested(assistant, other_tenant.owner, ASKED)

    assert isinstance(kept_out[-1], Completed)
    assert isinstance(bare[-1], Completed)
    assert openai.judged == []


async def test_what_is_no_reply_is_not_moderated(tenant: Tenant, assistant: Assistant, openai: ProviderServer) -> None:
    openai.judgement = STOPS

    await judging.sentiment(assistant, tenant.owner, ASKED)

    assert openai.judged == []
