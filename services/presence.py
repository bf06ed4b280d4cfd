"""Who of the team is at a contact right now: looks at it, or writes to it. Nothing of it is stored or logged."""

from uuid import UUID

from sqlalchemy import select

from core.ephemeral import Seat
from core.ground import Ground
from models import Contact, Permission
from services.access import Actor
from services.contacts.errors import ContactUnknown


async def enter(ground: Ground, actor: Actor, user_id: UUID, contact_id: UUID) -> Seat:
    """Be at a contact until the seat is left, and hear who else is.

    Raises:
        ContactUnknown: there is none in the actor's workspace.
        EphemeralClosed, EphemeralFull: this server cannot take anybody now.
    """
    actor.require(Permission.CONTACTS_READ)
    await _require(ground, actor, contact_id)
    return ground.ephemeral.enter(_room(actor, contact_id), user_id.hex)


async def write(ground: Ground, actor: Actor, user_id: UUID, contact_id: UUID, *, is_typing: bool) -> float:
    """Say that somebody writes to a contact, or has stopped; return for how many seconds that holds by itself.

    Raises:
        ContactUnknown: there is none in the actor's workspace.
    """
    actor.require(Permission.CONTACTS_WRITE)
    await _require(ground, actor, contact_id)
    ground.ephemeral.mark(_room(actor, contact_id), user_id.hex, is_busy=is_typing)
    return ground.ephemeral.pace.mark if is_typing else 0.0


def _room(actor: Actor, contact_id: UUID) -> str:
    """Name the room: the workspace first, so that no two of them share one."""
    return f"{actor.workspace_id.hex}:{contact_id.hex}"


async def _require(ground: Ground, actor: Actor, contact_id: UUID) -> None:
    statement = select(Contact.id).where(Contact.workspace_id == actor.workspace_id, Contact.id == contact_id)
    async with ground.database.read(actor.workspace_id) as session:
        if await session.scalar(statement) is None:
            raise ContactUnknown(field=("contact_id",))
