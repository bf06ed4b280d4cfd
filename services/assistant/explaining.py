"""Why a lead has its score, in a model's words. The score itself stays what its factors sum to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from ai.conversations import Turn
from ai.engines import lead_score
from ai.results import LeadScore
from models import Feature, Permission
from services.access import Actor
from services.assistant import asking
from services.assistant.asking import Paid
from services.assistant.assistant import Assistant
from services.assistant.errors import ModelsFailed
from services.assistant.judging import opened
from services.assistant.preferences import Preferences


@dataclass(frozen=True, slots=True, kw_only=True)
class Reasons:
    """Up to three reasons, and what they cost; none where no model was asked, or none answered."""

    texts: tuple[str, ...] = ()
    paid: Paid | None = None


async def reasons(
    assistant: Assistant, actor: Actor, contact_id: UUID, score: LeadScore, turns: Sequence[Turn]
) -> Reasons:
    """Ask why a lead has its score, given what was said.

    Raises:
        PermissionMissing: the actor may not have models asked.
        SuggestionsOff, NoModelFits, CreditsSpent, FeatureBudgetSpent: they are not to be had.
    """
    actor.require(Permission.AI_USE)
    call = await opened(assistant, actor, Feature.LEAD_SCORE, Preferences(contact_id=contact_id))
    if call.is_local:
        await call.note_local()
        return Reasons()
    texts = call.mask(*(each.text for each in turns))
    masked = tuple(replace(turn, text=text) for turn, text in zip(turns, texts, strict=True))
    try:
        answered = await asking.ask(call, lead_score.ask(score, masked, call.manner(call.terms.language)))
    except ModelsFailed:
        return Reasons()
    found = lead_score.read(answered.value, call.origin(answered.paid.model))
    return Reasons(texts=found.reasons, paid=answered.paid)
