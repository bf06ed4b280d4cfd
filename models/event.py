"""The event log of a workspace, the row that counts it, and the types of events with who may hear of them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.access import Permission
from models.base import Base, Document, word


class EventType(StrEnum):
    """What happened."""

    CONTACT_CREATED = "contact.created"
    CONTACT_UPDATED = "contact.updated"
    CONTACT_ARCHIVED = "contact.archived"
    CONTACT_RESTORED = "contact.restored"
    CONTACT_DELETED = "contact.deleted"
    CONTACT_LABELS_CHANGED = "contact.labels_changed"
    CONTACT_LEAD_SCORED = "contact.lead_scored"
    LABEL_CREATED = "label.created"
    LABEL_UPDATED = "label.updated"
    LABEL_DELETED = "label.deleted"
    LABELS_REORDERED = "label.reordered"
    CUSTOM_FIELD_CREATED = "custom_field.created"
    CUSTOM_FIELD_UPDATED = "custom_field.updated"
    CUSTOM_FIELD_ARCHIVED = "custom_field.archived"
    MEMBER_JOINED = "member.joined"
    MEMBER_ROLE_CHANGED = "member.role_changed"
    MEMBER_REMOVED = "member.removed"
    MEMBER_PROFILE_UPDATED = "member.profile_updated"
    INVITE_CREATED = "invite.created"
    INVITE_REVOKED = "invite.revoked"
    SESSION_REVOKED = "session.revoked"
    SETTINGS_UPDATED = "settings.updated"
    KNOWLEDGE_SOURCE_ADDED = "knowledge.source_added"
    KNOWLEDGE_SOURCE_CHANGED = "knowledge.source_changed"
    KNOWLEDGE_SOURCE_DELETED = "knowledge.source_deleted"
    SUGGESTION_CREATED = "suggestion.created"
    SUGGESTION_DECIDED = "suggestion.decided"
    CREDITS_ADDED = "credits.added"
    CREDITS_LOW = "credits.low"
    WORKSPACE_CREATED = "workspace.created"
    WORKSPACE_UPDATED = "workspace.updated"
    WORKSPACE_DELETED = "workspace.deleted"


_READERS = {
    "contact": Permission.CONTACTS_READ,
    "label": Permission.LABELS_READ,
    "custom_field": Permission.FIELDS_READ,
    "member": Permission.MEMBERS_READ,
    "invite": Permission.MEMBERS_WRITE,
    "session": Permission.MEMBERS_WRITE,
    "settings": Permission.SETTINGS_READ,
    "knowledge": Permission.KNOWLEDGE_READ,
    "suggestion": Permission.AI_USE,
    "credits": Permission.WORKSPACE_READ,
    "workspace": Permission.WORKSPACE_READ,
}

EVENT_READERS: Mapping[EventType, Permission] = MappingProxyType(
    {event: _READERS[event.partition(".")[0]] for event in EventType}
)
"""The permission that a subscriber needs to hear of each type."""


class Event(Base):
    """One thing that happened. `seq` is dense and in commit order within a workspace, so a cursor never skips."""

    __tablename__ = "events"
    __table_args__ = (PrimaryKeyConstraint("workspace_id", "seq"), Index("ix_events_at", "at"))

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    seq: Mapped[int] = mapped_column(BigInteger, autoincrement=False)
    type: Mapped[EventType] = mapped_column(word(EventType))
    subject_ids: Mapped[list[UUID]]
    payload: Mapped[Document]
    actor_id: Mapped[UUID | None]
    at: Mapped[datetime]


class WorkspaceCounter(Base):
    """The last numbers of a workspace's event log and audit log. Its row lock puts commits in order."""

    __tablename__ = "workspace_counters"

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    event_seq: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    event_floor: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    """The highest `seq` that was pruned: a cursor below it cannot be resumed."""
    audit_seq: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    audit_head: Mapped[bytes] = mapped_column(LargeBinary, default=b"", server_default=text("''"))
