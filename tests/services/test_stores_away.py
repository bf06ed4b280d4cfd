"""Models are asked without the document store and without the vector store: it is said, and the books stay whole."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from ai.conversations import Speaker, Turn
from core.documents import Documents, DocumentsAway
from core.ground import Ground
from core.vectors import Vectors
from models import AiUsage, CreditEntry, CreditHold, CreditKind, Feature, HoldState, Outcome
from services import leads
from services.access import Actor
from services.assistant import composing, judging
from services.assistant.assistant import Assistant
from services.assistant.composing import Wanted
from services.assistant.copilot.events import Completed, Sources
from tests.fakes.providers.server import Behaviour, ProviderServer
from tests.fakes.providers.wire import OPENAI, Answer
from tests.fixtures import knowledge
from tests.fixtures.contacts import make
from tests.fixtures.models import assisted, suggested
from tests.fixtures.tenants import Tenant

ASKED = "Oi, sou a Ana Conceição, CPF 529.982.247-25. Qual é a taxa de entrega para o Centro?"
TURNS = (Turn(speaker=Speaker.CUSTOMER, text=ASKED),)
Ask = Callable[[Assistant, Actor], Awaitable[object]]


def answering(text: str) -> Behaviour:
    return Behaviour(answer=Answer(pieces=(text,)))


SUMMARY = """{"text": "Pergunta a taxa.", "key_points": [], "decisions": [], "open_questions": [], "action_items": [],
    "status": "pendente"}"""
ENGINES: Mapping[Feature, tuple[str, Ask]] = {
    Feature.SMART_REPLIES: (
        '{"replies": [{"text": "A taxa é R$ 6,00.", "tone": "friendly"}]}',
        lambda a, who: composing.replies(a, who, TURNS, Wanted(count=1, tones=())),
    ),
    Feature.SENTIMENT: (
        '{"label": "neutral", "score": 0.5, "confidence": 0.9, "emotions": []}',
        lambda a, who: judging.sentiment(a, who, ASKED),
    ),
    Feature.INTENT: (
        '{"purpose": "pricing", "confidence": 0.9, "candidates": [], "sub_intents": []}',
        lambda a, who: judging.intent(a, who, ASKED),
    ),
    Feature.ENTITIES: ('{"named": []}', lambda a, who: judging.named(a, who, ASKED)),
    Feature.SUMMARY: (
        SUMMARY,
        lambda a, who: composing.summarized(a, who, TURNS, longest=500),
    ),
    Feature.TRANSLATION: (
        '{"source_language": "pt", "text": "What is the fee?"}',
        lambda a, who: composing.translated(a, who, ASKED, target="en"),
    ),
    Feature.CORRECTION: (
        '{"text": "Qual é a taxa?", "changes": []}',
        lambda a, who: composing.corrected(a, who, ASKED, tone=None),
    ),
}


@pytest.fixture
async def openai() -> AsyncIterator[ProviderServer]:
    async with ProviderServer(OPENAI).running() as server:
        yield server


@pytest.fixture
async def no_documents(ground: Ground) -> AsyncIterator[Ground]:
    nowhere = Documents("mongodb://127.0.0.1:1")
    yield replace(ground, documents=nowhere)
    await nowhere.close()


@pytest.fixture
async def no_vectors(ground: Ground) -> AsyncIterator[Ground]:
    nowhere = Vectors("http://127.0.0.1:1")
    yield replace(ground, vectors=nowhere)
    await nowhere.close()


async def books_of(ground: Ground, tenant: Tenant) -> tuple[list[AiUsage], int, int]:
    """Return the requests that were written down, the credits that the ledger took, and how many are held still."""
    here = tenant.workspace_id
    async with ground.database.read(here) as session:
        rows = (await session.scalars(select(AiUsage).where(AiUsage.workspace_id == here).order_by(AiUsage.id))).all()
        taken = select(func.coalesce(func.sum(CreditEntry.amount), 0)).where(
            CreditEntry.workspace_id == here, CreditEntry.kind == CreditKind.CONSUME
        )
        open_ = (CreditHold.workspace_id == here, CreditHold.state == HoldState.HELD)
        held = select(func.count()).select_from(CreditHold).where(*open_)
        return list(rows), -(await session.scalar(taken) or 0), await session.scalar(held) or 0


@pytest.mark.parametrize("feature", ENGINES, ids=str)
async def test_every_engine_answers_without_the_document_store(
    no_documents: Ground, tenant: Tenant, openai: ProviderServer, feature: Feature
) -> None:
    answer, ask = ENGINES[feature]
    openai.behave(answering(answer))

    async with assisted(no_documents, openai=openai) as assistant:
        await ask(assistant, tenant.owner)

    (row,), taken, held = await books_of(no_documents, tenant)
    assert (row.feature, row.outcome, row.provider) == (feature, Outcome.COMPLETED, "openai")
    assert (row.credits, held) == (taken, 0)
    assert row.credits > 0
    assert assistant.traces.dropped == 1


@pytest.mark.parametrize("feature", set(ENGINES) - {Feature.TRANSLATION}, ids=str)
async def test_every_engine_answers_without_a_key_and_without_both_stores(
    no_documents: Ground, no_vectors: Ground, tenant: Tenant, feature: Feature
) -> None:
    neither = replace(no_documents, vectors=no_vectors.vectors)

    async with assisted(neither) as assistant:
        await ENGINES[feature][1](assistant, tenant.owner)

    (row,), taken, held = await books_of(neither, tenant)
    assert (row.feature, row.outcome, row.provider, taken, held) == (feature, Outcome.COMPLETED, "local", 0, 0)


async def test_a_suggestion_says_that_the_knowledge_base_is_away(
    ground: Ground, no_documents: Ground, tenant: Tenant, openai: ProviderServer
) -> None:
    await knowledge.add(ground, tenant, "Entregas", "A taxa de entrega para o Centro é R$ 6,00.")

    async with assisted(no_documents, openai=openai) as assistant:
        events = await suggested(assistant, tenant.owner, ASKED)

    assert isinstance(events[-1], Completed)
    assert [each.missing for each in events if isinstance(each, Sources)] == [("knowledge",)]
    (row,), taken, held = await books_of(ground, tenant)
    assert (row.outcome, row.credits, held) == (Outcome.COMPLETED, taken, 0)
    assert taken > 0


async def test_a_suggestion_says_that_the_knowledge_base_cannot_be_searched_yet(
    ground: Ground, tenant: Tenant, openai: ProviderServer
) -> None:
    await knowledge.show(ground, tenant, "Entregas")

    async with assisted(ground, openai=openai) as assistant:
        events = await suggested(assistant, tenant.owner, ASKED)

    (sources,) = [each for each in events if isinstance(each, Sources)]
    assert (sources.passages, sources.missing, sources.grounded) == ((), ("sources",), False)


async def test_a_suggestion_searches_by_words_where_the_vector_store_is_away_and_says_so(
    ground: Ground, no_vectors: Ground, tenant: Tenant, openai: ProviderServer
) -> None:
    await knowledge.add(ground, tenant, "Entregas", "A taxa de entrega para o Centro é R$ 6,00.")
    question = "Qual é a taxa de entrega para o Centro?"

    async with assisted(no_vectors, openai=openai) as assistant:
        events = await suggested(assistant, tenant.owner, question)
        answer = await composing.answered(assistant, tenant.owner, question)

    (sources,) = [each for each in events if isinstance(each, Sources)]
    assert (sources.missing, sources.grounded) == (("vectors",), True)
    assert isinstance(events[-1], Completed)
    assert answer.paid is not None
    rows, taken, held = await books_of(ground, tenant)
    assert [each.feature for each in rows] == [Feature.COPILOT, Feature.KNOWLEDGE]
    assert (sum(each.credits for each in rows), held) == (taken, 0)
    assert all(each.credits for each in rows)


async def test_the_knowledge_base_says_that_it_is_away_and_nothing_is_charged(
    no_documents: Ground, tenant: Tenant, openai: ProviderServer
) -> None:
    async with assisted(no_documents, openai=openai) as assistant:
        with pytest.raises(DocumentsAway):
            await composing.answered(assistant, tenant.owner, "Qual é a taxa de entrega?")

    assert await books_of(no_documents, tenant) == ([], 0, 0)
    assert openai.received == []


async def test_a_lead_is_scored_without_both_stores(no_documents: Ground, no_vectors: Ground, tenant: Tenant) -> None:
    neither = replace(no_documents, vectors=no_vectors.vectors)
    contact = await make(neither, tenant.owner, name="Ana")

    found = await leads.score(neither, tenant.owner, contact.id, TURNS)

    assert found is not None
