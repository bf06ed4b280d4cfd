"""How labels are put on contacts and taken off: many of both at once, and doing it twice changes nothing."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, Uuid, cast, delete, func, literal, select, true
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.sql.dml import ReturningInsert
from sqlalchemy.sql.selectable import TableValuedAlias

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
    if not contacts or not labels:
        return contacts
    made = (await tx.session.execute(_each_on_each(tx, [each.id for each in contacts], labels))).all()
    await _require_room(tx, [each.id for each in contacts])
    _tell(tx, contacts, [(each.contact_id, each.label_id) for each in made], is_added=True)
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
    _tell(tx, contacts, [(each.contact_id, each.label_id) for each in gone], is_added=False)
    return contacts


def _each_on_each(tx: Transaction, contacts: Sequence[UUID], labels: Sequence[UUID]) -> ReturningInsert[UUID, UUID]:
    """Two arrays travel, not a parameter for each of what may be 25,000 pairs: PostgreSQL takes 32,767."""
    contact, label = _listed("contact", contacts), _listed("label", labels)
    pairs = select(literal(tx.workspace_id), contact.c.id, label.c.id, literal(tx.actor.user_id, Uuid))
    pairs = pairs.select_from(contact.join(label, true()))
    names = ("workspace_id", "contact_id", "label_id", "assigned_by_id")
    statement = insert(ContactLabel).from_select(names, pairs).on_conflict_do_nothing()
    return statement.returning(ContactLabel.contact_id, ContactLabel.label_id)


def _listed(name: str, ids: Sequence[UUID]) -> TableValuedAlias:
    return func.unnest(cast(list(ids), ARRAY(Uuid))).table_valued("id").render_derived(name=name)


async def _chosen(
    tx: Transaction, contact_ids: Sequence[UUID], label_ids: Sequence[UUID]
) -> tuple[Sequence[Contact], Sequence[UUID]]:
    labels = list(dict.fromkeys(label_ids))
    if len(labels) > LABELS_AT_ONCE:
        message = f"Name up to {LABELS_AT_ONCE} labels at once."
        raise TooMany(message, field=("label_ids",))
    contacts = await archiving.chosen(tx, contact_ids, field="contact_ids")
    statement = select(Label.id).where(Label.workspace_id == tx.workspace_id, Label.id.in_(labels))
    known = set(await tx.session.scalars(statement.with_for_update(read=True, key_share=True)))
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


def _tell(tx: Transaction, contacts: Sequence[Contact], moved: Sequence[tuple[UUID, UUID]], *, is_added: bool) -> None:
    """One audit entry for each contact that changed, and one event for all. Only the labels that moved are told."""
    by_contact: dict[UUID, list[UUID]] = {}
    for contact_id, label_id in moved:
        by_contact.setdefault(contact_id, []).append(label_id)
    changed = [each for each in contacts if each.id in by_contact]
    for each in changed:
        labels = by_contact[each.id]
        change = {"before": [] if is_added else labels, "after": labels if is_added else []}
        tx.audit("contact.labels_add" if is_added else "contact.labels_remove", each, changes={"labels": change})
    if changed:
        tx.publish(EventType.CONTACT_LABELS_CHANGED, *(each.id for each in changed), changed=["labels"])
