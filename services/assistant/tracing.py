"""Traces of requests to models, on their way to the document store: no request ever waits for it.

After its books a request hands over what it knows of itself, and goes on. One task of the process writes what came,
many at a time, and ends when there is nothing left. When the store is away it is tried again a few times, and what does
not fit or cannot be written is dropped and counted. Nothing personal is kept: texts only as they were masked, an answer
only after another look at it, and none at all where the workspace has turned masking off.
"""

import asyncio
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from ai.messages import Message
from ai.outcomes import Attempt
from ai.privacy import Masking, PersonalDataLeft
from ai.results import LOCAL
from core.documents import DocumentsAway
from core.ground import Ground
from models.documents import Trace, TraceAttempt, TraceMessage
from services import traces
from services.assistant.settling import Books, Outlay
from services.documents import opened

CHARACTERS_MOST: Final = 100_000
"""Characters of a trace's texts; what is longer ends there."""

ATTEMPTS_MOST: Final = 50

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """How much is kept and written: traces and characters that wait, traces of one batch; times in seconds.

    `linger` lets more come before a batch is written, `again` is the wait before each further try.
    """

    most: int = 1_000
    characters: int = 20_000_000
    batch: int = 100
    linger: float = 0.2
    again: tuple[float, ...] = (0.5, 2.0)
    say: float = 60.0
    stop: float = 3.0


