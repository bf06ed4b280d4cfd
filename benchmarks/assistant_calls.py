"""What one question to a model costs: CPU milliseconds of our layer, part by part, beside the bare clients.

The answers come from another process, so that `time.process_time` is what asking takes. Kinds take turns in each round,
and questions are asked one after the other. The text has a name, a CPF and a telephone, and is new in each call.
"""

import itertools
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Any, Final
from uuid import uuid4

import openai

from ai.engines import sentiment as engine
from ai.engines.sentiment import SentimentAnswer
from ai.messages import Request
from ai.provider import complete
from ai.results import Language
from ai.run import target_of
from ai.structured import shape_of
from benchmarks.assistants import Bench, Figures, percentile, say
from models import Feature, Outcome
from services.assistant import cache, judging, settling, terms
from services.assistant.calls import Call
from services.assistant.settling import Outlay
from services.assistant.terms import Terms

ROUNDS: Final = 5
EACH: Final = 60
_WARM: Final = 10
_MOST_DECIDED: Final = 1.0
_TEXT: Final = (
    "Oi, aqui é o Carlos Müller, CPF 529.982.247-25. O pedido {} chegou ontem, adorei o pão e o atendimento foi ótimo!"
    " Podem me ligar no (11) 98765-4321 para combinar a próxima entrega?"
)

Ask = Callable[[], Awaitable[object]]


class Questions:
    """The kinds of calls that are measured."""

    def __init__(self, bench: Bench, decided: Terms) -> None:
        self._bench = bench
        self._terms = decided
        self._numbers = itertools.count(10_000)
        self._openai = openai.AsyncOpenAI(api_key="sk-bench", base_url=f"{bench.models}/v1", max_retries=0)
        self._provider = bench.assistant.fleet.shared["openai"]
        self._request = self._asked()

    async def aclose(self) -> None:
        """Close the bare client."""
        await self._openai.close()

    def kinds(self) -> Mapping[str, Ask]:
        """Return what is measured, by name."""
        return {
            "openai's client, answered whole": self.openai_whole,
            "openai's client, streamed": self.openai_streamed,
            "our driver alone": self.driver,
            "our driver behind failover and breaker": self.failover,
            "analyzeSentiment, with everything": self.everything,
            "deciding: mask, check, rank, admit, key, look-up": self.decide,
            "  mask": self.mask,
            "  mask, question and check": self.check,
            "  rank": self.rank,
            "  cache key": self.key,
            "  cache look-up (Redis)": self.look_up,
            "database: terms read": self.read_terms,
            "database: hold, settle, usage row": self.keep_books,
        }

    async def openai_whole(self) -> None:
        """Ask with openai's client, not streamed."""
        await self._openai.chat.completions.create(**self._words(), stream=False)

    async def openai_streamed(self) -> None:
        """Ask with openai's client, streamed, which is how ours asks."""
        stream = await self._openai.chat.completions.create(
            **self._words(), stream=True, stream_options={"include_usage": True}
        )
        "".join([each.choices[0].delta.content or "" async for each in stream if each.choices])

    async def driver(self) -> None:
        """Ask the driver."""
        await complete(self._provider, self._request)

    async def failover(self) -> None:
        """Ask down a ranking."""
        call = self._call()
        ranking = call.route(self._request.messages, self._request.max_tokens)
        await self._bench.assistant.fleet.failover.complete(self._request, ranking, call.providers)

    async def everything(self) -> None:
        """Ask as the product does."""
        found = await judging.sentiment(self._bench.assistant, self._bench.actor, self._text())
        if found.paid is None or found.paid.is_cached:
            raise RuntimeError("the model was not asked")

    async def decide(self) -> None:
        """Do everything that is between the question and the provider's driver, but for the database."""
        call = self._call()
        request = self._asked(call)
        ranking = call.route(request.messages, request.max_tokens)
        first = ranking.candidates[0].model
        request = request.to(first)
        breaker = self._bench.assistant.fleet.failover.breaker
        await breaker.admit(target_of(call.providers[first.provider], first))
        key = cache.key_of(call.actor.workspace_id, request, without=call.canary)
        await cache.find(self._bench.ground, key)

    async def mask(self) -> None:
        """Mask the text."""
        self._call().mask(self._text())

    async def check(self) -> None:
        """Mask the text, make the question of it, and look again."""
        self._asked()

    async def rank(self) -> None:
        """Rank the models."""
        self._call().route(self._request.messages, self._request.max_tokens)

    async def key(self) -> None:
        """Name the question in the cache."""
        cache.key_of(self._bench.actor.workspace_id, self._request)

    async def look_up(self) -> None:
        """Look for an answer that is not there."""
        await cache.find(self._bench.ground, f"none:{next(self._numbers)}")

    async def read_terms(self) -> None:
        """Read what the workspace decided."""
        await terms.read(self._bench.assistant, self._bench.actor, Feature.SENTIMENT)

    async def keep_books(self) -> None:
        """Hold credits, and settle them with the usage row."""
        request_id, bench = uuid4(), self._bench
        await settling.hold(bench.ground, bench.actor, request_id, Feature.SENTIMENT, 500)
        outlay = Outlay(feature=Feature.SENTIMENT, outcome=Outcome.COMPLETED, model=self._request.model, charged=400)
        await settling.finish(bench.ground, bench.actor, request_id, outlay)

    def _text(self) -> str:
        return _TEXT.format(next(self._numbers))

    def _call(self) -> Call:
        return Call(self._bench.assistant, self._bench.actor, Feature.SENTIMENT, self._terms)

    def _asked(self, call: Call | None = None) -> Request:
        call = call or self._call()
        [masked] = call.mask(self._text())
        question = engine.ask(masked, call.manner(Language.PORTUGUESE))
        call.check(question.messages)
        request = question.request(self._bench.assistant.fleet.catalogue.get("gpt-4o-mini"))
        return replace(request, shape=shape_of(SentimentAnswer))

    def _words(self) -> dict[str, Any]:
        request = self._request
        shape = request.shape
        messages = [{"role": each.role.value, "content": each.text} for each in request.messages]
        wanted = {"name": "mood", "schema": {} if shape is None else shape.json_schema, "strict": True}
        shaped = {"type": "json_schema", "json_schema": wanted}
        return {"model": request.model.name, "messages": messages, "response_format": shaped, "temperature": 0.0}


