"""What every table shares: types, names of constraints, and the marks of a tenant's table."""

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar
from uuid import UUID

from sqlalchemy import DateTime, Enum, ForeignKey, Index, MetaData, PrimaryKeyConstraint, Text, Uuid, func
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from core.ids import uuid7

__all__ = [
    "Base",
    "Document",
    "Identified",
    "OfTenant",
    "Stamped",
    "Tenant",
    "choice",
    "tenant_key",
    "trigrams",
    "word",
]

Document = dict[str, Any]
"""A JSON object as PostgreSQL keeps it."""


class Base(DeclarativeBase):
    """The registry of tables."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    __mapper_args__ = {"eager_defaults": True}  # noqa: RUF012  (SQLAlchemy declares it as an instance variable)
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: DateTime(timezone=True),
        UUID: Uuid(),
        str: Text(),
        Document: JSONB(),
        list[str]: ARRAY(Text()),
        list[UUID]: ARRAY(Uuid()),
    }


def tenant_key() -> PrimaryKeyConstraint:
    """Make a tenant table's primary key, workspace first."""
    return PrimaryKeyConstraint("workspace_id", "id")


class Identified:
    """A row with an identifier of its own."""

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)


class Stamped:
    """A row that knows when it was made and last changed (UTC)."""

    created_at: Mapped[datetime] = mapped_column(server_default=func.now())
    updated_at: Mapped[datetime] = mapped_column(server_default=func.now(), onupdate=func.now())


class Tenant:
    """A row of one workspace. Its primary key leads with the workspace, so every index and foreign key does too."""

    workspace_id: Mapped[UUID] = mapped_column(ForeignKey("workspaces.id", ondelete="CASCADE"), primary_key=True)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)


class OfTenant(Tenant):
    """A row that hangs on another of its workspace, which points to the workspace itself."""

    workspace_id: Mapped[UUID] = mapped_column(primary_key=True)


def _values(members: type[StrEnum]) -> list[str]:
    return [member.value for member in members]


def choice(kind: type[StrEnum]) -> Enum:
    """Keep a StrEnum as its text, with a CHECK that names the allowed values."""
    return Enum(
        kind,
        native_enum=False,
        length=32,
        create_constraint=True,
        name=kind.__name__.lower(),
        values_callable=_values,
    )


def word(kind: type[StrEnum]) -> Enum:
    """Keep a StrEnum as its text without a CHECK: for open lists of a log, which grow with every new noun."""
    return Enum(kind, native_enum=False, length=64, create_constraint=False, values_callable=_values)


def trigrams(name: str, column: str) -> Index:
    """An index for `LIKE '%word%'` inside one workspace."""
    return Index(name, "workspace_id", column, postgresql_using="gin", postgresql_ops={column: "gin_trgm_ops"})
