"""The one place where the time is read. Every moment in the product is an aware UTC datetime."""

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current moment, aware, in UTC."""
    return datetime.now(UTC)
