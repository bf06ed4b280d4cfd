"""Contacts: as they are read and listed."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Self, cast
from uuid import UUID

import strawberry

import models
from core import masking, phone
from core.errors import Problem
from graph import NULL_WITHOUT, Entity, asc, column, computed, desc, document, last, many, one, through
from models import Permission
from schema.enums import IdentityKind, Sentiment
from schema.errors import MutationPayload, user_error
from schema.idempotency import OnceInput
from schema.label import Label
from schema.lead import LeadScore
from schema.scalars import JSON
from schema.user import User


def masked_phone(e164: str | None) -> str | None:
    """Hide most of a phone number."""
    return None if e164 is None else phone.masked(e164)


def full_name(name: str, named_after: str | None) -> str:
    """Return a contact's name, or the address that it is named after."""
    return named_after or name


def masked_name(name: str, named_after: str | None) -> str:
    """Return a contact's name without the address that it is named after."""
    del named_after
    return masking.number(name)


async def _duplicate_of(root: strawberry.Parent[Any], info: strawberry.Info) -> "Contact | None":
    other: UUID | None = root.duplicate_of_id
    return None if other is None else await info.context.graph.find(Contact.source, models.Contact.id, other)


def masked_json(custom: dict[str, Any]) -> JSON:
    """Show the values of custom fields, with most of each phone number hidden."""
    return cast("JSON", masking.numbers(custom))


class ContactIdentity(Entity[models.ContactIdentity], prefix="identity"):
    """An address that names one contact of the workspace."""

    kind: IdentityKind
    """What sort of address it is."""

    value: str = column(models.ContactIdentity.value, require=Permission.PHONES_READ, otherwise=masking.address)
    """The address. Masked for those who may not read phone numbers."""


class Contact(Entity[models.Contact], prefix="contact", require=Permission.CONTACTS_READ):
    """A person the workspace talks to."""

    name: str = computed(
        full_name,
        models.Contact.name,
        models.Contact.named_after,
        require=Permission.PHONES_READ,
        otherwise=masked_name,
    )
    """Full name, as the team writes it. A contact without one is named after its first address, which is masked for
    those who may not read phone numbers; in orders and filters it is masked for all."""

    phone: str | None = column(models.Contact.phone, require=Permission.PHONES_READ, otherwise=masked_phone)
    """Main phone number, in E.164. Masked for those who may not read phone numbers."""

    email: str | None
    """Main e-mail address."""

    avatar_url: str | None
    """Where the picture is."""

    company: str | None
    """Where they work."""

    position: str | None
    """What they do there."""

    notes: str | None
    """What the team noted."""

    custom_fields: JSON = document(models.Contact.custom, require=Permission.PHONES_READ, otherwise=masked_json)
    """Values of the workspace's custom fields, by their keys. Phone numbers are masked for those who may not read
    them."""

    owner: User | None = one(models.Contact.owner_id, models.User.id)
    """The colleague who looks after them."""

    lead_score: int
    """How promising they are, from 0 to 100: worked out from what is known of them, unless somebody wrote a score."""

    sentiment: Sentiment | None
    """How they sounded last."""

    last_message_at: datetime | None
    """When they last wrote, or were written to."""

    is_archived: bool
    """Whether they were put away."""

    archived_at: datetime | None
    """When they were put away."""

    labels: list[Label] = through(
        models.ContactLabel.contact_id, models.ContactLabel.label_id, sort=asc(models.Label.position)
    )
    """Labels, in the workspace's order; a hundred at most."""

    identities: list[ContactIdentity] = many(models.ContactIdentity.contact_id, sort=asc(models.ContactIdentity.id))
    """All addresses that name them."""

    lead_scores: list[LeadScore] = many(
        models.LeadScore.contact_id, sort=desc(models.LeadScore.at), limit=last(10, most=100)
    )
    """How promising they were, the newest first."""

    created_by: User | None = one(models.Contact.created_by_id)
    """Who added them; null when that person is not in the workspace any more."""

    created_at: datetime
    """When they were added."""

    updated_at: datetime
    """When they were last changed."""


