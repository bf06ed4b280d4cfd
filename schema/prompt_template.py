"""Prompt templates: what a workspace adds to what models are told."""

from datetime import datetime

import strawberry

import models
from graph import Entity, Order, asc, column, desc, one
from graph.filters import BooleanFilter, EnumFilter, Filter, where
from models import Permission
from schema.enums import Feature
from schema.errors import MutationPayload
from schema.user import User


class PromptTemplate(Entity[models.PromptTemplate], prefix="prompt", require=Permission.AI_MANAGE):
    """One version of what models are told in addition, for one feature. The text of a version never changes."""

    feature: Feature = column(models.PromptTemplate.feature)
    """What it is for."""

    version: int
    """Its number among the versions for the feature, from 1."""

    body: str
    """The text, with placeholders such as `{{company}}`."""

    is_active: bool
    """Whether it is in use: one version of a feature at most."""

    created_by: User | None = one(models.PromptTemplate.created_by_id, models.User.id)
    """Who wrote it; null when that person is not in the workspace any more."""

    created_at: datetime
    """When it was written."""


class PromptTemplateOrder(Order):
    """In which order versions are listed."""

    NEWEST = desc(models.PromptTemplate.created_at, "Latest written first.")
    OLDEST = asc(models.PromptTemplate.created_at, "First written first.")


@strawberry.input
class PromptTemplateFilter(Filter):
    """Which versions to list."""

    feature: EnumFilter[Feature] | None = where(models.PromptTemplate.feature)
    """What they are for."""

    is_active: BooleanFilter | None = where(models.PromptTemplate.is_active)
    """Whether they are in use."""


@strawberry.input(description="A new version.")
class PromptTemplateSaveInput:
    feature: Feature = strawberry.field(description="What it is for.")
    body: str = strawberry.field(
        description=(
            "What models are told in addition, up to 4,000 characters. `{{company}}` stands for the workspace's name,"
            " `{{contact_name}}` for the contact's, `{{agent_name}}` for that of the person who asks, and `{{today}}`"
            " for the day where the workspace is; any other placeholder is refused (PLACEHOLDER_UNKNOWN)."
        )
    )


@strawberry.type(description="The answer to `promptTemplateSave`.")
class PromptTemplateSavePayload(MutationPayload):
    prompt_template: PromptTemplate | None = strawberry.field(default=None, description="The active version.")


@strawberry.input(description="Which version to use.")
class PromptTemplateActivateInput:
    id: strawberry.ID = strawberry.field(description="The version.")


@strawberry.type(description="The answer to `promptTemplateActivate`.")
class PromptTemplateActivatePayload(MutationPayload):
    prompt_template: PromptTemplate | None = strawberry.field(default=None, description="The active version.")


@strawberry.input(description="For what to use no version.")
class PromptTemplateDeactivateInput:
    feature: Feature = strawberry.field(description="What models are told nothing in addition for.")


@strawberry.type(description="The answer to `promptTemplateDeactivate`.")
class PromptTemplateDeactivatePayload(MutationPayload):
    prompt_template: PromptTemplate | None = strawberry.field(
        default=None, description="The version that was in use; null when none was."
    )
