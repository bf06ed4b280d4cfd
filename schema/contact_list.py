"""Which contacts a list holds, and in which order."""

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from typing import Self

import strawberry

import models
from core.errors import about
from core.phone import forms as phone_forms
from graph import Context, Order, asc, desc, json_values
from graph.comparing import Compare, Condition
from graph.filters import (
    BooleanFilter,
    EnumFilter,
    Filter,
    IdFilter,
    LinkFilter,
    NumberFilter,
    TextFilter,
    TimeFilter,
    through_filter,
    where,
)
from graph.json_values import JsonFilter
from models import Permission
from schema.custom_comparison import comparing
from schema.enums import Sentiment


class ContactOrder(Order):
    """In which order contacts are listed."""

    NEWEST = desc(models.Contact.created_at, "Latest added first.")
    OLDEST = asc(models.Contact.created_at, "First added first.")
    RECENTLY_UPDATED = desc(models.Contact.updated_at, "Latest changed first.")
    NAME_A_TO_Z = asc(models.Contact.name_key, "By name; accents and case do not count.")
    NAME_Z_TO_A = desc(models.Contact.name_key, "By name, backwards.")
    LEAD_SCORE_HIGHEST = desc(models.Contact.lead_score, "Most promising first.")
    LEAD_SCORE_LOWEST = asc(models.Contact.lead_score, "Least promising first.")
    LAST_MESSAGE_NEWEST = desc(models.Contact.last_message_key, "Latest message first; those without come last.")
    LAST_MESSAGE_OLDEST = asc(models.Contact.last_message_key, "Those without a message first, then the oldest.")


@strawberry.input
class ContactFilter(Filter):
    """Which contacts to list. Without a word about `isArchived` or `archivedAt`, archived ones are left out."""

    id: IdFilter | None = where(models.Contact.id)
    """The contact itself."""

    name: TextFilter | None = where(models.Contact.name, folded=models.Contact.name_key)
    """Full name."""

    phone: TextFilter | None = where(models.Contact.phone, require=Permission.PHONES_READ, forms=phone_forms)
    """Main phone number, in E.164; as a whole with or without Brazil's ninth digit. Only for those who may read phone
    numbers.
    """

    email: TextFilter | None = where(models.Contact.email)
    """Main e-mail address, in lower case."""

    company: TextFilter | None = where(models.Contact.company)
    """Where they work."""

    position: TextFilter | None = where(models.Contact.position)
    """What they do there."""

    owner: IdFilter | None = where(models.Contact.owner_id, prefix="user")
    """The colleague who looks after them."""

    lead_score: NumberFilter | None = where(models.Contact.lead_score)
    """How promising they are."""

    sentiment: EnumFilter[Sentiment] | None = where(models.Contact.sentiment)
    """How they sounded last."""

    last_message_at: TimeFilter | None = where(models.Contact.last_message_at)
    """When they last wrote, or were written to."""

    is_archived: BooleanFilter | None = where(models.Contact.is_archived)
    """Whether they were put away."""

    archived_at: TimeFilter | None = where(models.Contact.archived_at)
    """When they were put away."""

    created_at: TimeFilter | None = where(models.Contact.created_at)
    """When they were added."""

    updated_at: TimeFilter | None = where(models.Contact.updated_at)
    """When they were last changed."""

    labels: LinkFilter | None = through_filter(models.ContactLabel.contact_id, models.ContactLabel.label_id)
    """Labels on them."""

    custom_fields: list[JsonFilter] | None = strawberry.field(
        default=strawberry.UNSET, description="Values of custom fields; all must hold."
    )

    looked_up = frozenset({"custom_fields"})

    @classmethod
    async def preparing(cls, parts: Sequence[Self], context: Context) -> Callable[[Self], Self]:
        """Read the operands of custom fields as those keep values."""
        stored = await comparing([each for part in parts for each in part.custom_fields or ()], context)
        return lambda part: replace(part, custom_fields=stored(part.custom_fields)) if part.custom_fields else part

    @classmethod
    def unless_named(cls, named: AbstractSet[str]) -> Iterable[Condition]:
        """Leave archived contacts out, unless the filter speaks of them."""
        if named.isdisjoint({"is_archived", "archived_at"}):
            yield models.Contact.archived_at.is_(None)

    def conditions(self, compare: Compare) -> Iterable[Condition]:
        """Compare custom fields."""
        for place, each in enumerate(self.custom_fields or ()):
            with about("customFields", str(place)):
                found = list(json_values.conditions(models.Contact.custom, each, compare))
            yield from found
