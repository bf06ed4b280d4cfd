"""People who sign in, and what proves it is them: sessions, refresh tokens, one-time tokens, recovery codes.

These tables belong to no workspace. The application role sees of `users` only the people of its workspace, and of the
rest nothing: accounts work as the system role.
"""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Identified, Stamped, choice


class User(Identified, Stamped, Base):
    """A person with an account.

    The columns of the group "secrets" are granted to the system role alone: load them with `undefer_group("secrets")`.
    """

    __tablename__ = "users"

    email: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    password_hash: Mapped[bytes] = mapped_column(LargeBinary, deferred=True, deferred_group="secrets")
    avatar_url: Mapped[str | None]
    phone: Mapped[str | None]
    language: Mapped[str] = mapped_column(default="pt-BR", server_default="pt-BR")
    timezone: Mapped[str] = mapped_column(default="America/Sao_Paulo", server_default="America/Sao_Paulo")
    is_active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    email_verified_at: Mapped[datetime | None]
    last_login_at: Mapped[datetime | None]
    totp_secret: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True, deferred_group="secrets")
    totp_enabled_at: Mapped[datetime | None]
    totp_last_step: Mapped[int | None] = mapped_column(BigInteger, deferred=True, deferred_group="secrets")


class Session(Identified, Base):
    """One sign-in on one device: a family of refresh tokens that is revoked as a whole."""

    __tablename__ = "sessions"
    __table_args__ = (Index("ix_sessions_user_id", "user_id", "revoked_at"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    workspace_id: Mapped[UUID | None] = mapped_column(ForeignKey("workspaces.id", ondelete="SET NULL"))
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]
    created_at: Mapped[datetime]
    last_used_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    revoked_at: Mapped[datetime | None]
    revoked_because: Mapped[str | None]


class RefreshToken(Identified, Base):
    """One link of a session's chain. Only its SHA-256 is kept."""

    __tablename__ = "refresh_tokens"

    session_id: Mapped[UUID] = mapped_column(ForeignKey("sessions.id", ondelete="CASCADE"), index=True)
    parent_id: Mapped[UUID | None]
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class TokenPurpose(StrEnum):
    """What a one-time token allows."""

    PASSWORD_RESET = "password_reset"  # noqa: S105
    EMAIL_VERIFY = "email_verify"


class OneTimeToken(Identified, Base):
    """A link that was mailed: single use, short-lived, kept as a hash."""

    __tablename__ = "one_time_tokens"
    __table_args__ = (Index("ix_one_time_tokens_user_id", "user_id", "purpose"),)

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"))
    purpose: Mapped[TokenPurpose] = mapped_column(choice(TokenPurpose))
    token_hash: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class RecoveryCode(Identified, Base):
    """A code that stands in once for a lost second factor."""

    __tablename__ = "recovery_codes"

    user_id: Mapped[UUID] = mapped_column(ForeignKey("users.id", ondelete="CASCADE"), index=True)
    code_hash: Mapped[bytes] = mapped_column(LargeBinary)
    used_at: Mapped[datetime | None]
