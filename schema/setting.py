"""Settings: of the workspace, of its suggestions, and of the one who asks."""

import strawberry

import models
from graph import Row, column, computed, one
from models import Permission
from schema.enums import ModelProvider, Persona, RoutingStrategy
from schema.errors import MutationPayload
from schema.persona import PersonaVoice


def known_providers(names: list[str] | None) -> list[ModelProvider] | None:
    """Return providers by their stored names; those that no longer exist are left out."""
    return None if names is None else [each for each in ModelProvider if each in names]


class WorkspaceSettings(Row[models.WorkspaceSettings]):
    """How the workspace works, for everybody."""

    language: str
    """The language of its customers, as a BCP 47 tag."""

    timezone: str
    """Its time zone, as an IANA name."""

    currency: str
    """Its currency (ISO 4217)."""

    phone_region: str
    """The country of phone numbers without a country code (ISO 3166)."""


class AiSettings(Row[models.WorkspaceSettings]):
    """How suggestions are made."""

    enabled: bool = column(models.WorkspaceSettings.ai_enabled)
    """Whether there are any."""

    strategy: RoutingStrategy | None = column(models.WorkspaceSettings.ai_strategy)
    """How the model is chosen; null follows the server."""

    persona: Persona = column(models.WorkspaceSettings.ai_persona)
    """The voice that comes with the product: the one that counts while there is no `customPersona`."""

    custom_persona: PersonaVoice | None = one(models.WorkspaceSettings.ai_persona_id, require=Permission.AI_USE)
    """The voice, where it is one of the workspace's own. When that is deleted, `persona` counts again."""

    mask_personal_data: bool = column(models.WorkspaceSettings.ai_mask_personal_data)
    """Whether names, phones and documents are masked before a model sees them."""

    providers: list[ModelProvider] | None = computed(known_providers, models.WorkspaceSettings.ai_providers)
    """The providers that may be asked; null allows all, and an empty list leaves what needs no provider."""


class NotificationSettings(Row[models.MemberSettings]):
    """What the one who asks wants to hear of."""

    new_message: bool = column(models.MemberSettings.notify_new_message)
    """A customer wrote."""

    assignment: bool = column(models.MemberSettings.notify_assignment)
    """Something was assigned to them."""

    task_due: bool = column(models.MemberSettings.notify_task_due)
    """A task is due."""

    campaign_done: bool = column(models.MemberSettings.notify_campaign_done)
    """A campaign has ended."""

    email_digest: bool = column(models.MemberSettings.email_digest)
    """A mail each day with what happened."""


@strawberry.type(description="All settings that the one who asks can see.")
class Settings:
    workspace: WorkspaceSettings = strawberry.field(description="Of the workspace.")
    ai: AiSettings = strawberry.field(description="Of suggestions in the workspace.")
    notifications: NotificationSettings = strawberry.field(description="Of the one who asks.")


@strawberry.input(description="What is to change for everybody. What is left out stays.")
class WorkspaceSettingsInput:
    language: str | None = strawberry.field(default=strawberry.UNSET, description="BCP 47 tag, such as pt-BR.")
    timezone: str | None = strawberry.field(default=strawberry.UNSET, description="IANA name.")
    currency: str | None = strawberry.field(default=strawberry.UNSET, description="ISO 4217, such as BRL.")
    phone_region: str | None = strawberry.field(default=strawberry.UNSET, description="ISO 3166, such as BR.")


@strawberry.input(description="What is to change about suggestions. What is left out stays.")
class AiSettingsInput:
    enabled: bool | None = strawberry.field(default=strawberry.UNSET, description="Whether there are any.")
    strategy: RoutingStrategy | None = strawberry.field(
        default=strawberry.UNSET, description="How the model is chosen; null follows the server."
    )
    persona: Persona | None = strawberry.field(
        default=strawberry.UNSET, description="A voice that comes with the product; it counts instead of any other."
    )
    custom_persona_id: strawberry.ID | None = strawberry.field(
        default=strawberry.UNSET,
        description="A voice of the workspace's own, which counts instead of `persona`; null goes back to that.",
    )
    mask_personal_data: bool | None = strawberry.field(
        default=strawberry.UNSET, description="Whether personal data is masked before a model sees it."
    )
    providers: list[ModelProvider] | None = strawberry.field(
        default=strawberry.UNSET, description="The providers that may be asked; null allows all."
    )


@strawberry.input(description="What the one who asks wants to hear of. What is left out stays.")
class NotificationSettingsInput:
    new_message: bool | None = strawberry.field(default=strawberry.UNSET, description="A customer wrote.")
    assignment: bool | None = strawberry.field(default=strawberry.UNSET, description="Something was assigned to them.")
    task_due: bool | None = strawberry.field(default=strawberry.UNSET, description="A task is due.")
    campaign_done: bool | None = strawberry.field(default=strawberry.UNSET, description="A campaign has ended.")
    email_digest: bool | None = strawberry.field(default=strawberry.UNSET, description="A mail each day.")


@strawberry.input(description="Changes of settings, in groups.")
class SettingsUpdateInput:
    workspace: WorkspaceSettingsInput | None = strawberry.field(default=None, description="Of the workspace.")
    ai: AiSettingsInput | None = strawberry.field(default=None, description="Of suggestions in the workspace.")
    notifications: NotificationSettingsInput | None = strawberry.field(default=None, description="Of yourself.")


@strawberry.type(description="The answer to `settingsUpdate`.")
class SettingsUpdatePayload(MutationPayload):
    settings: Settings | None = strawberry.field(default=None, description="All settings, as changed.")
