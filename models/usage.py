"""What was asked of models: one row for each request, whatever became of it."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, ForeignKeyConstraint, Index, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Tenant, choice, tenant_key
from models.setting import RoutingStrategy


class Feature(StrEnum):
    """What a model was asked for."""

    COPILOT = "copilot"
    SMART_REPLIES = "smart_replies"
    SENTIMENT = "sentiment"
    INTENT = "intent"
    ENTITIES = "entities"
    SUMMARY = "summary"
    TRANSLATION = "translation"
    LEAD_SCORE = "lead_score"
    CORRECTION = "correction"
    KNOWLEDGE = "knowledge"


class Outcome(StrEnum):
    """What became of a request."""

    COMPLETED = "completed"
    PARTIAL = "partial"
    FAILED = "failed"
    BLOCKED = "blocked"
    CANCELLED = "cancelled"


class AiUsageGroup(StrEnum):
    """What requests are counted by."""

    PROVIDER = "provider"
    MODEL = "model"
    FEATURE = "feature"
    USER = "user"
    PERSONA = "persona"
    OUTCOME = "outcome"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"


class AiUsagePreset(StrEnum):
    """A period that has a name. Days begin at midnight where they are counted, and today counts as one."""

    TODAY = "today"
    LAST_7_DAYS = "last_7_days"
    LAST_30_DAYS = "last_30_days"
    THIS_MONTH = "this_month"
    LAST_MONTH = "last_month"


class AiUsage(Tenant, Base):
    """One request, by its id. Money is in micro-USD, times are in milliseconds. Never changed.

    `provider` is "local" for what was found without a model. `credits` is what was charged: nothing for an answer that
    was kept, for one that failed, and for a provider that was asked with the workspace's own key.
    """

    __tablename__ = "ai_usage"
    __table_args__ = (
        tenant_key(),
        ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contacts.workspace_id", "contacts.id"],
            ondelete="SET NULL (contact_id)",
        ),
        CheckConstraint("input_tokens >= 0 AND output_tokens >= 0 AND micro_usd >= 0 AND credits >= 0", name="counts"),
        Index("ix_ai_usage_at", "workspace_id", "at", "id"),
        Index("ix_ai_usage_contact_id", "workspace_id", "contact_id", "at", "id"),
        Index("ix_ai_usage_user_id", "workspace_id", "user_id", "at", "id"),
    )

    feature: Mapped[Feature] = mapped_column(choice(Feature))
    outcome: Mapped[Outcome] = mapped_column(choice(Outcome))
    provider: Mapped[str]
    model: Mapped[str | None]
    strategy: Mapped[RoutingStrategy | None] = mapped_column(choice(RoutingStrategy))
    failure: Mapped[str | None]
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    contact_id: Mapped[UUID | None]
    persona: Mapped[str | None]
    input_tokens: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    output_tokens: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    micro_usd: Mapped[int] = mapped_column(BigInteger, default=0, server_default=text("0"))
    credits: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    attempts: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    is_estimated: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    is_cached: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    is_own_key: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
    first_token_ms: Mapped[int | None]
    took_ms: Mapped[int] = mapped_column(default=0, server_default=text("0"))
    at: Mapped[datetime] = mapped_column(server_default=func.now())
