"""Labels."""

import strawberry

import models
from core.ids import encode
from graph import Connection, Root, by_id, page
from models import Permission
from resolvers.fields import mutation
from resolvers.inputs import given
from schema.label import (
    Label,
    LabelCreateInput,
    LabelCreatePayload,
    LabelDeleteInput,
    LabelDeletePayload,
    LabelFilter,
    LabelOrder,
    LabelReorderInput,
    LabelReorderPayload,
    LabelUpdateInput,
    LabelUpdatePayload,
)
from services import labels
from services.labels import LabelDraft
from services.transaction import Transaction


class LabelQueries(Root):
    """Queries about labels."""

    label: Label | None = by_id(models.Label, require=Permission.LABELS_READ)
    """One label."""

    labels: Connection[Label] | None = page(
        models.Label.workspace_id, filter=LabelFilter, order=LabelOrder, require=Permission.LABELS_READ
    )
    """The labels of the workspace."""


@mutation(Permission.LABELS_WRITE, idempotent=True)
async def label_create(tx: Transaction, input: LabelCreateInput) -> LabelCreatePayload:
    """Add a label, behind all others."""
    draft = LabelDraft(name=input.name, color=input.color, description=input.description)
    return LabelCreatePayload(label=Label.of(await labels.create(tx, draft)))


@mutation(Permission.LABELS_WRITE)
async def label_update(tx: Transaction, input: LabelUpdateInput) -> LabelUpdatePayload:
    """Change a label."""
    draft = LabelDraft(name=given(input.name), color=given(input.color), description=given(input.description))
    return LabelUpdatePayload(label=Label.of(await labels.change(tx, Label.key_of(input.id, field=("id",)), draft)))


@mutation(Permission.LABELS_WRITE)
async def label_delete(tx: Transaction, input: LabelDeleteInput) -> LabelDeletePayload:
    """Delete labels, and take them off all contacts."""
    gone = await labels.remove(tx, [Label.key_of(each, field=("ids",)) for each in input.ids])
    return LabelDeletePayload(deleted_ids=[strawberry.ID(encode("label", each)) for each in gone])


@mutation(Permission.LABELS_WRITE)
async def label_reorder(tx: Transaction, input: LabelReorderInput) -> LabelReorderPayload:
    """Put all labels into a new order."""
    ordered = await labels.reorder(tx, [Label.key_of(each, field=("ids",)) for each in input.ids])
    return LabelReorderPayload(labels=[Label.of(each) for each in ordered])


MUTATIONS = (label_create, label_update, label_delete, label_reorder)
