"""How labels are put on contacts and taken off: many of both at once, and doing it twice changes nothing."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.postgresql import insert

from models import Contact, ContactLabel, EventType, Label, Permission
from services.contacts import archiving
from services.contacts.errors import TooMany
from services.labels import LabelUnknown
from services.transaction import Transaction

LABELS_AT_ONCE: Final = 50
PER_CONTACT: Final = 100


async def add(tx: Transaction, contact_ids: Sequence[UUID], label_ids: Sequence[UUID]) -> Sequence[Contact]:
    """Put labels on contacts; return the contacts.

    Raises:
        ContactUnknown, LabelUnknown: one of them does not exist; nothing is changed.
        TooMany: more than 500 contacts or 50 labels, or a contact would have more than 100.
    """
    tx.require(Permission.CONTACTS_WRITE)
    contacts, labels = await _chosen(tx, contact_ids, label_ids)
    rows = [
        {
            "workspace_id": tx.workspace_id,
            "contact_id": contact.id,
            "label_id": label,
            "assigned_by_id": tx.actor.user_id,
        }
        for contact in contacts
        for label in labels
    ]
    if not rows:
        return contacts
    statement = insert(ContactLabel).values(rows).on_conflict_do_nothing()
    made = (await tx.session.execute(statement.returning(ContactLabel.contact_id, ContactLabel.label_id))).all()
    await _require_room(tx, [each.id for each in contacts])
    _tell(tx, contacts, [(each.contact_id, each.label_id) for each in made], "contact.labels_add")
    return contacts


async def remove(tx: Transaction, contact_ids: Sequence[UUID], label_ids: Sequence[UUID]) -> Sequence[Contact]:
    """Take labels off contacts; raises as `add` does."""
    tx.require(Permission.CONTACTS_WRITE)
    contacts, labels = await _chosen(tx, contact_ids, label_ids)
    statement = (
        delete(ContactLabel)
        .where(
            ContactLabel.workspace_id == tx.workspace_id,
            ContactLabel.contact_id.in_([each.id for each in contacts]),
            ContactLabel.label_id.in_(labels),
        )
        .returning(ContactLabel.contact_id, ContactLabel.label_id)
        .execution_options(synchronize_session=False)
    )
    gone = (await tx.session.execute(statement)).all()
    _tell(tx, contacts, [(each.contact_id, each.label_id) for each in gone], "contact.labels_remove")
    return contacts


async def _chosen(
    tx: Transaction, contact_ids: Sequence[UUID], label_ids: Sequence[UUID]
) -> tuple[Sequence[Contact], Sequence[UUID]]:
    labels = list(dict.fromkeys(label_ids))
    if len(labels) > LABELS_AT_ONCE:
        message = f"Name up to {LABELS_AT_ONCE} labels at once."
        raise TooMany(message, field=("label_ids",))
    contacts = await archiving.chosen(tx, contact_ids)
    statement = select(Label.id).where(Label.workspace_id == tx.workspace_id, Label.id.in_(labels))
    known = set(await tx.session.scalars(statement.with_for_update(key_share=True)))
    if len(known) != len(labels):
        raise LabelUnknown(field=("label_ids",))
    return contacts, labels


async def _require_room(tx: Transaction, contact_ids: Sequence[UUID]) -> None:
    statement = (
        select(ContactLabel.contact_id)
        .where(ContactLabel.workspace_id == tx.workspace_id, ContactLabel.contact_id.in_(contact_ids))
        .group_by(ContactLabel.contact_id)
        .having(func.count() > PER_CONTACT)
        .limit(1)
    )
    if await tx.session.scalar(statement) is not None:
        message = f"A contact may have {PER_CONTACT} labels."
        raise TooMany(message, field=("label_ids",))


def _tell(tx: Transaction, contacts: Sequence[Contact], moved: Sequence[tuple[UUID, UUID]], action: str) -> None:
    """One audit entry for each contact that changed, and one event for all."""
    by_contact: dict[UUID, list[UUID]] = {}
    for contact_id, label_id in moved:
        by_contact.setdefault(contact_id, []).append(label_id)
    changed = [each for each in contacts if each.id in by_contact]
    for each in changed:
        tx.audit(action, each, changes={"labels": by_contact[each.id]})
    if changed:
        tx.publish(EventType.CONTACT_LABELS_CHANGED, *(each.id for each in changed))
