"""What is learned from what people do with suggestions: how many they take, at what price, and how much they change.

Reports, and a number for each model that may correct what the catalogue says of its quality.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from difflib import SequenceMatcher
from statistics import median
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, func, select, tuple_

from core import clock
from core.database import ReadSession, RowReading, WriteSession
from core.errors import Invalid
from core.ground import Ground
from models import AiAcceptanceGroup, Feature, Permission, Suggestion, SuggestionState
from services import periods
from services.access import Actor
from services.periods import Period, PeriodDraft

REMEMBERED: Final = timedelta(days=90)
MOST: Final = 1_000
DECISIONS: Final = 20
"""Fewer than these say nothing of a model."""

_PRIOR: Final = 2.0
_MODELS: Final = 500
_COMPARED: Final = 500
_WORDS: Final = 400
_COLUMNS: Final[Mapping[AiAcceptanceGroup, Any]] = {
    AiAcceptanceGroup.FEATURE: Suggestion.feature,
    AiAcceptanceGroup.MODEL: Suggestion.model,
    AiAcceptanceGroup.PERSONA: Suggestion.persona,
}

_ACCEPTED: Final = """
    SELECT count(*) FILTER (WHERE is_accepted) AS accepted, count(is_accepted) AS decided
    FROM suggestions
    WHERE workspace_id = $1 AND at >= $2 AND ($3::text IS NULL OR feature = $3)
        AND ($4::text IS NULL OR persona = $4) AND ($5::text IS NULL OR model = $5)
"""

_Key = tuple[object, ...]


class GroupsInvalid(Invalid):
    """Group by one to three different things."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """How many suggestions were decided about, and how many of those were taken."""

    accepted: int
    decided: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """What the suggestions of one row have in common."""

    feature: Feature | None = None
    model: str | None = None
    persona: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """What became of suggestions. `edited` were taken and changed; `shown` were seen. The cost is what all of them cost
    for each that was taken, in micro-USD. `median_edit` is the share of words that was changed, of those that were.
    """

    offered: int
    shown: int
    accepted: int
    edited: int
    rejected: int
    acceptance_rate: float | None
    cost_per_accepted: int | None
    median_edit: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What became of the suggestions that have some keys in common."""

    keys: Keys
    decisions: Decisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """At most a thousand rows, those with most suggestions first. `totals` count those that were left out too."""

    period: Period
    rows: tuple[Row, ...]
    totals: Decisions
    is_truncated: bool


async def report(ground: Ground, actor: Actor, groups: Sequence[AiAcceptanceGroup], wished: PeriodDraft) -> Report:
    """Tell what became of the suggestions of a period. How much was changed is found in the latest 500 that were.

    Raises:
        GroupsInvalid, PeriodInvalid: the wish is not acceptable.
    """
    actor.require(Permission.WORKSPACE_READ)
    if not groups or len(set(groups)) != len(groups):
        raise GroupsInvalid(field=("group_by",))
    async with ground.database.read(actor.workspace_id) as session:
        zone = await periods.zone_of(session, actor.workspace_id, None)
        period = periods.read(wished, zone, clock.now())
        totals, *rows = (await session.execute(_counted(actor.workspace_id, groups, period))).all()
        texts = (await session.execute(_changed(actor.workspace_id, groups, period))).all()
    edits = await asyncio.to_thread(_edits, [tuple(each) for each in texts])
    return Report(
        period=period,
        rows=tuple(_row(groups, each, edits) for each in rows[:MOST]),
        totals=_decisions(totals, [share for shares in edits.values() for share in shares]),
        is_truncated=len(rows) > MOST,
    )


async def acceptance(
    reading: RowReading,
    workspace_id: UUID,
    *,
    feature: Feature | None = None,
    persona: str | None = None,
    model: str | None = None,
) -> Acceptance:
    """Count the decisions of the last 90 days; what is not given may be any."""
    kind = None if feature is None else feature.value
    rows = await reading.fetch(_ACCEPTED, (workspace_id, clock.now() - REMEMBERED, kind, persona, model))
    return Acceptance(**rows[0])


