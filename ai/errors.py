"""What goes wrong with a provider, as one error with a kind. It never holds a key, a prompt, or a provider's words."""

from email.utils import parsedate_to_datetime
from enum import StrEnum
from math import isfinite
from typing import Final

from core.clock import now
from core.errors import Unavailable

LONGEST_WAIT: Final = 3_600.0


class FailureKind(StrEnum):
    """What a failure means for the next attempt."""

    AUTH = "auth"
    """The key is refused (401, 402, 403)."""
    RATE_LIMITED = "rate_limited"
    """Too many requests or tokens for this key (429)."""
    MISSING = "missing"
    """The provider does not have this model (404)."""
    OVERLOADED = "overloaded"
    """The provider fails (5xx)."""
    UNREACHABLE = "unreachable"
    """No connection."""
    TIMEOUT = "timeout"
    """The first token, or the next one, did not come in time."""
    REFUSED = "refused"
    """The request is not accepted (other 4xx): another provider may accept it."""
    CUT = "cut"
    """The stream ended before the answer did."""
    GARBLED = "garbled"
    """What came is not the provider's protocol."""


class ProviderFailed(Unavailable):
    """The model's provider did not answer: try again."""

    def __init__(
        self,
        kind: FailureKind,
        *,
        provider: str,
        model: str,
        status: int | None = None,
        retry_after: float | None = None,
    ) -> None:
        """`retry_after` is in seconds, when the provider said."""
        self.kind = kind
        self.provider = provider
        self.model = model
        self.status = status
        self.retry_after = retry_after
        super().__init__(f"{provider} did not answer: {kind.value}")


def kind_of_status(status: int) -> FailureKind:
    """Return what an HTTP status of a provider means."""
    match status:
        case 401 | 402 | 403:
            return FailureKind.AUTH
        case 404:
            return FailureKind.MISSING
        case 408:
            return FailureKind.TIMEOUT
        case 429:
            return FailureKind.RATE_LIMITED
        case _ if status >= 500:
            return FailureKind.OVERLOADED
        case _ if status >= 400:
            return FailureKind.REFUSED
        case _:
            return FailureKind.GARBLED


def wait_of(retry_after: str | None) -> float | None:
    """Return the seconds that a `Retry-After` line asks for, a number or a date (RFC 9110, 10.2.3); at most an hour.

    None when there is no such line, or it cannot be read.
    """
    if retry_after is None:
        return None
    text = retry_after.strip()
    try:
        seconds = float(text)
    except ValueError:
        try:
            seconds = (parsedate_to_datetime(text) - now()).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(seconds, 0.0), LONGEST_WAIT) if isfinite(seconds) else None
