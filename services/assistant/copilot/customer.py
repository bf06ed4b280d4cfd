"""Who a conversation is with, as one statement tells it."""

from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from ai.engines.material import ContactFacts
from ai.privacy import Known
from core import phone
from core.errors import Invalid
from core.ground import Ground
from models import IdentityKind, Sentiment
from services.access import Actor
from services.assistant.copilot.asked import Asked
from services.assistant.people import known_as
from services.contacts.errors import ContactUnknown

_LABELS: Final = 10
_MOODS: Final = {Sentiment.POSITIVE: 1.0, Sentiment.NEUTRAL: 0.5, Sentiment.NEGATIVE: 0.0}
_FACTS: Final = """
    SELECT contact.id, contact.name, contact.named_after, contact.company, contact.position, contact.email,
        contact.phone, contact.sentiment, contact.lead_score,
        ARRAY(
            SELECT label.name
            FROM contact_labels AS given
            JOIN labels AS label ON label.workspace_id = given.workspace_id AND label.id = given.label_id
            WHERE given.workspace_id = $1 AND given.contact_id = contact.id
            ORDER BY label.name LIMIT $2
        ) AS labels
    FROM contacts AS contact
    WHERE contact.workspace_id = $1 AND contact.id = coalesce($3::uuid, (
        SELECT contact_id FROM contact_identities WHERE workspace_id = $1 AND kind = $4::text AND key = $5::text))
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """A contact: what a model may be told of it once it is masked, and what is to be masked."""

    id: UUID
    facts: ContactFacts
    known: Known


async def find(ground: Ground, actor: Actor, asked: Asked) -> Customer | None:
    """Return the contact that is named, or that the chat is with (`55…@c.us`, `…@lid`); None for groups and strangers.

    Raises:
        ContactUnknown: the one that is named is not in the actor's workspace.
    """
    address = None if asked.chat is None else _address(asked.chat)
    if asked.contact_id is None and address is None:
        return None
    which = (actor.workspace_id, _LABELS, asked.contact_id, *(address or (None, None)))
    async with ground.database.rows(actor.workspace_id) as reading:
        rows = await reading.fetch(_FACTS, which)
    if rows:
        return _customer(rows[0])
    if asked.contact_id is not None:
        raise ContactUnknown(field=("contact_id",))
    return None


def _address(chat: str) -> tuple[str, str] | None:
    try:
        named = phone.whatsapp(chat)
    except Invalid:
        return None
    kind = IdentityKind.PHONE if named.kind is phone.AddressKind.PHONE else IdentityKind.WHATSAPP_LID
    return kind.value, named.key


def _customer(row: Any) -> Customer:
    # a name that was made of an address says nothing, and is no name
    name = row["name"] if row["named_after"] is None else ""
    facts = ContactFacts(
        name=name,
        company=row["company"] or "",
        position=row["position"] or "",
        sentiment=None if row["sentiment"] is None else _MOODS[Sentiment(row["sentiment"])],
        lead_score=row["lead_score"] or None,
        labels=tuple(row["labels"]),
    )
    known = known_as(name=name, company=row["company"], email=row["email"], phone=row["phone"])
    return Customer(id=row["id"], facts=facts, known=known)
