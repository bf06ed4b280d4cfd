"""Settings of a workspace, and of one member in it. Typed: each has its own column and its own check."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Final

import phonenumbers
from sqlalchemy import select

from core import text
from core.errors import DomainError, Invalid, Problems
from core.ground import Ground
from core.unset import UNSET, UnsetType
from models import EventType, MemberSettings, Permission, Persona, RoutingStrategy, WorkspaceSettings
from services.access import Actor
from services.transaction import Transaction

_CURRENCY: Final = re.compile(r"[A-Z]{3}")


class CurrencyUnknown(Invalid):
    """Write a currency of ISO 4217, such as BRL."""

    code = "CURRENCY_UNKNOWN"


class RegionUnknown(Invalid):
    """Write a country of ISO 3166 that has phone numbers, such as BR."""

    code = "REGION_UNKNOWN"


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceDraft:
    """What is to change for everybody; what is not given stays."""

    language: str | UnsetType | None = UNSET
    timezone: str | UnsetType | None = UNSET
    currency: str | UnsetType | None = UNSET
    phone_region: str | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class AiDraft:
    """What is to change about suggestions; a strategy of None follows the server's."""

    ai_enabled: bool | UnsetType | None = UNSET
    ai_strategy: RoutingStrategy | UnsetType | None = UNSET
    ai_persona: Persona | UnsetType | None = UNSET
    ai_mask_personal_data: bool | UnsetType | None = UNSET


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
        PermissionMissing: the workspace's settings are not the actor's to change.
    """
    shared = {**_given(draft.workspace), **_given(draft.ai)}
    own = _given(draft.notifications)
    if shared:
        tx.require(Permission.SETTINGS_WRITE)
    shared = _checked(shared)
    _require_filled(own)
    here = WorkspaceSettings.workspace_id == tx.workspace_id
    row = (await tx.session.scalars(select(WorkspaceSettings).where(here).with_for_update())).one()
    mine = await _own(tx)
    _apply(tx, row, shared, "settings.update")
    _apply(tx, mine, own, "settings.notifications")
    return Current(workspace=row, member=mine)


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


def _given(draft: WorkspaceDraft | AiDraft | NotificationDraft) -> dict[str, Any]:
    values = {each.name: getattr(draft, each.name) for each in fields(draft)}
    return {name: value for name, value in values.items() if value is not UNSET}


def _require_filled(values: Mapping[str, Any]) -> None:
    problems = Problems()
    for name, value in values.items():
        if value is None:
            problems.extend(text.Required(field=(_group_of(name), name.removeprefix("ai_"))))
    problems.raise_any()


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    problems = Problems()
    clean: dict[str, Any] = {}
    for name, value in values.items():
        field = (_group_of(name), name.removeprefix("ai_"))
        try:
            if value is None and name != "ai_strategy":
                raise text.Required(field=field)
            clean[name] = _clean(name, value, field)
        except DomainError as error:
            problems.extend(error)
    problems.raise_any()
    return clean


def _clean(name: str, value: Any, field: tuple[str, str]) -> Any:
    match name:
        case "language":
            return text.language(value, field=field)
        case "timezone":
            return text.timezone(value, field=field)
        case "currency":
            if not _CURRENCY.fullmatch(value):
                raise CurrencyUnknown(field=field)
            return value
        case "phone_region":
            if value not in phonenumbers.SUPPORTED_REGIONS:
                raise RegionUnknown(field=field)
            return value
        case _:
            return value


def _group_of(name: str) -> str:
    if name.startswith("ai_"):
        return "ai"
    return "notifications" if name.startswith("notify_") or name == "email_digest" else "workspace"
