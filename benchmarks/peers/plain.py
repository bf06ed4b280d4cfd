"""Strawberry over SQLAlchemy as its documentation has it: dataloaders, a session for each batch, the standard view."""

import os
import uuid
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from enum import Enum
from typing import Any, TypeVar

import strawberry
import uvicorn
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlalchemy.orm import aliased
from starlette.applications import Starlette
from starlette.routing import Route
from strawberry.asgi import GraphQL
from strawberry.dataloader import DataLoader
from strawberry.scalars import JSON

import models

R = TypeVar("R")
Info = strawberry.Info[Any, Any]

_SIZE = int(os.environ.get("POOL", "12"))
_URL = os.environ.get("DATABASE_URL", "postgresql://localhost/none").replace("://", "+asyncpg://", 1)
_EARLIEST = "2000-01-01T00:00:00+00:00"
WORKSPACE = uuid.UUID(os.environ.get("WORKSPACE", "0" * 32))
engine = create_async_engine(_URL, pool_size=_SIZE, max_overflow=0)
Session = async_sessionmaker(engine, expire_on_commit=False)


def grouped(keys: Sequence[uuid.UUID], rows: Sequence[tuple[uuid.UUID, R]]) -> list[list[R]]:
    """Sort rows to their keys."""
    found: defaultdict[uuid.UUID, list[R]] = defaultdict(list)
    for key, row in rows:
        found[key].append(row)
    return [found[key] for key in keys]


async def load_labels(keys: list[uuid.UUID]) -> list[list[models.Label]]:
    """Read the labels of contacts."""
    link = models.ContactLabel
    statement = (
        select(link.contact_id, models.Label)
        .join(models.Label, (models.Label.workspace_id == link.workspace_id) & (models.Label.id == link.label_id))
        .where(link.workspace_id == WORKSPACE, link.contact_id.in_(keys))
        .order_by(models.Label.position, models.Label.id)
    )
    async with Session() as session:
        return grouped(keys, [(row[0], row[1]) for row in await session.execute(statement)])


async def load_users(keys: list[uuid.UUID]) -> list[models.User | None]:
    """Read people of the workspace."""
    member = models.WorkspaceMember
    statement = (
        select(models.User)
        .join(member, member.user_id == models.User.id)
        .where(member.workspace_id == WORKSPACE, models.User.id.in_(keys))
    )
    async with Session() as session:
        found = {row.id: row for row in await session.scalars(statement)}
    return [found.get(key) for key in keys]


def scores_of(most: int) -> Callable[[Any], Awaitable[Any]]:
    """Return a loader of the latest scores of contacts."""
    score = models.LeadScore
    rank = func.row_number().over(partition_by=score.contact_id, order_by=(score.at.desc(), score.id.desc()))

    async def load(keys: list[uuid.UUID]) -> list[list[models.LeadScore]]:
        is_asked = (score.workspace_id == WORKSPACE, score.contact_id.in_(keys))
        ranked = select(score, rank.label("rank")).where(*is_asked).subquery()
        entity: Any = aliased(score, ranked)
        statement = select(entity.contact_id, entity).where(ranked.c.rank <= most).order_by(ranked.c.rank)
        async with Session() as session:
            return grouped(keys, [(row[0], row[1]) for row in await session.execute(statement)])

    return load


def holders_of(most: int) -> Callable[[Any], Awaitable[Any]]:
    """Return a loader of the first contacts that have labels."""
    contact, link = models.Contact, models.ContactLabel
    rank = func.row_number().over(partition_by=link.label_id, order_by=(contact.created_at, contact.id))

    async def load(keys: list[uuid.UUID]) -> list[list[models.Contact]]:
        ranked = (
            select(contact, link.label_id.label("label_id"), rank.label("rank"))
            .join(link, (link.workspace_id == contact.workspace_id) & (link.contact_id == contact.id))
            .where(link.workspace_id == WORKSPACE, link.label_id.in_(keys), contact.archived_at.is_(None))
            .subquery()
        )
        entity: Any = aliased(contact, ranked)
        statement = select(ranked.c.label_id, entity).where(ranked.c.rank <= most).order_by(ranked.c.rank)
        async with Session() as session:
            return grouped(keys, [(row[0], row[1]) for row in await session.execute(statement)])

    return load


