"""How the workers wait, in seconds, and how much they do at once."""

from dataclasses import dataclass, field

from workers.runner import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """The defaults give back a dead worker's jobs in under ten seconds, and cost a lost NOTIFY two.

    `at_once` must be twice `batch` or more (pgqueuer).
    """

    dequeue: float = 2.0
    heartbeat: float = 5.0
    call: float = 10.0
    batch: int = 10
    at_once: int = 20
    watch: float = 2.0
    hang: float = 20.0
    grace: float = 25.0
    last_wait: float = 5.0
    retry_first: float = 0.2
    retry_most: float = 10.0
    limits: Limits = field(default_factory=Limits)
