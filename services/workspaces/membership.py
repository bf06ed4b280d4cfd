"""Which workspaces a person is in, and which of them a sign-in works in."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import select

from core.errors import NotFound
from core.ground import Ground
from models import Session, User, Workspace, WorkspaceMember
from services.access import Actor, Identity
from services.accounts import grants, sessions
from services.accounts.grants import Grant
from services.accounts.homes import home_of
from services.transaction import begin_system

LISTED: Final = 50


class WorkspaceUnknown(NotFound):
    """You are in no such workspace."""


async def workspace_of(ground: Ground, actor: Actor) -> Workspace | None:
    """Return the workspace that an actor works in."""
    async with ground.database.read(actor.workspace_id) as session:
        return await session.scalar(select(Workspace).where(Workspace.id == actor.workspace_id))


async def all_of(ground: Ground, identity: Identity) -> Sequence[Workspace]:
    """Return the workspaces that a person is in, in the order of joining, up to fifty."""
    statement = (
        select(Workspace)
        .join(WorkspaceMember, WorkspaceMember.workspace_id == Workspace.id)
        .where(WorkspaceMember.user_id == identity.user_id, Workspace.deleted_at.is_(None))
        .order_by(WorkspaceMember.joined_at, WorkspaceMember.id)
        .limit(LISTED)
    )
    async with ground.database.system() as session:
        return (await session.scalars(statement)).all()


async def switch(ground: Ground, identity: Identity, workspace_id: UUID) -> Grant:
    """Let this session work in another of the person's workspaces, with fresh tokens.

    Raises:
        WorkspaceUnknown: they are not in it.
    """
    async with begin_system(ground) as tx:
        locked = select(Session).where(Session.id == identity.session_id).with_for_update()
        session = await tx.session.scalar(locked)
        user = await tx.session.get(User, identity.user_id)
        if session is None or user is None or session.revoked_at is not None:
            raise sessions.SessionEnded
        if await home_of(tx, user.id, workspace_id) != workspace_id:
            raise WorkspaceUnknown(field=("id",))
        session.workspace_id = workspace_id
        token = await grants.replace_token(tx, session)
    return grants.granted(ground, user, session, token)
