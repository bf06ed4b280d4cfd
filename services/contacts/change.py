"""How a contact is changed: one by its id, or whichever one some addresses name.

Locks are taken in one order, so that writers wait for each other and do not embrace: contacts by their ids, then
addresses. Batches, which write in the order of their drafts, take turns.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import delete, func, inspect, select

from core.errors import DomainError, Problem, Problems
from models import Contact, ContactIdentity, EventType, IdentityKind, Permission, WorkspaceMember
from services import audit, leads
from services.contacts import adding, creation, custom_values, drafting, naming
from services.contacts.drafting import Address, Checked, ContactDraft
from services.contacts.errors import (
    AddressMissing,
    ContactDuplicate,
    ContactStale,
    ContactUnknown,
    OwnerUnknown,
    TooMany,
)
from services.contacts.naming import Name
from services.contacts.terms import Terms, terms_of
from services.transaction import Transaction

AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What became of one draft: the contact, or what was wrong. `is_assigned`: it has an owner that it had not.

    `changed` are the columns of a contact that was there before; `gives_score` says that the draft has a score for it.
    """

    contact: Contact | None = None
    is_new: bool = False
    gives_score: bool = False
    changed: frozenset[str] = frozenset()
    is_assigned: bool = False
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
    contact = await _locked(tx, contact_id)
    if contact is None:
        raise ContactUnknown(field=("id",))
    if if_updated_at is not None and contact.updated_at != if_updated_at:
        raise ContactStale(field=("if_updated_at",))
    terms = await terms_of(tx)
    await _tell(tx, [await _changed(tx, contact, drafting.check(draft, terms), terms)])
    return contact


async def upsert(tx: Transaction, draft: ContactDraft) -> Outcome:
    """Change the contact that the draft's addresses name, or add one.

    Raises:
        AddressMissing: the draft has no address.
        ContactDuplicate: its addresses name different contacts.
        Invalid, OwnerUnknown: as in `creation.create`.
    """
    tx.require(Permission.CONTACTS_WRITE)
    terms = await terms_of(tx)
    outcome = await _upsert(tx, drafting.check(draft, terms), terms)
    await _tell(tx, [outcome])
    return outcome


async def upsert_all(tx: Transaction, drafts: Sequence[ContactDraft]) -> list[Outcome]:
    """Do the same for up to five hundred drafts. What is wrong with one does not stop the others; two events tell all.

    Raises:
        TooMany: there are more.
    """
    tx.require(Permission.CONTACTS_WRITE)
    if len(drafts) > AT_ONCE:
        message = f"Send up to {AT_ONCE} contacts at once."
        raise TooMany(message, field=("contacts",))
    terms = await terms_of(tx)
    checked = [_checked(draft, terms) for draft in drafts]
    good = [each for each in checked if isinstance(each, Checked)]
    await _take_turn(tx, [address for each in good for address in each.addresses])
    added = await _add_new(tx, good, terms)
    outcomes = [
        each if isinstance(each, Outcome) else added.get(each) or await _attempt(tx, each, terms) for each in checked
    ]
    await _remember(tx, [each.contact for each in outcomes if each.contact is not None])
    await _tell(tx, outcomes)
    return outcomes


async def _tell(tx: Transaction, outcomes: Sequence[Outcome]) -> None:
    """One event for all that are new, and one for all that were changed."""
    moved = await _score(tx, outcomes)
    found = [(each, each.contact) for each in outcomes if each.contact is not None]
    created = [(each, contact) for each, contact in found if each.is_new]
    updated = [(each, contact) for each, contact in found if each.changed and not each.is_new]
    for event, told in ((EventType.CONTACT_CREATED, created), (EventType.CONTACT_UPDATED, updated)):
        ids = dict.fromkeys(contact.id for _, contact in told)
        given = {contact.id: contact for each, contact in told if each.is_assigned}
        columns = frozenset[str]().union(*(each.changed for each, _ in told)) - {"named_after"}
        scored = {"lead_score"} if moved and event is EventType.CONTACT_UPDATED else set[str]()
        changed = sorted(columns | scored)
        if ids:
            tx.publish(event, *ids, **({"changed": changed} if changed else {}), **creation.assigned(given.values()))


async def _score(tx: Transaction, outcomes: Sequence[Outcome]) -> frozenset[UUID]:
    """Score those anew of whom more is known; return whose score moved."""
    known = {each.contact: None for each in outcomes if each.contact is not None and each.changed & leads.FACTS}
    given = {each.contact for each in outcomes if each.contact is not None and each.gives_score}
    return await leads.rescore(tx, known, given=given)


