"""Invitations: bound to one e-mail address, good for seven days, kept as a hash. The job that mails one has its id."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from core import clock, text
from core.database import constraint_of
from core.ground import Ground
from core.ids import uuid7
from core.security.vault import Vault
from models import (
    GRANTS,
    EventType,
    MemberSettings,
    Permission,
    Role,
    User,
    Workspace,
    WorkspaceInvite,
    WorkspaceMember,
    WorkspaceSettings,
)
from services import idempotency, mails
from services.access import Identity, Origin
from services.accounts import limits, sessions
from services.idempotency import Asked
from services.jobs import Job
from services.transaction import SystemTransaction, Transaction, begin_system
from services.workspaces.errors import AlreadyMember, InviteInvalid, InviteUnknown, LimitReached, RankTooHigh
from services.workspaces.founding import Made, made_before, require_room

LIFETIME: Final = timedelta(days=7)
OPEN_MOST: Final = 100
MEMBERS_MOST: Final = 500
_PURPOSE: Final = "invite"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailInvite(Job):
    """Mail an invitation."""

    workspace_id: UUID
    invite_id: UUID


async def create(tx: Transaction, email: str, role: Role) -> WorkspaceInvite:
    """Invite a person. Inviting them again replaces the open invitation, with a new link and role.

    Raises:
        EmailInvalid: it is no address.
        RankTooHigh: the role is above the actor's.
        AlreadyMember: the person is in the workspace.
        LimitReached: too many invitations are open.
    """
    tx.require(Permission.MEMBERS_WRITE)
    address = text.email(email)
    if not tx.actor.outranks(role) or not GRANTS[role] <= tx.actor.permissions:
        raise RankTooHigh(field=("role",))
    await _one_at_a_time(tx)
    await _require_outsider(tx, address)
    await _require_open_room(tx)
    await _close_open(tx, address)
    now, invite_id = clock.now(), uuid7()
    invite = WorkspaceInvite(
        id=invite_id,
        workspace_id=tx.workspace_id,
        email=address,
        role=role,
        token_hash=Vault.digest(tx.ground.vault.derive(_PURPOSE, invite_id)),
        invited_by_id=tx.actor.user_id,
        created_at=now,
        expires_at=now + LIFETIME,
    )
    tx.session.add(invite)
    tx.audit("invite.create", invite)
    tx.publish(EventType.INVITE_CREATED, invite.id)
    tx.enqueue(MailInvite(workspace_id=tx.workspace_id, invite_id=invite_id))
    return invite


async def revoke(tx: Transaction, invite_id: UUID) -> WorkspaceInvite:
    """Withdraw an open invitation.

    Raises:
        InviteUnknown: there is none.
    """
    tx.require(Permission.MEMBERS_WRITE)
    statement = select(WorkspaceInvite).where(
        WorkspaceInvite.workspace_id == tx.workspace_id,
        WorkspaceInvite.id == invite_id,
        WorkspaceInvite.accepted_at.is_(None),
        WorkspaceInvite.revoked_at.is_(None),
    )
    invite = await tx.session.scalar(statement.with_for_update())
    if invite is None:
        raise InviteUnknown(field=("id",))
    invite.revoked_at = clock.now()
    tx.audit("invite.revoke", invite)
    tx.publish(EventType.INVITE_REVOKED, invite.id)
    return invite


async def accept(ground: Ground, identity: Identity, origin: Origin, token: str, asked: Asked | None = None) -> Made:
    """Join the workspace of an invitation, as the person whose e-mail address it was made for, unless they did under
    this key.

    The mailed token proves the address, so it counts as verified from here on.

    Raises:
        InviteInvalid: it is unknown, withdrawn, used, too old, or for another address.
        AlreadyMember: the person is in the workspace.
        LimitReached: the person is in too many workspaces, or the workspace is full.
    """
    await limits.spend_at(ground, limits.LINK_BY_ADDRESS, origin)
    async with begin_system(ground) as tx:
        shelf = idempotency.of_person(tx, identity.user_id)
        kept = None if asked is None else await idempotency.claim(shelf, asked)
        if kept is not None:
            return await made_before(tx, identity, UUID(kept["workspace"]))
        invite, workspace, user = await _redeemable(tx, identity, token)
        if asked is not None:
            await idempotency.keep(shelf, asked, {"workspace": str(workspace.id)})
        await require_room(tx, identity.user_id)
        await _require_seat(tx, workspace)
        member = await _join(tx, invite, user)
        inner = tx.within(sessions.actor_of(member, origin))
        changes = {"role": {"before": None, "after": invite.role}, "user_id": {"before": None, "after": user.id}}
        inner.audit("member.join", invite, changes=changes)
        inner.publish(EventType.MEMBER_JOINED, user.id, invited_by=invite.invited_by_id)
    sessions.forget(identity.user_id)
    return Made(workspace=workspace)


async def mail_invite(ground: Ground, workspace_id: UUID, invite_id: UUID) -> None:
    """Mail an invitation. One that was withdrawn meanwhile is not mailed."""
    statement = (
        select(WorkspaceInvite, Workspace, WorkspaceSettings.language)
        .join(Workspace, Workspace.id == WorkspaceInvite.workspace_id)
        .join(WorkspaceSettings, WorkspaceSettings.workspace_id == Workspace.id)
        .where(
            WorkspaceInvite.workspace_id == workspace_id,
            WorkspaceInvite.id == invite_id,
            WorkspaceInvite.accepted_at.is_(None),
            WorkspaceInvite.revoked_at.is_(None),
            Workspace.deleted_at.is_(None),
        )
    )
    async with ground.database.system() as session:
        row = (await session.execute(statement)).one_or_none()
    if row is None:
        return
    token = ground.vault.derive(_PURPOSE, invite_id)
    url = ground.settings.server.public_url
    await ground.mailer.send(mails.invitation(row.WorkspaceInvite.email, row.Workspace, row.language, url, token))


async def _redeemable(tx: SystemTransaction, identity: Identity, token: str) -> tuple[WorkspaceInvite, Workspace, User]:
    statement = (
        select(WorkspaceInvite, Workspace)
        .join(Workspace, Workspace.id == WorkspaceInvite.workspace_id)
        .where(
            WorkspaceInvite.token_hash == Vault.digest(token),
            WorkspaceInvite.accepted_at.is_(None),
            WorkspaceInvite.revoked_at.is_(None),
            WorkspaceInvite.expires_at > clock.now(),
            Workspace.deleted_at.is_(None),
        )
        .with_for_update(of=WorkspaceInvite)
    )
    row = (await tx.session.execute(statement)).one_or_none()
    user = await tx.session.get(User, identity.user_id)
    if row is None or user is None or row.WorkspaceInvite.email != user.email:
        raise InviteInvalid(field=("token",))
    return row.WorkspaceInvite, row.Workspace, user


async def _join(tx: SystemTransaction, invite: WorkspaceInvite, user: User) -> WorkspaceMember:
    now = clock.now()
    invite.accepted_at = now
    user.email_verified_at = user.email_verified_at or now
    member = WorkspaceMember(
        workspace_id=invite.workspace_id,
        user_id=user.id,
        role=invite.role,
        invited_by_id=invite.invited_by_id,
        joined_at=now,
    )
    try:
        async with tx.session.begin_nested():
            tx.session.add(member)
            await tx.session.flush()
    except IntegrityError as error:
        if constraint_of(error) == "uq_workspace_members_workspace_id_user_id":
            raise AlreadyMember from error
        raise
    tx.session.add(MemberSettings(workspace_id=invite.workspace_id, user_id=user.id))
    await tx.session.flush()
    return member


async def _one_at_a_time(tx: Transaction) -> None:
    """Let the workspace's invitations be made one after the other: two to one address would both be the newest."""
    statement = select(Workspace.id).where(Workspace.id == tx.workspace_id).with_for_update(key_share=True)
    await tx.session.execute(statement)


