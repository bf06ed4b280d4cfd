"""What a workspace adds to the instructions of an engine, in versions."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Tenant, choice, tenant_key
from models.usage import Feature


class PromptTemplate(Tenant, Base):
    """One version of what is said to models in addition, for one feature. The text of a version is never changed."""

    __tablename__ = "prompt_templates"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("workspace_id", "feature", "version"),
        CheckConstraint("version > 0", name="version"),
        Index(
            "ix_prompt_templates_active",
            "workspace_id",
            "feature",
            unique=True,
            postgresql_where=text("is_active"),
        ),
    )

    feature: Mapped[Feature] = mapped_column(choice(Feature))
    version: Mapped[int]
    body: Mapped[str]
    is_active: Mapped[bool] = mapped_column(default=True, server_default=text("true"))
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
