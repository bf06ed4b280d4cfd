"""Typed settings: one row a workspace, one row a member."""

from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, ForeignKeyConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Stamped, choice


class RoutingStrategy(StrEnum):
    """How the model that answers is chosen."""

    COST_OPTIMIZED = "cost_optimized"
    SPEED_OPTIMIZED = "speed_optimized"
    QUALITY_OPTIMIZED = "quality_optimized"
    BALANCED = "balanced"
    FAILOVER = "failover"


class Persona(StrEnum):
    """The voice of suggested replies."""

    PROFESSIONAL = "professional"
    FRIENDLY = "friendly"
    FORMAL = "formal"
    CASUAL = "casual"
    SALES = "sales"
    SUPPORT = "support"


class WorkspaceSettings(Stamped, Base):
    """How one workspace works."""

    __tablename__ = "workspace_settings"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "ai_persona_id"],
            ["personas.workspace_id", "personas.id"],
            ondelete="SET NULL (ai_persona_id)",
        ),
    )

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    language: Mapped[str] = mapped_column(default="pt-BR", server_default="pt-BR")
    timezone: Mapped[str] = mapped_column(default="America/Sao_Paulo", server_default="America/Sao_Paulo")
    currency: Mapped[str] = mapped_column(default="BRL", server_default="BRL")
    phone_region: Mapped[str] = mapped_column(default="BR", server_default="BR")
    ai_enabled: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    ai_strategy: Mapped[RoutingStrategy | None] = mapped_column(choice(RoutingStrategy))
    ai_persona: Mapped[Persona] = mapped_column(
        choice(Persona), default=Persona.PROFESSIONAL, server_default=Persona.PROFESSIONAL.value
    )
    ai_persona_id: Mapped[UUID | None]
    """A voice of the workspace's own, in the place of `ai_persona`."""
    ai_mask_personal_data: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    ai_providers: Mapped[list[str] | None]
    """The providers that may be asked, by their names in the catalogue; null allows all."""


class MemberSettings(Stamped, Base):
    """What one member wants to hear of in one workspace."""

    __tablename__ = "member_settings"
    __table_args__ = (
        ForeignKeyConstraint(
            ["workspace_id", "user_id"],
            ["workspace_members.workspace_id", "workspace_members.user_id"],
            ondelete="CASCADE",
        ),
    )

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    user_id: Mapped[UUID] = mapped_column(primary_key=True)
    notify_new_message: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    notify_assignment: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    notify_task_due: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    notify_campaign_done: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    email_digest: Mapped[bool] = mapped_column(default=False, server_default=text("false"))
