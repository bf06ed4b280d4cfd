"""Settings of a workspace, and of one member in it. Typed: each has its own column and its own check."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, Final
from uuid import UUID

import phonenumbers
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from ai.catalogue import ModelProvider
from core import text
from core.database import constraint_of
from core.errors import Invalid, Problems
from core.ground import Ground
from core.money import CURRENCIES
from core.unset import UNSET, UnsetType
from models import EventType, MemberSettings, Permission, Persona, RoutingStrategy, WorkspaceSettings
from services.access import Actor
from services.personas import PersonaUnknown
from services.transaction import Transaction

_PREFIXES: Final = {"workspace": "", "ai": "ai_", "notifications": "notify_"}
"""What the columns of each group begin with, and its fields in the API do not."""
_MAY_BE_EMPTY: Final = frozenset({"ai_strategy", "ai_providers", "ai_persona_id"})
_PERSONA_KEY: Final = "fk_workspace_settings_workspace_id_ai_persona_id"


class CurrencyUnknown(Invalid):
    """Write a currency of ISO 4217, such as BRL."""

    code = "CURRENCY_UNKNOWN"


class RegionUnknown(Invalid):
    """Write a country of ISO 3166 that has phone numbers, such as BR."""

    code = "REGION_UNKNOWN"


class ProviderUnknown(Invalid):
    """There is no such provider of models."""

    code = "PROVIDER_UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceDraft:
    """What is to change for everybody; what is not given stays."""

    language: str | UnsetType | None = UNSET
    timezone: str | UnsetType | None = UNSET
    currency: str | UnsetType | None = UNSET
    phone_region: str | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class AiDraft:
    """What is to change about suggestions; a strategy of None follows the server's, providers of None allow all, and an
    `ai_persona_id` of None lets `ai_persona` count.
    """

    ai_enabled: bool | UnsetType | None = UNSET
    ai_strategy: RoutingStrategy | UnsetType | None = UNSET
    ai_persona: Persona | UnsetType | None = UNSET
    ai_persona_id: UUID | UnsetType | None = UNSET
    ai_mask_personal_data: bool | UnsetType | None = UNSET
    ai_providers: Sequence[str] | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class NotificationDraft:
    """What the actor wants to hear of."""

    notify_new_message: bool | UnsetType | None = UNSET
    notify_assignment: bool | UnsetType | None = UNSET
    notify_task_due: bool | UnsetType | None = UNSET
    notify_campaign_done: bool | UnsetType | None = UNSET
    email_digest: bool | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsDraft:
    """All that is to change."""

    workspace: WorkspaceDraft = field(default_factory=WorkspaceDraft)
    ai: AiDraft = field(default_factory=AiDraft)
    notifications: NotificationDraft = field(default_factory=NotificationDraft)


@dataclass(frozen=True, slots=True, kw_only=True)
class Current:
    """Settings as they are: of the workspace, and of one member."""

    workspace: WorkspaceSettings
    member: MemberSettings


async def current(ground: Ground, actor: Actor) -> Current:
    """Return the settings that an actor sees."""
    shared = select(WorkspaceSettings).where(WorkspaceSettings.workspace_id == actor.workspace_id)
    own = select(MemberSettings).where(
        MemberSettings.workspace_id == actor.workspace_id, MemberSettings.user_id == actor.user_id
    )
    async with ground.database.read(actor.workspace_id) as session:
        return Current(workspace=(await session.scalars(shared)).one(), member=(await session.scalars(own)).one())


async def change(tx: Transaction, draft: SettingsDraft) -> Current:
    """Change settings: everybody their own notifications, and whoever has `SETTINGS_WRITE` the workspace's.

    Raises:
        Invalid: values are not acceptable; all are told at once, and nothing is changed.
        PersonaUnknown: the voice is none of the workspace's own.
        PermissionMissing: the workspace's settings are not the actor's to change.
    """
    given = {group: _given(getattr(draft, group)) for group in _PREFIXES}
    if given["workspace"] or given["ai"]:
        tx.require(Permission.SETTINGS_WRITE)
    clean = _checked(given)
    if "ai_persona" in clean["ai"]:
        # whoever names a voice of the product wants that one
        clean["ai"].setdefault("ai_persona_id", None)
    shared = await _shared(tx)
    own = await _own(tx)
    _apply(tx, shared, clean["workspace"] | clean["ai"], "settings.update")
    await _require_persona(tx)
    _apply(tx, own, clean["notifications"], "settings.notifications")
    return Current(workspace=shared, member=own)


async def _shared(tx: Transaction) -> WorkspaceSettings:
    statement = select(WorkspaceSettings).where(WorkspaceSettings.workspace_id == tx.workspace_id)
    return (await tx.session.scalars(statement.with_for_update())).one()


async def _own(tx: Transaction) -> MemberSettings:
    statement = select(MemberSettings).where(
        MemberSettings.workspace_id == tx.workspace_id, MemberSettings.user_id == tx.actor.user_id
    )
    return (await tx.session.scalars(statement.with_for_update())).one()


def _apply(tx: Transaction, row: WorkspaceSettings | MemberSettings, changes: Mapping[str, Any], action: str) -> None:
    for name, value in changes.items():
        setattr(row, name, value)
    if tx.session.is_modified(row):
        tx.audit(action, row)
        if isinstance(row, WorkspaceSettings):
            tx.publish(EventType.SETTINGS_UPDATED, row.workspace_id, changed=sorted(changes))


async def _require_persona(tx: Transaction) -> None:
    """Have the database say whether the voice is one of the workspace's own."""
    try:
        await tx.session.flush()
    except IntegrityError as error:
        if constraint_of(error) == _PERSONA_KEY:
            raise PersonaUnknown(field=("ai", "custom_persona_id")) from error
        raise


def _given(draft: WorkspaceDraft | AiDraft | NotificationDraft) -> dict[str, Any]:
    values = {each.name: getattr(draft, each.name) for each in fields(draft)}
    return {name: value for name, value in values.items() if value is not UNSET}


def _checked(given: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    problems = Problems()
    clean: dict[str, dict[str, Any]] = {group: {} for group in given}
    for group, values in given.items():
        for name, value in values.items():
            with problems.noting():
                field = (group, name.removeprefix(_PREFIXES[group]))
                if value is None and name not in _MAY_BE_EMPTY:
                    raise text.Required(field=field)
                clean[group][name] = _clean(name, value, field)
    problems.raise_any()
    return clean


def _clean(name: str, value: Any, field: tuple[str, str]) -> Any:
    match name:
        case "language":
            return text.language(value, field=field)
        case "timezone":
            return text.timezone(value, field=field)
        case "currency":
            if value not in CURRENCIES:
                raise CurrencyUnknown(field=field)
            return value
        case "phone_region":
            if value not in phonenumbers.SUPPORTED_REGIONS:
                raise RegionUnknown(field=field)
            return value
        case "ai_providers":
            return _providers(value, field)
        case _:
            return value


def _providers(names: Sequence[str] | None, field: tuple[str, str]) -> list[str] | None:
    """Return names of providers once each, in the order of the catalogue."""
    if names is None:
        return None
    if not set(names) <= set(ModelProvider):
        raise ProviderUnknown(f"Name providers out of: {', '.join(ModelProvider)}.", field=field)
    return [each.value for each in ModelProvider if each in names]
