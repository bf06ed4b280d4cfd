"""The rows that an event is about, as they are now."""

from collections.abc import Mapping, Sequence
from typing import Final, Protocol, TypeVar
from uuid import UUID

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Mapped

from core.ground import Ground
from graph import statements
from services.access import Actor

LISTED: Final = 1_000


class TenantRow(Protocol):
    """A row of a workspace's table."""

    id: Mapped[UUID]
    workspace_id: Mapped[UUID]


R = TypeVar("R", bound=TenantRow)


async def matching(
    ground: Ground, actor: Actor, model: type[R], ids: Sequence[UUID], condition: ColumnElement[bool] | None
) -> Mapping[UUID, R]:
    """Return those of some rows (a thousand at most) that match a condition of a filter, by id."""
    statement = select(model).where(model.workspace_id == statements.tenant(), model.id.in_(ids[:LISTED]))
    if condition is not None:
        statement = statement.where(condition)
    given = {"tenant": actor.workspace_id}
    async with ground.database.read(actor.workspace_id) as session:
        return {each.id: each for each in await session.scalars(statement, given)}
