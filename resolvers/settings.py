"""Settings, read as one object and changed in groups."""

from uuid import UUID

from core.unset import UnsetType
from graph import Root
from models import Permission
from resolvers.context import Context
from resolvers.fields import mutation, query
from resolvers.inputs import given
from schema.persona import PersonaVoice
from schema.setting import (
    AiSettings,
    AiSettingsInput,
    NotificationSettings,
    NotificationSettingsInput,
    Settings,
    SettingsUpdateInput,
    SettingsUpdatePayload,
    WorkspaceSettings,
    WorkspaceSettingsInput,
)
from services import settings
from services.settings import AiDraft, Current, NotificationDraft, SettingsDraft, WorkspaceDraft
from services.transaction import Transaction


def shown(current: Current) -> Settings:
    """Show settings."""
    return Settings(
        workspace=WorkspaceSettings.of(current.workspace),
        ai=AiSettings.of(current.workspace),
        notifications=NotificationSettings.of(current.member),
    )


@query(Permission.SETTINGS_READ)
async def settings_(context: Context) -> Settings:
    """The settings of the workspace, and one's own."""
    return shown(await settings.current(context.ground, context.actor))


class SettingsQueries(Root):
    """Queries about settings."""

    settings: Settings = settings_


@mutation(Permission.SETTINGS_READ)
async def settings_update(tx: Transaction, input: SettingsUpdateInput) -> SettingsUpdatePayload:
    """Change settings: one's own notifications, and, with `SETTINGS_WRITE`, those of the workspace."""
    draft = SettingsDraft(
        workspace=_workspace(input.workspace), ai=_ai(input.ai), notifications=_notifications(input.notifications)
    )
    return SettingsUpdatePayload(settings=shown(await settings.change(tx, draft)))


def _workspace(input: WorkspaceSettingsInput | None) -> WorkspaceDraft:
    if input is None:
        return WorkspaceDraft()
    return WorkspaceDraft(
        language=given(input.language),
        timezone=given(input.timezone),
        currency=given(input.currency),
        phone_region=given(input.phone_region),
    )


def _ai(input: AiSettingsInput | None) -> AiDraft:
    if input is None:
        return AiDraft()
    return AiDraft(
        ai_enabled=given(input.enabled),
        ai_strategy=given(input.strategy),
        ai_persona=given(input.persona),
        ai_persona_id=_persona(given(input.custom_persona_id)),
        ai_mask_personal_data=given(input.mask_personal_data),
        ai_providers=given(input.providers),
    )


def _persona(id: str | UnsetType | None) -> UUID | UnsetType | None:
    return PersonaVoice.key_of(id, field=("ai", "custom_persona_id")) if isinstance(id, str) else id


def _notifications(input: NotificationSettingsInput | None) -> NotificationDraft:
    if input is None:
        return NotificationDraft()
    return NotificationDraft(
        notify_new_message=given(input.new_message),
        notify_assignment=given(input.assignment),
        notify_task_due=given(input.task_due),
        notify_campaign_done=given(input.campaign_done),
        email_digest=given(input.email_digest),
    )


MUTATIONS = (settings_update,)
