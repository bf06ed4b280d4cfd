"""Contacts that are read by a verb rather than by an edge."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from sqlalchemy import ColumnElement, select

from core.ground import Ground
from graph import statements
from models import Contact
from services.access import Actor

LISTED = 1_000


async def matching(
    ground: Ground, actor: Actor, ids: Sequence[UUID], condition: ColumnElement[bool] | None
) -> Mapping[UUID, Contact]:
    """Return those of some contacts (a thousand at most) that match a condition of a filter, by id."""
    statement = select(Contact).where(Contact.workspace_id == statements.tenant(), Contact.id.in_(ids[:LISTED]))
    if condition is not None:
        statement = statement.where(condition)
    given = {"tenant": actor.workspace_id}
    async with ground.database.read(actor.workspace_id) as session:
        return {each.id: each for each in await session.scalars(statement, given)}
