"""Passages, conversations, and every engine asked with hostile and personal data."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final
from uuid import UUID

from ai.conversations import Speaker, Turn
from ai.engines import (
    copilot,
    correction,
    entities,
    intent,
    knowledge,
    lead_score,
    sentiment,
    smart_replies,
    summary,
    translation,
)
from ai.engines.material import ContactFacts, DealStage, Example
from ai.engines.question import Manner, Origin, Question
from ai.local.scoring import Lead, score_lead
from ai.passages import Passage
from ai.privacy import Masking
from ai.results import Language

CANARY: Final = "wh0123456789abcdef0123"
TODAY: Final = date(2026, 11, 27)


def passage(text: str, *, title: str = "Entregas", number: int = 1) -> Passage:
    return Passage(
        chunk_id=UUID(int=number),
        source_id=UUID(int=100 + number),
        title=title,
        text=text,
        start=0,
        end=len(text),
        score=0.8,
    )


def customer(text: str) -> Turn:
    return Turn(speaker=Speaker.CUSTOMER, text=text)


def team(text: str) -> Turn:
    return Turn(speaker=Speaker.TEAM, text=text)


def manner(language: Language = Language.PORTUGUESE, *, voice: str = "", extra: str = "") -> Manner:
    return Manner(language=language, canary=CANARY, voice=voice, extra=extra)


def origin(provider: str = "openai", masking: Masking | None = None) -> Origin:
    return Origin(provider=provider, unmask=(masking or Masking()).unmask)


def _situation(data: str) -> copilot.Situation:
    return copilot.Situation(
        turns=[team("Oi"), customer(data)],
        stage=DealStage.PROPOSAL,
        contact=ContactFacts(name=data, company=data, position=data, sentiment=0.4, lead_score=60, labels=(data,)),
        passages=[passage(data, title=data)],
        examples=[Example(message=data, answer=data)],
    )


ENGINES: Final[Mapping[str, Callable[[str, Language], Question[Any]]]] = {
    "copilot": lambda data, language: copilot.ask(_situation(data), manner(language)),
    "smart_replies": lambda data, language: smart_replies.ask(
        [customer(data)], manner(language), passages=[passage(data, title=data)]
    ),
    "sentiment": lambda data, language: sentiment.ask(data, manner(language)),
    "intent": lambda data, language: intent.ask(data, manner(language), before=(customer(data),)),
    "entities": lambda data, language: entities.ask(data, manner(language)),
    "summary": lambda data, language: summary.ask([customer(data)], manner(language), today=TODAY),
    "translation": lambda data, language: translation.ask(data, manner(language), target="en"),
    "correction": lambda data, language: correction.ask(data, manner(language)),
    "lead_score": lambda data, language: lead_score.ask(score_lead(Lead()), [customer(data)], manner(language)),
    "knowledge": lambda data, language: knowledge.ask(data, manner(language), passages=[passage(data, title=data)]),
}
"""Every engine, asked with the same data wherever it takes some."""
