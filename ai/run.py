"""One call: a question on its way down a ranking. What happens to it, and when its streams are closed.

Until the first token an error costs nothing but the next candidate, at once, with that candidate's own model. After it
the stream ends with a typed event: what was said cannot be unsaid, and whoever reads may ask again. Whatever happens to
the reader, the provider's stream is closed.
"""

import asyncio
import time
from collections.abc import AsyncGenerator, Coroutine, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final, Protocol

from ai.breaker import Breaker, Permit
from ai.catalogue import Model
from ai.circuits import Target
from ai.errors import FailureKind, ProviderFailed
from ai.health import Health
from ai.messages import Completion, Delta, End, Request, Usage, estimated
from ai.outcomes import Attempt, Chosen, Completed, Event, Failed, FailedOver, NoAnswer
from ai.provider import Provider
from ai.routing import Ranking
from ai.structured import fitted
from core.text import legible

_CLOSE: Final = 2.0
_TARGETS: Final = 4_096
_SILENCE: Final = 40.0
"""More seconds than any driver waits between two pieces."""

_target: Final = lru_cache(maxsize=_TARGETS)(Target)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much is tried, in seconds where it is time: `whole` for a call, `silence` for all until one says a word, and
    `first` for one of them while there is another to ask, so that who hangs leaves the next one its time.

    `hedge_after`: a second candidate is asked when the first was silent for so long, on at most `hedge_share` of calls;
    None never does.
    """

    attempts: int = 4
    whole: float = 120.0
    silence: float = 30.0
    first: float = 8.0
    hedge_after: float | None = None
    hedge_share: float = 0.05


class Desk(Protocol):
    """Who runs the calls of a process."""

    breaker: Breaker
    health: Health
    limits: Limits

    def may_hedge(self) -> bool:
        """Take a hedge from the budget, if there is one."""
        ...

    def do(self, chore: Coroutine[Any, Any, None]) -> None:
        """Do what no call should wait for; when too much is to be done already, it is left out."""
        ...

    def has_time(self) -> bool:
        """Tell whether more can be done beside the calls."""
        ...


@dataclass(slots=True, kw_only=True)
class _Lead:
    """A candidate that was asked, and its first word to come."""

    model: Model
    permit: Permit
    request: Request
    stream: AsyncGenerator[Delta | End]
    first: asyncio.Task[Delta | End]
    is_hedge: bool
    began: float = field(default_factory=time.perf_counter)
    first_token_ms: float | None = None

    def attempt(self, failure: FailureKind | None = None, *, is_dropped: bool = False) -> Attempt:
        """Return how it did."""
        return Attempt(
            model=self.model,
            failure=failure,
            first_token_ms=self.first_token_ms,
            took_ms=(time.perf_counter() - self.began) * 1_000,
            is_hedge=self.is_hedge,
            is_dropped=is_dropped,
        )

    async def close(self) -> None:
        """Close the stream, whatever it is doing."""
        self.first.cancel()
        await asyncio.wait({self.first}, timeout=_CLOSE)
        if self.first.done() and not self.first.cancelled():
            self.first.exception()
        with suppress(TimeoutError, RuntimeError, ProviderFailed):
            async with asyncio.timeout(_CLOSE):
                await self.stream.aclose()


class Run:
    """One call. Read `events` once; the rest is true when they have ended, or were closed."""

    def __init__(
        self,
        desk: Desk,
        request: Request,
        ranking: Ranking,
        providers: Mapping[str, Provider],
        *,
        whole: float | None = None,
    ) -> None:
        self.attempts: list[Attempt] = []
        self.usage = Usage()
        """What the answer took, as far as it came."""
        self.wasted = Usage()
        """What was asked of candidates whose answer was not waited for; estimated."""
        self._desk = desk
        self._request = request
        self._candidates = [each for each in ranking.candidates if each.model.provider in providers]
        self._providers = providers
        self._whole = desk.limits.whole if whole is None else min(whole, desk.limits.whole)
        self._passed_over: list[Model] = []
        self._began = time.perf_counter()
        self._asked = 0
        self._pending: list[_Lead] = []
        self._lead: _Lead | None = None
        self._characters = 0
        self._kind: FailureKind | None = None
        self._first_token_is_here = False

    async def complete(self) -> Completion:
        """Read everything, and return the answer.

        Raises:
            NoAnswer: there is none, or not all of it.
        """
        texts: list[str] = []
        async with aclosing(self.events()) as events:
            async for event in events:
                match event:
                    case Delta():
                        texts.append(event.text)
                    case Completed():
                        model = self.attempts[-1].model
                        return Completion(text="".join(texts), finish=event.finish, usage=event.usage, model=model)
                    case Failed():
                        raise NoAnswer(event, tuple(self.attempts))
                    case _:
                        pass
        raise AssertionError("a run ends with Completed or Failed")

    async def begin(self) -> None:
        """Ask the first candidate now, for whoever has something else to do before reading `events`."""
        await self._ask_next()

    async def events(self) -> AsyncGenerator[Event]:
        """Ask, unless that was begun, and yield what happens. To close it closes the provider's stream at once."""
        try:
            while self._lead is None:
                failed = await self._first_word()
                if failed is not None and self._pending:
                    yield FailedOver(failed=failed, to=self._pending[0].model)
                elif self._lead is None and not self._pending:
                    yield Failed(kind=self._kind, is_partial=False, usage=self.usage)
                    return
            yield Chosen(model=self._lead.model, first_token_ms=self._lead.first_token_ms or 0.0)
            async with aclosing(self._answer(self._lead)) as answer:
                async for event in answer:
                    yield event
        finally:
            await self._close()

    async def _first_word(self) -> Attempt | None:
        """Wait until a candidate's first word is here, or one failed (which is returned, the next one being asked)."""
        if not self._pending and not await self._ask_next():
            return None
        waits = {each.first for each in self._pending}
        done, _ = await asyncio.wait(waits, timeout=self._patience(), return_when=asyncio.FIRST_COMPLETED)
        if not done:
            if self._left() <= 0:
                return await self._give_up()
            if self._waited() >= self._desk.limits.first:
                return await self._pass_over()
            if self._desk.may_hedge():
                await self._ask_next(is_hedge=True)
            return None
        lead = next(each for each in self._pending if each.first in done)
        self._pending.remove(lead)
        failure = lead.first.exception()
        if failure is None:
            lead.first_token_ms = (time.perf_counter() - lead.began) * 1_000
            self._first_token_is_here = True
            self._lead = lead
            await self._drop_slower()
            return None
        attempt = self._failed(lead, failure)
        if not self._pending:
            await self._ask_next()
        return attempt

    async def _ask_next(self, *, is_hedge: bool = False) -> bool:
        """Ask the next candidate that may be asked; the least bad of those that may not, when nobody else was."""
        if self._asked >= self._desk.limits.attempts or self._left() <= 0:
            return False
        while self._candidates:
            model = self._candidates.pop(0).model
            permit = await self._desk.breaker.admit(target_of(self._providers[model.provider], model))
            if permit is not None:
                self._ask(model, permit, is_hedge=is_hedge)
                return True
            self._passed_over.append(model)
        if self._asked == 0 and self._passed_over:
            model = self._passed_over.pop(0)
            target = target_of(self._providers[model.provider], model)
            permit = await self._desk.breaker.admit(target, is_last_resort=True)
            if permit is not None:
                self._ask(model, permit, is_hedge=is_hedge)
                return True
        return False

    def _ask(self, model: Model, permit: Permit, *, is_hedge: bool) -> None:
        self._asked += 1
        request = fitted(self._request, model)
        stream = self._providers[model.provider].stream(request)
        first = asyncio.create_task(_next_of(stream), name="a first token")
        self._pending.append(
            _Lead(model=model, permit=permit, request=request, stream=stream, first=first, is_hedge=is_hedge)
        )

    async def _answer(self, lead: _Lead) -> AsyncGenerator[Event]:
        """Yield the answer of the candidate that began to."""
        item: Delta | End | None = lead.first.result()
        try:
            while isinstance(item, Delta):
                self._characters += len(item.text)
                # models write what no store keeps, such as U+0000
                if piece := legible(item.text):
                    yield Delta(piece)
                item = await self._next(lead)
        except ProviderFailed as failure:
            self._lead = None
            self.usage = estimated(lead.request, self._characters)
            self._failed(lead, failure)
            await lead.close()
            yield Failed(kind=failure.kind, is_partial=self._characters > 0, usage=self.usage)
            return
        self._lead = None
        if item is None:
            # the time for the whole call is over, which is no fault of whoever was answering
            self.usage = estimated(lead.request, self._characters)
            self._succeeded(lead, lead.attempt(FailureKind.TIMEOUT))
            ending: Event = Failed(kind=FailureKind.TIMEOUT, is_partial=True, usage=self.usage)
        else:
            self.usage = item.usage
            self._succeeded(lead, lead.attempt())
            ending = Completed(finish=item.finish, usage=item.usage)
        await lead.close()
        yield ending

    async def _next(self, lead: _Lead) -> Delta | End | None:
        """Return what comes next of an answer; None when the time for the whole call is over."""
        left = self._left()
        if left <= 0:
            return None
        if left > _SILENCE:
            # a timer for each piece costs a quarter of the piece
            return await anext(lead.stream)
        try:
            async with asyncio.timeout(left):
                return await anext(lead.stream)
        except TimeoutError:
            return None

    def _failed(self, lead: _Lead, failure: BaseException) -> Attempt:
        """Note a failure; what is none of a provider's is a bug, and goes on up."""
        if not isinstance(failure, ProviderFailed):
            self._desk.do(self._desk.breaker.abandoned(lead.permit))
            raise failure
        attempt = lead.attempt(failure.kind)
        self.attempts.append(attempt)
        self._kind = failure.kind
        self._avoid(lead.model.provider, failure.kind)
        if failure.kind is not FailureKind.REFUSED:
            self._desk.health.note(lead.permit.target.measured_as, first_token_ms=lead.first_token_ms, is_failure=True)
        self._desk.do(self._desk.breaker.failed(lead.permit, failure))
        return attempt

    def _avoid(self, provider: str, kind: FailureKind) -> None:
        """Put what else the provider has behind the others; leave it out when the key is bad."""
        if kind is FailureKind.MISSING:
            return
        others = [each for each in self._candidates if each.model.provider != provider]
        own = [each for each in self._candidates if each.model.provider == provider]
        self._candidates = others if kind is FailureKind.AUTH else [*others, *own]

    def _succeeded(self, lead: _Lead, attempt: Attempt) -> None:
        self.attempts.append(attempt)
        self._desk.health.note(lead.permit.target.measured_as, first_token_ms=lead.first_token_ms, is_failure=False)
        self._desk.do(self._desk.breaker.succeeded(lead.permit))

    async def _give_up(self) -> Attempt | None:
        """Give up on all that is pending: the time for the whole call is over."""
        attempt, self._kind = None, FailureKind.TIMEOUT
        while self._pending:
            lead = self._pending.pop()
            attempt = lead.attempt(FailureKind.TIMEOUT)
            self.attempts.append(attempt)
            self._desk.do(self._desk.breaker.abandoned(lead.permit))
            await lead.close()
        return attempt

    async def _pass_over(self) -> Attempt | None:
        """Ask the next one in place of whoever was silent for longest, unless nobody may be asked."""
        late = self._pending[0]
        self._avoid(late.model.provider, FailureKind.TIMEOUT)
        if not await self._ask_next() or late.first.done():
            return None
        self._pending.remove(late)
        silent = ProviderFailed(FailureKind.TIMEOUT, provider=late.model.provider, model=late.model.name)
        attempt = self._failed(late, silent)
        await self._close_soon(late)
        return attempt

    async def _drop_slower(self) -> None:
        """Drop who did not answer first, without letting the answer wait for it."""
        for lead in self._pending:
            waited = (time.perf_counter() - lead.began) * 1_000
            self._desk.health.note(lead.permit.target.measured_as, first_token_ms=waited, is_failure=False)
        dropped, self._pending = self._pending, []
        for lead in dropped:
            self._note_dropped(lead)
            await self._close_soon(lead)

    async def _close_soon(self, lead: _Lead) -> None:
        """Close a stream without letting the answer wait for it, where that can be done."""
        if self._desk.has_time():
            self._desk.do(lead.close())
        else:
            await lead.close()

    def _note_dropped(self, lead: _Lead) -> None:
        self.attempts.append(lead.attempt(is_dropped=True))
        self.wasted += estimated(lead.request, 0)
        self._desk.do(self._desk.breaker.abandoned(lead.permit))

    async def _close(self) -> None:
        """Close what is open: nobody reads any more."""
        lead, self._lead = self._lead, None
        if lead is not None:
            # it did answer, and whoever asked has heard enough
            self.usage = estimated(lead.request, self._characters)
            self._succeeded(lead, lead.attempt(is_dropped=True))
            await lead.close()
        while self._pending:
            lead = self._pending.pop()
            self._note_dropped(lead)
            await lead.close()

    def _left(self) -> float:
        """Return for how many seconds this may go on: until somebody has said a word, that is less."""
        most = self._whole if self._first_token_is_here else min(self._whole, self._desk.limits.silence)
        return most - (time.perf_counter() - self._began)

    def _patience(self) -> float:
        """Return how long to wait for a first word before something else is to be done."""
        hedge_after = self._desk.limits.hedge_after
        left = max(self._left(), 0.0)
        if not self._candidates or self._asked >= self._desk.limits.attempts:
            return left
        waited = self._waited()
        if hedge_after is not None and waited < hedge_after and len(self._pending) == 1:
            return min(left, hedge_after - waited)
        return min(left, max(self._desk.limits.first - waited, 0.0))

    def _waited(self) -> float:
        """Return for how many seconds the one that was asked first has said nothing."""
        return time.perf_counter() - self._pending[0].began


def target_of(provider: Provider, model: Model) -> Target:
    """Return what is asked when a provider is asked for a model."""
    return _target(provider=model.provider, model=model.key, scope=provider.scope, is_shared=provider.is_shared)


async def _next_of(stream: AsyncGenerator[Delta | End]) -> Delta | End:
    return await anext(stream)
