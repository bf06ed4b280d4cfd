"""How a workspace begins: with a name, its settings, its counters, and one owner."""

import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from core import clock, text
from core.errors import Conflict
from core.ids import UserId, WorkspaceId, uuid7
from models import (
    EventType,
    MemberSettings,
    Role,
    User,
    Workspace,
    WorkspaceCounter,
    WorkspaceMember,
    WorkspaceSettings,
    effective,
)
from services import crediting
from services.access import Actor, Identity, Origin
from services.idempotency import Gone
from services.transaction import SystemTransaction

NAME_LONGEST: Final = 100
PER_PERSON: Final = 50
_SUFFIX_BYTES: Final = 3


class LimitReached(Conflict):
    """There are as many as there may be."""

    code = "LIMIT_REACHED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A workspace that one is in, and whether that began just now."""

    workspace: Workspace
    is_new: bool = True


async def found(tx: SystemTransaction, *, founder: UserId, origin: Origin, name: str) -> Workspace:
    """Make a workspace whose owner is its founder.

    Raises:
        TextInvalid, TextTooLong, Required: the name is not acceptable.
        LimitReached: the founder is in too many workspaces.
    """
    clean = text.clean_line(name, field=("name",), most=NAME_LONGEST)
    await require_room(tx, founder)
    workspace = Workspace(id=uuid7(), name=clean, slug=f"{text.slug(clean)}-{secrets.token_hex(_SUFFIX_BYTES)}")
    tx.session.add(workspace)
    await tx.session.flush()
    member = WorkspaceMember(workspace_id=workspace.id, user_id=founder, role=Role.OWNER, joined_at=clock.now())
    tx.session.add_all(
        [
            WorkspaceSettings(workspace_id=workspace.id),
            WorkspaceCounter(workspace_id=workspace.id),
            *crediting.opened(workspace.id),
            member,
        ]
    )
    await tx.session.flush()
    tx.session.add(MemberSettings(workspace_id=workspace.id, user_id=founder))
    inner = tx.within(owner_of(workspace, founder, origin))
    inner.audit("workspace.create", workspace, changes={"name": {"before": None, "after": clean}})
    inner.publish(EventType.WORKSPACE_CREATED, workspace.id)
    return workspace


async def made_before(tx: SystemTransaction, identity: Identity, workspace_id: UUID) -> Made:
    """Return a workspace that a person made or joined under a key.

    Raises:
        Gone: they are not in it any more.
    """
    statement = (
        select(Workspace)
        .join(WorkspaceMember, WorkspaceMember.workspace_id == Workspace.id)
        .where(Workspace.id == workspace_id, WorkspaceMember.user_id == identity.user_id)
    )
    workspace = await tx.session.scalar(statement)
    if workspace is None:
        raise Gone
    return Made(workspace=workspace, is_new=False)


async def require_room(tx: SystemTransaction, user_id: UserId) -> None:
    """Raise `LimitReached` when a person is in as many workspaces as one may be. One of their own joins at a time."""
    await tx.session.execute(select(User.id).where(User.id == user_id).with_for_update(key_share=True))
    statement = select(func.count()).where(WorkspaceMember.user_id == user_id)
    if (await tx.session.scalar(statement) or 0) >= PER_PERSON:
        message = f"A person may be in {PER_PERSON} workspaces."
        raise LimitReached(message)


def owner_of(workspace: Workspace, user_id: UserId, origin: Origin) -> Actor:
    """Return a workspace's founder as an actor."""
    return Actor(
        workspace_id=WorkspaceId(workspace.id),
        user_id=user_id,
        role=Role.OWNER,
        permissions=effective(Role.OWNER, (), ()),
        origin=origin,
    )
