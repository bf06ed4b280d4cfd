"""Suggested replies, what was done with them, and how often they are taken."""

from datetime import datetime

import strawberry

import models
from ai.results import LOCAL
from graph import Entity, Order, asc, column, computed, desc, one
from graph.filters import EnumFilter, Filter, IdFilter, TextFilter, TimeFilter, where
from models import Permission
from schema import usage
from schema.contact import Contact
from schema.enums import Feature, SuggestionState
from schema.errors import MutationPayload
from schema.user import User


def is_generated(provider: str) -> bool:
    """Tell whether a language model wrote a suggestion."""
    return provider != LOCAL


class Suggestion(Entity[models.Suggestion], prefix="suggestion", require=Permission.AI_USE):
    """A suggested reply, and what was done with it."""

    feature: Feature
    """What suggested it."""

    state: SuggestionState
    """What became of it."""

    user: User | None = one(models.Suggestion.user_id, models.User.id)
    """To whom it was suggested; null for people who are not in the workspace any more."""

    contact: Contact | None = one(models.Suggestion.contact_id, require=Permission.CONTACTS_READ)
    """Whom it answers."""

    asked: str
    """The message that it answers."""

    text: str
    """The suggested reply."""

    final_text: str | None
    """What was written in its place."""

    provider: str
    """Who wrote it: `local` for what needs no key."""

    model_: str | None = column(models.Suggestion.model)
    """The model; null when none was asked."""

    generated: bool = computed(is_generated, models.Suggestion.provider)
    """Whether a language model wrote it."""

    persona: str | None
    """The voice of it."""

    language: str
    """Its language (ISO 639-1)."""

    intent: str | None
    """What the message that it answers is for."""

    confidence: float | None
    """How sure it is, from 0 to 1, as measured; null when nothing was."""

    cost_micro_usd: str = computed(usage.as_number, models.Suggestion.micro_usd)
    """What it cost, in millionths of a US dollar."""

    accepted: bool | None = column(models.Suggestion.is_accepted)
    """Whether it was taken, as it is or changed; null until somebody decided."""

    at: datetime
    """When it was made."""

    decided_at: datetime | None
    """When it was last decided about."""


class SuggestionOrder(Order):
    """In which order suggestions are listed."""

    NEWEST = desc(models.Suggestion.at, "Latest first.")
    OLDEST = asc(models.Suggestion.at, "First first.")


@strawberry.input
class SuggestionFilter(Filter):
    """Which suggestions to list."""

    state: EnumFilter[SuggestionState] | None = where(models.Suggestion.state)
    """What became of them."""

    feature: EnumFilter[Feature] | None = where(models.Suggestion.feature)
    """What suggested them."""

    contact: IdFilter | None = where(models.Suggestion.contact_id)
    """Whom they answer."""

    persona: TextFilter | None = where(models.Suggestion.persona)
    """The voice of them."""

    at: TimeFilter | None = where(models.Suggestion.at)
    """When they were made."""


@strawberry.input(description="What became of a suggestion.")
class SuggestionFeedbackInput:
    suggestion_id: strawberry.ID = strawberry.field(description="The suggestion.")
    state: SuggestionState = strawberry.field(
        description="What became of it. What was told before, or cannot follow any more, changes nothing."
    )
    final_text: str | None = strawberry.field(
        default=None,
        description="What was written in its place, up to 5,000 characters: EDITED needs it, SENT may have it, and "
        "with the others it is not looked at.",
    )


@strawberry.type(description="The answer to `suggestionFeedback`.")
class SuggestionFeedbackPayload(MutationPayload):
    suggestion: Suggestion | None = strawberry.field(default=None, description="The suggestion, as it is now.")


@strawberry.type(description="What became of suggestions.")
class AiAcceptanceFigures:
    offered: int = strawberry.field(description="All that were made.")
    shown: int = strawberry.field(description="Those that somebody saw.")
    accepted: int = strawberry.field(description="Those that were taken, as they are or changed.")
    edited: int = strawberry.field(description="Those that were taken and changed.")
    rejected: int = strawberry.field(description="Those that were not wanted.")
    acceptance_rate: float | None = strawberry.field(
        description="The share of those decided about that was taken, from 0 to 1; null when none was decided about."
    )
    cost_per_accepted_micro_usd: str | None = strawberry.field(
        description="What all of them cost for each that was taken, in millionths of a US dollar; null when none was."
    )
    median_edit_distance: float | None = strawberry.field(
        description="Of those that were changed: the share of words that was, from 0 to 1, of the middle one among the "
        "latest 500. Null when none was changed."
    )


@strawberry.type(description="What the suggestions of a row have in common; what they are not grouped by is null.")
class AiAcceptanceKeys:
    feature: Feature | None = strawberry.field(description="What suggested them.")
    model: str | None = strawberry.field(description="The model; null also when none was asked.")
    persona: str | None = strawberry.field(description="The voice of them.")


@strawberry.type(description="What became of the suggestions that have some keys in common.")
class AiAcceptanceRow(AiAcceptanceFigures):
    keys: AiAcceptanceKeys = strawberry.field(description="What they have in common.")


@strawberry.type(description="What became of the suggestions of a period.")
class AiAcceptanceReport:
    from_: datetime = strawberry.field(name="from", description="Where the period begins.")
    to: datetime = strawberry.field(description="The moment behind its end.")
    rows: list[AiAcceptanceRow] = strawberry.field(description="Those with most suggestions first; 1,000 at most.")
    totals: AiAcceptanceFigures = strawberry.field(description="All of the period, whether in `rows` or not.")
    truncated: bool = strawberry.field(description="Whether there are more rows than are shown.")
