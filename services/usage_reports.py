"""What was asked of models, counted: requests, tokens, costs and times, by what a workspace wants to see them by.

One statement reads a report with its totals. Nothing here is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlalchemy import ColumnElement, Date, Select, Subquery, cast, func, select, tuple_

from core import clock
from core.errors import Invalid
from core.ground import Ground
from models import AiUsage, AiUsageGroup, Feature, Outcome, Permission
from services import periods
from services.access import Actor
from services.periods import Period, PeriodDraft

MOST: Final = 1_000
_GROUPS_MOST: Final = 3
_TIMES: Final = (AiUsageGroup.DAY, AiUsageGroup.WEEK, AiUsageGroup.MONTH)
_COLUMNS: Final[Mapping[AiUsageGroup, Any]] = {
    AiUsageGroup.PROVIDER: AiUsage.provider,
    AiUsageGroup.MODEL: AiUsage.model,
    AiUsageGroup.FEATURE: AiUsage.feature,
    AiUsageGroup.USER: AiUsage.user_id,
    AiUsageGroup.PERSONA: AiUsage.persona,
    AiUsageGroup.OUTCOME: AiUsage.outcome,
}
_MEASURED: Final = (
    AiUsage.outcome,
    AiUsage.is_cached,
    AiUsage.input_tokens,
    AiUsage.output_tokens,
    AiUsage.micro_usd,
    AiUsage.credits,
    AiUsage.first_token_ms,
    AiUsage.took_ms,
)


class GroupsInvalid(Invalid):
    """Group by one to three different things, of which at most one is DAY, WEEK or MONTH."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a report is to show; days are cut in the workspace's time zone unless `time_zone` names another."""

    groups: Sequence[AiUsageGroup]
    period: PeriodDraft
    time_zone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What the requests of one row have in common. `day` is the first day of the day, week or month."""

    provider: str | None = None
    model: str | None = None
    feature: Feature | None = None
    user_id: UUID | None = None
    persona: str | None = None
    outcome: Outcome | None = None
    day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Counts of requests, money in micro-USD, times in milliseconds; None where nothing was timed."""

    requests: int
    completed: int
    partial: int
    failed: int
    blocked: int
    cancelled: int
    cached: int
    input_tokens: int
    output_tokens: int
    micro_usd: int
    credits: int
    median_first_token_ms: int | None
    p95_first_token_ms: int | None
    average_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The figures of the requests that have some keys in common."""

    keys: Keys
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """At most a thousand rows, the newest and the dearest first. `totals` count those that were left out too."""

    period: Period
    rows: tuple[Row, ...]
    totals: Figures
    is_truncated: bool


async def report(ground: Ground, actor: Actor, wish: Wish) -> Report:
    """Count the workspace's requests. By people, those are counted alone who may be seen: oneself, or all for whoever
    manages the use of models.

    Raises:
        GroupsInvalid, PeriodInvalid, TimezoneUnknown: the wish is not acceptable.
    """
    actor.require(Permission.WORKSPACE_READ)
    groups = _checked(wish.groups)
    async with ground.database.read(actor.workspace_id) as session:
        zone = await periods.zone_of(session, actor.workspace_id, wish.time_zone)
        period = periods.read(wish.period, zone, clock.now())
        found = (await session.execute(_statement(actor, groups, period))).mappings().all()
    totals, *rows = [{str(name): value for name, value in each.items()} for each in found]
    return Report(
        period=period,
        rows=tuple(Row(keys=_keys(groups, each), figures=_figures(each)) for each in rows[:MOST]),
        totals=_figures(totals),
        is_truncated=len(rows) > MOST,
    )


def _checked(groups: Sequence[AiUsageGroup]) -> tuple[AiUsageGroup, ...]:
    times = [each for each in groups if each in _TIMES]
    if not 1 <= len(groups) <= _GROUPS_MOST or len(set(groups)) != len(groups) or len(times) > 1:
        raise GroupsInvalid(field=("group_by",))
    return tuple(groups)


def _statement(actor: Actor, groups: tuple[AiUsageGroup, ...], period: Period) -> Select[*tuple[Any, ...]]:
    """Return the totals, then the rows of each group, in one pass over the period's requests."""
    asked = _asked(actor, groups, period)
    keys = [asked.c[_key(each)] for each in groups]
    is_total = func.grouping(*keys)
    measured = _measures(asked)
    newest = [key.desc() for key, group in zip(keys, groups, strict=True) if group in _TIMES]
    return (
        select(*keys, *measured)
        .group_by(func.grouping_sets(tuple_(*keys), tuple_()))
        .order_by(
            is_total.desc(), *newest, func.sum(asked.c.micro_usd).desc(), func.count().desc(), *(k.asc() for k in keys)
        )
        .limit(MOST + 2)
    )


def _asked(actor: Actor, groups: tuple[AiUsageGroup, ...], period: Period) -> Subquery:
    where = [
        AiUsage.workspace_id == actor.workspace_id,
        AiUsage.at >= period.since,
        AiUsage.at < period.until,
    ]
    if AiUsageGroup.USER in groups and not actor.may(Permission.AI_MANAGE):
        where.append(AiUsage.user_id == actor.user_id)
    keys = [_grouped(each, period).label(_key(each)) for each in groups]
    return select(*keys, *(each.label(each.key) for each in _MEASURED)).where(*where).subquery("asked")


def _grouped(group: AiUsageGroup, period: Period) -> ColumnElement[Any]:
    """Return what requests are grouped by: a column, or the first day of their day, week or month in the zone."""
    if group not in _TIMES:
        return _COLUMNS[group]
    return cast(func.date_trunc(group.value, func.timezone(period.zone.key, AiUsage.at)), Date)


def _key(group: AiUsageGroup) -> str:
    return "key_" + {AiUsageGroup.USER: "user_id"}.get(group, "day" if group in _TIMES else group.value)


def _measures(asked: Subquery) -> list[ColumnElement[Any]]:
    def became(outcome: Outcome) -> ColumnElement[Any]:
        return func.count().filter(asked.c.outcome == outcome).label(outcome.value)

    def summed(name: str) -> ColumnElement[Any]:
        return func.coalesce(func.sum(asked.c[name]), 0).label(name)

    def at(share: float, name: str) -> ColumnElement[Any]:
        return func.percentile_cont(share).within_group(asked.c.first_token_ms).label(name)

    return [
        func.count().label("requests"),
        *(became(each) for each in Outcome),
        func.count().filter(asked.c.is_cached).label("cached"),
        *(summed(name) for name in ("input_tokens", "output_tokens", "micro_usd", "credits")),
        at(0.5, "median_first_token_ms"),
        at(0.95, "p95_first_token_ms"),
        func.avg(asked.c.took_ms).label("average_ms"),
    ]


def _keys(groups: tuple[AiUsageGroup, ...], row: Mapping[str, Any]) -> Keys:
    return Keys(**{_key(each).removeprefix("key_"): row[_key(each)] for each in groups})


def _figures(row: Mapping[str, Any]) -> Figures:
    found: dict[str, Any] = {each.name: row[each.name] for each in fields(Figures)}
    whole: dict[str, Any] = {name: None if value is None else round(value) for name, value in found.items()}
    return Figures(**whole)
