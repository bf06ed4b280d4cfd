"""The engines of the product, each with a question, a right answer of a model, and what is to come of it."""

from collections.abc import Awaitable, Callable
from contextlib import aclosing
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from ai.conversations import Speaker, Turn
from ai.results import EntityKind, Mood, Purpose, Tone
from models import Feature
from services.access import Actor
from services.assistant import composing, judging
from services.assistant.assistant import Assistant
from services.assistant.composing import Wanted
from services.assistant.copilot.asked import Asked, checked
from services.assistant.copilot.events import Completed, Event, Numbered
from services.assistant.copilot.writing import write
from services.assistant.preferences import Preferences

TEXT: Final = "Oi, trabalho na Zelmar e quero o bolo de cenoura para a Marina Prado, por favor."
TURNS: Final = (
    Turn(speaker=Speaker.TEAM, text="Bom dia, como posso ajudar?"),
    Turn(speaker=Speaker.CUSTOMER, text="Quanto custa o bolo de cenoura?"),
)
KNOWN: Final = "O bolo de cenoura custa R$ 45,00 e fica pronto em um dia."
QUESTION: Final = "Quanto custa o bolo de cenoura?"

Ask = Callable[[Assistant, Actor, Preferences], Awaitable[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """`ask` returns what `is_right` judges; `falls_back` when it answers without a model too."""

    feature: Feature
    ask: Ask
    answer: object
    is_right: Callable[[Any], bool]
    falls_back: bool = False


async def suggestion(assistant: Assistant, actor: Actor, preferences: Preferences, **more: Any) -> list[Numbered]:
    """Follow one suggestion to its end; return all its events."""
    asked = checked(Asked(turns=TURNS, preferences=preferences, **more))
    return await followed(assistant, actor, asked)


async def followed(assistant: Assistant, actor: Actor, asked: Asked, after: int = 0) -> list[Numbered]:
    """Follow a request to its end."""
    work = partial(write, assistant, actor, asked)
    following = assistant.streams.follow(actor, asked, work, after=after, is_dropped=lambda: False)
    async with aclosing(following) as events:
        return [each async for each in events]


def last_of(events: list[Numbered]) -> Event:
    return events[-1].event


async def _replies(assistant: Assistant, actor: Actor, preferences: Preferences) -> Any:
    wanted = Wanted(count=2, tones=(Tone.FRIENDLY, Tone.FORMAL))
    return await composing.replies(assistant, actor, TURNS, wanted, preferences)


async def _summary(assistant: Assistant, actor: Actor, preferences: Preferences) -> Any:
    return await composing.summarized(assistant, actor, TURNS, longest=300, preferences=preferences)


async def _translation(assistant: Assistant, actor: Actor, preferences: Preferences) -> Any:
    return await composing.translated(assistant, actor, TEXT, target="en", preferences=preferences)


async def _correction(assistant: Assistant, actor: Actor, preferences: Preferences) -> Any:
    return await composing.corrected(assistant, actor, "voce tem bolo", tone=None, preferences=preferences)


async def _knowledge(assistant: Assistant, actor: Actor, preferences: Preferences) -> Any:
    return await composing.answered(assistant, actor, QUESTION, preferences)


def _is_written(events: list[Numbered]) -> bool:
    last = last_of(events)
    return isinstance(last, Completed) and last.generated and last.text == "O bolo custa R$ 45,00. Posso separar um?"


ENGINES: Final = {
    "sentiment": Engine(
        feature=Feature.SENTIMENT,
        ask=lambda assistant, actor, wished: judging.sentiment(assistant, actor, TEXT, wished),
        answer={
            "label": "Positive", "score": 0.93, "confidence": 0.9,
            "emotions": [{"emotion": "joy", "confidence": 0.8}],
        },
        is_right=lambda found: (found.result.label, found.result.score) == (Mood.POSITIVE, 0.93),
        falls_back=True,
    ),
    "intent": Engine(
        feature=Feature.INTENT,
        ask=lambda assistant, actor, wished: judging.intent(assistant, actor, TEXT, wished),
        answer={
            "purpose": "pricing", "confidence": 0.81, "candidates": [{"purpose": "greeting", "confidence": 0.1}],
            "sub_intents": ["greeting"],
        },
        is_right=lambda found: (found.result.purpose, found.result.confidence) == (Purpose.PRICING, 0.81),
        falls_back=True,
    ),
    "entities": Engine(
        feature=Feature.ENTITIES,
        ask=lambda assistant, actor, wished: judging.named(assistant, actor, TEXT, wished),
        answer={"named": [{"quote": "Zelmar", "kind": "company", "confidence": 0.7}]},
        is_right=lambda found: any(
            (each.kind, each.text) == (EntityKind.COMPANY, "Zelmar") for each in found.result.found
        ),
        falls_back=True,
    ),
    "smart_replies": Engine(
        feature=Feature.SMART_REPLIES,
        ask=_replies,
        answer={
            "replies": [{"text": "Custa R$ 45,00!", "tone": "friendly"}, {"text": "O valor é R$ 45.", "tone": "formal"}]
        },
        is_right=lambda found: [each.text for each in found[0]] == ["Custa R$ 45,00!", "O valor é R$ 45."],
    ),
    "summary": Engine(
        feature=Feature.SUMMARY,
        ask=_summary,
        answer={
            "text": "Pergunta sobre o preço do bolo.", "key_points": ["Quer saber o preço"], "decisions": [],
            "open_questions": ["Quanto custa?"],
            "action_items": [{"text": "Dizer o preço", "owner": "team", "due": None}],
            "status": "em andamento",
        },
        is_right=lambda found: found.result.text == "Pergunta sobre o preço do bolo.",
    ),
    "translation": Engine(
        feature=Feature.TRANSLATION,
        ask=_translation,
        answer={"source_language": "pt-BR", "text": "Hi, I want the carrot cake."},
        is_right=lambda found: (found.result.text, found.result.source) == ("Hi, I want the carrot cake.", "pt"),
    ),
    "correction": Engine(
        feature=Feature.CORRECTION,
        ask=_correction,
        answer={"text": "Você tem bolo?"},
        is_right=lambda found: found.result.text == "Você tem bolo?",
    ),
    "knowledge": Engine(
        feature=Feature.KNOWLEDGE,
        ask=_knowledge,
        answer="O bolo de cenoura custa R$ 45,00 [1].",
        is_right=lambda found: found.result.grounded and found.result.text == "O bolo de cenoura custa R$ 45,00.",
    ),
    "copilot": Engine(
        feature=Feature.COPILOT,
        ask=suggestion,
        answer="O bolo custa R$ 45,00. Posso separar um?",
        is_right=_is_written,
    ),
}  # fmt: skip
