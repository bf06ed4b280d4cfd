"""Suggested replies, and what became of them."""

from dataclasses import asdict
from typing import Annotated, Any

import strawberry

import models
from graph import Connection, Root, by_id, page
from models import Permission
from resolvers.context import Context
from resolvers.fields import mutation, query
from resolvers.usage import PeriodGiven, period_of
from schema.enums import AiAcceptanceGroup
from schema.suggestion import (
    AiAcceptanceFigures,
    AiAcceptanceKeys,
    AiAcceptanceReport,
    AiAcceptanceRow,
    Suggestion,
    SuggestionFeedbackInput,
    SuggestionFeedbackPayload,
    SuggestionFilter,
    SuggestionOrder,
)
from services import learning, suggestions
from services.learning import Decisions
from services.transaction import Transaction

Groups = Annotated[list[AiAcceptanceGroup], strawberry.argument(description="One to three different ones.")]


@query(Permission.WORKSPACE_READ)
async def ai_acceptance(context: Context, group_by: Groups, period: PeriodGiven = None) -> AiAcceptanceReport:
    """How often suggestions are taken, at what price, and how much of them is changed. Days are the workspace's."""
    found = await learning.report(context.ground, context.actor, group_by, period_of(period))
    rows = [AiAcceptanceRow(keys=AiAcceptanceKeys(**asdict(each.keys)), **_told(each.decisions)) for each in found.rows]
    return AiAcceptanceReport(
        from_=found.period.since,
        to=found.period.until,
        rows=rows,
        totals=AiAcceptanceFigures(**_told(found.totals)),
        truncated=found.is_truncated,
    )


class SuggestionQueries(Root):
    """Queries about suggestions."""

    suggestion: Suggestion | None = by_id(models.Suggestion, require=Permission.AI_USE)
    """One suggested reply."""

    suggestions: Connection[Suggestion] | None = page(
        models.Suggestion.workspace_id, filter=SuggestionFilter, order=SuggestionOrder, require=Permission.AI_USE
    )
    """The suggested replies of the workspace."""

    ai_acceptance: AiAcceptanceReport = ai_acceptance


@mutation(Permission.AI_USE)
async def suggestion_feedback(tx: Transaction, input: SuggestionFeedbackInput) -> SuggestionFeedbackPayload:
    """Tell what became of a suggestion: what is learned from it makes the next ones better."""
    suggestion_id = Suggestion.key_of(input.suggestion_id, field=("suggestion_id",))
    decided = await suggestions.decide(tx, suggestion_id, input.state, input.final_text)
    return SuggestionFeedbackPayload(suggestion=Suggestion.of(decided))


def _told(decisions: Decisions) -> dict[str, Any]:
    found = asdict(decisions)
    cost = found.pop("cost_per_accepted")
    share = found.pop("median_edit")
    return {"cost_per_accepted_micro_usd": None if cost is None else str(cost), "median_edit_distance": share, **found}


MUTATIONS = (suggestion_feedback,)
