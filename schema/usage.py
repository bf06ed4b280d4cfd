"""What was asked of models: single requests, and how many of them there were."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import strawberry

import models
from graph import Entity, Order, asc, column, computed, desc, one
from graph.filters import EnumFilter, Filter, IdFilter, TextFilter, TimeFilter, where
from models import Permission
from schema.contact import Contact
from schema.enums import AiUsagePreset, Feature, Outcome, RoutingStrategy
from schema.user import User


def as_number(count: int) -> str:
    """Write a number that may pass 32 bits."""
    return str(count)


async def _user(root: strawberry.Parent[Any], info: strawberry.Info) -> User | None:
    return None if root.user_id is None else await info.context.graph.find(User.source, models.User.id, root.user_id)


class AiRequest(Entity[models.AiUsage], prefix="airequest", require=Permission.AI_MANAGE):
    """One request to a model, whatever became of it. Never changed, and without what was asked or answered."""

    feature: Feature
    """What it was for."""

    outcome: Outcome
    """What became of it."""

    provider: str
    """Who answered: `local` for what was found without a model."""

    model_: str | None = column(models.AiUsage.model)
    """The model; null when none was asked."""

    strategy: RoutingStrategy | None
    """How the model was chosen."""

    failure: str | None
    """Why it failed, as a stable word."""

    user: User | None = one(models.AiUsage.user_id, models.User.id)
    """Who asked; null for the system, and for people who are not in the workspace any more."""

    contact: Contact | None = one(models.AiUsage.contact_id, require=Permission.CONTACTS_READ)
    """The contact that it was about."""

    persona: str | None
    """The voice of the reply."""

    input_tokens: int
    """Tokens that were read."""

    output_tokens: int
    """Tokens that were written."""

    cost_micro_usd: str = computed(as_number, models.AiUsage.micro_usd)
    """What the provider charges for it, in millionths of a US dollar."""

    credits: int
    """What the workspace was charged."""

    attempts: int
    """How many providers were asked."""

    is_estimated: bool
    """Whether the tokens were counted here, because the provider did not tell."""

    is_cached: bool
    """Whether an answer was given that had been kept."""

    is_own_key: bool
    """Whether the workspace's own key was used."""

    first_token_ms: int | None
    """Milliseconds to the first piece of the answer."""

    took_ms: int = column(models.AiUsage.took_ms)
    """Milliseconds to the end."""

    at: datetime
    """When it was asked."""


class AiRequestOrder(Order):
    """In which order requests are listed."""

    NEWEST = desc(models.AiUsage.at, "Latest first.")
    OLDEST = asc(models.AiUsage.at, "First first.")


@strawberry.input
class AiRequestFilter(Filter):
    """Which requests to list."""

    feature: EnumFilter[Feature] | None = where(models.AiUsage.feature)
    """What they were for."""

    outcome: EnumFilter[Outcome] | None = where(models.AiUsage.outcome)
    """What became of them."""

    provider: TextFilter | None = where(models.AiUsage.provider)
    """Who answered."""

    model: TextFilter | None = where(models.AiUsage.model)
    """The model, such as `openai/gpt-4o`."""

    user: IdFilter | None = where(models.AiUsage.user_id, prefix="user")
    """Who asked."""

    contact: IdFilter | None = where(models.AiUsage.contact_id)
    """The contact that they were about."""

    at: TimeFilter | None = where(models.AiUsage.at)
    """When they were asked."""


@strawberry.input(
    description="Of which time to tell: a `preset`, or `from` and `to`. 400 days at most; LAST_30_DAYS when left out."
)
class AiUsagePeriodInput:
    preset: AiUsagePreset | None = strawberry.field(default=None, description="A period by its name.")
    from_: datetime | None = strawberry.field(default=None, name="from", description="Where it begins.")
    to: datetime | None = strawberry.field(default=None, description="The moment behind its end; now when left out.")


@strawberry.type(description="How much was asked of models, what it cost, and how long it took.")
class AiUsageFigures:
    requests: int = strawberry.field(description="All requests.")
    completed: int = strawberry.field(description="Those that were answered.")
    partial: int = strawberry.field(description="Those whose answer broke off.")
    failed: int = strawberry.field(description="Those that nobody answered.")
    blocked: int = strawberry.field(description="Those that were not safe.")
    cancelled: int = strawberry.field(description="Those that nobody waited for.")
    cached: int = strawberry.field(description="Those that were answered with what had been kept.")
    input_tokens: str = strawberry.field(description="Tokens that were read, as a number in a text.")
    output_tokens: str = strawberry.field(description="Tokens that were written, as a number in a text.")
    cost_micro_usd: str = strawberry.field(description="What providers charge, in millionths of a US dollar.")
    credits: int = strawberry.field(description="What the workspace was charged.")
    median_first_token_ms: int | None = strawberry.field(
        description="Milliseconds to the first piece of an answer: half took less. Null when none was timed."
    )
    p95_first_token_ms: int | None = strawberry.field(
        name="p95FirstTokenMs", description="The same, of which 95 in a hundred took less."
    )
    average_ms: int | None = strawberry.field(description="Milliseconds to the end, on average.")


@strawberry.type(description="What the requests of a row have in common; what they are not grouped by is null.")
class AiUsageKeys:
    provider: str | None = strawberry.field(description="Who answered.")
    model: str | None = strawberry.field(description="The model; null also when none was asked.")
    feature: Feature | None = strawberry.field(description="What they were for.")
    user_id: strawberry.Private[UUID | None]
    user: User | None = strawberry.field(
        resolver=_user, description="Who asked; null also for the system, and for people who left."
    )
    persona: str | None = strawberry.field(description="The voice of the reply.")
    outcome: Outcome | None = strawberry.field(description="What became of them.")
    day: date | None = strawberry.field(description="The day, or the first day of the week or month.")


@strawberry.type(description="The requests that have some keys in common.")
class AiUsageRow(AiUsageFigures):
    keys: AiUsageKeys = strawberry.field(description="What they have in common.")


@strawberry.type(description="What was asked of models in a period.")
class AiUsageReport:
    from_: datetime = strawberry.field(name="from", description="Where the period begins.")
    to: datetime = strawberry.field(description="The moment behind its end.")
    time_zone: str = strawberry.field(description="Where days begin at midnight (IANA).")
    rows: list[AiUsageRow] = strawberry.field(description="The newest first, then the dearest; 1,000 at most.")
    totals: AiUsageFigures = strawberry.field(description="All requests of the period, whether in `rows` or not.")
    truncated: bool = strawberry.field(description="Whether there are more rows than are shown.")
