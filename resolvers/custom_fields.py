"""Definitions of custom fields."""

import models
from graph import Connection, Root, page
from models import Permission
from resolvers.fields import mutation
from resolvers.inputs import filled
from schema.custom_field import (
    CustomField,
    CustomFieldArchiveInput,
    CustomFieldArchivePayload,
    CustomFieldCreateInput,
    CustomFieldCreatePayload,
    CustomFieldDefinitionFilter,
    CustomFieldOrder,
    CustomFieldUpdateInput,
    CustomFieldUpdatePayload,
)
from services import custom_fields
from services.custom_fields import FieldChange, FieldDraft
from services.transaction import Transaction


class CustomFieldQueries(Root):
    """Queries about custom fields."""

    custom_fields: Connection[CustomField] | None = page(
        models.CustomField.workspace_id,
        filter=CustomFieldDefinitionFilter,
        order=CustomFieldOrder,
        require=Permission.FIELDS_READ,
    )
    """The custom fields of the workspace."""


@mutation(Permission.FIELDS_WRITE, idempotent=True)
async def custom_field_create(tx: Transaction, input: CustomFieldCreateInput) -> CustomFieldCreatePayload:
    """Define a custom field, behind all others."""
    draft = FieldDraft(
        key=input.key, label=input.label, kind=input.kind, options=input.options, is_required=input.is_required
    )
    return CustomFieldCreatePayload(custom_field=CustomField.of(await custom_fields.create(tx, draft)))


@mutation(Permission.FIELDS_WRITE)
async def custom_field_update(tx: Transaction, input: CustomFieldUpdateInput) -> CustomFieldUpdatePayload:
    """Change a custom field. Its key and kind never change."""
    draft = FieldChange(label=filled(input.label), options=filled(input.options), is_required=filled(input.is_required))
    changed = await custom_fields.change(tx, CustomField.key_of(input.id, field=("id",)), draft)
    return CustomFieldUpdatePayload(custom_field=CustomField.of(changed))


@mutation(Permission.FIELDS_WRITE)
async def custom_field_archive(tx: Transaction, input: CustomFieldArchiveInput) -> CustomFieldArchivePayload:
    """Put a custom field away: its values stay, and cannot be set any more."""
    away = await custom_fields.archive(tx, CustomField.key_of(input.id, field=("id",)))
    return CustomFieldArchivePayload(custom_field=CustomField.of(away))


MUTATIONS = (custom_field_create, custom_field_update, custom_field_archive)
