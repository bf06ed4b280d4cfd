"""Contacts."""

from typing import Any, Final
from uuid import UUID

import strawberry

import models
from core.ids import decode, encode
from core.unset import UnsetType
from graph import Connection, Counted, Long, Root, Texts, by_id, page
from models import Permission
from resolvers.fields import mutation
from resolvers.inputs import given
from resolvers.listening import changes_of
from schema.contact import (
    Contact,
    ContactCreateInput,
    ContactCreatePayload,
    ContactDeletePayload,
    ContactInput,
    ContactLabelsInput,
    ContactsInput,
    ContactsPayload,
    ContactsUpsertInput,
    ContactsUpsertPayload,
    ContactUpdateInput,
    ContactUpdatePayload,
    ContactUpsertInput,
    ContactUpsertPayload,
)
from schema.contact_list import ContactFilter, ContactOrder
from schema.event import ContactChanged, ContactChangedResult
from schema.label import Label
from services.contacts import archiving, change, creation, labelling, searching
from services.contacts.change import Outcome
from services.contacts.drafting import NOBODY, ContactDraft
from services.group_commit import Seat
from services.transaction import Transaction

_PLAIN: Final = (
    "name",
    "phone",
    "email",
    "whatsapp_id",
    "external_id",
    "avatar_url",
    "company",
    "position",
    "notes",
    "lead_score",
    "sentiment",
)
_COUNTED: Final = Counted(
    delta=models.RowCount.delta,
    counted=models.RowCount.counted,
    part=models.RowCount.part,
    by=models.Contact.is_archived,
    comparator="is_archived",
    usual=(False,),
)
_LONG: Final = Long(counted=_COUNTED, texts=Texts(view=models.CONTACT_TEXTS, whole="search_text"))


class ContactQueries(Root):
    """Queries about contacts."""

    contact: Contact | None = by_id(models.Contact, require=Permission.CONTACTS_READ)
    """One contact, archived or not."""

    contacts: Connection[Contact] | None = page(
        models.Contact.workspace_id,
        filter=ContactFilter,
        order=ContactOrder,
        search=searching.condition,
        long=_LONG,
        require=Permission.CONTACTS_READ,
    )
    """The contacts of the workspace. `search` finds parts of names, companies, e-mail addresses and (for those who may
    read them) phone numbers, and words of the notes; accents and case do not count."""


@mutation(Permission.CONTACTS_WRITE, idempotent=True, shared=True)
async def contact_create(tx: Transaction | Seat, input: ContactCreateInput) -> ContactCreatePayload:
    """Add a contact."""
    return ContactCreatePayload(contact=Contact.of(await creation.create(tx, draft_of(input))))


@mutation(Permission.CONTACTS_WRITE)
async def contact_update(tx: Transaction, input: ContactUpdateInput) -> ContactUpdatePayload:
    """Change a contact."""
    contact_id = Contact.key_of(input.id, field=("id",))
    changed = await change.update(tx, contact_id, draft_of(input), if_updated_at=input.if_updated_at)
    return ContactUpdatePayload(contact=Contact.of(changed))


@mutation(Permission.CONTACTS_WRITE, idempotent=True)
async def contact_upsert(tx: Transaction, input: ContactUpsertInput) -> ContactUpsertPayload:
    """Change the contact that the given addresses name, or add one."""
    return _upserted(await change.upsert(tx, draft_of(input)))


@mutation(Permission.CONTACTS_WRITE, idempotent=True)
async def contacts_upsert(tx: Transaction, input: ContactsUpsertInput) -> ContactsUpsertPayload:
    """Do the same for up to 500 contacts. What is wrong with one does not stop the others."""
    outcomes = await change.upsert_all(tx, [draft_of(each) for each in input.contacts])
    done = [each for each in outcomes if each.contact is not None]
    created = len([each for each in done if each.is_new])
    return ContactsUpsertPayload(
        results=[_upserted(each) for each in outcomes],
        created=created,
        updated=len(done) - created,
        refused=len(outcomes) - len(done),
    )


@mutation(Permission.CONTACTS_WRITE)
async def contact_archive(tx: Transaction, input: ContactsInput) -> ContactsPayload:
    """Put contacts away. Lists leave them out."""
    return _shown(await archiving.archive(tx, _keys(input)))


@mutation(Permission.CONTACTS_WRITE)
async def contact_restore(tx: Transaction, input: ContactsInput) -> ContactsPayload:
    """Bring archived contacts back."""
    return _shown(await archiving.restore(tx, _keys(input)))


@mutation(Permission.CONTACTS_DELETE)
async def contact_delete(tx: Transaction, input: ContactsInput) -> ContactDeletePayload:
    """Delete contacts for good, with their addresses and labels."""
    gone = await archiving.remove(tx, _keys(input))
    return ContactDeletePayload(deleted_ids=[strawberry.ID(encode("contact", each)) for each in gone])


@mutation(Permission.CONTACTS_WRITE)
async def contact_labels_add(tx: Transaction, input: ContactLabelsInput) -> ContactsPayload:
    """Put labels on contacts."""
    return _shown(await labelling.add(tx, *_pairs(input)))


@mutation(Permission.CONTACTS_WRITE)
async def contact_labels_remove(tx: Transaction, input: ContactLabelsInput) -> ContactsPayload:
    """Take labels off contacts."""
    return _shown(await labelling.remove(tx, *_pairs(input)))


def draft_of(input: ContactInput) -> ContactDraft:
    """Turn an input into what the services take."""
    plain: dict[str, Any] = {each: given(getattr(input, each)) for each in _PLAIN}
    return ContactDraft(custom=given(input.custom_fields), owner_id=_owner(input), **plain)


def _owner(input: ContactInput) -> UUID | UnsetType | None:
    """Read the owner's id. What is none stands for nobody, so that it is refused beside whatever else is wrong."""
    value: Any = given(input.owner_id)
    return value if value is None or isinstance(value, UnsetType) else decode("user", value) or NOBODY


def _upserted(outcome: Outcome) -> ContactUpsertPayload:
    if outcome.contact is None:
        return ContactUpsertPayload.refusing(outcome.problems)
    return ContactUpsertPayload(contact=Contact.of(outcome.contact), created=outcome.is_new)


def _shown(contacts: Any) -> ContactsPayload:
    return ContactsPayload(contacts=[Contact.of(each) for each in contacts])


def _keys(input: ContactsInput) -> list[UUID]:
    return [Contact.key_of(each, field=("ids",)) for each in input.ids]


def _pairs(input: ContactLabelsInput) -> tuple[list[UUID], list[UUID]]:
    contacts = [Contact.key_of(each, field=("contact_ids",)) for each in input.contact_ids]
    return contacts, [Label.key_of(each, field=("label_ids",)) for each in input.label_ids]


MUTATIONS = (
    contact_create,
    contact_update,
    contact_upsert,
    contacts_upsert,
    contact_archive,
    contact_restore,
    contact_delete,
    contact_labels_add,
    contact_labels_remove,
)
SUBSCRIPTIONS = (changes_of(Contact, ContactChanged, ContactChangedResult, filter=ContactFilter),)
