"""How contacts are put away, brought back, and deleted for good: several at once, told in one event."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, update

from core import clock
from models import Contact, ContactIdentity, EventType, Permission
from services.contacts.errors import ContactUnknown, TooMany
from services.transaction import Transaction

AT_ONCE: Final = 500
_TOLD: Final = (
    "name",
    "named_after",
    "phone",
    "email",
    "company",
    "position",
    "custom",
    "owner_id",
    "lead_score",
    "sentiment",
)


async def archive(tx: Transaction, ids: Sequence[UUID]) -> Sequence[Contact]:
    """Put contacts away; those that are, stay. Return all of them.

    Raises:
        TooMany: more than five hundred.
        ContactUnknown: one of them does not exist; nothing is changed.
    """
    return await _move(tx, ids, _Move(action="contact.archive", event=EventType.CONTACT_ARCHIVED, at=clock.now()))


async def restore(tx: Transaction, ids: Sequence[UUID]) -> Sequence[Contact]:
    """Bring contacts back; raises as `archive` does."""
    return await _move(tx, ids, _Move(action="contact.restore", event=EventType.CONTACT_RESTORED, at=None))


async def remove(tx: Transaction, ids: Sequence[UUID]) -> Sequence[UUID]:
    """Delete contacts for good, with their addresses and labels; raises as `archive` does."""
    tx.require(Permission.CONTACTS_DELETE)
    contacts = await chosen(tx, ids)
    gone = [each.id for each in contacts]
    addresses = await _addresses(tx, gone)
    for each in contacts:
        tx.audit("contact.delete", each, changes=_lost(each, addresses.get(each.id, [])))
    await tx.session.execute(
        delete(Contact).where(Contact.workspace_id == tx.workspace_id, Contact.id.in_(gone)),
        execution_options={"synchronize_session": False},
    )
    if gone:
        tx.publish(EventType.CONTACT_DELETED, *gone)
    return gone


async def _addresses(tx: Transaction, ids: Sequence[UUID]) -> Mapping[UUID, Sequence[ContactIdentity]]:
    statement = (
        select(ContactIdentity)
        .where(ContactIdentity.workspace_id == tx.workspace_id, ContactIdentity.contact_id.in_(ids))
        .order_by(ContactIdentity.id)
    )
    found: dict[UUID, list[ContactIdentity]] = {}
    for each in await tx.session.scalars(statement):
        found.setdefault(each.contact_id, []).append(each)
    return found


def _lost(contact: Contact, addresses: Sequence[ContactIdentity]) -> Mapping[str, object]:
    """Say for the audit log who the contact was, so that a mistake can be understood, and made good."""
    values = {name: getattr(contact, name) for name in _TOLD}
    lost: dict[str, object] = {
        name: {"before": value, "after": None} for name, value in values.items() if value not in (None, {})
    }
    if addresses:
        before = [{"kind": each.kind, "value": each.value} for each in addresses]
        lost["identities"] = {"before": before, "after": []}
    return lost


async def chosen(tx: Transaction, ids: Sequence[UUID], *, field: str = "ids") -> Sequence[Contact]:
    """Return contacts by their ids, in that order, locked until the commit. `field` is where the ids were given."""
    wanted = list(dict.fromkeys(ids))
    if len(wanted) > AT_ONCE:
        message = f"Name up to {AT_ONCE} contacts at once."
        raise TooMany(message, field=(field,))
    statement = (
        select(Contact)
        .where(Contact.workspace_id == tx.workspace_id, Contact.id.in_(wanted))
        .order_by(Contact.id)
        .with_for_update()
    )
    found = {each.id: each for each in await tx.session.scalars(statement)}
    if len(found) != len(wanted):
        raise ContactUnknown(field=(field,))
    return [found[each] for each in wanted]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """Away (at a moment), or back."""

    action: str
    event: EventType
    at: datetime | None


async def _move(tx: Transaction, ids: Sequence[UUID], move: _Move) -> Sequence[Contact]:
    """One statement moves all that are not where they should be."""
    tx.require(Permission.CONTACTS_WRITE)
    contacts = await chosen(tx, ids)
    moved = [each for each in contacts if (each.archived_at is None) != (move.at is None)]
    if not moved:
        return contacts
    for each in moved:
        change = {"before": each.archived_at, "after": move.at}
        tx.audit(move.action, each, changes={"archived_at": change})
    here = (Contact.workspace_id == tx.workspace_id, Contact.id.in_([each.id for each in moved]))
    await tx.session.execute(
        update(Contact).where(*here).values(archived_at=move.at), execution_options={"synchronize_session": False}
    )
    await tx.session.scalars(select(Contact).where(*here).execution_options(populate_existing=True))
    tx.publish(move.event, *(each.id for each in moved), changed=["archived_at", "is_archived"])
    return contacts
