"""What the people of a workspace may do, and how they leave it.

Nobody gives more than they have, nor changes somebody above them; and a workspace keeps an owner. Owners are locked
while this is decided, so that two owners who demote each other at the same moment leave one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select

from core.unset import UNSET, UnsetType
from models import EventType, Permission, Role, WorkspaceMember
from services.access import PermissionMissing
from services.accounts import sessions
from services.transaction import Transaction
from services.workspaces.errors import LastOwner, MemberUnknown, RankTooHigh

EXCEPTIONS_MOST: Final = len(Permission)


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDraft:
    """What a person is to be, and what they may do besides or not; what is not given stays."""

    role: Role | UnsetType = UNSET
    granted: Sequence[Permission] | UnsetType = UNSET
    revoked: Sequence[Permission] | UnsetType = UNSET


async def change_role(tx: Transaction, user_id: UUID, draft: RoleDraft) -> WorkspaceMember:
    """Change what a member may do. It holds for their requests and subscriptions within seconds.

    Raises:
        MemberUnknown: they are not in the workspace.
        RankTooHigh: they are above the actor, or would get more than the actor has.
        LastOwner: they are the only owner.
    """
    tx.require(Permission.MEMBERS_WRITE)
    member = await _locked(tx, user_id)
    _require_rank(tx, member.role)
    if isinstance(draft.role, Role):
        _require_rank(tx, draft.role)
        if member.role is Role.OWNER and draft.role is not Role.OWNER:
            await _require_other_owner(tx, user_id)
        member.role = draft.role
    if not isinstance(draft.granted, UnsetType):
        if any(not tx.actor.may(each) for each in draft.granted):
            raise RankTooHigh(field=("granted",))
        member.granted = sorted({each.value for each in draft.granted})
    if not isinstance(draft.revoked, UnsetType):
        member.revoked = sorted({each.value for each in draft.revoked})
    tx.audit("member.role_change", member)
    tx.publish(EventType.MEMBER_ROLE_CHANGED, user_id, role=member.role)
    sessions.forget(user_id)
    return member


async def remove(tx: Transaction, user_id: UUID) -> WorkspaceMember:
    """Remove a member, or let the actor leave. Their contacts stay, without an owner; their requests end at once.

    Raises:
        MemberUnknown, RankTooHigh, LastOwner: as `change_role` does.
        PermissionMissing: somebody else is to be removed, and the actor may not.
    """
    is_leaving = user_id == tx.actor.user_id
    if not is_leaving and not tx.actor.may(Permission.MEMBERS_WRITE):
        raise PermissionMissing
    member = await _locked(tx, user_id)
    if not is_leaving:
        _require_rank(tx, member.role)
    if member.role is Role.OWNER:
        await _require_other_owner(tx, user_id)
    changes = {"user_id": {"before": user_id, "after": None}, "role": {"before": member.role, "after": None}}
    tx.audit("member.leave" if is_leaving else "member.remove", member, changes=changes)
    await tx.session.execute(
        delete(WorkspaceMember).where(
            WorkspaceMember.workspace_id == tx.workspace_id, WorkspaceMember.user_id == user_id
        )
    )
    tx.publish(EventType.MEMBER_REMOVED, user_id)
    sessions.forget(user_id)
    return member


async def _locked(tx: Transaction, user_id: UUID) -> WorkspaceMember:
    statement = (
        select(WorkspaceMember)
        .where(WorkspaceMember.workspace_id == tx.workspace_id, WorkspaceMember.user_id == user_id)
        .with_for_update()
    )
    await _lock_owners(tx)
    member = await tx.session.scalar(statement)
    if member is None:
        raise MemberUnknown(field=("user_id",))
    return member


async def _lock_owners(tx: Transaction) -> Sequence[UUID]:
    """Lock the owners, always in the same order, and return their users."""
    statement = (
        select(WorkspaceMember.user_id)
        .where(WorkspaceMember.workspace_id == tx.workspace_id, WorkspaceMember.role == Role.OWNER)
        .order_by(WorkspaceMember.id)
        .with_for_update()
    )
    return (await tx.session.scalars(statement)).all()


async def _require_other_owner(tx: Transaction, user_id: UUID) -> None:
    if all(owner == user_id for owner in await _lock_owners(tx)):
        raise LastOwner


def _require_rank(tx: Transaction, role: Role) -> None:
    if not tx.actor.outranks(role):
        raise RankTooHigh(field=("role",))
