"""What is stored: SQLAlchemy tables, one file an aggregate, and the rules of a single row."""

from models.access import GRANTS, RANK, Permission, Role, effective
from models.audit import AuditEntry
from models.base import Base
from models.contact import CONTACT_TEXTS, Contact, ContactIdentity, IdentityKind, Sentiment
from models.credit import MICRO_USD, CreditAccount, CreditBudget, CreditEntry, CreditHold, CreditKind, HoldState
from models.custom_field import CustomField, FieldKind
from models.event import EVENT_READERS, Event, EventType, WorkspaceCounter
from models.idempotency import IdempotencyKey, PersonalIdempotencyKey
from models.job import JobRun
from models.label import ContactLabel, Label
from models.lead_score import LeadScore
from models.notification import SILENCED_BY, NotificationKind
from models.persona import BUILT_IN, CustomPersona
from models.prompt_template import PromptTemplate
from models.provider_key import ProviderKey
from models.row_count import COUNTED, RowCount
from models.setting import MemberSettings, Persona, RoutingStrategy, WorkspaceSettings
from models.suggestion import AiAcceptanceGroup, Suggestion, SuggestionState
from models.usage import AiUsage, AiUsageGroup, AiUsagePreset, Feature, Outcome
from models.user import OneTimeToken, RecoveryCode, RefreshToken, Session, TokenPurpose, User
from models.workspace import Workspace, WorkspaceInvite, WorkspaceMember

__all__ = [
    "BUILT_IN",
    "CONTACT_TEXTS",
    "COUNTED",
    "EVENT_READERS",
    "GRANTS",
    "MICRO_USD",
    "RANK",
    "SILENCED_BY",
    "AiAcceptanceGroup",
    "AiUsage",
    "AiUsageGroup",
    "AiUsagePreset",
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
    "CustomPersona",
    "Event",
    "EventType",
    "Feature",
    "FieldKind",
    "HoldState",
    "IdempotencyKey",
    "IdentityKind",
    "JobRun",
    "Label",
    "LeadScore",
    "MemberSettings",
    "NotificationKind",
    "OneTimeToken",
    "Outcome",
    "Permission",
    "Persona",
    "PersonalIdempotencyKey",
    "PromptTemplate",
    "ProviderKey",
    "RecoveryCode",
    "RefreshToken",
    "Role",
    "RoutingStrategy",
    "RowCount",
    "Sentiment",
    "Session",
    "Suggestion",
    "SuggestionState",
    "TokenPurpose",
    "User",
    "Workspace",
    "WorkspaceCounter",
    "WorkspaceInvite",
    "WorkspaceMember",
    "WorkspaceSettings",
    "effective",
]
