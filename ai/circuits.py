"""The rules of a circuit: when it opens, for how long, and whose fault opens which. Pure; `ai.breaker` keeps the state.

A circuit is closed, then open for a time, then half open: one call may find out. A failure of the key (or its limit, or
its own server) opens circuits of that key alone, so that one customer's bad key does not close the door for all others.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ai.errors import FailureKind

FADE: Final = 0.7
"""What a success leaves of a streak of failures: with every second call failing, a streak reaches three."""
WINDOW: Final = 60.0
"""Seconds after which a streak that nothing was added to is forgotten."""
KEPT: Final = 600.0
"""Seconds for which it is remembered, after its time, that a circuit was open."""


class State(StrEnum):
    """A circuit's state."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half_open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """How many failures in a row open a circuit, and for how many seconds: doubled each time, up to the most."""

    threshold: float
    cooldown: float
    most: float


POLICIES: Final[Mapping[FailureKind, Policy]] = {
    FailureKind.AUTH: Policy(threshold=1, cooldown=600, most=21_600),
    FailureKind.RATE_LIMITED: Policy(threshold=1, cooldown=20, most=3_600),
    FailureKind.MISSING: Policy(threshold=1, cooldown=3_600, most=86_400),
    FailureKind.OVERLOADED: Policy(threshold=3, cooldown=30, most=600),
    FailureKind.UNREACHABLE: Policy(threshold=2, cooldown=15, most=300),
    FailureKind.TIMEOUT: Policy(threshold=3, cooldown=60, most=600),
    FailureKind.CUT: Policy(threshold=3, cooldown=30, most=600),
    FailureKind.GARBLED: Policy(threshold=3, cooldown=60, most=600),
}
"""By what went wrong. A refused request says nothing of the provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A model at a provider, asked with a key: the circuits that an answer depends on."""

    provider: str
    model: str
    """The model's key in the catalogue."""
    scope: str
    """The key's name (`Provider.scope`)."""
    is_shared: bool = True
    """Whether everybody asks the same servers (`Provider.is_shared`)."""
    circuits: tuple[str, str, str] = field(init=False, repr=False, compare=False)
    """The names: of the key at the provider, of the key at the model, of the model for everybody."""

    def __post_init__(self) -> None:
        """Name the circuits, which are looked at often."""
        names = (f"{self.provider}@{self.scope}", f"{self.model}@{self.scope}", self.model)
        object.__setattr__(self, "circuits", names)

    def circuit_of(self, kind: FailureKind) -> str:
        """Return which circuit a failure is about."""
        match kind:
            case FailureKind.AUTH:
                return self.circuits[0]
            case FailureKind.RATE_LIMITED | FailureKind.MISSING:
                return self.circuits[1]
            case _:
                return self.measured_as

    @property
    def measured_as(self) -> str:
        """The name under which it is known how it does: a server of one's own says nothing of the others."""
        return self.circuits[2] if self.is_shared else self.circuits[1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Circuit:
    """A circuit: failures in a row, how often it opened without closing, and until when (a moment of one clock)."""

    streak: float = 0.0
    trips: int = 0
    until: float = 0.0

    def state(self, now: float) -> State:
        """Return the state at a moment."""
        if self.trips == 0:
            return State.CLOSED
        return State.OPEN if self.until > now else State.HALF_OPEN


def struck(circuit: Circuit, policy: Policy, *, successes: int, wait: float | None, now: float) -> Circuit:
    """Return a circuit after a failure, with so many successes before it; `wait` is what the provider asked for.

    A failure that comes late, when the circuit is open already, adds nothing but a longer wait.
    """
    streak = circuit.streak * FADE**successes + 1
    state = circuit.state(now)
    if state is State.OPEN:
        until = circuit.until if wait is None else max(circuit.until, now + wait)
        return Circuit(streak=0.0, trips=circuit.trips, until=until)
    if state is State.CLOSED and streak < policy.threshold:
        return Circuit(streak=streak)
    pause = min(policy.cooldown * 2**circuit.trips, policy.most) if wait is None else wait
    return Circuit(streak=0.0, trips=min(circuit.trips + 1, 20), until=now + pause)
