"""Engines over every provider's wire, from the customer's words to the result: what is personal stays here."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final

import httpx
import orjson
import pytest
from pydantic import BaseModel

from ai.breaker import Breaker
from ai.catalogue import catalogue
from ai.engines import copilot, correction, entities, intent, lead_score, sentiment, smart_replies, summary, translation
from ai.engines.citations import CitationStream
from ai.engines.confidence import Evidence
from ai.engines.question import Question
from ai.failover import Failover
from ai.health import Health
from ai.messages import Completion, Delta, Request
from ai.outcomes import Chosen, Completed, FailedOver
from ai.privacy import Masking, Unmasker
from ai.provider import Credential, Provider
from ai.providers import make_provider
from ai.results import EntityKind, Language
from ai.routing import Ranking, Wish, rank
from ai.structured import Shaped, ask_for
from core.ground import Ground
from core.ids import uuid7
from core.settings import Strategy
from core.voice import Voice
from tests.ai.engines.asking import ENGINES, TODAY, customer, manner, origin, passage
from tests.fakes.providers.server import Behaviour, Mood, ProviderServer
from tests.fakes.providers.wire import WIRES, Answer

SAID: Final = "Oi, sou a Marina Prado, cpf 529.982.247-25. Qual o prazo da Padaria Lua?"
PERSONAL: Final = ("Marina", "529.982.247-25", "52998224725")
BROKEN: Final = Behaviour(mood=Mood.FAILS, status=500)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Providers down a ranking, each with its server."""

    desk: Failover
    servers: Mapping[str, ProviderServer]
    providers: Mapping[str, Provider]
    ranking: Ranking

    async def ask(self, request: Request) -> Completion:
        return (await self.desk.complete(request, self.ranking, self.providers)).completion

    @property
    def sent(self) -> str:
        """All that went out."""
        return orjson.dumps([each.body for server in self.servers.values() for each in server.received]).decode()


@pytest.fixture
async def breaker(ground: Ground, redis_url: str) -> AsyncIterator[Breaker]:
    opened = Breaker(ground.redis, Voice(redis_url, f"test:{uuid7().hex}"))
    await opened.start()
    yield opened
    await opened.stop()


@asynccontextmanager
async def stage(
    breaker: Breaker, ground: Ground, client: httpx.AsyncClient, behaviours: Mapping[str, Behaviour]
) -> AsyncGenerator[Stage]:
    async with AsyncExitStack() as stack:
        servers = {
            name: await stack.enter_async_context(ProviderServer(WIRES[name], [each]).running())
            for name, each in behaviours.items()
        }
        providers = {
            name: make_provider(name, Credential(address=server.url), client) for name, server in servers.items()
        }
        models = [replace(catalogue().of(each)[0], name=f"m-{uuid7().hex}") for each in behaviours]
        ranking = rank(models, frozenset(providers), Wish(strategy=Strategy.FAILOVER), {})
        desk = Failover(breaker, Health(ground.redis))
        yield Stage(desk=desk, servers=servers, providers=providers, ranking=ranking)
        await desk.stop()


def asked_of_copilot(masked: str) -> Question[None]:
    situation = copilot.Situation(turns=[customer(masked)], passages=[passage("O prazo é de 2 dias úteis.")])
    return copilot.ask(situation, manner(voice="Fale com simpatia."))


@pytest.mark.parametrize("name", tuple(WIRES))
async def test_a_suggestion_streams_after_a_failover_unmasked_and_cited(
    name: str, breaker: Breaker, ground: Ground, client: httpx.AsyncClient
) -> None:
    masking = Masking()
    masked = masking.mask(SAID)
    token = masked[masked.index("⟦") : masked.index("⟧") + 1]
    pieces = ["Oi, ", token[:3], token[3:], "! O prazo é de 2 dias", " [", "1", "] e frete", " [9]", "."]
    first = "groq" if name != "groq" else "openai"
    behaviours = {first: BROKEN, name: Behaviour(answer=Answer(pieces=pieces))}
    passages = [passage("O prazo é de 2 dias úteis.")]
    question = asked_of_copilot(masked)
    masking.check(*(each.text for each in question.messages))

    async with stage(breaker, ground, client, behaviours) as shown:
        run = shown.desk.run(question.request(catalogue().models[0]), shown.ranking, shown.providers)
        unmasker, citing = Unmasker(masking), CitationStream(passages)
        told = answer = ""
        kinds: list[type] = []
        async for event in run.events():
            if isinstance(event, Delta):
                answer += event.text
                told += citing.feed(unmasker.feed(event.text))
            else:
                kinds.append(type(event))
        told += citing.feed(unmasker.flush()) + citing.flush()
        sent = shown.sent

    if shown.ranking.candidates[0].model.provider == first:
        assert kinds == [FailedOver, Chosen, Completed]
    assert told == "Oi, Marina Prado! O prazo é de 2 dias e frete."
    assert [each.number for each in citing.citations] == [1]
    reply = copilot.read(answer, passages=passages, evidence=Evidence(), origin=origin(name, masking))
    assert (reply.text, reply.citations) == (told, citing.citations)
    assert not [each for each in PERSONAL if each in sent]


