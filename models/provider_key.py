"""A workspace's own keys of model providers, sealed."""

from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Stamped, Tenant, tenant_key


class ProviderKey(Tenant, Stamped, Base):
    """The key of one provider, by its name in the catalogue. `secret` is sealed; `hint` is its last four characters."""

    __tablename__ = "provider_keys"
    __table_args__ = (tenant_key(), UniqueConstraint("workspace_id", "provider"))

    provider: Mapped[str]
    secret: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    hint: Mapped[str]
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