def _checked(draft: ContactDraft, terms: Terms) -> Checked | Outcome:
    try:
        return drafting.check(draft, terms)
    except DomainError as error:
        return Outcome(problems=error.problems)


async def _take_turn(tx: Transaction, addresses: Sequence[Address]) -> None:
    """Wait for other batches of the workspace, then lock all contacts that the addresses name, by their ids."""
    turn = func.pg_advisory_xact_lock(func.hashtextextended(f"contacts {tx.workspace_id}", 0))
    await tx.session.execute(select(turn))
    named = {each.contact_id for each in await creation.holders(tx, addresses)}
    if named:
        here = (Contact.workspace_id == tx.workspace_id, Contact.id.in_(named))
        await tx.session.execute(select(Contact.id).where(*here).order_by(Contact.id).with_for_update())


async def _add_new(tx: Transaction, drafts: Sequence[Checked], terms: Terms) -> Mapping[Checked, Outcome]:
    """Add at once the contacts of drafts that have nothing to do with each other, nor with contacts that there are;
    return what became of them. All others are for one after the other.
    """
    newcomers = {each: creation.begun(tx.actor, each) for each in await _apart(tx, drafts) if _is_whole(each, terms)}
    if not newcomers:
        return {}
    try:
        async with tx.session.begin_nested():
            refused = await adding.add(tx, list(newcomers.values()))
    except OwnerUnknown:
        return {}
    return {each: _made(adding.keep(tx, made), each) for each, made in newcomers.items() if made not in refused}


async def _apart(tx: Transaction, drafts: Sequence[Checked]) -> Sequence[Checked]:
    """Return those that have addresses which no contact and no earlier draft has, and no owner who is nobody."""
    held = await creation.holders(tx, [address for each in drafts for address in each.addresses])
    taken = {(each.kind, each.key) for each in held}
    owners = await _members(tx, {each.columns.get("owner_id") for each in drafts} - {None})
    found: list[Checked] = []
    for each in drafts:
        own = {(address.kind, address.key) for address in each.addresses}
        if own and not own & taken and each.columns.get("owner_id") in owners:
            found.append(each)
        taken |= own
    return found


async def _members(tx: Transaction, user_ids: Collection[UUID | None]) -> Collection[UUID | None]:
    """Return which of some people are of this workspace, and nobody, whom a contact may have as its owner."""
    if not user_ids:
        return {None}
    here = (WorkspaceMember.workspace_id == tx.workspace_id, WorkspaceMember.user_id.in_(user_ids))
    return {None, *await tx.session.scalars(select(WorkspaceMember.user_id).where(*here))}


def _is_whole(checked: Checked, terms: Terms) -> bool:
    return all(each.key in checked.custom for each in terms.fields.values() if each.is_required)


async def _locked(tx: Transaction, contact_id: UUID) -> Contact | None:
    """Return a contact, locked until the commit, if there is one."""
    statement = select(Contact).where(Contact.workspace_id == tx.workspace_id, Contact.id == contact_id)
    return await tx.session.scalar(statement.with_for_update().execution_options(populate_existing=True))


async def _attempt(tx: Transaction, checked: Checked, terms: Terms) -> Outcome:
    try:
        async with tx.session.begin_nested():
            return await _upsert(tx, checked, terms)
    except DomainError as error:
        return Outcome(problems=error.problems)


async def _remember(tx: Transaction, contacts: Sequence[Contact]) -> None:
    """Load those again that a later draft touched and was refused: its savepoint took their values along."""
    states = [inspect(each) for each in contacts]
    gone = {each.identity[1] for each in states if each.expired and each.identity is not None}
    if gone:
        here = (Contact.workspace_id == tx.workspace_id, Contact.id.in_(gone))
        await tx.session.scalars(select(Contact).where(*here).execution_options(populate_existing=True))


async def _upsert(tx: Transaction, checked: Checked, terms: Terms) -> Outcome:
    """Try twice: between looking for the contact and writing it, another transaction may add or delete it."""
    if not checked.addresses:
        message = "Give a phone number, an e-mail address, a WhatsApp id or an external id to find the contact by."
        raise AddressMissing(message)
    for is_last in (False, True):
        found = await _named(tx, checked.addresses)
        contact = None if found is None else await _locked(tx, found)
        if contact is not None:
            return await _changed(tx, contact, checked, terms)
        _require_fields(terms, checked.custom)
        try:
            return _made(await creation.insert(tx, checked), checked)
        except ContactDuplicate:
            if is_last:
                raise
    raise ContactUnknown


