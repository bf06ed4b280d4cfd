"""What is known around a conversation: who it is with, in which voice to answer, what the knowledge base says of it,
and which answers were taken before.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import structlog

from ai.engines.material import ContactFacts, Example
from ai.local import heads
from ai.local.encoder import Embedded
from ai.local.language import recognize_language
from ai.passages import Passage
from ai.privacy import Known
from ai.results import Intent, Language
from ai.results import Sentiment as Heard
from ai.safety import hosts_in
from core.errors import Unavailable
from core.ground import Ground
from models import Feature
from services import learning, personas, suggestions
from services.access import Actor
from services.assistant import terms
from services.assistant.assistant import Assistant
from services.assistant.copilot import customer
from services.assistant.copilot.asked import Asked
from services.assistant.copilot.beside import Beside
from services.assistant.copilot.examples import nameless
from services.assistant.terms import Terms
from services.knowledge import retrieval
from services.learning import Acceptance
from services.personas import SpokenVoice

_PASSAGES: Final = 5
_EXAMPLES: Final = 3
_SURE: Final = 0.6

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Background:
    """What is known. Nothing of it is masked yet. `missing` are the stores that could not be asked."""

    contact: ContactFacts | None
    contact_id: UUID | None
    persona: str
    known: Known
    voice: SpokenVoice
    language: Language
    intent: Intent
    mood: Heard
    passages: tuple[Passage, ...]
    grounded: bool
    missing: tuple[str, ...]
    examples: tuple[Example, ...]
    strangers: tuple[str, ...]
    """Names of the other customers that the examples are of."""
    acceptance: asyncio.Task[Acceptance]
    """What became of suggestions in this voice: wait for it when the reply is whole, no model is told."""

    @property
    def hosts(self) -> frozenset[str]:
        """Hosts that an answer may lead to: those of the workspace's own knowledge."""
        texts = [each.text for each in self.passages] + [each.url or "" for each in self.passages]
        return hosts_in("\n".join(texts))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Retrieved:
    passages: tuple[Passage, ...] = ()
    grounded: bool = False
    missing: tuple[str, ...] = ()


async def gather(assistant: Assistant, actor: Actor, asked: Asked, beside: Beside) -> tuple[Terms, Background]:
    """Find out by which terms is asked, and what is known, side by side.

    Raises:
        SuggestionsOff: the workspace wants nothing of models.
        ContactUnknown, PersonaUnknown: what is named is not in the actor's workspace.
    """
    ground, embedded = assistant.ground, Embedded()
    hearing = beside.begin(heads.classify_intent(asked.last, embedded), "an intent")
    reading = beside.begin(terms.read(assistant, actor, Feature.COPILOT), "terms")
    meeting = beside.begin(customer.find(ground, actor, asked), "a customer")
    retrieving = beside.begin(_retrieved(ground, actor, asked.last, embedded), "knowledge")
    decided = await reading
    language = asked.language or _language(asked, decided)
    persona = personas.known_as(asked.persona or decided.persona)
    met = await meeting
    speaking = beside.begin(_voice(ground, actor, persona, language), "a voice")
    judging = beside.begin(_acceptance(ground, actor, persona), "decisions")
    intent = await hearing
    # no model is told of it: it may come last
    feeling = beside.begin(heads.analyze_sentiment(asked.last, embedded), "a mood")
    taken = await _taken(ground, actor, persona, intent)
    voice, found, mood = await speaking, await retrieving, await feeling
    told = (part for each in found.passages for part in (each.title, each.text))
    shown = nameless(taken, (decided.company, *decided.known.names, *told), _EXAMPLES)
    known = Background(
        contact=None if met is None else met.facts,
        contact_id=None if met is None else met.id,
        persona=persona,
        known=Known() if met is None else met.known,
        voice=voice,
        language=language,
        intent=intent,
        mood=mood,
        passages=found.passages,
        grounded=found.grounded,
        missing=found.missing,
        examples=tuple(Example(message=each.asked, answer=each.answered) for each in shown),
        strangers=tuple(name for each in shown for name in each.names),
        acceptance=judging,
    )
    return decided, known


async def _retrieved(ground: Ground, actor: Actor, question: str, embedded: Embedded) -> _Retrieved:
    """Return what the knowledge base says; nothing, and why, when its store is away: replies do without."""
    try:
        found = await retrieval.search(ground, actor.workspace_id, question, _PASSAGES, embedded)
    except Unavailable:
        return _Retrieved(missing=("knowledge",))
    return _Retrieved(passages=found.passages, grounded=found.is_grounded, missing=found.degraded)


async def _voice(ground: Ground, actor: Actor, persona: str, language: Language) -> SpokenVoice:
    async with ground.database.rows(actor.workspace_id) as reading:
        return await personas.find(reading, actor.workspace_id, persona, language.value)


async def _acceptance(ground: Ground, actor: Actor, persona: str) -> Acceptance:
    """Count what became of suggestions; a reply does without when that cannot be counted now."""
    try:
        async with ground.database.rows(actor.workspace_id) as reading:
            return await learning.acceptance(reading, actor.workspace_id, feature=Feature.COPILOT, persona=persona)
    except Unavailable as error:
        log.warning("decisions about suggestions are not counted", reason=type(error).__name__)
        return Acceptance(accepted=0, decided=0)


async def _taken(ground: Ground, actor: Actor, persona: str, intent: Intent) -> Sequence[suggestions.Example]:
    async with ground.database.rows(actor.workspace_id) as reading:
        return await suggestions.accepted_examples(
            reading, actor.workspace_id, persona=persona, intent=intent.purpose.value, limit=suggestions.EXAMPLES_MOST
        )


def _language(asked: Asked, terms: Terms) -> Language:
    guess = recognize_language(asked.last)
    return guess.language if guess.confidence >= _SURE else terms.language
