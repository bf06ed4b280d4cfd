"""Circuit breakers that all processes share: their state is in Redis, and a change is told to all at once.

A call asks this process's memory alone while all is well. Only one that finds a circuit half open asks Redis for the
lease of the one probe. When Redis is away each process goes on by itself with what it knows, by the same rules.
"""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from ai import circuit_scripts as scripts
from ai.circuits import POLICIES, WINDOW, Circuit, Policy, State, Target, struck
from ai.errors import ProviderFailed
from core.voice import Voice

_LOCAL: Final = 10_000
_UNSAID: Final = 1_000
_SUCCESSES: Final = 50
_CALL: Final = 0.3
_STOP: Final = 2.0
_AWAY: Final = (RedisError, OSError, TimeoutError)

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """The leave to ask a target, to be given back by one of `succeeded`, `failed` and `abandoned`.

    `probes` are the circuits that this call is the probe of; `is_last_resort` when it is asked although they are open.
    """

    target: Target
    probes: tuple[str, ...] = ()
    token: str = ""
    is_last_resort: bool = False


@dataclass(slots=True)
class _Local:
    """What this process knows of a circuit, and whether Redis knows it too. Moments are monotonic."""

    circuit: Circuit = field(default_factory=Circuit)
    successes: int = 0
    probed_until: float = 0.0
    failed_at: float = 0.0
    changed_at: float = 0.0
    is_shared: bool = False

    def become(self, circuit: Circuit, *, is_shared: bool = True) -> None:
        """Take what the circuit is now."""
        self.circuit, self.is_shared, self.changed_at = circuit, is_shared, time.monotonic()


