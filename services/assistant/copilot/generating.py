"""A suggestion that a model writes: its stream, its alternatives beside it, and its books at the end."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Final

import structlog

from ai.catalogue import Model
from ai.errors import FailureKind
from ai.messages import Request
from ai.messages import Usage as Spent
from ai.outcomes import Answer, Chosen, FailedOver, NoAnswer
from ai.outcomes import Completed as Answered
from ai.outcomes import Delta as Piece
from ai.outcomes import Event as Happened
from ai.outcomes import Failed as Unanswered
from ai.routing import Ranking
from models import Outcome
from services.assistant import cache
from services.assistant.cache import Kept
from services.assistant.calls import Call
from services.assistant.copilot.asked import Asked, last_of
from services.assistant.copilot.background import Background
from services.assistant.copilot.events import (
    Alternative,
    Blocked,
    Delta,
    Event,
    Failed,
    Failover,
    Side,
)
from services.assistant.copilot.results import completed, draft, used
from services.assistant.copilot.wording import Masked, Reader, question
from services.assistant.errors import ModelsFailed
from services.assistant.moderating import Watch
from services.assistant.settling import Books, Outlay

_CLOSE: Final = 2.0
_READ_IN_PART: Final = frozenset((Outcome.CANCELLED, Outcome.PARTIAL))

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """A question that is ready to be asked: as it is told, who may answer, and the name its answer is kept under."""

    told: Masked
    request: Request
    ranking: Ranking
    key: str


class Generation:
    """One suggestion on its way. Read `events` once."""

    def __init__(self, call: Call, asked: Asked, known: Background, prepared: Prepared) -> None:
        self._call = call
        self._asked = asked
        self._known = known
        self._prepared = prepared
        self._request = prepared.request
        self._run = call.assistant.fleet.failover.run(prepared.request, prepared.ranking, call.providers)
        self._reader = Reader(call, known.passages)
        self._said: list[str] = []
        self._model: Model | None = None
        self._first_token_ms: float | None = None
        self._others: list[asyncio.Task[Answer | None]] = []
        self._watch: Watch | None = None
        self._is_settled = False

    async def events(self) -> AsyncGenerator[Event]:
        """Ask, and yield what happens. To close it closes the provider's stream, and settles what came."""
        try:
            async with aclosing(self._run.events()) as happened:
                await self._run.begin()
                # behind the model, which is waited for
                self._watch = Watch(self._call, last_of(self._prepared.told.turns))
                async for each in happened:
                    for event in await self._told_of(each):
                        yield event
                    if self._stopped:
                        break
            if (stopped := self._stopped) is not None and not self._is_settled:
                await self._settle(Outcome.BLOCKED)
                yield stopped
        except Exception:
            if not self._is_settled:
                await self._settle(Outcome.FAILED)
            raise
        finally:
            if self._watch is not None:
                self._watch.stop()
            running = [each for each in self._others if each.cancel()]
            if not self._is_settled:
                await self._settle(Outcome.CANCELLED)
            if running:
                await asyncio.wait(running, timeout=_CLOSE)

    @property
    def _stopped(self) -> Blocked | None:
        """Why nothing more is shown: what is asked, as a provider judges it, or what is answered, by our rules."""
        asked = () if self._watch is None else self._watch.blocked
        if asked:
            return Blocked(side=Side.INPUT, categories=tuple(sorted(asked)))
        said = self._reader.blocked
        return Blocked(side=Side.OUTPUT, categories=tuple(sorted(said))) if said else None

    async def _told_of(self, happened: Happened) -> list[Event]:
        match happened:
            case FailedOver():
                reason = happened.failed.failure or FailureKind.TIMEOUT
                return [Failover(failed=happened.failed.model.key, to=happened.to.key, reason=reason.value)]
            case Chosen():
                self._model, self._first_token_ms = happened.model, happened.first_token_ms
                self._begin_others()
                return []
            case Piece():
                self._said.append(happened.text)
                ready = self._delta(self._reader.feed(happened.text))
                return [] if self._stopped else ready
            case Answered():
                last = self._delta(self._reader.flush())
                if self._watch is not None:
                    await self._watch.verdict()
                return [] if self._stopped else [*last, *await self._ended()]
            case Unanswered():
                outlay, books = await self._settle(
                    Outcome.PARTIAL if happened.is_partial else Outcome.FAILED, happened.kind
                )
                return [
                    used(outlay, books),
                    _failed("The answer broke off: ask again." if happened.is_partial else None),
                ]

    def _delta(self, text: str) -> list[Event]:
        return [Delta(text=text, offset=len(self._reader.text) - len(text))] if text else []

    async def _ended(self) -> list[Event]:
        """Return what comes when the answer is whole."""
        said, model = "".join(self._said), self._model
        if model is None or not self._reader.text:
            await self._settle(Outcome.FAILED, FailureKind.GARBLED)
            return [_failed(None)]
        others = [Alternative(index=index, text=text) for index, text in enumerate(await self._alternatives(), 1)]
        final = await completed(self._call, self._asked, self._known, said, model)
        outlay = self._outlay(Outcome.COMPLETED)
        self._is_settled = True
        row = draft(self._call, self._asked, self._known, final, outlay.spent.micro_usd)
        books = await self._call.finish(outlay, row)
        await cache.keep(self._call.assistant.ground, self._prepared.key, Kept(text=said, model=model.key))
        return [*others, used(outlay, books), final]

    def _begin_others(self) -> None:
        """Begin with the alternatives, beside the answer."""
        for variant in range(1, self._asked.alternatives + 1):
            work = self._another(variant)
            self._others.append(asyncio.create_task(work, name="an alternative"))

    async def _another(self, variant: int) -> Answer | None:
        """Ask for another way to say it; None when nobody answers, which spoils nothing."""
        other = question(self._call, self._asked, self._known, self._prepared.told, variant=variant)
        self._call.check(other.messages)
        fleet = self._call.assistant.fleet
        try:
            return await fleet.failover.complete(
                other.request(self._request.model), self._prepared.ranking, self._call.providers
            )
        except NoAnswer as none:
            log.info("an alternative was not written", kind=None if none.kind is None else none.kind.value)
            return None

    async def _alternatives(self) -> list[str]:
        """Wait for the alternatives; what may not be shown, or says the same, is left out."""
        texts: list[str] = []
        for answer in await asyncio.gather(*self._others):
            if answer is None:
                continue
            reader = Reader(self._call, self._known.passages)
            reader.feed(answer.completion.text)
            reader.flush()
            text = reader.text
            if text and not reader.blocked and text not in (*texts, self._reader.text):
                texts.append(text)
        return texts

    async def _settle(self, outcome: Outcome, failure: FailureKind | None = None) -> tuple[Outlay, Books]:
        """Keep the books of what did not come to its end. What somebody saw is charged, unless it is taken back."""
        outlay = self._outlay(outcome)
        is_charged = outcome in _READ_IN_PART and bool(self._reader.text) and await self._call.about.is_shown()
        # whoever ends it until here has it settled again; the books themselves are written whatever happens
        self._is_settled = True
        charged = outlay.charged if is_charged else 0
        settled = replace(outlay, failure=failure, charged=charged)
        return settled, await self._call.finish(settled)

    def _outlay(self, outcome: Outcome) -> Outlay:
        done = [each for each in self._others if each.done() and not each.cancelled() and each.exception() is None]
        others = [answer for each in done if (answer := each.result()) is not None]
        alternatives = sum((each.spent for each in others), Spent())
        attempts = (*self._run.attempts, *(attempt for each in others for attempt in each.attempts))
        self._call.record.attempts, self._call.record.answer = attempts, "".join(self._said) or None
        model = self._model or (self._run.attempts[-1].model if self._run.attempts else self._request.model)
        answers = [(model, self._run.usage), *((each.completion.model, each.completion.usage) for each in others)]
        charged = sum(usage.micro_usd for by, usage in answers if not self._call.is_own(by))
        return replace(
            self._call.outlay(outcome),
            model=model,
            is_own_key=self._call.is_own(model),
            spent=self._run.usage + self._run.wasted + alternatives,
            charged=charged,
            attempts=len(attempts),
            first_token_ms=self._first_token_ms,
            took_ms=self._call.took_ms,
        )


def _failed(message: str | None) -> Failed:
    failed = ModelsFailed(message)
    return Failed(code=failed.code, message=failed.message, retryable=True)