@pytest.mark.parametrize("name", tuple(WIRES))
async def test_a_shape_is_asked_for_again_and_read_into_places_of_the_text(
    name: str, breaker: Breaker, ground: Ground, client: httpx.AsyncClient
) -> None:
    masking = Masking()
    question = entities.ask(masking.mask(SAID), manner())
    assert question.kind is not None
    named = [{"quote": "Padaria Lua", "kind": "Company", "confidence": 0.9}]
    good = orjson.dumps({"named": named}).decode()

    async with stage(breaker, ground, client, {name: Behaviour()}) as shown:
        shown.servers[name].behave(
            Behaviour(answer=Answer(pieces=["não ", "sei"])), Behaviour(answer=Answer(pieces=[good[:9], good[9:]]))
        )
        shaped = await ask_for(question.kind, question.request(catalogue().models[0]), shown.ask)
        sent = shown.sent

    found = entities.read(
        shaped.value, original=entities.Original(text=SAID, today=TODAY), origin=origin(name, masking)
    )
    assert shaped.asks == 2
    assert {(each.kind, each.text) for each in found.found} >= {
        (EntityKind.COMPANY, "Padaria Lua"),
        (EntityKind.CPF, "529.982.247-25"),
    }
    assert found.provider == name
    assert not [each for each in PERSONAL if each in sent]


ANSWERS: Final[Mapping[str, tuple[type[BaseModel], object]]] = {
    "sentiment": (
        sentiment.SentimentAnswer,
        {"label": "positive", "score": 0.9, "confidence": 0.8, "emotions": [{"emotion": "joy", "confidence": 0.7}]},
    ),
    "intent": (
        intent.IntentAnswer,
        {"purpose": "pricing", "confidence": 0.9, "candidates": [], "sub_intents": ["greeting"]},
    ),
    "entities": (entities.EntitiesAnswer, {"named": []}),
    "summary": (
        summary.SummaryAnswer,
        {
            "text": "Tudo certo.",
            "key_points": [],
            "decisions": [],
            "open_questions": [],
            "action_items": [{"text": "Enviar", "owner": "team", "due": None}],
            "status": "resolvido",
        },
    ),
    "translation": (translation.TranslationAnswer, {"source_language": "pt", "text": "Hi"}),
    "correction": (correction.CorrectionAnswer, {"text": "Olá"}),
    "lead_score": (lead_score.ReasonsAnswer, {"reasons": ["Perguntou o preço."]}),
    "smart_replies": (smart_replies.RepliesAnswer, {"replies": [{"text": "Olá!", "tone": "neutral"}]}),
}


@pytest.mark.parametrize("engine", ANSWERS)
async def test_every_shape_comes_over_the_wire_at_the_first_ask(
    engine: str, breaker: Breaker, ground: Ground, client: httpx.AsyncClient
) -> None:
    kind, said = ANSWERS[engine]
    question = ENGINES[engine]("oi", Language.PORTUGUESE)
    assert question.kind is kind

    async with stage(breaker, ground, client, {"openai": Behaviour()}) as shown:
        shown.servers["openai"].behave(Behaviour(answer=Answer(pieces=[orjson.dumps(said).decode()])))
        shaped: Shaped[BaseModel] = await ask_for(kind, question.request(catalogue().models[0]), shown.ask)

    assert shaped.asks == 1
    assert shaped.value == kind.model_validate(said)