class Breaker:
    """Says which targets may be asked. `lease` is how long a probe may take, in seconds."""

    def __init__(
        self, redis: Redis, voice: Voice, *, lease: float = 60.0, look: float = 5.0, call: float = _CALL
    ) -> None:
        """`voice` is a channel of this breaker's own. `look` is how often to read everything, should a word be lost.
        `call` is how long Redis may take: after that a circuit is this process's own.
        """
        self._redis = redis
        self._voice = voice
        self._lease = lease
        self._look = look
        self._call = call
        self._known: OrderedDict[str, _Local] = OrderedDict()
        self._unsaid: dict[str, Circuit] = {}
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._was_away = False

    @property
    def is_hearing(self) -> bool:
        """Whether other processes can be heard."""
        return self._voice.is_hearing

    async def start(self) -> None:
        """Begin to hear others; does not wait for Redis."""
        await self._voice.start(lambda _, said: self._hear(said), self._wake.set, self._words)
        if self._task is None:
            self._task = asyncio.create_task(self._read(), name="circuits")

    async def stop(self) -> None:
        """Hear nothing more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait({task}, timeout=_STOP)
        await self._voice.stop()

    def open_for(self, target: Target) -> float:
        """Return in how many seconds a target may be asked again; 0 when it may be, perhaps by a probe."""
        now = time.monotonic()
        found = [known.circuit.until - now for name in target.circuits if (known := self._known.get(name)) is not None]
        return max(0.0, *found) if found else 0.0

    def state(self, target: Target) -> State:
        """Return the worst state of a target's circuits."""
        now = time.monotonic()
        states = [known.circuit.state(now) for name in target.circuits if (known := self._known.get(name)) is not None]
        return max(states, key=(State.CLOSED, State.HALF_OPEN, State.OPEN).index, default=State.CLOSED)

    async def admit(self, target: Target, *, is_last_resort: bool = False) -> Permit | None:
        """Give leave to ask a target; None while it is open, or another call is its probe. A last resort always may."""
        state = self.state(target)
        if state is State.CLOSED or is_last_resort:
            return Permit(target=target, is_last_resort=is_last_resort and state is not State.CLOSED)
        if state is State.OPEN:
            return None
        token, won = secrets.token_hex(8), list[str]()
        for name in target.circuits:
            known = self._known.get(name)
            if known is None or known.circuit.trips == 0:
                continue
            if not await self._lease_of(name, known, token):
                await self.abandoned(Permit(target=target, probes=tuple(won), token=token))
                return None
            if known.circuit.trips > 0:
                won.append(name)
        return Permit(target=target, probes=tuple(won), token=token)

    async def succeeded(self, permit: Permit) -> None:
        """Note that a target answered: what it was the probe of is closed."""
        target = permit.target
        for name in target.circuits:
            known = self._known.get(name)
            if known is None or known.circuit.trips == 0:
                self._of(name).successes = min(self._of(name).successes + 1, _SUCCESSES)
            elif name in permit.probes or permit.is_last_resort:
                await self._close(name)

    async def failed(self, permit: Permit, failure: ProviderFailed) -> None:
        """Note how a target failed: the circuit that it is about may open, for as long as such a failure asks."""
        policy = POLICIES.get(failure.kind)
        name = permit.target.circuit_of(failure.kind)
        await self.abandoned(
            replace(permit, probes=tuple(each for each in permit.probes if each != name or not policy))
        )
        if policy is None:
            return
        known, before = self._of(name), self._of(name).circuit
        await self._strike(name, known, policy, failure.retry_after if policy.threshold == 1 else None)
        if known.circuit.trips != before.trips or known.circuit.until > before.until:
            log.warning("a circuit opened", circuit=name, kind=failure.kind.value, trips=known.circuit.trips)
            self._say(name, known.circuit)

    async def abandoned(self, permit: Permit) -> None:
        """Give leave back without an outcome, as when nobody wants the answer any more: another may be the probe."""
        for name in permit.probes:
            self._of(name).probed_until = 0.0
            try:
                async with asyncio.timeout(self._call):
                    await scripts.release(self._redis, name, permit.token)
            except _AWAY as error:
                self._note_away(error)

    async def _strike(self, name: str, known: _Local, policy: Policy, wait: float | None) -> None:
        now = time.monotonic()
        successes, known.successes = known.successes, 0
        failed_at, known.failed_at = known.failed_at, now
        try:
            async with asyncio.timeout(self._call):
                left, trips, streak = await scripts.strike(self._redis, name, policy, successes, wait)
        except _AWAY as error:
            self._note_away(error)
            is_old = known.circuit.trips == 0 and now - failed_at > WINDOW
            before = Circuit() if is_old else known.circuit
            known.become(struck(before, policy, successes=successes, wait=wait, now=now), is_shared=False)
        else:
            self._was_away = False
            known.become(Circuit(streak=streak, trips=trips, until=now + left if trips else 0.0))

    async def _lease_of(self, name: str, known: _Local, token: str) -> bool:
        """Try to become the one probe of a circuit. True as well when it turns out to be closed."""
        now = time.monotonic()
        try:
            async with asyncio.timeout(self._call):
                left, trips, is_ours = await scripts.probe(self._redis, name, token, self._lease)
        except _AWAY as error:
            self._note_away(error)
            if known.probed_until > now:
                return False
            known.probed_until = now + self._lease
            return True
        self._was_away = False
        known.become(Circuit(trips=trips, until=now + left if trips else 0.0))
        return trips == 0 or is_ours

    async def _close(self, name: str) -> None:
        known = self._of(name)
        known.become(Circuit())
        known.successes, known.probed_until = 0, 0.0
        try:
            async with asyncio.timeout(self._call):
                await scripts.close(self._redis, name)
        except _AWAY as error:
            self._note_away(error)
        log.info("a circuit closed", circuit=name)
        self._say(name, known.circuit)

    def _of(self, name: str) -> _Local:
        known = self._known.get(name)
        if known is None:
            known = self._known[name] = _Local()
            while len(self._known) > _LOCAL:
                self._known.popitem(last=False)
        else:
            self._known.move_to_end(name)
        return known

    def _say(self, name: str, circuit: Circuit) -> None:
        if len(self._unsaid) < _UNSAID:
            self._unsaid[name] = circuit
        self._voice.speak()

    def _words(self) -> Iterator[dict[str, Any]]:
        while self._unsaid:
            name, circuit = self._unsaid.popitem()
            yield {"circuit": name, "trips": circuit.trips, "left": max(0.0, circuit.until - time.monotonic())}

    def _hear(self, said: dict[str, Any]) -> None:
        """Take what another process says of a circuit."""
        name, trips, left = str(said["circuit"]), int(said["trips"]), float(said["left"])
        known = self._of(name)
        known.successes = 0
        known.become(Circuit(trips=trips, until=time.monotonic() + left if trips else 0.0))

    async def _read(self) -> None:
        """Read all that is open: at the beginning, after a silence, and now and then."""
        while True:
            began = time.monotonic()
            try:
                async with asyncio.timeout(self._call * 3):
                    self._take(await scripts.opened(self._redis), began)
            except _AWAY as error:
                self._note_away(error)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._look):
                    await self._wake.wait()
            self._wake.clear()

    def _take(self, found: dict[str, tuple[float, int]], began: float) -> None:
        """Take what Redis said; what changed since it was asked is newer, and what it never knew runs out by itself."""
        for name, known in self._known.items():
            is_gone = name not in found and known.circuit.trips > 0
            if is_gone and known.is_shared and known.changed_at < began:
                known.become(Circuit())
        for name, (left, trips) in found.items():
            known = self._of(name)
            if known.changed_at < began:
                known.become(Circuit(trips=trips, until=time.monotonic() + left))

    def _note_away(self, error: Exception) -> None:
        if not self._was_away:
            self._was_away = True
            log.warning("circuits are kept by this process alone", reason=type(error).__name__)
