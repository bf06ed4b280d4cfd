"""What a person says about themselves."""

from dataclasses import dataclass, fields
from typing import Final

from sqlalchemy import select

from core import phone, text
from core.errors import Problems
from core.ground import Ground
from core.ids import WorkspaceId
from core.unset import UNSET, UnsetType
from models import EventType, User, WorkspaceMember, WorkspaceSettings
from services.access import Actor, Identity
from services.accounts.errors import AccountMissing
from services.accounts.registration import NAME_LONGEST
from services.transaction import begin_system

_WORKSPACES_TOLD: Final = 50
_MAY_BE_EMPTY: Final = frozenset({"phone", "avatar_url"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileDraft:
    """What is to change; what is not given stays."""

    name: str | UnsetType | None = UNSET
    phone: str | UnsetType | None = UNSET
    avatar_url: str | UnsetType | None = UNSET
    language: str | UnsetType | None = UNSET
    timezone: str | UnsetType | None = UNSET


async def update(ground: Ground, identity: Identity, draft: ProfileDraft) -> User:
    """Change a person's own profile; the workspaces that they are in hear of it.

    Raises:
        Invalid: values are not acceptable; all are told at once.
    """
    changes = _checked(draft, await _region(ground, identity))
    async with begin_system(ground) as tx:
        user = await tx.session.scalar(select(User).where(User.id == identity.user_id).with_for_update())
        if user is None:
            raise AccountMissing
        for name, value in changes.items():
            setattr(user, name, value)
        if tx.session.is_modified(user):
            if identity.actor is not None:
                tx.within(identity.actor).audit("account.profile_update", user)
            memberships = select(WorkspaceMember.workspace_id).where(WorkspaceMember.user_id == user.id)
            for workspace_id in await tx.session.scalars(memberships.limit(_WORKSPACES_TOLD)):
                inner = tx.within(Actor.system(WorkspaceId(workspace_id)))
                inner.publish(EventType.MEMBER_PROFILE_UPDATED, user.id)
        return user


async def me(ground: Ground, identity: Identity) -> User:
    """Return the signed-in person."""
    async with ground.database.system() as session:
        user = await session.scalar(select(User).where(User.id == identity.user_id))
    if user is None:
        raise AccountMissing
    return user


async def _region(ground: Ground, identity: Identity) -> str:
    """The country of numbers without a country code, where the person works."""
    if identity.actor is None:
        return phone.REGION
    own = select(WorkspaceSettings.phone_region).where(WorkspaceSettings.workspace_id == identity.actor.workspace_id)
    async with ground.database.system() as session:
        return await session.scalar(own) or phone.REGION


def _checked(draft: ProfileDraft, region: str) -> dict[str, str | None]:
    problems = Problems()
    changes: dict[str, str | None] = {}
    for each in fields(draft):
        value: str | UnsetType | None = getattr(draft, each.name)
        if isinstance(value, UnsetType):
            continue
        with problems.noting():
            changes[each.name] = _emptied(each.name) if value is None else _clean(each.name, value, region)
    problems.raise_any()
    return changes


def _emptied(name: str) -> None:
    if name not in _MAY_BE_EMPTY:
        raise text.Required(field=(name,))


def _clean(name: str, value: str, region: str) -> str:
    match name:
        case "name":
            return text.clean_line(value, field=("name",), most=NAME_LONGEST)
        case "phone":
            return phone.parse(value, region).e164
        case "avatar_url":
            return text.url(value, field=("avatar_url",))
        case "language":
            return text.language(value)
        case _:
            return text.timezone(value)
