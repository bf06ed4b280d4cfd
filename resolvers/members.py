"""The people in a workspace, and invitations."""

from typing import cast

import strawberry

import models
from core.ids import encode
from graph import Connection, Root, by_id, page
from models import Permission
from resolvers.context import Context
from resolvers.fields import account_mutation, mutation
from resolvers.inputs import filled
from schema.member import (
    Invite,
    InviteAcceptInput,
    InviteAcceptPayload,
    InviteCreateInput,
    InviteCreatePayload,
    InviteFilter,
    InviteOrder,
    InviteRevokeInput,
    InviteRevokePayload,
    Member,
    MemberFilter,
    MemberOrder,
    MemberRemoveInput,
    MemberRemovePayload,
    MemberRoleChangeInput,
    MemberRoleChangePayload,
    UserActivity,
)
from schema.user import User
from schema.workspace import Workspace
from services.transaction import Transaction
from services.workspaces import invites, members


class MemberQueries(Root):
    """Queries about people."""

    users: Connection[Member] | None = page(
        models.WorkspaceMember.workspace_id, filter=MemberFilter, order=MemberOrder, require=Permission.MEMBERS_READ
    )
    """The people in the workspace."""

    user: User | None = by_id(models.User, require=Permission.MEMBERS_READ)
    """One person of the workspace."""

    user_activity: UserActivity | None = by_id(models.User, require=Permission.AUDIT_READ)
    """What one person of the workspace did."""

    invites: Connection[Invite] | None = page(
        models.WorkspaceInvite.workspace_id, filter=InviteFilter, order=InviteOrder, require=Permission.MEMBERS_WRITE
    )
    """Invitations, open and closed."""


@account_mutation(permission=Permission.MEMBERS_WRITE)
async def member_role_change(context: Context, input: MemberRoleChangeInput) -> MemberRoleChangePayload:
    """Change what a person may do. Their sessions in the workspace end, and what they have open within seconds."""
    draft = members.RoleDraft(role=filled(input.role), granted=filled(input.granted), revoked=filled(input.revoked))
    user_id = User.key_of(input.user_id, field=("user_id",))
    changed = await members.change_role(context.ground, context.identity, user_id, draft)
    return MemberRoleChangePayload(member=Member.of(changed))


@account_mutation(permission=Permission.MEMBERS_READ)
async def member_remove(context: Context, input: MemberRemoveInput) -> MemberRemovePayload:
    """Remove a person, which needs `MEMBERS_WRITE`, or leave. Their contacts stay, without an owner."""
    user_id = User.key_of(input.user_id, field=("user_id",))
    gone = await members.remove(context.ground, context.identity, user_id)
    return MemberRemovePayload(removed_user_id=strawberry.ID(encode(cast("str", User.prefix), gone.user_id)))


@mutation(Permission.MEMBERS_WRITE, idempotent=True)
async def invite_create(tx: Transaction, input: InviteCreateInput) -> InviteCreatePayload:
    """Invite a person by e-mail. Inviting them again replaces the open invitation."""
    return InviteCreatePayload(invite=Invite.of(await invites.create(tx, input.email, input.role)))


@mutation(Permission.MEMBERS_WRITE)
async def invite_revoke(tx: Transaction, input: InviteRevokeInput) -> InviteRevokePayload:
    """Withdraw an open invitation."""
    return InviteRevokePayload(invite=Invite.of(await invites.revoke(tx, Invite.key_of(input.id, field=("id",)))))


@account_mutation(signed_in=True, idempotent=True)
async def invite_accept(context: Context, input: InviteAcceptInput) -> InviteAcceptPayload:
    """Join a workspace, as the person whose e-mail address was invited. `workspaceSwitch` begins to work in it."""
    joined = await invites.accept(context.ground, context.identity, context.origin, input.token, context.keys.asked)
    if not joined.is_new:
        context.keys.replayed.append("inviteAccept")
    return InviteAcceptPayload(workspace=Workspace.of(joined.workspace))


MUTATIONS = (member_role_change, member_remove, invite_create, invite_revoke, invite_accept)