async def _require_outsider(tx: Transaction, address: str) -> None:
    statement = (
        select(WorkspaceMember.id)
        .join(User, User.id == WorkspaceMember.user_id)
        .where(WorkspaceMember.workspace_id == tx.workspace_id, User.email == address)
    )
    if await tx.session.scalar(statement) is not None:
        raise AlreadyMember(field=("email",))


async def _require_open_room(tx: Transaction) -> None:
    statement = select(func.count()).where(
        WorkspaceInvite.workspace_id == tx.workspace_id,
        WorkspaceInvite.accepted_at.is_(None),
        WorkspaceInvite.revoked_at.is_(None),
        WorkspaceInvite.expires_at > clock.now(),
    )
    if (await tx.session.scalar(statement) or 0) >= OPEN_MOST:
        message = f"{OPEN_MOST} invitations may be open: withdraw some."
        raise LimitReached(message)


async def _require_seat(tx: SystemTransaction, workspace: Workspace) -> None:
    statement = select(func.count()).where(WorkspaceMember.workspace_id == workspace.id)
    if (await tx.session.scalar(statement) or 0) >= MEMBERS_MOST:
        message = f"A workspace may have {MEMBERS_MOST} members."
        raise LimitReached(message)


async def _close_open(tx: Transaction, address: str) -> None:
    statement = select(WorkspaceInvite).where(
        WorkspaceInvite.workspace_id == tx.workspace_id,
        WorkspaceInvite.email == address,
        WorkspaceInvite.accepted_at.is_(None),
        WorkspaceInvite.revoked_at.is_(None),
    )
    for invite in await tx.session.scalars(statement.with_for_update()):
        invite.revoked_at = clock.now()
    await tx.session.flush()