async def measure(bench: Bench) -> None:
    """Measure, and print a table."""
    decided = await terms.read(bench.assistant, bench.actor, Feature.SENTIMENT)
    questions = Questions(bench, decided)
    kinds = questions.kinds()
    found: dict[str, list[float]] = {}
    try:
        for ask in kinds.values():
            await _taken(ask, _WARM)
        for _ in range(ROUNDS):
            for name, ask in kinds.items():
                found.setdefault(name, []).append(percentile(await _taken(ask, EACH), 0.5))
    finally:
        await questions.aclose()
    _report({name: Figures(rounds) for name, rounds in found.items()})


async def _taken(ask: Ask, times: int) -> list[float]:
    """Return the CPU milliseconds of calls, one after the other."""
    taken: list[float] = []
    for _ in range(times):
        began = time.process_time()
        await ask()
        taken.append((time.process_time() - began) * 1_000)
    return taken


def _report(found: Mapping[str, Figures]) -> None:
    beside = found["openai's client, answered whole"].middle
    say(f"\na call's CPU, ms (p50 of {EACH} calls, {ROUNDS} interleaved rounds)")
    say(f"{'':50}{'least':>8}{'median':>8}{'of openai':>11}")
    for name, each in found.items():
        say(f"{name:50}{each.least:>8.3f}{each.middle:>8.3f}{each.middle / beside:>11.2f}")
    decided = next(each for name, each in found.items() if name.startswith("deciding"))
    verdict = "holds" if decided.middle <= _MOST_DECIDED else "is missed"
    say(f"beyond the driver, without the database: {decided.middle:.3f} ms; the target of {_MOST_DECIDED} ms {verdict}")
