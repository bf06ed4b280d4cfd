"""What was asked of models, and what it cost."""

from dataclasses import asdict
from typing import Annotated, Any

import strawberry

import models
from graph import Connection, Root, page
from models import Permission
from resolvers.context import Context
from resolvers.fields import query
from schema.enums import AiUsageGroup
from schema.usage import (
    AiRequest,
    AiRequestFilter,
    AiRequestOrder,
    AiUsageFigures,
    AiUsageKeys,
    AiUsagePeriodInput,
    AiUsageReport,
    AiUsageRow,
)
from services import usage_reports
from services.periods import PeriodDraft
from services.usage_reports import Figures, Report, Wish

Groups = Annotated[
    list[AiUsageGroup],
    strawberry.argument(description="One to three different ones; at most one of DAY, WEEK and MONTH."),
]
PeriodGiven = Annotated[AiUsagePeriodInput | None, strawberry.argument(description="Of which time: the last 30 days.")]
Zone = Annotated[
    str | None, strawberry.argument(description="Where days begin at midnight (IANA); the workspace's when left out.")
]


@query(Permission.WORKSPACE_READ)
async def ai_usage(
    context: Context, group_by: Groups, period: PeriodGiven = None, time_zone: Zone = None
) -> AiUsageReport:
    """What was asked of models, counted. Grouped by USER, those who may not manage the use of models (AI_MANAGE) see
    and count their own requests alone."""
    wish = Wish(groups=group_by, period=period_of(period), time_zone=time_zone)
    return _shown(await usage_reports.report(context.ground, context.actor, wish))


class UsageQueries(Root):
    """Queries about the use of models."""

    ai_usage: AiUsageReport = ai_usage

    ai_requests: Connection[AiRequest] | None = page(
        models.AiUsage.workspace_id, filter=AiRequestFilter, order=AiRequestOrder, require=Permission.AI_MANAGE
    )
    """Every request to a model, one by one."""


def period_of(given: AiUsagePeriodInput | None) -> PeriodDraft:
    """Turn an input into what the services take."""
    if given is None:
        return PeriodDraft()
    return PeriodDraft(preset=given.preset, since=given.from_, until=given.to)


def _shown(report: Report) -> AiUsageReport:
    rows = [AiUsageRow(keys=AiUsageKeys(**asdict(each.keys)), **_figures(each.figures)) for each in report.rows]
    return AiUsageReport(
        from_=report.period.since,
        to=report.period.until,
        time_zone=report.period.zone.key,
        rows=rows,
        totals=AiUsageFigures(**_figures(report.totals)),
        truncated=report.is_truncated,
    )


def _figures(figures: Figures) -> dict[str, Any]:
    found = asdict(figures)
    large = {name: str(found.pop(name)) for name in ("input_tokens", "output_tokens")}
    return {"cost_micro_usd": str(found.pop("micro_usd")), **large, **found}
