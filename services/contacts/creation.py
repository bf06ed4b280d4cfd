"""How a contact begins. An address that another contact has is found by inserting, never by looking first."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import or_, select, tuple_
from sqlalchemy.exc import IntegrityError

from core.database import constraint_of
from core.ids import uuid7
from models import Contact, ContactIdentity, EventType, Permission, WorkspaceSettings
from services import audit
from services.contacts import custom_values, drafting
from services.contacts.drafting import Address, Checked, ContactDraft
from services.contacts.errors import AddressMissing, ContactDuplicate, OwnerUnknown
from services.transaction import Transaction

IDENTITY_KEY: Final = "uq_contact_identities_workspace_id_kind_key"
OWNER_KEY: Final = "fk_contacts_workspace_id_owner_id"


async def create(tx: Transaction, draft: ContactDraft) -> Contact:
    """Add a contact.

    Raises:
        Invalid: values are not acceptable; all are told.
        AddressMissing: nothing names the contact.
        ContactDuplicate: another contact has one of the addresses.
        OwnerUnknown: the owner is nobody of this workspace.
    """
    tx.require(Permission.CONTACTS_WRITE)
    contact = await add(tx, draft, await region_of(tx))
    tx.publish(EventType.CONTACT_CREATED, contact.id)
    return contact


async def add(tx: Transaction, draft: ContactDraft, region: str) -> Contact:
    """Add a contact and its audit entry, without telling anybody yet."""
    return await insert(tx, draft, drafting.check(draft, region), region)


async def insert(tx: Transaction, draft: ContactDraft, checked: Checked, region: str) -> Contact:
    """Add a contact whose draft was checked."""
    name = drafting.name_of(checked)
    if name is None:
        raise AddressMissing
    fields = await custom_values.definitions(tx)
    custom = custom_values.merged(fields, {}, draft.custom if isinstance(draft.custom, dict) else {}, region)
    contact = Contact(
        id=uuid7(),
        workspace_id=tx.workspace_id,
        created_by_id=tx.actor.user_id,
        custom=custom,
        **{**checked.columns, "name": name},
    )
    drafting.mirror(contact, checked.addresses, checked.dropped)
    changes = audit.changed(contact)
    tx.session.add(contact)
    await write(tx, contact, checked)
    tx.audit("contact.create", contact, changes=changes)
    return contact


async def write(tx: Transaction, contact: Contact, checked: Checked) -> None:
    """Flush a contact with its new addresses, inside a savepoint, and say in words what the database refuses.

    Raises:
        ContactDuplicate, OwnerUnknown
    """
    try:
        async with tx.session.begin_nested():
            await tx.session.flush()
            tx.session.add_all(identity(contact, each) for each in checked.addresses)
            await tx.session.flush()
    except IntegrityError as error:
        match constraint_of(error):
            case str() as name if name == IDENTITY_KEY:
                raise await _duplicate(tx, contact, checked.addresses) from error
            case str() as name if name == OWNER_KEY:
                raise OwnerUnknown(field=("owner_id",)) from error
            case _:
                raise


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
    wanted = tuple_(ContactIdentity.kind, ContactIdentity.key).in_([(each.kind, each.key) for each in addresses])
    statement = select(ContactIdentity).where(ContactIdentity.workspace_id == tx.workspace_id, or_(wanted))
    return (await tx.session.scalars(statement)).all()


async def region_of(tx: Transaction) -> str:
    """Return the country of phone numbers without a country code."""
    statement = select(WorkspaceSettings.phone_region).where(WorkspaceSettings.workspace_id == tx.workspace_id)
    return (await tx.session.scalars(statement)).one()


async def _duplicate(tx: Transaction, contact: Contact, addresses: Sequence[Address]) -> ContactDuplicate:
    held = {(each.kind, each.key): each for each in await holders(tx, addresses)}
    for each in addresses:
        other = held.get((each.kind, each.key))
        if other is not None and other.contact_id != contact.id:
            return ContactDuplicate(other.contact_id, (each.field,))
    return ContactDuplicate(contact.id, (addresses[0].field,))
