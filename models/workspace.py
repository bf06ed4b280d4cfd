"""A workspace, the people in it, and those invited to it."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.access import Role
from models.base import Base, Identified, Stamped, Tenant, choice, tenant_key


class Workspace(Identified, Stamped, Base):
    """One company's walled garden."""

    __tablename__ = "workspaces"

    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    description: Mapped[str | None]
    industry: Mapped[str | None]
    logo_url: Mapped[str | None]
    deleted_at: Mapped[datetime | None]


class WorkspaceMember(Tenant, Base):
    """A person's place in a workspace."""

    __tablename__ = "workspace_members"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("workspace_id", "user_id"),
        Index("ix_workspace_members_user_id", "user_id"),
    )

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    role: Mapped[Role] = mapped_column(choice(Role))
    granted: Mapped[list[str]] = mapped_column(default=list, server_default=text("'{}'"))
    revoked: Mapped[list[str]] = mapped_column(default=list, server_default=text("'{}'"))
    invited_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    joined_at: Mapped[datetime]


class WorkspaceInvite(Tenant, Base):
    """An invitation, bound to one e-mail address, kept as a hash of its token."""

    __tablename__ = "workspace_invites"
    __table_args__ = (
        tenant_key(),
        Index(
            "uq_workspace_invites_open",
            "workspace_id",
            "email",
            unique=True,
            postgresql_where=text("accepted_at IS NULL AND revoked_at IS NULL"),
        ),
    )

    email: Mapped[str]
    role: Mapped[Role] = mapped_column(choice(Role))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    invited_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    accepted_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
