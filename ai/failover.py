"""All calls of a process to models: they share circuits, health and a budget of hedges, and what one finds out the next
ones know.
"""

import asyncio
import time
from collections.abc import Coroutine, Iterable, Mapping
from dataclasses import replace
from typing import Any, Final

from ai.breaker import Breaker
from ai.catalogue import Model
from ai.circuits import Target
from ai.health import Health
from ai.messages import Request, Usage
from ai.outcomes import Answer, Attempt, Failed, NoAnswer
from ai.provider import Provider
from ai.routing import Ranking, Vitals, Wish, rank
from ai.run import Limits, Run, target_of

_CLOSE: Final = 2.0
_CHORES: Final = 1_000
_RECENT: Final = 1_000


class Failover:
    """Asks, for all calls of a process: what a call finds out, the next ones know."""

    def __init__(self, breaker: Breaker, health: Health, limits: Limits | None = None) -> None:
        self.breaker = breaker
        self.health = health
        self.limits = limits or Limits()
        self._chores: set[asyncio.Task[None]] = set()
        self._calls = 0.0
        self._hedges = 0.0

    def rank(self, models: Iterable[Model], wish: Wish, providers: Mapping[str, Provider]) -> Ranking:
        """Rank models by what is known of them now. Waits for nothing."""
        known = tuple(models)
        asked = [each for each in known if each.provider in providers]
        vitals = {each.key: self.vitals(target_of(providers[each.provider], each)) for each in asked}
        return rank(known, frozenset(providers), wish, vitals)

    def run(
        self, request: Request, ranking: Ranking, providers: Mapping[str, Provider], *, whole: float | None = None
    ) -> Run:
        """Return one call, not begun. `request.model` is replaced by each candidate's; providers are by name.

        `whole` is how many seconds it may take, when that is less than usual.
        """
        self._calls += 1
        if self._calls > _RECENT:
            self._calls, self._hedges = self._calls / 2, self._hedges / 2
        return Run(self, request, ranking, providers, whole=whole)

    async def complete(
        self, request: Request, ranking: Ranking, providers: Mapping[str, Provider], *, whole: float | None = None
    ) -> Answer:
        """Ask, and wait for the whole answer. Nobody has heard of one that breaks off, so the next candidate is asked.

        Raises:
            NoAnswer: every candidate that was tried failed.
        """
        ends = time.monotonic() + (self.limits.whole if whole is None else whole)
        attempts: tuple[Attempt, ...] = ()
        spent = Usage()
        while True:
            run = self.run(request, ranking, providers, whole=max(ends - time.monotonic(), 0.0))
            try:
                completion = await run.complete()
            except NoAnswer as none:
                attempts, spent = (*attempts, *none.attempts), spent + none.usage
                tried = {each.model.key for each in attempts}
                left = tuple(each for each in ranking.candidates if each.model.key not in tried)
                if none.is_partial and left and len(attempts) < self.limits.attempts:
                    ranking = replace(ranking, candidates=left)
                    continue
                failed = Failed(kind=none.kind, is_partial=none.is_partial, usage=spent)
                raise NoAnswer(failed, attempts) from none
            return Answer(completion=completion, attempts=(*attempts, *run.attempts), spent=spent + completion.usage)

    def vitals(self, target: Target) -> Vitals:
        """Return how a model has been lately, asked with some key."""
        measured = self.health.measured(target.measured_as)
        return Vitals(
            first_token_ms=measured.first_token_ms,
            error_rate=measured.error_rate,
            calls=measured.calls,
            open_for=self.breaker.open_for(target),
        )

    def may_hedge(self) -> bool:
        """Take a hedge from the budget, if there is one."""
        if self._hedges + 1 > self.limits.hedge_share * self._calls:
            return False
        self._hedges += 1
        return True

    def do(self, chore: Coroutine[Any, Any, None]) -> None:
        """Do what no call should wait for; when too much is to be done already, it is left out."""
        if not self.has_time():
            chore.close()
            return
        task = asyncio.create_task(chore, name="a call's outcome")
        self._chores.add(task)
        task.add_done_callback(self._chores.discard)

    def has_time(self) -> bool:
        """Tell whether more can be done beside the calls."""
        return len(self._chores) < _CHORES

    async def stop(self) -> None:
        """Wait for what is still to be noted, and drop what does not end."""
        if self._chores:
            _, late = await asyncio.wait(self._chores, timeout=_CLOSE)
            for each in late:
                each.cancel()
