"""Who acts, from where, and what they may do. The workspace always comes from the credential."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple, Self
from uuid import UUID

from core.errors import Forbidden
from core.ids import UserId, WorkspaceId
from models import GRANTS, RANK, Permission, Role


class PermissionMissing(Forbidden):
    """Your role in this workspace does not allow this."""

    code = "FORBIDDEN"


class NotWorkspaceMember(Forbidden):
    """You are not a member of a workspace: create one with `workspaceCreate`, or accept an invitation."""

    code = "NOT_WORKSPACE_MEMBER"


class Origin(NamedTuple):
    """Where a request came from. It goes into the audit log, never into a log line."""

    ip: str | None = None
    user_agent: str | None = None
    request_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """Somebody (or the system: no `user_id`) acting in one workspace."""

    workspace_id: WorkspaceId
    user_id: UserId | None
    role: Role
    permissions: frozenset[Permission]
    origin: Origin

    @classmethod
    def system(cls, workspace_id: WorkspaceId, origin: Origin | None = None) -> Self:
        """The product itself at work in a workspace: jobs, schedules, the making of the workspace."""
        return cls(
            workspace_id=workspace_id,
            user_id=None,
            role=Role.OWNER,
            permissions=GRANTS[Role.OWNER],
            origin=origin or Origin(),
        )

    @classmethod
    def of_account(cls, workspace_id: WorkspaceId, user_id: UserId, origin: Origin) -> Self:
        """Somebody who does a thing to their own account, as the log of a workspace notes it. They may do nothing there
        by that.
        """
        return cls(workspace_id=workspace_id, user_id=user_id, role=Role.VIEWER, permissions=frozenset(), origin=origin)

    def coming_from(self, origin: Origin) -> Self:
        """Return the same actor with another origin."""
        return type(self)(
            workspace_id=self.workspace_id,
            user_id=self.user_id,
            role=self.role,
            permissions=self.permissions,
            origin=origin,
        )

    def may(self, permission: str) -> bool:
        """Tell whether this actor may do a thing."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Raise `PermissionMissing` unless this actor may do a thing."""
        if permission not in self.permissions:
            message = f"Your role does not allow this: it needs the permission {permission.name}."
            raise PermissionMissing(message)

    def outranks(self, role: Role) -> bool:
        """Tell whether this actor may give a role, or change somebody who has it: never above their own."""
        return RANK[self.role] >= RANK[role]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who signed in, proven by an access token. Without an `actor` they are in no workspace at the moment.

    As it is remembered it has no origin; who acts comes from one. `account` names who pays: a person in a workspace.
    """

    user_id: UserId
    session_id: UUID
    actor: Actor | None
    expires_at: datetime
    account: str = field(init=False)

    def __post_init__(self) -> None:
        """Write the account's name once."""
        workspace = "" if self.actor is None else self.actor.workspace_id.hex
        object.__setattr__(self, "account", f"{self.user_id.hex}:{workspace}")

    @property
    def working(self) -> Actor:
        """The actor; raises `NotWorkspaceMember` when there is none."""
        if self.actor is None:
            raise NotWorkspaceMember
        return self.actor

    def coming_from(self, origin: Origin) -> Self:
        """Return the same with an origin."""
        return type(self)(
            user_id=self.user_id,
            session_id=self.session_id,
            actor=self.actor and self.actor.coming_from(origin),
            expires_at=self.expires_at,
        )