def _made(contact: Contact, checked: Checked) -> Outcome:
    return Outcome(contact=contact, is_new=True, gives_score="lead_score" in checked.columns, is_assigned=True)


async def _named(tx: Transaction, addresses: tuple[Address, ...]) -> UUID | None:
    """Return the one contact that some addresses name; the most telling address comes first."""
    held = {(each.kind, each.key): each.contact_id for each in await creation.holders(tx, addresses)}
    named = [(each, held[each.kind, each.key]) for each in addresses if (each.kind, each.key) in held]
    for address, contact_id in named[1:]:
        if contact_id != named[0][1]:
            raise ContactDuplicate(contact_id, (address.field,))
    return named[0][1] if named else None


async def _changed(tx: Transaction, contact: Contact, checked: Checked, terms: Terms) -> Outcome:
    before = contact.owner_id
    changed = await _apply(tx, contact, checked, terms)
    given = "lead_score" in checked.columns
    return Outcome(contact=contact, changed=changed, gives_score=given, is_assigned=contact.owner_id != before)


async def _apply(tx: Transaction, contact: Contact, checked: Checked, terms: Terms) -> frozenset[str]:
    """Set what changes; return which columns did."""
    for name, value in checked.columns.items():
        if getattr(contact, name) != value:
            setattr(contact, name, value)
    custom = custom_values.merged(contact.custom, checked.custom)
    if custom != contact.custom:
        _require_fields(terms, custom)
        contact.custom = custom
    gone, fresh = await _replace_addresses(tx, contact, checked)
    drafting.mirror(contact, checked.addresses, checked.dropped)
    await _name(tx, contact, checked, fresh)
    changes = {**creation.told(gone, fresh), **audit.changed(contact)}
    if not changes:
        return frozenset()
    contact.updated_at = func.now()
    await creation.write(tx, contact, fresh)
    tx.audit("contact.update", contact, changes=changes)
    return frozenset(changes)


async def _name(tx: Transaction, contact: Contact, checked: Checked, fresh: tuple[Address, ...]) -> None:
    """Call the contact as was said, or after the addresses that it has now, when it has no name of its own."""
    if isinstance(checked.name, Name):
        naming.put(contact, checked.name)
        return
    is_moved = contact.named_after is not None and bool(checked.addresses or checked.dropped)
    if checked.name is not None and not is_moved:
        return
    own = (ContactIdentity.workspace_id == tx.workspace_id, ContactIdentity.contact_id == contact.id)
    kept = await tx.session.scalars(select(ContactIdentity).where(*own))
    name = naming.derived((each.kind, each.value) for each in (*kept, *fresh))
    if name is None:
        raise AddressMissing(field=("name",) if checked.name is None else ())
    naming.put(contact, name)


def _require_fields(terms: Terms, values: Mapping[str, object]) -> None:
    problems = Problems()
    custom_values.require(terms, values, problems)
    problems.raise_any()


async def _replace_addresses(
    tx: Transaction, contact: Contact, checked: Checked
) -> tuple[Mapping[IdentityKind, str], tuple[Address, ...]]:
    """Take away addresses of the kinds that are given anew or dropped; return what went, and what the contact lacks."""
    kinds = {each.kind for each in checked.addresses} | checked.dropped
    if not kinds:
        return {}, ()
    own = (ContactIdentity.workspace_id == tx.workspace_id, ContactIdentity.contact_id == contact.id)
    kept = {
        (each.kind, each.key): each
        for each in await tx.session.scalars(select(ContactIdentity).where(*own, ContactIdentity.kind.in_(kinds)))
    }
    wanted = {(each.kind, each.key): each for each in checked.addresses}
    gone = [row for place, row in kept.items() if place not in wanted]
    for place, row in kept.items():
        if place in wanted and row.value != wanted[place].value:
            row.value = wanted[place].value
    if gone:
        await tx.session.execute(
            delete(ContactIdentity).where(*own, ContactIdentity.id.in_([each.id for each in gone])),
            execution_options={"synchronize_session": False},
        )
    return {each.kind: each.value for each in gone}, tuple(each for place, each in wanted.items() if place not in kept)