async def routing_quality(session: ReadSession | WriteSession, workspace_id: UUID) -> Mapping[str, float]:
    """Return how well each model's suggestions are taken, 0 to 100, by its key in the catalogue.

    Models of fewer than twenty decisions in 90 days are left out: of them the catalogue knows more.
    """
    decided = func.count(Suggestion.is_accepted)
    statement = (
        select(Suggestion.provider, Suggestion.model, func.count().filter(Suggestion.is_accepted.is_(True)), decided)
        .where(
            Suggestion.workspace_id == workspace_id,
            Suggestion.at >= clock.now() - REMEMBERED,
            Suggestion.model.is_not(None),
        )
        .group_by(Suggestion.provider, Suggestion.model)
        .having(decided >= DECISIONS)
        .order_by(decided.desc())
        .limit(_MODELS)
    )
    found = (await session.execute(statement)).all()
    return {_key_of(provider, model or ""): smoothed(accepted, number) for provider, model, accepted, number in found}


def smoothed(accepted: int, decided: int) -> float:
    """Return a share of 0 to 100, drawn towards a half by four decisions that nobody took (the mean of a Beta
    distribution over a prior of 2 and 2): few decisions do not make a model perfect, or useless.
    """
    return 100 * (accepted + _PRIOR) / (decided + 2 * _PRIOR)


def changed_share(text: str, final_text: str) -> float:
    """Return how much of a text was changed, 0 to 1: words that are not in both, by Ratcliff and Obershelp's measure.
    The first 400 words are compared.
    """
    before, after = text.split()[:_WORDS], final_text.split()[:_WORDS]
    return 1 - SequenceMatcher(None, before, after, autojunk=False).ratio()


def _key_of(provider: str, model: str) -> str:
    return model if model.startswith(f"{provider}/") else f"{provider}/{model}"


def _counted(workspace_id: UUID, groups: Sequence[AiAcceptanceGroup], period: Period) -> Select[*tuple[Any, ...]]:
    """Return the totals, then the rows of each group."""
    keys = [_COLUMNS[each] for each in groups]
    return (
        select(
            *keys,
            func.count().label("offered"),
            func.count().filter(Suggestion.state != SuggestionState.OFFERED).label("shown"),
            func.count().filter(Suggestion.is_accepted.is_(True)).label("accepted"),
            func.count()
            .filter(Suggestion.is_accepted.is_(True), Suggestion.final_text != Suggestion.text)
            .label("edited"),
            func.count().filter(Suggestion.is_accepted.is_(False)).label("rejected"),
            func.coalesce(func.sum(Suggestion.micro_usd), 0).label("micro_usd"),
        )
        .where(*_within(workspace_id, period))
        .group_by(func.grouping_sets(tuple_(*keys), tuple_()))
        .order_by(func.grouping(*keys).desc(), func.count().desc(), *(each.asc() for each in keys))
        .limit(MOST + 2)
    )


def _changed(workspace_id: UUID, groups: Sequence[AiAcceptanceGroup], period: Period) -> Select[*tuple[Any, ...]]:
    """Return the keys and both texts of the latest suggestions that were taken and changed."""
    return (
        select(*(_COLUMNS[each] for each in groups), Suggestion.text, Suggestion.final_text)
        .where(
            *_within(workspace_id, period), Suggestion.is_accepted.is_(True), Suggestion.final_text != Suggestion.text
        )
        .order_by(Suggestion.at.desc(), Suggestion.id.desc())
        .limit(_COMPARED)
    )


def _within(workspace_id: UUID, period: Period) -> tuple[Any, ...]:
    here = Suggestion.workspace_id == workspace_id
    return here, Suggestion.at >= period.since, Suggestion.at < period.until


def _edits(changed: Sequence[tuple[Any, ...]]) -> Mapping[_Key, Sequence[float]]:
    found: dict[_Key, list[float]] = {}
    for *keys, text, final_text in changed:
        found.setdefault(tuple(keys), []).append(changed_share(text, final_text))
    return found


def _row(groups: Sequence[AiAcceptanceGroup], row: Any, edits: Mapping[_Key, Sequence[float]]) -> Row:
    keys: _Key = tuple(row[: len(groups)])
    named: dict[str, Any] = {each.value: key for each, key in zip(groups, keys, strict=True)}
    return Row(keys=Keys(**named), decisions=_decisions(row, edits.get(keys, ())))


def _decisions(row: Any, edits: Sequence[float]) -> Decisions:
    accepted, decided = row.accepted, row.accepted + row.rejected
    return Decisions(
        offered=row.offered,
        shown=row.shown,
        accepted=accepted,
        edited=row.edited,
        rejected=row.rejected,
        acceptance_rate=accepted / decided if decided else None,
        cost_per_accepted=round(row.micro_usd / accepted) if accepted else None,
        median_edit=median(edits) if edits else None,
    )