@strawberry.input(
    description="A contact that is found by its addresses, and added when there is none. What is left out stays."
)
class ContactInput:
    name: str | None = strawberry.field(
        default=strawberry.UNSET,
        description="Up to 200 characters; a new contact without one, and one whose name is null, is named after its "
        "first address. A phone number is no name: it is masked as one.",
    )
    phone: str | None = strawberry.field(default=strawberry.UNSET, description="A phone number in any spelling.")
    email: str | None = strawberry.field(default=strawberry.UNSET, description="An e-mail address.")
    whatsapp_id: str | None = strawberry.field(
        default=strawberry.UNSET, description="5511987654321@c.us, 5511987654321@s.whatsapp.net or 123456789@lid."
    )
    external_id: str | None = strawberry.field(
        default=strawberry.UNSET, description="The contact's id in another system; up to 200 characters."
    )
    avatar_url: str | None = strawberry.field(default=strawberry.UNSET, description="http or https.")
    company: str | None = strawberry.field(default=strawberry.UNSET, description="Up to 200 characters.")
    position: str | None = strawberry.field(default=strawberry.UNSET, description="Up to 200 characters.")
    notes: str | None = strawberry.field(default=strawberry.UNSET, description="Up to 10,000 characters.")
    custom_fields: JSON | None = strawberry.field(
        default=strawberry.UNSET, description="Values of custom fields, by their keys; null takes one away."
    )
    owner_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET, description="The colleague who looks after them: the id of one of `users`."
    )
    lead_score: int | None = strawberry.field(
        default=strawberry.UNSET, description="0 to 100. Of a contact that was never given one, it is worked out."
    )
    sentiment: Sentiment | None = strawberry.field(default=strawberry.UNSET, description="How they sounded last.")


@strawberry.input(description="A new contact. It needs a name, or an address to be named after.")
class ContactCreateInput(ContactInput, OnceInput):
    pass


@strawberry.input(
    description="A contact that is found by its addresses, and added when there is none. What is left out stays."
)
class ContactUpsertInput(ContactInput, OnceInput):
    pass


@strawberry.input(description="A change of a contact. What is left out stays; null takes a value away.")
class ContactUpdateInput(ContactInput):
    id: strawberry.ID = strawberry.field(description="The contact.")
    if_updated_at: datetime | None = strawberry.field(
        default=None, description="Refuse the change when the contact was changed after this moment (`updatedAt`)."
    )


@strawberry.interface(description="What a mutation of one contact answers.")
class ContactPayload(MutationPayload):
    contact: Contact | None = strawberry.field(default=None, description="The contact, as it is now.")
    duplicate_of_id: strawberry.Private[UUID | None] = None
    duplicate_of: Contact | None = strawberry.field(
        resolver=_duplicate_of,
        metadata={NULL_WITHOUT: "duplicate_of_id"},
        description="The contact that has the address already (CONTACT_DUPLICATE).",
    )

    @classmethod
    def refusing(cls, problems: Sequence[Problem]) -> Self:
        """Name the other contact."""
        other = next((each.conflict for each in problems if each.conflict is not None), None)
        return cls(user_errors=[user_error(each) for each in problems], duplicate_of_id=other)


@strawberry.type(description="The answer to `contactCreate`.")
class ContactCreatePayload(ContactPayload):
    pass


@strawberry.type(description="The answer to `contactUpdate`.")
class ContactUpdatePayload(ContactPayload):
    pass


@strawberry.type(description="The answer to `contactUpsert`.")
class ContactUpsertPayload(ContactPayload):
    created: bool = strawberry.field(default=False, description="Whether the contact was added.")


@strawberry.input(description="Contacts that are found by their addresses, and added when there are none.")
class ContactsUpsertInput(OnceInput):
    contacts: list[ContactInput] = strawberry.field(
        description="Up to 500, within the 256 KiB that a request may hold: send long notes in smaller parts."
    )


@strawberry.type(description="The answer to `contactsUpsert`.")
class ContactsUpsertPayload(MutationPayload):
    results: list[ContactUpsertPayload] = strawberry.field(
        default_factory=list, description="What became of each, in the order of the input."
    )
    created: int = strawberry.field(default=0, description="How many were added.")
    updated: int = strawberry.field(default=0, description="How many were there.")
    refused: int = strawberry.field(default=0, description="How many were not acceptable.")


@strawberry.input(description="Which contacts: up to 500. All of them are changed, or none.")
class ContactsInput:
    ids: list[strawberry.ID] = strawberry.field(description="The contacts.")


@strawberry.type(description="The answer to a mutation of several contacts.")
class ContactsPayload(MutationPayload):
    contacts: list[Contact] = strawberry.field(default_factory=list, description="The contacts, as they are now.")


@strawberry.type(description="The answer to `contactDelete`.")
class ContactDeletePayload(MutationPayload):
    deleted_ids: list[strawberry.ID] = strawberry.field(default_factory=list, description="What was deleted.")


@strawberry.input(description="Which labels on which contacts. Doing it twice changes nothing.")
class ContactLabelsInput:
    contact_ids: list[strawberry.ID] = strawberry.field(description="Up to 500 contacts.")
    label_ids: list[strawberry.ID] = strawberry.field(description="Up to 50 labels.")
