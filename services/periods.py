"""Of which time a report tells: two moments, or a period with a name, cut where the workspace keeps its days."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select

from core import text
from core.database import ReadSession
from core.errors import Invalid
from models import AiUsagePreset, WorkspaceSettings

LONGEST: Final = timedelta(days=400)
_WEEK: Final = timedelta(days=6)
_THIRTY_DAYS: Final = timedelta(days=29)
_DAY: Final = timedelta(days=1)


class PeriodInvalid(Invalid):
    """Give a preset, or `from` (and `to`, which is later): 400 days at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PeriodDraft:
    """What is said of a period: its name, or the moments where it begins and ends. Nothing is the last thirty days."""

    preset: AiUsagePreset | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """From `since` up to, and without, `until` (UTC); its days are those of `zone`."""

    since: datetime
    until: datetime
    zone: ZoneInfo


def read(draft: PeriodDraft, zone: ZoneInfo, now: datetime) -> Period:
    """Return the period that is meant.

    Raises:
        PeriodInvalid: it is named twice, ends before it begins, or is longer than 400 days.
    """
    if draft.since is None:
        if draft.until is not None:
            raise PeriodInvalid(field=("period", "from"))
        return _named(draft.preset or AiUsagePreset.LAST_30_DAYS, zone, now)
    if draft.preset is not None:
        raise PeriodInvalid(field=("period", "preset"))
    until = now if draft.until is None else draft.until
    if not timedelta() < until - draft.since <= LONGEST:
        raise PeriodInvalid(field=("period",))
    return Period(since=draft.since, until=until, zone=zone)


async def zone_of(session: ReadSession, workspace_id: UUID, given: str | None) -> ZoneInfo:
    """Return a time zone by its name, or else the workspace's own.

    Raises:
        TimezoneUnknown: it is not in the IANA list.
    """
    if given is not None:
        return ZoneInfo(text.timezone(given, field=("time_zone",)))
    own = select(WorkspaceSettings.timezone).where(WorkspaceSettings.workspace_id == workspace_id)
    return ZoneInfo(await session.scalar(own) or "UTC")


def _named(preset: AiUsagePreset, zone: ZoneInfo, now: datetime) -> Period:
    today = now.astimezone(zone).date()
    month = today.replace(day=1)
    first, until = {
        AiUsagePreset.TODAY: (today, now),
        AiUsagePreset.LAST_7_DAYS: (today - _WEEK, now),
        AiUsagePreset.LAST_30_DAYS: (today - _THIRTY_DAYS, now),
        AiUsagePreset.THIS_MONTH: (month, now),
        AiUsagePreset.LAST_MONTH: ((month - _DAY).replace(day=1), _midnight(month, zone)),
    }[preset]
    return Period(since=_midnight(first, zone), until=until, zone=zone)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    """Return when a day begins. Where the clock skips midnight, that is the moment when it does."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
