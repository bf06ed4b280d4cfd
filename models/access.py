"""Who may do what: roles, permissions, and the table that joins them. Enforced in `services`."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from types import MappingProxyType


class Role(StrEnum):
    """What a person is in a workspace."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    VIEWER = "viewer"


class Permission(StrEnum):
    """One thing that a role may be allowed to do."""

    CONTACTS_READ = "contacts:read"
    CONTACTS_WRITE = "contacts:write"
    CONTACTS_DELETE = "contacts:delete"
    PHONES_READ = "phones:read"
    LABELS_READ = "labels:read"
    LABELS_WRITE = "labels:write"
    FIELDS_READ = "fields:read"
    FIELDS_WRITE = "fields:write"
    MEMBERS_READ = "members:read"
    MEMBERS_WRITE = "members:write"
    WORKSPACE_READ = "workspace:read"
    WORKSPACE_WRITE = "workspace:write"
    WORKSPACE_DELETE = "workspace:delete"
    SETTINGS_READ = "settings:read"
    SETTINGS_WRITE = "settings:write"
    AI_USE = "ai:use"
    AI_MANAGE = "ai:manage"
    KNOWLEDGE_READ = "knowledge:read"
    KNOWLEDGE_WRITE = "knowledge:write"
    AUDIT_READ = "audit:read"
    EVENTS_READ = "events:read"
    HEALTH_READ = "health:read"


_VIEWER = frozenset(
    {
        Permission.CONTACTS_READ,
        Permission.LABELS_READ,
        Permission.FIELDS_READ,
        Permission.MEMBERS_READ,
        Permission.WORKSPACE_READ,
        Permission.SETTINGS_READ,
        Permission.KNOWLEDGE_READ,
        Permission.EVENTS_READ,
    }
)
_MEMBER = _VIEWER | {
    Permission.CONTACTS_WRITE,
    Permission.LABELS_WRITE,
    Permission.PHONES_READ,
    Permission.AI_USE,
    Permission.KNOWLEDGE_WRITE,
}
_ADMIN = frozenset(Permission) - {Permission.WORKSPACE_DELETE}

GRANTS: Mapping[Role, frozenset[Permission]] = MappingProxyType(
    {Role.OWNER: frozenset(Permission), Role.ADMIN: _ADMIN, Role.MEMBER: _MEMBER, Role.VIEWER: _VIEWER}
)
"""What each role may do before overrides."""

RANK: Mapping[Role, int] = MappingProxyType({Role.OWNER: 3, Role.ADMIN: 2, Role.MEMBER: 1, Role.VIEWER: 0})
"""Who stands above whom: nobody gives a role above their own, nor changes a person above themselves."""


def effective(role: Role, granted: Iterable[str], revoked: Iterable[str]) -> frozenset[Permission]:
    """Return what a member may do: the role's permissions, plus and minus the member's own overrides.

    An owner cannot be restricted, so that a workspace always has somebody who may do everything.
    """
    if role is Role.OWNER:
        return GRANTS[role]
    known = {permission.value: permission for permission in Permission}
    more = {known[name] for name in granted if name in known}
    less = {known[name] for name in revoked if name in known}
    return frozenset((GRANTS[role] | more) - less)