class Loaders:
    """The dataloaders of one request."""

    def __init__(self) -> None:
        self.labels = DataLoader(load_labels)
        self.users = DataLoader(load_users)
        self._sized: dict[tuple[str, int], DataLoader[Any, Any]] = {}

    def scores(self, last: int) -> DataLoader[Any, Any]:
        """Load the latest scores of contacts."""
        return self._of("scores", last, scores_of(last))

    def holders(self, first: int) -> DataLoader[Any, Any]:
        """Load the first contacts that have labels."""
        return self._of("holders", first, holders_of(first))

    def _of(self, name: str, size: int, load: Callable[[Any], Awaitable[Any]]) -> DataLoader[Any, Any]:
        return self._sized.setdefault((name, size), DataLoader(load))


@strawberry.enum
class ContactOrder(Enum):
    OLDEST = "oldest"


@strawberry.enum
class LabelOrder(Enum):
    POSITION = "position"


@strawberry.type
class User:
    id: strawberry.ID
    name: str
    email: str


@strawberry.type
class Label:
    id: strawberry.ID
    name: str
    color: str

    @strawberry.field
    async def contacts(
        self: Any, info: Info, first: int = 20, order_by: list[ContactOrder] | None = None
    ) -> "ContactConnection":
        return ContactConnection(nodes=await info.context["loaders"].holders(first).load(self.id))


@strawberry.type
class LeadScore:
    score: int
    provider: str
    at: datetime


@strawberry.type
class Contact:
    id: strawberry.ID
    name: str
    phone: str | None
    email: str | None
    company: str | None
    position: str | None
    lead_score: int
    created_at: datetime
    updated_at: datetime

    @strawberry.field
    def custom_fields(self: Any) -> JSON:
        return self.custom

    @strawberry.field
    async def labels(self: Any, info: Info) -> list[Label]:
        return await info.context["loaders"].labels.load(self.id)

    @strawberry.field
    async def owner(self: Any, info: Info) -> User | None:
        return self.owner_id and await info.context["loaders"].users.load(self.owner_id)

    @strawberry.field
    async def lead_scores(self: Any, info: Info, last: int = 10) -> list[LeadScore]:
        return await info.context["loaders"].scores(last).load(self.id)


@strawberry.type
class ContactConnection:
    nodes: list[Contact]


@strawberry.type
class LabelConnection:
    nodes: list[Label]


@strawberry.input
class ContactCreateInput:
    name: str
    phone: str | None = None
    email: str | None = None
    company: str | None = None


@strawberry.type
class ContactCreatePayload:
    contact: Contact | None


@strawberry.type
class Query:
    @strawberry.field
    async def contact(self, id: strawberry.ID) -> Contact | None:
        async with Session() as session:
            found: Any = await session.get(models.Contact, (WORKSPACE, uuid.UUID(id)))
        return found

    @strawberry.field
    async def contacts(
        self, first: int | None = 20, after: str | None = None, order_by: list[ContactOrder] | None = None
    ) -> ContactConnection:
        contact = models.Contact
        after_it = contact.created_at > datetime.fromisoformat(after or _EARLIEST)
        statement = (
            select(contact)
            .where(contact.workspace_id == WORKSPACE, contact.archived_at.is_(None), after_it)
            .order_by(contact.created_at, contact.id)
            .limit(first)
        )
        async with Session() as session:
            found: Any = (await session.scalars(statement)).all()
        return ContactConnection(nodes=found)

    @strawberry.field
    async def labels(
        self, first: int | None = 20, after: str | None = None, order_by: list[LabelOrder] | None = None
    ) -> LabelConnection:
        label = models.Label
        statement = (
            select(label)
            .where(label.workspace_id == WORKSPACE, label.position > int(after or 0))
            .order_by(label.position, label.id)
            .limit(first)
        )
        async with Session() as session:
            found: Any = (await session.scalars(statement)).all()
        return LabelConnection(nodes=found)


@strawberry.type
class Mutation:
    @strawberry.mutation
    async def contact_create(self, input: ContactCreateInput) -> ContactCreatePayload:
        made: Any = models.Contact(workspace_id=WORKSPACE, **strawberry.asdict(input))
        async with Session() as session:
            session.add(made)
            await session.commit()
        return ContactCreatePayload(contact=made)


class View(GraphQL[Any, Any]):
    """The view, with loaders for each request."""

    async def get_context(self, request: Any, response: Any = None) -> dict[str, Any]:
        """Return what resolvers find in `info.context`."""
        del request, response
        return {"loaders": Loaders()}


app = Starlette(
    routes=[Route("/graphql", View(strawberry.Schema(Query, Mutation), graphql_ide=None), methods=["POST"])]
)

if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]), log_config=None, access_log=False)
