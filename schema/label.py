"""Labels."""

from datetime import datetime
from typing import TYPE_CHECKING

import strawberry

import models
from graph import Connection, Entity, Long, Order, Texts, asc, column, desc, page
from graph.filters import Filter, TextFilter, where
from models import Permission
from schema.contact_list import ContactFilter, ContactOrder
from schema.errors import MutationPayload
from schema.idempotency import OnceInput

if TYPE_CHECKING:
    from schema.contact import Contact


class Label(Entity[models.Label], prefix="label", require=Permission.LABELS_READ):
    """A coloured word that contacts are sorted with."""

    name: str
    """The word. Unique in the workspace; accents and case do not count."""

    color: str
    """Its colour, as #RRGGBB."""

    description: str | None
    """What it is for."""

    position: int = column(models.Label.position)
    """Its place among the labels."""

    contacts: "Connection[Contact] | None" = page(
        models.ContactLabel.label_id,
        far=models.ContactLabel.contact_id,
        filter=ContactFilter,
        order=ContactOrder,
        long=Long(texts=Texts(view=models.CONTACT_TEXTS, whole="search_text")),
        require=Permission.CONTACTS_READ,
    )
    """The contacts that have it."""

    created_at: datetime
    """When it was made."""

    updated_at: datetime
    """When it was last changed."""


class LabelOrder(Order):
    """In which order labels are listed."""

    POSITION = asc(models.Label.position, "In the workspace's own order.")
    NAME_A_TO_Z = asc(models.Label.name, "By name.")
    NEWEST = desc(models.Label.created_at, "Latest made first.")


@strawberry.input
class LabelFilter(Filter):
    """Which labels to list."""

    name: TextFilter | None = where(models.Label.name)
    """The word."""

    color: TextFilter | None = where(models.Label.color)
    """Its colour, as #RRGGBB in capitals."""


@strawberry.input(description="A new label.")
class LabelCreateInput(OnceInput):
    name: str = strawberry.field(description="Up to 60 characters.")
    color: str = strawberry.field(description="#RRGGBB.")
    description: str | None = strawberry.field(default=None, description="Up to 500 characters.")


@strawberry.type(description="The answer to `labelCreate`.")
class LabelCreatePayload(MutationPayload):
    label: Label | None = strawberry.field(default=None, description="The new label.")


@strawberry.input(description="A change of a label. What is left out stays.")
class LabelUpdateInput:
    id: strawberry.ID = strawberry.field(description="The label.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description="Up to 60 characters.")
    color: str | None = strawberry.field(default=strawberry.UNSET, description="#RRGGBB.")
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="Up to 500 characters; null removes it."
    )


@strawberry.type(description="The answer to `labelUpdate`.")
class LabelUpdatePayload(MutationPayload):
    label: Label | None = strawberry.field(default=None, description="The label, as changed.")


@strawberry.input(description="Which labels to delete.")
class LabelDeleteInput:
    ids: list[strawberry.ID] = strawberry.field(description="The labels; all of them, or none, are deleted.")


@strawberry.type(description="The answer to `labelDelete`.")
class LabelDeletePayload(MutationPayload):
    deleted_ids: list[strawberry.ID] = strawberry.field(default_factory=list, description="What was deleted.")


@strawberry.input(description="A new order of the labels.")
class LabelReorderInput:
    ids: list[strawberry.ID] = strawberry.field(description="Every label of the workspace, once.")


@strawberry.type(description="The answer to `labelReorder`.")
class LabelReorderPayload(MutationPayload):
    labels: list[Label] = strawberry.field(default_factory=list, description="The labels in their new order.")
