"""What the people of a workspace may do, and how they leave it.

Nobody gives more than they have, nor changes somebody above them; and a workspace keeps an owner. Owners are locked
while this is decided, so that two owners who demote each other at the same moment leave one. Sessions belong to no
workspace, so these verbs work as the system, and name the workspace in each statement.
"""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from uuid import UUID

from sqlalchemy import select

from core.ground import Ground
from core.unset import UNSET, UnsetType
from models import EventType, Permission, Role, Session, WorkspaceMember
from services.access import Actor, Identity
from services.accounts import sessions
from services.accounts.sessions import permissions_of
from services.transaction import SystemTransaction, Transaction, begin_system
from services.workspaces.errors import LastOwner, MemberUnknown, OwnerUnlimited, RankTooHigh


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleDraft:
    """What a person is to be, and what they may do besides or not; what is not given stays."""

    role: Role | UnsetType = UNSET
    granted: Sequence[Permission] | UnsetType = UNSET
    revoked: Sequence[Permission] | UnsetType = UNSET


async def change_role(ground: Ground, identity: Identity, user_id: UUID, draft: RoleDraft) -> WorkspaceMember:
    """Change what a member may do. Their sessions in the workspace end with it, but for the one that asks.

    Raises:
        MemberUnknown: they are not in the workspace.
        RankTooHigh: they are above the actor, or would get more than the actor has.
        OwnerUnlimited: an owner's permissions were to be limited.
        LastOwner: they are the only owner.
    """
    actor = identity.working
    actor.require(Permission.MEMBERS_WRITE)
    async with begin_system(ground) as tx:
        inner = tx.within(actor)
        member = await _locked(inner, user_id)
        _require_rank(actor, member.role, "user_id")
        before = permissions_of(member)
        await _change(inner, member, draft)
        if tx.session.is_modified(member):
            _require_no_gain(actor, before, permissions_of(member), draft)
            inner.audit("member.role_change", member)
            inner.publish(EventType.MEMBER_ROLE_CHANGED, user_id, role=member.role)
            await _end_sessions(tx, identity, user_id, because="role change")
    return member


async def remove(ground: Ground, identity: Identity, user_id: UUID) -> WorkspaceMember:
    """Remove a member, or let the actor leave. Their contacts stay, without an owner; their sessions in the workspace
    end, but for the one that asks.

    Raises:
        MemberUnknown, RankTooHigh, LastOwner: as `change_role` does.
        PermissionMissing: somebody else is to be removed, and the actor may not.
    """
    actor = identity.working
    is_leaving = user_id == actor.user_id
    if not is_leaving:
        actor.require(Permission.MEMBERS_WRITE)
    async with begin_system(ground) as tx:
        inner = tx.within(actor)
        member = await _locked(inner, user_id)
        if not is_leaving:
            _require_rank(actor, member.role, "user_id")
        if member.role is Role.OWNER:
            await _require_other_owner(inner, user_id, "user_id")
        changes = {"user_id": {"before": user_id, "after": None}, "role": {"before": member.role, "after": None}}
        inner.audit("member.leave" if is_leaving else "member.remove", member, changes=changes)
        inner.publish(EventType.MEMBER_REMOVED, user_id)
        await _end_sessions(tx, identity, user_id, because="left" if is_leaving else "removed")
        await tx.session.delete(member)
    return member


async def _change(tx: Transaction, member: WorkspaceMember, draft: RoleDraft) -> None:
    if isinstance(draft.role, Role):
        _require_rank(tx.actor, draft.role, "role")
        if member.role is Role.OWNER and draft.role is not Role.OWNER:
            await _require_other_owner(tx, member.user_id, "role")
        member.role = draft.role
    if not isinstance(draft.granted, UnsetType):
        member.granted = sorted({each.value for each in draft.granted})
    if not isinstance(draft.revoked, UnsetType):
        if draft.revoked and member.role is Role.OWNER:
            raise OwnerUnlimited(field=("revoked",))
        member.revoked = sorted({each.value for each in draft.revoked})


async def _end_sessions(tx: SystemTransaction, identity: Identity, user_id: UUID, *, because: str) -> None:
    """End a member's sessions in the workspace. The memory of who may what is told even when there are none."""
    here, elsewhere = identity.working.workspace_id, Session.id != identity.session_id
    await sessions.revoke_all(tx, user_id, Session.workspace_id == here, elsewhere, because=because)


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


async def _require_other_owner(tx: Transaction, user_id: UUID, field: str) -> None:
    if all(owner == user_id for owner in await _lock_owners(tx)):
        raise LastOwner(field=(field,))


def _require_rank(actor: Actor, role: Role, field: str) -> None:
    if not actor.outranks(role):
        raise RankTooHigh(field=(field,))


def _require_no_gain(
    actor: Actor, before: frozenset[Permission], after: frozenset[Permission], draft: RoleDraft
) -> None:
    """Refuse what would give somebody, the actor included, a permission that the actor does not have."""
    beyond = sorted(each.name for each in after - before - actor.permissions)
    if beyond:
        given = [each.name for each in fields(draft) if getattr(draft, each.name) is not UNSET]
        message = f"Give only permissions that you have yourself: you lack {', '.join(beyond)}."
        raise RankTooHigh(message, field=(given[0],) if len(given) == 1 else ("granted",))
