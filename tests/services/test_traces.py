"""Traces: nothing personal in them, nobody waits for them, they are one workspace's, and they end."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from ai.catalogue import catalogue
from ai.errors import FailureKind
from ai.messages import Message, Role, Usage
from ai.outcomes import Attempt
from ai.privacy import Known, Masking
from core import clock
from core.database import Database
from core.documents import Documents, DocumentsAway
from core.ground import Ground
from core.ids import uuid7
from models import AiUsage, Feature, Outcome, WorkspaceSettings
from models import Role as MemberRole
from models.documents import Trace
from services import documents, traces
from services.access import PermissionMissing
from services.assistant import composing, judging
from services.assistant.copilot.events import Completed, Started
from services.assistant.settling import Books, Outlay
from services.assistant.tracing import CHARACTERS_MOST, Pace, Record, Told, Traces, trace_of
from services.traces import ForgetTraces
from tests.fakes.providers.server import Behaviour, Mood, ProviderServer
from tests.fakes.providers.wire import OPENAI, Answer
from tests.fixtures.models import assisted, suggested
from tests.fixtures.tenants import Tenant, join
from tests.fixtures.waiting import until, until_holds

CPF, PHONE, NAME = "529.982.247-25", "(11) 98765-4321", "Ana Conceição"
ASKED = f"Oi, aqui é {NAME}, CPF {CPF}, telefone {PHONE}. Quanto custa o bolo?"
MODEL = next(each for each in catalogue().models if each.provider == "openai")


@pytest.fixture
async def openai() -> AsyncIterator[ProviderServer]:
    async with ProviderServer(OPENAI).running() as server:
        yield server


@pytest.fixture
async def away(ground: Ground) -> AsyncIterator[Ground]:
    """The ground without its document store."""
    nowhere = Documents("mongodb://127.0.0.1:1")
    yield replace(ground, documents=nowhere)
    await nowhere.close()


@pytest.fixture(autouse=True)
async def bound(ground: Ground) -> None:
    """Documents can be made."""
    await documents.opened(ground)


def told(workspace_id: UUID, *, masking: Masking | None = None, answer: str = "Sim.", **more: object) -> Told:
    record = Record(
        prompt="copilot.pt@1+1", messages=(Message(role=Role.USER, text="Olá"),), answer=answer, asked_ms=1.4
    )
    usual = Told(
        id=uuid7(),
        workspace_id=workspace_id,
        record=record,
        masking=masking,
        outlay=Outlay(feature=Feature.COPILOT, outcome=Outcome.COMPLETED, model=MODEL, spent=Usage(input_tokens=3)),
        books=Books(credits=1, credits_left=9),
        books_ms=2.0,
        at=clock.now(),
    )
    return replace(usual, **more)  # pyright: ignore[reportArgumentType]


async def kept_of(ground: Ground, tenant: Tenant, request_id: UUID) -> Trace:
    found: list[Trace] = []

    async def is_there() -> bool:
        trace = await traces.find(ground, tenant.owner, request_id)
        found.extend([] if trace is None else [trace])
        return bool(found)

    await until_holds(is_there)
    return found[0]


async def only_request(ground: Ground, tenant: Tenant) -> AiUsage:
    async with ground.database.read(tenant.workspace_id) as session:
        return (await session.scalars(select(AiUsage).where(AiUsage.workspace_id == tenant.workspace_id))).one()


async def test_a_trace_tells_what_was_sent_and_came_and_nothing_personal(
    ground: Ground, tenant: Tenant, openai: ProviderServer
) -> None:
    own = Answer(pieces=("Olá, ", "ligue para (21) 99876-5432", " ou mande o CPF 111.444.777-35."))
    openai.behave(Behaviour(mood=Mood.FAILS, status=500), Behaviour(answer=own))
    async with assisted(ground, openai=openai) as assistant:
        events = await suggested(assistant, tenant.owner, ASKED)
        started = next(each for each in events if isinstance(each, Started))
        trace = await kept_of(ground, tenant, started.suggestion_id)

    row = await only_request(ground, tenant)
    assert isinstance(events[-1], Completed)
    assert (trace.id, trace.workspace_id, trace.is_masked, trace.is_cut) == (row.id, tenant.workspace_id, True, False)
    assert (trace.feature, trace.outcome, trace.model) == (Feature.COPILOT, Outcome.COMPLETED, row.model)
    assert (trace.credits, trace.micro_usd, trace.input_tokens) == (row.credits, row.micro_usd, row.input_tokens)
    assert [each.failure for each in trace.attempts] == ["overloaded", None]
    assert trace.prompt is not None
    assert trace.prompt.startswith("copilot.pt@")
    assert [each.text for each in trace.messages] == [each["content"] for each in openai.received[-1].body["messages"]]
    everything = trace.model_dump_json()
    for personal in (CPF, PHONE, NAME, "Conceição", "98765", "99876", "111.444", "529982"):
        assert personal not in everything, personal
    assert trace.answer is not None
    assert trace.answer.startswith("Olá, ligue para ")
    assert trace.expires_at - trace.at == timedelta(days=30)


@pytest.mark.parametrize("mood", [Mood.CUTS, Mood.FAILS])
async def test_what_failed_leaves_a_trace_too(
    ground: Ground, tenant: Tenant, openai: ProviderServer, mood: Mood
) -> None:
    openai.behave(Behaviour(mood=mood))
    async with assisted(ground, openai=openai) as assistant:
        found = await judging.sentiment(assistant, tenant.owner, ASKED)
        trace = await kept_of(ground, tenant, (await only_request(ground, tenant)).id)

    assert found.result.provider == "local"
    assert (trace.outcome, trace.answer) == (Outcome.FAILED, None)
    assert trace.attempts
    assert trace.failure == trace.attempts[-1].failure
    assert NAME not in trace.model_dump_json()


async def test_an_answer_from_before_is_traced_as_such(ground: Ground, tenant: Tenant, openai: ProviderServer) -> None:
    openai.behave(Behaviour(answer=Answer(pieces=('{"source_language": "pt", "text": "Good morning"}',))))
    async with assisted(ground, openai=openai) as assistant:
        await composing.translated(assistant, tenant.owner, "Bom dia", target="en")
        again = await composing.translated(assistant, tenant.owner, "Bom dia", target="en")
        assert again.paid is not None
        trace = await kept_of(ground, tenant, again.paid.request_id)

    assert (trace.is_cached, trace.attempts, trace.credits) == (True, [], 0)
    assert trace.answer


async def test_without_masking_no_text_is_kept(
    ground: Ground, database: Database, tenant: Tenant, openai: ProviderServer
) -> None:
    async with database.write(tenant.workspace_id) as session:
        own = WorkspaceSettings.workspace_id == tenant.workspace_id
        await session.execute(update(WorkspaceSettings).where(own).values(ai_mask_personal_data=False))
    async with assisted(ground, openai=openai) as assistant:
        await suggested(assistant, tenant.owner, ASKED)
        trace = await kept_of(ground, tenant, (await only_request(ground, tenant)).id)

    assert (trace.is_masked, trace.messages, trace.answer) == (False, [], None)
    assert trace.prompt
    assert CPF in str(openai.received[-1].body)


def test_what_a_model_made_up_is_masked_and_what_is_long_is_cut() -> None:
    masking = Masking(Known(names=(NAME,)))
    long = Message(role=Role.USER, text="x" * CHARACTERS_MOST)
    tried = Attempt(model=MODEL, failure=FailureKind.TIMEOUT, first_token_ms=None, took_ms=1.0)
    record = Record(messages=(long, long), answer=f"Fale com {NAME}: ana@example.com", attempts=(tried,) * 80)

    trace = trace_of(told(uuid7(), masking=masking, record=record), timedelta(days=1))

    assert trace.answer is not None
    assert (NAME in trace.answer, "ana@" in trace.answer, trace.is_cut) == (False, False, True)
    assert sum(len(each.text) for each in trace.messages) + len(trace.answer) == CHARACTERS_MOST
    assert len(trace.attempts) == 50


async def test_another_workspace_finds_no_trace_and_few_may_look(
    ground: Ground, tenant: Tenant, other_tenant: Tenant
) -> None:
    mine = trace_of(told(tenant.workspace_id), timedelta(days=1))
    await traces.keep(ground, [mine])
    await traces.keep(ground, [mine])

    assert await traces.find(ground, tenant.owner, mine.id) is not None
    assert await traces.find(ground, other_tenant.owner, mine.id) is None
    with pytest.raises(PermissionMissing):
        await traces.find(ground, await join(ground, tenant, MemberRole.MEMBER), mine.id)


async def test_traces_end_by_their_own_time_and_by_todays_setting(ground: Ground, tenant: Tenant) -> None:
    now = clock.now()
    made = {
        name: trace_of(told(tenant.workspace_id, at=now - age), kept)
        for name, age, kept in (
            ("over", timedelta(days=2), timedelta(days=1)),
            ("too old by now", timedelta(days=31), timedelta(days=90)),
            ("kept", timedelta(days=29), timedelta(days=90)),
        )
    }
    await traces.keep(ground, list(made.values()))
    before = await traces.find(ground, tenant.owner, made["over"].id)

    await traces.expire(ground)

    left = await Trace.find({"workspace_id": tenant.workspace_id}).to_list()
    assert (before, [each.id for each in left]) == (None, [made["kept"].id])


async def test_a_purged_workspace_leaves_no_trace(ground: Ground, tenant: Tenant, other_tenant: Tenant) -> None:
    mine, theirs = (trace_of(told(each.workspace_id), timedelta(days=1)) for each in (tenant, other_tenant))
    await traces.keep(ground, [mine, theirs])

    await traces.forget(ground, ForgetTraces(workspace_id=tenant.workspace_id))

    assert await traces.find(ground, tenant.owner, mine.id) is None
    assert await traces.find(ground, other_tenant.owner, theirs.id) is not None


async def test_a_server_that_keeps_no_traces_writes_none(ground: Ground, tenant: Tenant) -> None:
    ai = ground.settings.ai.model_copy(update={"ai_trace_days": 0})
    none = Traces(replace(ground, settings=ground.settings.model_copy(update={"ai": ai})), Pace(linger=0.0))

    none.note(told(tenant.workspace_id))

    assert (none.waiting, none.dropped) == (0, 0)


async def test_no_more_than_a_bound_waits_and_what_is_lost_is_counted_and_said_once(
    away: Ground, tenant: Tenant
) -> None:
    waiting = Traces(away, Pace(most=5, batch=3, linger=0.0, again=(0.01,)))
    with capture_logs() as logs:
        for _ in range(20):
            waiting.note(told(tenant.workspace_id))
        most = waiting.waiting
        await until(lambda: waiting.dropped == 20)

    said = [each for each in logs if each["event"] == "traces were dropped"]
    assert (most, waiting.waiting, len(said)) == (5, 0, 1)
    assert str(tenant.workspace_id) not in str(logs)


async def test_long_texts_have_a_bound_of_their_own(away: Ground, tenant: Tenant) -> None:
    waiting = Traces(away, Pace(characters=1_000, linger=60.0, stop=0.0))
    for _ in range(3):
        waiting.note(told(tenant.workspace_id, masking=Masking(), answer="x" * 400))

    assert (waiting.waiting, waiting.dropped) == (2, 1)
    await waiting.stop()
    assert (waiting.waiting, waiting.dropped) == (0, 3)


async def test_a_trace_is_written_when_the_store_is_back(ground: Ground, away: Ground, tenant: Tenant) -> None:
    one = told(tenant.workspace_id)
    waiting = Traces(away, Pace(linger=0.0, again=(0.05,) * 100))
    waiting.note(one)
    await asyncio.sleep(0.3)
    assert await traces.find(ground, tenant.owner, one.id) is None

    waiting._ground = ground

    assert (await kept_of(ground, tenant, one.id)).id == one.id
    await waiting.stop()
    assert waiting.dropped == 0


async def test_without_the_store_looking_says_so_and_those_behind_do_not_wait_one_by_one(
    away: Ground, tenant: Tenant
) -> None:
    async with asyncio.timeout(5.0):
        found = await asyncio.gather(
            *(traces.find(away, tenant.owner, uuid7()) for _ in range(50)), return_exceptions=True
        )

    assert {type(each) for each in found} == {DocumentsAway}
