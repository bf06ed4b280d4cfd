"""What comes of a suggestion: its last events, and the row that is kept of it."""

from typing import Final

from ai.catalogue import Model
from ai.engines import copilot
from ai.engines.confidence import Evidence
from ai.engines.copilot import Situation
from ai.engines.question import Origin
from ai.local.copilot import is_wish
from ai.results import LOCAL, GroundKind, Rule
from models import Feature
from services.assistant.calls import Call
from services.assistant.copilot.asked import Asked
from services.assistant.copilot.background import Background
from services.assistant.copilot.events import Cited, Completed, Reason, Usage
from services.assistant.settling import Books, Outlay
from services.learning import Acceptance
from services.suggestions import SuggestionDraft

_UNREAD: Final = frozenset(("knowledge", "sources"))
"""What is missing when nothing that was found says nothing."""


async def completed(call: Call, asked: Asked, known: Background, said: str, model: Model | None) -> Completed:
    """Return how a suggestion ends: what a model said, or (without one) what was found here, ready to be sent."""
    origin = Origin(provider=LOCAL, unmask=str) if model is None else call.origin(model)
    reply = copilot.read(
        said,
        origin,
        passages=known.passages,
        evidence=_evidence(known, await known.acceptance),
        rules=(Rule.PURPOSE,) if model is None else _rules(call, asked, known),
    )
    return Completed(
        suggestion_id=call.id,
        text=reply.text,
        provider=reply.provider,
        model=None if model is None else model.key,
        generated=model is not None,
        confidence=reply.confidence,
        citations=tuple(
            Cited(number=each.number, position=each.position, passage=each.passage) for each in reply.citations
        ),
        reasons=tuple(Reason(source=each.kind is GroundKind.SOURCE, name=each.name) for each in reply.grounds),
    )


def used(outlay: Outlay, books: Books) -> Usage:
    """Return what a suggestion took."""
    return Usage(
        model=None if outlay.model is None else outlay.model.key,
        input_tokens=outlay.spent.input_tokens,
        output_tokens=outlay.spent.output_tokens,
        micro_usd=outlay.spent.micro_usd,
        credits=books.credits,
        credits_left=books.credits_left,
        is_cached=outlay.is_cached,
        is_estimated=outlay.spent.is_estimated,
    )


def draft(call: Call, asked: Asked, known: Background, final: Completed, micro_usd: int = 0) -> SuggestionDraft:
    """Return the row of a suggestion, for what people will say of it."""
    return SuggestionDraft(
        feature=Feature.COPILOT,
        asked=asked.last,
        text=final.text,
        provider=final.provider,
        language=known.language.value,
        id=call.id,
        model=final.model,
        persona=known.persona,
        intent=known.intent.purpose.value,
        confidence=final.confidence,
        micro_usd=micro_usd,
        request_id=call.id,
        contact_id=known.contact_id,
        client_request_id=asked.client_request_id,
    )


def _evidence(known: Background, acceptance: Acceptance) -> Evidence:
    best = max((each.score for each in known.passages), default=0.0)
    is_asked = is_wish(known.intent) and _UNREAD.isdisjoint(known.missing)
    return Evidence(
        retrieval=best if is_asked or known.grounded else None,
        intent=known.intent.confidence,
        accepted=acceptance.accepted,
        judged=acceptance.decided,
    )


def _rules(call: Call, asked: Asked, known: Background) -> tuple[Rule, ...]:
    situation = Situation(turns=asked.turns, stage=asked.stage, contact=known.contact, examples=known.examples)
    manner = call.manner(known.language, voice=known.voice.instructions, extra=call.extra)
    return copilot.rules_of(situation, manner)
