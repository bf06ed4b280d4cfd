"""Voices that a workspace has written for itself, beside those that come with the product."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final
from uuid import UUID, uuid5

from sqlalchemy import CheckConstraint, Computed, Float, ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Stamped, Tenant, tenant_key
from models.setting import Persona

_NAMESPACE: Final = UUID("5b1a4f0e-8c57-5d0e-9a53-0d6f1b1e7c42")

BUILT_IN: Final[Mapping[UUID, Persona]] = MappingProxyType({uuid5(_NAMESPACE, each.value): each for each in Persona})
"""The voices that come with the product, by ids which are the same in every workspace. No row has one of these."""


def built_in(id: UUID) -> Persona | None:
    """Return the voice of the product that an id names; None for a workspace's own."""
    return BUILT_IN.get(id)


def is_built_in(id: UUID) -> bool:
    """Tell whether an id names a voice of the product."""
    return id in BUILT_IN


class CustomPersona(Tenant, Stamped, Base):
    """A voice. `instructions` say how it speaks; `temperature` is 0 to 1, `max_tokens` bounds what it writes."""

    __tablename__ = "personas"
    __table_args__ = (
        tenant_key(),
        UniqueConstraint("workspace_id", "name_key"),
        CheckConstraint("temperature BETWEEN 0 AND 1", name="temperature"),
        CheckConstraint("max_tokens BETWEEN 1 AND 2000", name="max_tokens"),
    )

    name: Mapped[str]
    instructions: Mapped[str]
    temperature: Mapped[float] = mapped_column(Float)
    max_tokens: Mapped[int]
    created_by_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))

    name_key: Mapped[str] = mapped_column(Computed("fold(name)", persisted=True))
