"""What is stored: SQLAlchemy tables, one file an aggregate, and the rules of a single row."""

from models.access import GRANTS, RANK, Permission, Role, effective
from models.audit import AuditEntry
from models.base import Base
from models.contact import Contact, ContactIdentity, IdentityKind, Sentiment
from models.credit import MICRO_USD, CreditAccount, CreditBudget, CreditEntry, CreditHold, CreditKind, HoldState
from models.custom_field import CustomField, FieldKind
from models.event import EVENT_READERS, Event, EventType, WorkspaceCounter
from models.idempotency import IdempotencyKey, PersonalIdempotencyKey
from models.job import JobRun
from models.label import ContactLabel, Label
from models.notification import SILENCED_BY, NotificationKind
from models.setting import MemberSettings, Persona, RoutingStrategy, WorkspaceSettings
from models.user import OneTimeToken, RecoveryCode, RefreshToken, Session, TokenPurpose, User
from models.workspace import Workspace, WorkspaceInvite, WorkspaceMember

__all__ = [
    "EVENT_READERS",
    "GRANTS",
    "MICRO_USD",
    "RANK",
    "SILENCED_BY",
    "AuditEntry",
    "Base",
    "Contact",
    "ContactIdentity",
    "ContactLabel",
    "CreditAccount",
    "CreditBudget",
    "CreditEntry",
    "CreditHold",
    "CreditKind",
    "CustomField",
    "Event",
    "EventType",
    "FieldKind",
    "HoldState",
    "IdempotencyKey",
    "IdentityKind",
    "JobRun",
    "Label",
    "MemberSettings",
    "NotificationKind",
    "OneTimeToken",
    "Permission",
    "Persona",
    "PersonalIdempotencyKey",
    "RecoveryCode",
    "RefreshToken",
    "Role",
    "RoutingStrategy",
    "Sentiment",
    "Session",
    "TokenPurpose",
    "User",
    "Workspace",
    "WorkspaceCounter",
    "WorkspaceInvite",
    "WorkspaceMember",
    "WorkspaceSettings",
    "effective",
]
