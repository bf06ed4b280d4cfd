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
from ai.engines.question import Question
from ai.local.scoring import Lead, score_lead
from ai.passages import Passage
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


def _copilot(data: str, language: Language) -> Question[None]:
    return copilot.ask(
        [team("Oi"), customer(data)],
        voice="Fale com simpatia.",
        stage=DealStage.PROPOSAL,
        contact=ContactFacts(name=data, company=data, position=data, sentiment=0.4, lead_score=60, labels=(data,)),
        passages=[passage(data, title=data)],
        examples=[Example(message=data, answer=data)],
        language=language,
        canary=CANARY,
    )


ENGINES: Final[Mapping[str, Callable[[str, Language], Question[Any]]]] = {
    "copilot": _copilot,
    "smart_replies": lambda data, language: smart_replies.ask(
        [customer(data)], passages=[passage(data, title=data)], language=language, canary=CANARY
    ),
    "sentiment": lambda data, language: sentiment.ask(data, language=language, canary=CANARY),
    "intent": lambda data, language: intent.ask(data, before=(customer(data),), language=language, canary=CANARY),
    "entities": lambda data, language: entities.ask(data, language=language, canary=CANARY),
    "summary": lambda data, language: summary.ask([customer(data)], today=TODAY, language=language, canary=CANARY),
    "translation": lambda data, language: translation.ask(data, target="en", language=language, canary=CANARY),
    "correction": lambda data, language: correction.ask(data, language=language, canary=CANARY),
    "lead_score": lambda data, language: lead_score.ask(
        score_lead(Lead()), [customer(data)], language=language, canary=CANARY
    ),
    "knowledge": lambda data, language: knowledge.ask(
        data, passages=[passage(data, title=data)], language=language, canary=CANARY
    ),
}
"""Every engine, asked with the same data wherever it takes some."""
