"""Suggested replies: offered once, and what people then did with them.

What is told twice, or too late, changes nothing: clients may repeat themselves, and their messages overtake each other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.exc import IntegrityError

from core import clock, text
from core.database import RowReading, constraint_of
from core.errors import NotFound
from core.ids import uuid7
from models import EventType, Feature, Permission, Suggestion, SuggestionState
from services.contacts.errors import ContactUnknown
from services.transaction import Transaction

LONGEST: Final = 5_000
EXAMPLES_MOST: Final = 10
_CONTACT_KEY: Final = "fk_suggestions_workspace_id_contact_id"
_WRITTEN: Final = frozenset({SuggestionState.EDITED, SuggestionState.SENT})
_TAKEN: Final = """
    SELECT suggestion.asked, coalesce(suggestion.final_text, suggestion.text) AS answered, contact.name, contact.company
    FROM suggestions AS suggestion
    LEFT JOIN contacts AS contact
        ON contact.workspace_id = suggestion.workspace_id AND contact.id = suggestion.contact_id
    WHERE suggestion.workspace_id = $1 AND suggestion.is_accepted
        AND ($2::text IS NULL OR suggestion.persona = $2) AND ($3::text IS NULL OR suggestion.intent = $3)
    ORDER BY suggestion.at DESC, suggestion.id DESC
    LIMIT $4::int
"""


class SuggestionUnknown(NotFound):
    """There is no such suggestion in this workspace."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuggestionDraft:
    """A reply to suggest. `asked` is the message that it answers, `intent` its purpose, `request_id` the row of
    `ai_usage` that it came with. `confidence` is 0 to 1; `micro_usd` is what it cost. An `id` may be fixed beforehand.
    """

    feature: Feature
    asked: str
    text: str
    provider: str
    language: str
    id: UUID = field(default_factory=uuid7)
    model: str | None = None
    persona: str | None = None
    intent: str | None = None
    confidence: float | None = None
    micro_usd: int = 0
    request_id: UUID | None = None
    contact_id: UUID | None = None
    client_request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A message, and what was answered to it by a person who took a suggestion, perhaps changed. `names` are what the
    contact of it is known by.
    """

    asked: str
    answered: str
    names: tuple[str, ...] = ()


async def offer(tx: Transaction, draft: SuggestionDraft) -> Suggestion:
    """Keep a suggestion for the actor. The same person's same client request gets the one that it got.

    Raises:
        ContactUnknown: the contact is gone.
    """
    tx.require(Permission.AI_USE)
    given: dict[str, object] = {name: getattr(draft, name) for name in SuggestionDraft.__slots__}
    values = {**given, "workspace_id": tx.workspace_id, "user_id": tx.actor.user_id, "at": clock.now()}
    made = insert(Suggestion).values(values).on_conflict_do_nothing().returning(Suggestion)
    try:
        async with tx.session.begin_nested():
            suggestion = await tx.session.scalar(made)
    except IntegrityError as error:
        if constraint_of(error) == _CONTACT_KEY:
            raise ContactUnknown(field=("contact_id",)) from error
        raise
    if suggestion is None:
        return await _offered(tx, draft)
    tx.publish(EventType.SUGGESTION_CREATED, suggestion.id)
    return suggestion


async def decide(
    tx: Transaction, suggestion_id: UUID, state: SuggestionState, final_text: str | None = None
) -> Suggestion:
    """Note what became of a suggestion. `final_text` is what was written in its place: it is asked of EDITED, may come
    with SENT, and means nothing elsewhere.

    Raises:
        SuggestionUnknown: there is none.
        Required, TextTooLong, TextInvalid: the final text is not acceptable.
    """
    tx.require(Permission.AI_USE)
    here = (Suggestion.workspace_id == tx.workspace_id, Suggestion.id == suggestion_id)
    suggestion = await tx.session.scalar(select(Suggestion).where(*here).with_for_update())
    if suggestion is None:
        raise SuggestionUnknown(field=("suggestion_id",))
    written = _written(state, final_text)
    is_same = state is suggestion.state and written == suggestion.final_text
    if is_same or not suggestion.move(state, clock.now()):
        return suggestion
    if state is SuggestionState.USED or written is not None:
        suggestion.final_text = written
    if state is not SuggestionState.SHOWN:
        tx.publish(EventType.SUGGESTION_DECIDED, suggestion.id, state=state.value)
    return suggestion


async def accepted_examples(
    reading: RowReading,
    workspace_id: UUID,
    *,
    persona: str | None,
    intent: str | None,
    limit: int = 3,
) -> Sequence[Example]:
    """Return the latest suggestions that were taken, with the text that people made of them: ten at most.

    Without a persona, or without an intent, those of any.
    """
    most = max(0, min(limit, EXAMPLES_MOST))
    rows = await reading.fetch(_TAKEN, (workspace_id, persona, intent, most))
    return [
        Example(
            asked=row["asked"],
            answered=row["answered"],
            names=tuple(each for each in (row["name"], row["company"]) if each),
        )
        for row in rows
    ]


async def _offered(tx: Transaction, draft: SuggestionDraft) -> Suggestion:
    """Return what was offered before: for the same client request, or under the same id."""
    same = Suggestion.id == draft.id
    if draft.client_request_id is not None:
        same |= (Suggestion.user_id == tx.actor.user_id) & (Suggestion.client_request_id == draft.client_request_id)
    statement = select(Suggestion).where(Suggestion.workspace_id == tx.workspace_id, same)
    return (await tx.session.scalars(statement.limit(1))).one()


def _written(state: SuggestionState, final_text: str | None) -> str | None:
    if state not in _WRITTEN or (final_text is None and state is SuggestionState.SENT):
        return None
    return text.clean_text(final_text or "", field=("final_text",), most=LONGEST)
