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
    return known_of(contact)


def known_of(contact: Contact) -> Known:
    """Return what a contact is known by; a name that was made of an address is none."""
    return Known(
        names=(contact.name,) if contact.named_after is None else (),
        companies=(contact.company,) if contact.company else (),
        emails=(contact.email,) if contact.email else (),
        phones=(contact.phone,) if contact.phone else (),
    )
