"""The audit log: append-only, and chained so that a changed byte or a missing row is found."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Document, Tenant, tenant_key


class AuditEntry(Tenant, Base):
    """One act: who did what to which thing, from where, and what changed.

    `hash` = SHA-256 over the previous entry's hash and this entry's canonical form, in which `changes` stands only as
    its salted digest, so that personal data can be erased one day without breaking the chain.
    """

    __tablename__ = "audit_entries"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("workspace_id", "seq"),
        Index("ix_audit_entries_subject", "workspace_id", "subject_id", "id"),
        Index("ix_audit_entries_actor_seq", "workspace_id", "actor_id", "seq"),
        Index("ix_audit_entries_at", "workspace_id", "at", "id"),
    )

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="RESTRICT"), primary_key=True)
    seq: Mapped[int] = mapped_column(BigInteger)
    action: Mapped[str]
    subject: Mapped[str]
    subject_id: Mapped[UUID | None]
    actor_id: Mapped[UUID | None]
    at: Mapped[datetime]
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]
    request_id: Mapped[str | None]
    changes: Mapped[Document]
    salt: Mapped[bytes] = mapped_column(LargeBinary)
    digest: Mapped[bytes] = mapped_column(LargeBinary)
    previous: Mapped[bytes] = mapped_column(LargeBinary)
    hash: Mapped[bytes] = mapped_column(LargeBinary)
