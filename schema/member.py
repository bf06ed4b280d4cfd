"""The people in a workspace, and those who are invited to it."""

from datetime import datetime

import strawberry

import models
from graph import Connection, Entity, Order, Row, asc, column, computed, desc, one, page
from graph.filters import EnumFilter, Filter, TimeFilter, where
from models import Permission
from schema.audit import AuditEntry, AuditFilter, AuditOrder
from schema.enums import Role
from schema.errors import MutationPayload
from schema.idempotency import OnceInput
from schema.user import User
from schema.workspace import Workspace


def known_permissions(names: list[str]) -> list[Permission]:
    """Return permissions by their stored names; those that no longer exist are left out."""
    known = {each.value: each for each in Permission}
    return [known[name] for name in names if name in known]


class Member(Entity[models.WorkspaceMember], prefix="member", require=Permission.MEMBERS_READ):
    """A person's place in the workspace."""

    user: User = one(models.WorkspaceMember.user_id)
    """The person."""

    role: Role
    """What they are."""

    granted: list[Permission] = computed(known_permissions, models.WorkspaceMember.granted)
    """What they may do beyond their role."""

    revoked: list[Permission] = computed(known_permissions, models.WorkspaceMember.revoked)
    """What they may not do in spite of their role."""

    invited_by: User | None = one(models.WorkspaceMember.invited_by_id)
    """Who invited them; null for founders, and when that person is not in the workspace any more."""

    joined_at: datetime
    """When they joined."""


class MemberOrder(Order):
    """In which order people are listed."""

    JOINED_FIRST = asc(models.WorkspaceMember.joined_at, "Who joined first comes first.")
    JOINED_LAST = desc(models.WorkspaceMember.joined_at, "Who joined last comes first.")


@strawberry.input
class MemberFilter(Filter):
    """Which people to list."""

    role: EnumFilter[Role] | None = where(models.WorkspaceMember.role)
    """What they are."""

    joined_at: TimeFilter | None = where(models.WorkspaceMember.joined_at)
    """When they joined."""


class UserActivity(Row[models.User], prefix="user", members=models.WorkspaceMember.user_id):
    """What one person did in the workspace."""

    user: User = one(models.User.id, models.User.id)
    """The person."""

    acts: Connection[AuditEntry] = page(models.AuditEntry.actor_id, local="id", filter=AuditFilter, order=AuditOrder)
    """What they did, as the audit log has it."""


class Invite(Entity[models.WorkspaceInvite], prefix="invite", require=Permission.MEMBERS_WRITE):
    """An invitation, bound to one e-mail address."""

    email: str
    """The address that it was mailed to."""

    role: Role
    """What the person will be."""

    invited_by: User | None = one(models.WorkspaceInvite.invited_by_id)
    """Who invited; null when that person is not in the workspace any more."""

    created_at: datetime
    """When it was made."""

    expires_at: datetime
    """Until when it can be accepted."""

    accepted_at: datetime | None
    """When it was accepted."""

    revoked_at: datetime | None = column(models.WorkspaceInvite.revoked_at)
    """When it was withdrawn, or replaced by a newer one."""


class InviteOrder(Order):
    """In which order invitations are listed."""

    NEWEST = desc(models.WorkspaceInvite.created_at, "Latest made first.")
    OLDEST = asc(models.WorkspaceInvite.created_at, "First made first.")


@strawberry.input
class InviteFilter(Filter):
    """Which invitations to list."""

    accepted_at: TimeFilter | None = where(models.WorkspaceInvite.accepted_at)
    """When it was accepted."""

    revoked_at: TimeFilter | None = where(models.WorkspaceInvite.revoked_at)
    """When it was withdrawn."""

    expires_at: TimeFilter | None = where(models.WorkspaceInvite.expires_at)
    """Until when it can be accepted."""


@strawberry.input(description="What a member is to be. What is left out stays.")
class MemberRoleChangeInput:
    user_id: strawberry.ID = strawberry.field(description="The person.")
    role: Role | None = strawberry.field(default=strawberry.UNSET, description="What they are to be.")
    granted: list[Permission] | None = strawberry.field(
        default=strawberry.UNSET, description="All that they may do beyond the role; nothing that you may not do."
    )
    revoked: list[Permission] | None = strawberry.field(
        default=strawberry.UNSET, description="All that they may not do in spite of the role. Owners cannot be limited."
    )


@strawberry.type(description="The answer to `memberRoleChange`.")
class MemberRoleChangePayload(MutationPayload):
    member: Member | None = strawberry.field(default=None, description="The member, as changed.")


@strawberry.input(description="Who is to leave.")
class MemberRemoveInput:
    user_id: strawberry.ID = strawberry.field(description="The person; oneself to leave.")


@strawberry.type(description="The answer to `memberRemove`.")
class MemberRemovePayload(MutationPayload):
    removed_user_id: strawberry.ID | None = strawberry.field(default=None, description="The person who left.")


@strawberry.input(description="Whom to invite.")
class InviteCreateInput(OnceInput):
    email: str = strawberry.field(description="Their address. An open invitation to it is replaced.")
    role: Role = strawberry.field(default=Role.MEMBER, description="What they will be; not above your own role.")


@strawberry.type(description="The answer to `inviteCreate`.")
class InviteCreatePayload(MutationPayload):
    invite: Invite | None = strawberry.field(default=None, description="The invitation. Its link is mailed.")


@strawberry.input(description="Which invitation to withdraw.")
class InviteRevokeInput:
    id: strawberry.ID = strawberry.field(description="An open invitation.")


@strawberry.type(description="The answer to `inviteRevoke`.")
class InviteRevokePayload(MutationPayload):
    invite: Invite | None = strawberry.field(default=None, description="The invitation, withdrawn.")


@strawberry.input(description="Which invitation to accept.")
class InviteAcceptInput(OnceInput):
    token: str = strawberry.field(description="The token of the mailed link.")


@strawberry.type(description="The answer to `inviteAccept`.")
class InviteAcceptPayload(MutationPayload):
    workspace: Workspace | None = strawberry.field(default=None, description="The workspace that was joined.")
