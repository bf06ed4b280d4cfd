"""How a contact is changed: one by its id, or whichever one some addresses name."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import delete, select

from core.errors import DomainError, Problem
from models import Contact, ContactIdentity, EventType, IdentityKind, Permission
from services import audit
from services.contacts import creation, custom_values, drafting
from services.contacts.drafting import Address, Checked, ContactDraft
from services.contacts.errors import AddressMissing, ContactDuplicate, ContactStale, ContactUnknown, TooMany
from services.transaction import Transaction

AT_ONCE: Final = 500
_TRIES: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one draft: the contact, or what was wrong."""

    contact: Contact | None = None
    is_new: bool = False
    problems: tuple[Problem, ...] = ()


async def update(
    tx: Transaction, contact_id: UUID, draft: ContactDraft, *, if_updated_at: datetime | None = None
) -> Contact:
    """Change a contact.

    Raises:
        ContactUnknown: there is none.
        ContactStale: it was changed after `if_updated_at`.
        Invalid, ContactDuplicate, OwnerUnknown: as in `creation.create`.
    """
    tx.require(Permission.CONTACTS_WRITE)
    contact = await locked(tx, contact_id)
    if if_updated_at is not None and contact.updated_at != if_updated_at:
        raise ContactStale
    region = await creation.region_of(tx)
    if await _apply(tx, contact, draft, drafting.check(draft, region), region):
        tx.publish(EventType.CONTACT_UPDATED, contact.id)
    return contact


async def upsert(tx: Transaction, draft: ContactDraft) -> Outcome:
    """Change the contact that the draft's addresses name, or add one.

    Raises:
        AddressMissing: the draft has no address.
        ContactDuplicate: its addresses name different contacts.
        Invalid, OwnerUnknown: as in `creation.create`.
    """
    tx.require(Permission.CONTACTS_WRITE)
    outcome = await _upsert(tx, draft, await creation.region_of(tx))
    if outcome.contact is not None:
        event = EventType.CONTACT_CREATED if outcome.is_new else EventType.CONTACT_UPDATED
        tx.publish(event, outcome.contact.id)
    return outcome


async def upsert_all(tx: Transaction, drafts: list[ContactDraft]) -> list[Outcome]:
    """Do the same for up to five hundred drafts. What is wrong with one does not stop the others; two events tell all.

    Raises:
        TooMany: there are more.
    """
    tx.require(Permission.CONTACTS_WRITE)
    if len(drafts) > AT_ONCE:
        message = f"Send up to {AT_ONCE} contacts at once."
        raise TooMany(message, field=("contacts",))
    region = await creation.region_of(tx)
    outcomes = [await _attempt(tx, draft, region) for draft in drafts]
    created = [each.contact.id for each in outcomes if each.contact is not None and each.is_new]
    updated = [each.contact.id for each in outcomes if each.contact is not None and not each.is_new]
    if created:
        tx.publish(EventType.CONTACT_CREATED, *created)
    if updated:
        tx.publish(EventType.CONTACT_UPDATED, *dict.fromkeys(updated))
    return outcomes


async def locked(tx: Transaction, contact_id: UUID) -> Contact:
    """Return a contact, locked until the commit; raise `ContactUnknown` when there is none."""
    statement = select(Contact).where(Contact.workspace_id == tx.workspace_id, Contact.id == contact_id)
    contact = await tx.session.scalar(statement.with_for_update().execution_options(populate_existing=True))
    if contact is None:
        raise ContactUnknown(field=("id",))
    return contact


async def _attempt(tx: Transaction, draft: ContactDraft, region: str) -> Outcome:
    try:
        async with tx.session.begin_nested():
            return await _upsert(tx, draft, region)
    except DomainError as error:
        return Outcome(problems=error.problems)


async def _upsert(tx: Transaction, draft: ContactDraft, region: str) -> Outcome:
    """Try twice: between looking for the contact and adding it, another transaction may have added it."""
    checked = drafting.check(draft, region)
    if not checked.addresses:
        message = "Give a phone number, an e-mail address, a WhatsApp id or an external id to find the contact by."
        raise AddressMissing(message)
    for attempt in range(_TRIES):
        found = await _named(tx, checked.addresses)
        if found is not None:
            contact = await locked(tx, found)
            await _apply(tx, contact, draft, checked, region)
            return Outcome(contact=contact)
        try:
            async with tx.session.begin_nested():
                return Outcome(contact=await creation.insert(tx, draft, checked, region), is_new=True)
        except ContactDuplicate:
            if attempt + 1 == _TRIES:
                raise
    raise ContactUnknown


async def _named(tx: Transaction, addresses: tuple[Address, ...]) -> UUID | None:
    """Return the one contact that some addresses name; the most telling address comes first."""
    held = {(each.kind, each.key): each.contact_id for each in await creation.holders(tx, addresses)}
    named = [(each, held[each.kind, each.key]) for each in addresses if (each.kind, each.key) in held]
    for address, contact_id in named[1:]:
        if contact_id != named[0][1]:
            raise ContactDuplicate(contact_id, (address.field,))
    return named[0][1] if named else None


async def _apply(tx: Transaction, contact: Contact, draft: ContactDraft, checked: Checked, region: str) -> bool:
    """Set what changes; return whether anything did."""
    for name, value in checked.columns.items():
        if getattr(contact, name) != value:
            setattr(contact, name, value)
    if isinstance(draft.custom, dict):
        fields = await custom_values.definitions(tx)
        custom = custom_values.merged(fields, contact.custom, draft.custom, region)
        if custom != contact.custom:
            contact.custom = custom
    fresh = await _replace_addresses(tx, contact, checked)
    drafting.mirror(contact, checked.addresses, checked.dropped)
    changes = {**audit.changed(contact), **_told(fresh, checked.dropped)}
    if not changes:
        return False
    await creation.write(tx, contact, Checked(columns={}, addresses=fresh, dropped=frozenset()))
    await tx.session.refresh(contact)
    tx.audit("contact.update", contact, changes=changes)
    return True


async def _replace_addresses(tx: Transaction, contact: Contact, checked: Checked) -> tuple[Address, ...]:
    """Take away addresses of the kinds that are given anew or dropped; return those that the contact lacks."""
    kinds = {each.kind for each in checked.addresses} | checked.dropped
    if not kinds:
        return ()
    own = (ContactIdentity.workspace_id == tx.workspace_id, ContactIdentity.contact_id == contact.id)
    kept = {
        (each.kind, each.key): each
        for each in await tx.session.scalars(select(ContactIdentity).where(*own, ContactIdentity.kind.in_(kinds)))
    }
    wanted = {(each.kind, each.key): each for each in checked.addresses}
    for place, row in kept.items():
        if place not in wanted:
            await tx.session.execute(delete(ContactIdentity).where(*own, ContactIdentity.id == row.id))
        elif row.value != wanted[place].value:
            row.value = wanted[place].value
    return tuple(each for place, each in wanted.items() if place not in kept)


def _told(fresh: tuple[Address, ...], dropped: frozenset[IdentityKind]) -> Mapping[str, Any]:
    """Tell the audit log of addresses that the contact's own columns do not show."""
    shown = (IdentityKind.PHONE, IdentityKind.EMAIL)
    added = {each.kind.value: {"before": None, "after": each.value} for each in fresh if each.kind not in shown}
    gone = {kind.value: {"before": "removed", "after": None} for kind in dropped if kind not in shown}
    return {**gone, **added}
