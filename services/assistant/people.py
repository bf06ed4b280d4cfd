"""Whose names may stand in a text, as the mask has to know them."""

from uuid import UUID

from sqlalchemy import select

from ai.privacy import Known
from core.ground import Ground
from models import Contact
from services.access import Actor
from services.contacts.errors import ContactUnknown


async def known_by(ground: Ground, actor: Actor, contact_id: UUID | None) -> Known:
    """Return what a contact is known by; nothing without one.

    Raises:
        ContactUnknown: there is none in the actor's workspace.
    """
    if contact_id is None:
        return Known()
    here = (Contact.workspace_id == actor.workspace_id, Contact.id == contact_id)
    async with ground.database.read(actor.workspace_id) as session:
        contact = await session.scalar(select(Contact).where(*here))
    if contact is None:
        raise ContactUnknown(field=("contact_id",))
    return _known_of(contact)


def known_as(*, name: str, company: str | None, email: str | None, phone: str | None) -> Known:
    """Return what somebody is known by; an empty name is none."""
    return Known(
        names=(name,) if name else (),
        companies=(company,) if company else (),
        emails=(email,) if email else (),
        phones=(phone,) if phone else (),
    )


def _known_of(contact: Contact) -> Known:
    """Return what a contact is known by; a name that was made of an address is none."""
    name = contact.name if contact.named_after is None else ""
    return known_as(name=name, company=contact.company, email=contact.email, phone=contact.phone)
