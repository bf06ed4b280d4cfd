"""The event log of a workspace, and the row that counts it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, PrimaryKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Document


class Event(Base):
    """One thing that happened. `seq` is dense and in commit order within a workspace, so a cursor never skips."""

    __tablename__ = "events"
    __table_args__ = (PrimaryKeyConstraint("workspace_id", "seq"), Index("ix_events_at", "at"))

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"))
    seq: Mapped[int] = mapped_column(BigInteger, autoincrement=False)
    type: Mapped[str]
    subject: Mapped[str]
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
