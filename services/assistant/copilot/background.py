"""What is known around a conversation: who it is with, in which voice to answer, what the knowledge base says of it,
and which answers were taken before.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select

from ai.engines.material import ContactFacts, Example
from ai.local import heads
from ai.local.language import recognize_language
from ai.passages import Passage
from ai.privacy import Known
from ai.results import Intent, Language
from ai.results import Sentiment as Heard
from ai.safety import hosts_in
from core import phone
from core.database import ReadSession
from core.errors import Invalid, Unavailable
from models import Contact, ContactIdentity, ContactLabel, Feature, IdentityKind, Label, Sentiment
from services import learning, personas, suggestions
from services.access import Actor
from services.assistant.assistant import Assistant
from services.assistant.copilot.asked import Asked
from services.assistant.people import known_of
from services.assistant.terms import Terms
from services.contacts.errors import ContactUnknown
from services.knowledge import retrieval
from services.learning import Acceptance
from services.personas import SpokenVoice

_PASSAGES: Final = 5
_EXAMPLES: Final = 3
_LABELS: Final = 10
_SURE: Final = 0.6
_MOODS: Final = {Sentiment.POSITIVE: 1.0, Sentiment.NEUTRAL: 0.5, Sentiment.NEGATIVE: 0.0}


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
    acceptance: Acceptance

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


async def gather(assistant: Assistant, actor: Actor, asked: Asked, terms: Terms) -> Background:
    """Find out what is known, side by side.

    Raises:
        ContactUnknown, PersonaUnknown: what is named is not in the actor's workspace.
    """
    language = asked.language or _language(asked, terms)
    intent, mood, found = await asyncio.gather(
        heads.classify_intent(asked.last),
        heads.analyze_sentiment(asked.last),
        _retrieved(assistant, actor, asked.last),
    )
    persona = personas.known_as(asked.persona or terms.persona)
    async with assistant.ground.database.read(actor.workspace_id) as session:
        contact = await _contact(session, actor, await _contact_id(session, actor, asked))
        labels: Sequence[str] = () if contact is None else await _labels(session, contact)
        voice = await personas.find(session, actor.workspace_id, persona, language.value)
        judged = await learning.acceptance(session, actor.workspace_id, feature=Feature.COPILOT, persona=persona)
        taken = await suggestions.accepted_examples(
            session, actor.workspace_id, persona=persona, intent=intent.purpose.value, limit=_EXAMPLES
        )
    return Background(
        contact=None if contact is None else _facts(contact, labels),
        contact_id=None if contact is None else contact.id,
        persona=persona,
        known=Known() if contact is None else known_of(contact),
        voice=voice,
        language=language,
        intent=intent,
        mood=mood,
        passages=found.passages,
        grounded=found.grounded,
        missing=found.missing,
        examples=tuple(Example(message=each.asked, answer=each.answered) for each in taken),
        strangers=tuple(name for each in taken for name in each.names),
        acceptance=judged,
    )


async def contact_of_chat(session: ReadSession, workspace_id: UUID, chat: str) -> UUID | None:
    """Return the contact that a WhatsApp chat is with (`55…@c.us`, `…@lid`); None for groups and strangers."""
    try:
        named = phone.whatsapp(chat)
    except Invalid:
        return None
    kind = IdentityKind.PHONE if named.kind is phone.AddressKind.PHONE else IdentityKind.WHATSAPP_LID
    statement = select(ContactIdentity.contact_id).where(
        ContactIdentity.workspace_id == workspace_id, ContactIdentity.kind == kind, ContactIdentity.key == named.key
    )
    return await session.scalar(statement)


async def _retrieved(assistant: Assistant, actor: Actor, question: str) -> _Retrieved:
    """Return what the knowledge base says; nothing, and why, when its store is away: replies do without."""
    try:
        found = await retrieval.search(assistant.ground, actor.workspace_id, question, _PASSAGES)
    except Unavailable:
        return _Retrieved(missing=("knowledge",))
    return _Retrieved(passages=found.passages, grounded=found.is_grounded, missing=found.degraded)


def _language(asked: Asked, terms: Terms) -> Language:
    guess = recognize_language(asked.last)
    return guess.language if guess.confidence >= _SURE else terms.language


async def _contact_id(session: ReadSession, actor: Actor, asked: Asked) -> UUID | None:
    if asked.contact_id is not None or asked.chat is None:
        return asked.contact_id
    return await contact_of_chat(session, actor.workspace_id, asked.chat)


async def _contact(session: ReadSession, actor: Actor, contact_id: UUID | None) -> Contact | None:
    if contact_id is None:
        return None
    statement = select(Contact).where(Contact.workspace_id == actor.workspace_id, Contact.id == contact_id)
    found = (await session.scalars(statement)).one_or_none()
    if found is None:
        raise ContactUnknown(field=("contact_id",))
    return found


async def _labels(session: ReadSession, contact: Contact) -> Sequence[str]:
    statement = (
        select(Label.name)
        .join(
            ContactLabel,
            (ContactLabel.workspace_id == Label.workspace_id) & (ContactLabel.label_id == Label.id),
        )
        .where(ContactLabel.workspace_id == contact.workspace_id, ContactLabel.contact_id == contact.id)
        .order_by(Label.name)
        .limit(_LABELS)
    )
    return (await session.scalars(statement)).all()


def _facts(contact: Contact, labels: Sequence[str]) -> ContactFacts:
    return ContactFacts(
        # a name that was made of an address says nothing, and is no name
        name=contact.name if contact.named_after is None else "",
        company=contact.company or "",
        position=contact.position or "",
        sentiment=None if contact.sentiment is None else _MOODS[contact.sentiment],
        lead_score=contact.lead_score or None,
        labels=tuple(labels),
    )
