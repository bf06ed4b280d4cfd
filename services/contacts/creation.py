"""How a contact begins. An address that another contact has is found by inserting, never by looking first."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from sqlalchemy import Select, select, tuple_
from sqlalchemy.exc import IntegrityError

from core.database import constraint_of
from core.ids import uuid7
from models import Contact, ContactIdentity, EventType, IdentityKind, Permission
from services import audit, leads
from services.access import Actor
from services.contacts import adding, custom_values, drafting
from services.contacts.adding import OWNER_KEY, AddressTaken, Newcomer
from services.contacts.drafting import Address, Checked, ContactDraft
from services.contacts.errors import AddressMissing, ContactDuplicate, OwnerUnknown
from services.contacts.terms import terms_of
from services.group_commit import Member, Members, Seat
from services.transaction import GroupTransaction, Transaction

IDENTITY_KEY: Final = "uq_contact_identities_workspace_id_kind_key"


async def create(tx: Transaction | Seat, draft: ContactDraft) -> Contact:
    """Add a contact: in a transaction, or in one that is shared with others.

    Raises:
        Invalid: values are not acceptable; all are told.
        AddressMissing: nothing names the contact.
        ContactDuplicate: another contact has one of the addresses.
        OwnerUnknown: the owner is nobody of this workspace.
    """
    if isinstance(tx, Seat):
        return await tx.do(create_together, draft)
    tx.require(Permission.CONTACTS_WRITE)
    contact = await insert(tx, drafting.check(draft, await terms_of(tx), is_new=True))
    tx.publish(EventType.CONTACT_CREATED, contact.id, **assigned([contact]))
    return contact


async def create_together(group: GroupTransaction, members: Members[ContactDraft, Contact]) -> None:
    """Add the contacts of a group. Who has an address of somebody else is left to be asked for alone: that may be one
    who is in the group as well, and is refused.
    """
    terms = await terms_of(group)
    newcomers: dict[Member[ContactDraft, Contact], Newcomer] = {}
    for each in members:
        with each.at_fault():
            each.actor.require(Permission.CONTACTS_WRITE)
            newcomers[each] = begun(each.actor, drafting.check(each.asked, terms, is_new=True))
    if len(newcomers) == 1:
        await _create_last(group, *newcomers.popitem())
    elif newcomers:
        refused = await adding.add(group, list(newcomers.values()))
        for each, newcomer in newcomers.items():
            if newcomer not in refused:
                each.done = _announced(group, each.actor, newcomer)


async def _create_last(group: GroupTransaction, member: Member[ContactDraft, Contact], newcomer: Newcomer) -> None:
    contact = _announced(group, member.actor, newcomer)
    try:
        await adding.add_last(group, newcomer)
    except AddressTaken as error:
        raise await _taken(group, newcomer.addresses) from error
    member.done = contact


def _announced(group: GroupTransaction, actor: Actor, newcomer: Newcomer) -> Contact:
    tx, contact = group.within(actor), newcomer.contact
    tx.audit("contact.create", contact, changes=newcomer.changes)
    tx.publish(EventType.CONTACT_CREATED, contact.id, **assigned([contact]))
    return contact


def assigned(contacts: Iterable[Contact]) -> Mapping[str, object]:
    """Say for an event which contacts were given to whom; nothing when none were."""
    by_owner: dict[UUID, list[UUID]] = {}
    for each in contacts:
        if each.owner_id is not None:
            by_owner.setdefault(each.owner_id, []).append(each.id)
    return {"assigned": by_owner} if by_owner else {}


async def insert(tx: Transaction, checked: Checked) -> Contact:
    """Add a contact whose draft was checked, and its audit entry, without telling anybody yet; raises as `create`."""
    newcomer = begun(tx.actor, checked)
    if await adding.add(tx, [newcomer]):
        raise await _duplicate(tx, newcomer.contact.id, checked.addresses)
    return adding.keep(tx, newcomer)


def begun(actor: Actor, checked: Checked) -> Newcomer:
    """Make the contact that an actor adds, of a draft that was checked, and score it.

    Raises:
        AddressMissing: nothing names the contact.
    """
    name = drafting.name_of(checked)
    if name is None:
        raise AddressMissing
    columns = checked.columns
    score = leads.first(columns.get("position"), columns.get("sentiment"), columns.get("company"))
    values: dict[str, Any] = {
        "lead_score": score.score,
        **columns,
        **drafting.mirrored(checked.addresses),
        "id": uuid7(),
        "workspace_id": actor.workspace_id,
        "created_by_id": actor.user_id,
        "name": name.shown,
        "named_after": name.after,
        "custom": custom_values.merged({}, checked.custom),
    }
    named = {each.kind.value: each.value for each in reversed(checked.addresses)}
    return Newcomer(
        contact=adding.unstored(values),
        addresses=checked.addresses,
        score=score,
        changes=audit.created({**named, **values}),
    )


async def write(tx: Transaction, contact: Contact, fresh: Sequence[Address]) -> None:
    """Flush a contact that was changed with its new addresses, which take a savepoint, and say in words what the
    database refuses.

    Raises:
        ContactDuplicate, OwnerUnknown
    """
    contact_id = contact.id
    try:
        if not fresh:
            await tx.session.flush()
            return
        async with tx.session.begin_nested():
            await tx.session.flush()
            tx.session.add_all(identity(contact, each) for each in fresh)
            await tx.session.flush()
    except IntegrityError as error:
        match constraint_of(error):
            case str() as name if name == IDENTITY_KEY:
                raise await _duplicate(tx, contact_id, fresh) from error
            case str() as name if name == OWNER_KEY:
                raise OwnerUnknown(field=("owner_id",)) from error
            case _:
                raise


def told(gone: Mapping[IdentityKind, str], fresh: Sequence[Address]) -> Mapping[str, object]:
    """Say for the audit log which addresses come and go, by their kinds."""
    come = {each.kind: each.value for each in reversed(fresh)}
    kinds = dict.fromkeys((*gone, *come))
    return {kind.value: {"before": gone.get(kind), "after": come.get(kind)} for kind in kinds}


def identity(contact: Contact, address: Address) -> ContactIdentity:
    """Make the row of an address."""
    return ContactIdentity(
        workspace_id=contact.workspace_id,
        contact_id=contact.id,
        kind=address.kind,
        key=address.key,
        value=address.value,
    )


async def holders(tx: Transaction, addresses: Sequence[Address]) -> Sequence[ContactIdentity]:
    """Return whose some addresses are."""
    if not addresses:
        return ()
    return (await tx.session.scalars(_held(tx.workspace_id, addresses))).all()


def _held(workspace_id: UUID, addresses: Sequence[Address]) -> Select[ContactIdentity]:
    wanted = tuple_(ContactIdentity.kind, ContactIdentity.key).in_([(each.kind, each.key) for each in addresses])
    return select(ContactIdentity).where(ContactIdentity.workspace_id == workspace_id, wanted)


async def _taken(group: GroupTransaction, addresses: Sequence[Address]) -> ContactDuplicate:
    """Look who has the addresses, beside the transaction: it was refused, and answers nothing any more."""
    async with group.ground.database.read(group.workspace_id) as session:
        found = (await session.scalars(_held(group.workspace_id, addresses))).all()
    return _duplicate_of(None, addresses, found)


async def _duplicate(tx: Transaction, contact_id: UUID, addresses: Sequence[Address]) -> ContactDuplicate:
    return _duplicate_of(contact_id, addresses, await holders(tx, addresses))


def _duplicate_of(
    contact_id: UUID | None, addresses: Sequence[Address], holding: Sequence[ContactIdentity]
) -> ContactDuplicate:
    held = {(each.kind, each.key): each for each in holding}
    for each in addresses:
        other = held.get((each.kind, each.key))
        if other is not None and other.contact_id != contact_id:
            return ContactDuplicate(other.contact_id, (each.field,))
    return ContactDuplicate(None, (addresses[0].field,))