@dataclass(slots=True, kw_only=True)
class Record:
    """What a request notes of itself on its way: the question as it was sent, the answer as it came, both masked."""

    prompt: str | None = None
    messages: tuple[Message, ...] = ()
    answer: str | None = None
    attempts: tuple[Attempt, ...] = ()
    asked_ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A request that is over. Without a `masking` nothing was masked, and no text is kept."""

    id: UUID
    workspace_id: UUID
    record: Record
    masking: Masking | None
    outlay: Outlay
    books: Books
    books_ms: float
    at: datetime

    @property
    def size(self) -> int:
        """How many characters are kept of it, at most."""
        if self.masking is None:
            return 0
        texts = sum(len(each.text) for each in self.record.messages) + len(self.record.answer or "")
        return min(texts, CHARACTERS_MOST)


class Traces:
    """The traces that wait in this process. Nothing runs while none does."""

    def __init__(self, ground: Ground, pace: Pace | None = None) -> None:
        self.dropped = 0
        """How many were never written."""
        self._ground = ground
        self._pace = pace or Pace()
        self._waiting: deque[Told] = deque()
        self._characters = 0
        self._in_hand = 0
        self._unsaid = 0
        self._said_at: float | None = None
        self._work: asyncio.Task[None] | None = None

    @property
    def waiting(self) -> int:
        """How many are not written yet, without those that are being written."""
        return len(self._waiting)

    def note(self, told: Told) -> None:
        """Take a request that is over; where traces are kept and there is room for it. Waits for nothing."""
        if self._ground.settings.ai.ai_trace_days == 0:
            return
        if len(self._waiting) >= self._pace.most or self._characters + told.size > self._pace.characters:
            self._drop(1)
            return
        self._waiting.append(told)
        self._characters += told.size
        if self._work is None or self._work.done():
            self._work = asyncio.create_task(self._write(), name="traces")

    async def stop(self) -> None:
        """Write what waits, for a few seconds at most; the rest is dropped."""
        if self._work is not None and not self._work.done():
            await asyncio.wait({self._work}, timeout=self._pace.stop)
            self._work.cancel()
        left = len(self._waiting) + self._in_hand
        self._waiting.clear()
        if left:
            self._drop(left)

    async def _write(self) -> None:
        """Write until nothing waits."""
        while self._waiting:
            await asyncio.sleep(self._pace.linger)
            batch = [self._waiting.popleft() for _ in range(min(self._pace.batch, len(self._waiting)))]
            self._characters -= sum(each.size for each in batch)
            self._in_hand = len(batch)
            if not await self._kept(batch):
                self._drop(len(batch))
            self._in_hand = 0

    def _drawn(self, told: Told) -> Trace | None:
        """Return the document of a request; None when it cannot be made, which is a bug and stops no other."""
        try:
            return trace_of(told, timedelta(days=self._ground.settings.ai.ai_trace_days))
        except Exception:
            log.exception("a trace could not be made", request=str(told.id))
            self._drop(1)
            return None

    async def _kept(self, batch: list[Told]) -> bool:
        """Write a batch; tell whether it was, at last."""
        drawn: list[Trace] | None = None
        for wait in (0.0, *self._pace.again):
            await asyncio.sleep(wait)
            try:
                # a document can only be made when its class knows the store
                await opened(self._ground)
                if drawn is None:
                    drawn = [trace for each in batch if (trace := self._drawn(each)) is not None]
                await traces.keep(self._ground, drawn)
            except DocumentsAway:
                continue
            return True
        return False

    def _drop(self, amount: int) -> None:
        """Count what is lost, and say so once a minute."""
        self.dropped += amount
        self._unsaid += amount
        now = time.monotonic()
        if self._said_at is None or now - self._said_at >= self._pace.say:
            log.warning("traces were dropped", amount=self._unsaid, waiting=len(self._waiting))
            self._said_at, self._unsaid = now, 0


def trace_of(told: Told, kept: timedelta) -> Trace:
    """Return what is kept of a request, for so long."""
    outlay, record, model = told.outlay, told.record, told.outlay.model
    messages, answer, is_cut = _texts(told)
    return Trace(
        id=told.id,
        workspace_id=told.workspace_id,
        feature=outlay.feature,
        outcome=outlay.outcome,
        provider=LOCAL if model is None else model.provider,
        model=None if model is None else model.key,
        strategy=None if outlay.strategy is None else outlay.strategy.value,
        failure=None if outlay.failure is None else outlay.failure.value,
        prompt=record.prompt,
        is_masked=told.masking is not None,
        is_cut=is_cut,
        messages=[TraceMessage(role=each.role.value, text=each.text) for each in messages],
        answer=answer,
        attempts=[_attempt(each) for each in record.attempts[:ATTEMPTS_MOST]],
        input_tokens=outlay.spent.input_tokens,
        output_tokens=outlay.spent.output_tokens,
        micro_usd=outlay.spent.micro_usd,
        credits=told.books.credits,
        is_cached=outlay.is_cached,
        is_estimated=outlay.spent.is_estimated,
        asked_ms=_whole(record.asked_ms),
        first_token_ms=_whole(outlay.first_token_ms),
        took_ms=round(outlay.took_ms),
        books_ms=round(told.books_ms),
        at=told.at,
        expires_at=told.at + kept,
    )


def _texts(told: Told) -> tuple[list[Message], str | None, bool]:
    """Return the texts that are kept, and whether they were cut: the answer first, then messages from the first on."""
    if told.masking is None:
        return [], None, False
    answer = None if told.record.answer is None else _clean(told.masking, told.record.answer)
    left = CHARACTERS_MOST
    if answer is not None:
        left -= len(answer)
        answer = answer[:CHARACTERS_MOST]
    messages: list[Message] = []
    for each in told.record.messages:
        if left <= 0:
            return messages, answer, True
        messages.append(replace(each, text=each.text[:left]))
        left -= len(each.text)
    return messages, answer, left < 0


def _clean(masking: Masking, answer: str) -> str | None:
    """Return an answer without anything personal that a model put into it by itself; None when that cannot be done."""
    try:
        masking.check(answer)
    except PersonalDataLeft:
        again = masking.mask(answer)
        try:
            masking.check(again)
        except PersonalDataLeft:
            return None
        return again
    return answer


def _attempt(attempt: Attempt) -> TraceAttempt:
    return TraceAttempt(
        provider=attempt.model.provider,
        model=attempt.model.key,
        failure=None if attempt.failure is None else attempt.failure.value,
        first_token_ms=_whole(attempt.first_token_ms),
        took_ms=round(attempt.took_ms),
        is_hedge=attempt.is_hedge,
        is_dropped=attempt.is_dropped,
    )


def _whole(milliseconds: float | None) -> int | None:
    return None if milliseconds is None else round(milliseconds)
