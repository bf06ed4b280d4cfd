"""Definitions of custom fields."""

from datetime import datetime

import strawberry

import models
from graph import Entity, Order, asc
from graph.filters import EnumFilter, Filter, TextFilter, TimeFilter, where
from models import Permission
from schema.enums import FieldKind
from schema.errors import MutationPayload
from schema.idempotency import OnceInput


class CustomField(Entity[models.CustomField], prefix="field", require=Permission.FIELDS_READ):
    """A field that the workspace adds to its contacts."""

    key: str
    """The key in `customFields` of a contact. It never changes."""

    label: str
    """What people see."""

    kind: FieldKind
    """What it holds. It never changes."""

    options: list[str]
    """What can be chosen, for the kinds with options."""

    is_required: bool
    """Whether every contact must have it."""

    position: int
    """Its place among the fields."""

    archived_at: datetime | None
    """When it was put away; its values stay, and cannot be set any more."""

    created_at: datetime
    """When it was defined."""


class CustomFieldOrder(Order):
    """In which order custom fields are listed."""

    POSITION = asc(models.CustomField.position, "In the workspace's own order.")
    KEY = asc(models.CustomField.key, "By key.")


@strawberry.input
class CustomFieldDefinitionFilter(Filter):
    """Which custom fields to list."""

    key: TextFilter | None = where(models.CustomField.key)
    """The key."""

    kind: EnumFilter[FieldKind] | None = where(models.CustomField.kind)
    """What it holds."""

    archived_at: TimeFilter | None = where(models.CustomField.archived_at)
    """When it was put away."""


@strawberry.input(description="A new custom field.")
class CustomFieldCreateInput(OnceInput):
    key: str = strawberry.field(description="Up to 50 of a-z, 0-9 and _, beginning with a letter. It never changes.")
    label: str = strawberry.field(description="What people see; up to 100 characters.")
    kind: FieldKind = strawberry.field(description="What it holds. It never changes.")
    options: list[str] = strawberry.field(default_factory=list, description="1 to 200, for the kinds with options.")
    is_required: bool = strawberry.field(default=False, description="Whether every contact must have it.")


@strawberry.type(description="The answer to `customFieldCreate`.")
class CustomFieldCreatePayload(MutationPayload):
    custom_field: CustomField | None = strawberry.field(default=None, description="The new field.")


@strawberry.input(description="A change of a custom field. What is left out stays.")
class CustomFieldUpdateInput:
    id: strawberry.ID = strawberry.field(description="The field.")
    label: str | None = strawberry.field(default=strawberry.UNSET, description="What people see.")
    options: list[str] | None = strawberry.field(default=strawberry.UNSET, description="All options, in order.")
    is_required: bool | None = strawberry.field(default=strawberry.UNSET, description="Whether all must have it.")


@strawberry.type(description="The answer to `customFieldUpdate`.")
class CustomFieldUpdatePayload(MutationPayload):
    custom_field: CustomField | None = strawberry.field(default=None, description="The field, as changed.")


@strawberry.input(description="Which custom field to put away.")
class CustomFieldArchiveInput:
    id: strawberry.ID = strawberry.field(description="The field.")


@strawberry.type(description="The answer to `customFieldArchive`.")
class CustomFieldArchivePayload(MutationPayload):
    custom_field: CustomField | None = strawberry.field(default=None, description="The field, put away.")
