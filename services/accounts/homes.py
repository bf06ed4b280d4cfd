"""Which workspace a person is in when they sign in."""

from uuid import UUID

from sqlalchemy import select

from models import Workspace, WorkspaceMember
from services.transaction import SystemTransaction


async def home_of(tx: SystemTransaction, user_id: UUID, preferred: UUID | None) -> UUID | None:
    """Return the workspace that a sign-in opens: the preferred one while it is theirs, else the one joined first."""
    statement = (
        select(WorkspaceMember.workspace_id)
        .join(Workspace, Workspace.id == WorkspaceMember.workspace_id)
        .where(WorkspaceMember.user_id == user_id, Workspace.deleted_at.is_(None))
        .order_by(WorkspaceMember.workspace_id != preferred, WorkspaceMember.joined_at, WorkspaceMember.id)
        .limit(1)
    )
    return await tx.session.scalar(statement)
