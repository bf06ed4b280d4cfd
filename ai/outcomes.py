"""What happens while a question is asked down a ranking, as typed events, and what is known of each attempt."""

from dataclasses import dataclass

from ai.catalogue import Model
from ai.errors import FailureKind
from ai.messages import Completion, Delta, FinishReason, Usage
from core.errors import Unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """How one candidate did: `failure` None when it answered, or when it was no longer wanted (`is_dropped`)."""

    model: Model
    failure: FailureKind | None
    first_token_ms: float | None
    took_ms: float
    is_hedge: bool = False
    is_dropped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedOver:
    """A candidate failed before its first token, and another one is asked."""

    failed: Attempt
    to: Model


@dataclass(frozen=True, slots=True, kw_only=True)
class Chosen:
    """This model answers: its first token is here."""

    model: Model
    first_token_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The answer is whole."""

    finish: FinishReason
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """There is no answer, or no more of it (`is_partial`). `kind` is the last failure's, None when nobody was asked."""

    kind: FailureKind | None
    is_partial: bool
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A whole answer, all attempts on the way to it, and what they took together."""

    completion: Completion
    attempts: tuple[Attempt, ...]
    spent: Usage


Event = FailedOver | Chosen | Delta | Completed | Failed
"""A run's events: failovers, `Chosen`, deltas, and at the end `Completed` or `Failed`."""


class NoAnswer(Unavailable):
    """No model answered: try again."""

    def __init__(self, failed: Failed, attempts: tuple[Attempt, ...]) -> None:
        """`failed` is how the last one ended, with what all attempts took."""
        self.kind = failed.kind
        self.is_partial = failed.is_partial
        self.usage = failed.usage
        self.attempts = attempts
        super().__init__()
