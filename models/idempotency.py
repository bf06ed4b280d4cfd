"""What was done under a client's key: enough to know the same request again, and to give the same answer."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Document, Identified, Tenant, tenant_key


class _Kept:
    """One mutation that was done. Of the key and the input only hashes are kept.

    `answer` is empty until the mutation's own transaction fills it, so that nobody else ever sees it empty.
    """

    key_hash: Mapped[bytes] = mapped_column(LargeBinary)
    mutation: Mapped[str]
    fingerprint: Mapped[bytes] = mapped_column(LargeBinary)
    answer: Mapped[Document] = mapped_column(default=dict, server_default=text("'{}'"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class IdempotencyKey(Tenant, _Kept, Base):
    """A key of one member, for what they do in one workspace."""

    __tablename__ = "idempotency_keys"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("workspace_id", "user_id", "key_hash"),
        ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["workspace_members.workspace_id", "workspace_members.user_id"],
            ondelete="CASCADE",
        ),
    )

    user_id: Mapped[UUID]


class PersonalIdempotencyKey(Identified, _Kept, Base):
    """A key of one person, for what they do outside of any workspace: found one."""

    __tablename__ = "personal_idempotency_keys"
    __table_args__ = (UniqueConstraint("user_id", "key_hash"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
