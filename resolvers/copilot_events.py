"""How the events of a suggestion are shown."""

from functools import singledispatch
from typing import TypedDict

import strawberry

from ai.results import Citation as Cited
from core.ids import encode
from models import RoutingStrategy
from schema.composing import Citation
from schema.copilot import (
    CopilotAlternative,
    CopilotAnalysis,
    CopilotBlocked,
    CopilotCompleted,
    CopilotDelta,
    CopilotEvent,
    CopilotFailed,
    CopilotFailover,
    CopilotReason,
    CopilotReply,
    CopilotSource,
    CopilotSources,
    CopilotStarted,
    CopilotUsage,
    CopilotUsed,
)
from schema.enums import Sentiment
from services.assistant.copilot import events
from services.assistant.copilot.events import Numbered


class _Place(TypedDict):
    seq: int
    cursor: str


class _Used(TypedDict):
    model: str | None
    input_tokens: int
    output_tokens: int
    cost_micro_usd: str
    credits: int
    credits_left: int
    cached: bool
    estimated: bool


def shown(numbered: Numbered) -> CopilotEvent:
    """Show an event at its place."""
    return _shown(numbered.event, _Place(seq=numbered.seq, cursor=str(numbered.seq)))


def reply_of(completed: events.Completed) -> CopilotReply:
    """Show a whole reply."""
    cited = [Cited(number=each.number, position=each.position, passage=each.passage) for each in completed.citations]
    return CopilotReply(
        suggestion_id=strawberry.ID(encode("suggestion", completed.suggestion_id)),
        text=completed.text,
        provider=completed.provider,
        model=completed.model,
        generated=completed.generated,
        confidence=completed.confidence,
        citations=[Citation.of(each) for each in cited],
        reasoning=[CopilotReason(source=each.source, name=each.name) for each in completed.reasons],
    )


def usage_of(usage: events.Usage) -> CopilotUsed:
    """Show what a suggestion took."""
    return CopilotUsed(**_used(usage))


def _used(usage: events.Usage) -> _Used:
    return _Used(
        model=usage.model,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_micro_usd=str(usage.micro_usd),
        credits=usage.credits,
        credits_left=usage.credits_left,
        cached=usage.is_cached,
        estimated=usage.is_estimated,
    )


@singledispatch
def _shown(event: object, place: _Place) -> CopilotEvent:
    raise TypeError(f"{type(event).__name__} is no event of a suggestion, at {place['seq']}")


@_shown.register
def _(event: events.Started, place: _Place) -> CopilotEvent:
    return CopilotStarted(
        suggestion_id=strawberry.ID(encode("suggestion", event.suggestion_id)),
        provider=event.provider,
        model=event.model,
        strategy=None if event.strategy is None else RoutingStrategy(event.strategy),
        language=event.language,
        persona=event.persona,
        generated=event.generated,
        **place,
    )


@_shown.register
def _(event: events.Delta, place: _Place) -> CopilotEvent:
    return CopilotDelta(text=event.text, offset=event.offset, **place)


@_shown.register
def _(event: events.Alternative, place: _Place) -> CopilotEvent:
    return CopilotAlternative(index=event.index, text=event.text, **place)


@_shown.register
def _(event: events.Analysis, place: _Place) -> CopilotEvent:
    return CopilotAnalysis(
        intent=event.purpose,
        intent_confidence=event.purpose_confidence,
        sentiment=Sentiment(event.mood.value),
        sentiment_score=event.mood_score,
        language=event.language,
        flags=list(event.flags),
        **place,
    )


@_shown.register
def _(event: events.Sources, place: _Place) -> CopilotEvent:
    sources = [
        CopilotSource(
            number=number,
            source_id=strawberry.ID(encode("source", each.source_id)),
            title=each.title,
            quote=each.text,
            score=each.score,
        )
        for number, each in enumerate(event.passages, 1)
    ]
    return CopilotSources(sources=sources, grounded=event.grounded, missing=list(event.missing), **place)


@_shown.register
def _(event: events.Blocked, place: _Place) -> CopilotEvent:
    return CopilotBlocked(side=event.side.value, categories=list(event.categories), **place)


@_shown.register
def _(event: events.Failover, place: _Place) -> CopilotEvent:
    return CopilotFailover(failed=event.failed, to=event.to, reason=event.reason, **place)


@_shown.register
def _(event: events.Usage, place: _Place) -> CopilotEvent:
    return CopilotUsage(**_used(event), **place)


@_shown.register
def _(event: events.Completed, place: _Place) -> CopilotEvent:
    return CopilotCompleted(reply=reply_of(event), **place)


@_shown.register
def _(event: events.Failed, place: _Place) -> CopilotEvent:
    return CopilotFailed(code=event.code, message=event.message, retryable=event.retryable, **place)
