"""A small schema in graph's words over the product's own tables, with a context that counts statements."""

from collections.abc import Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import strawberry

import models
from core.database import Database
from graph import (
    Connection,
    Context,
    Entity,
    Node,
    Order,
    Parent,
    Root,
    any_by_id,
    asc,
    by_id,
    column,
    computed,
    desc,
    last,
    link,
    many,
    one,
    page,
    resolved,
    through,
)
from graph.facts import May
from graph.filters import (
    BooleanFilter,
    EnumFilter,
    Filter,
    IdFilter,
    LinkFilter,
    NumberFilter,
    TextFilter,
    TimeFilter,
    through_filter,
    where,
)
from graph.registry import isolated
from models import Permission
from schema.enums import Sentiment


def initials(name: str) -> str:
    return "".join(word[0] for word in name.split())


def masked(value: str | None) -> str | None:
    return None if value is None else "***" + value[-2:]


def search(words: str, may: May, of: Any) -> Any:
    del may
    return of.name_key.contains(words.casefold(), autoescape=True)


async def greet(contact: Parent[models.Contact]) -> str:
    return f"Olá, {contact.name}"


async def fail(contact: Parent[models.Contact]) -> str:
    raise ValueError(contact.name)


with isolated() as registry:

    class ContactOrder(Order):
        """In which order contacts are listed."""

        NEWEST = desc(models.Contact.created_at, "Latest made first.")
        OLDEST = asc(models.Contact.created_at, "First made first.")
        NAME = asc(models.Contact.name_key, "By name.")
        SCORE = desc(models.Contact.lead_score, "Best first.")

    @strawberry.input
    class ContactFilter(Filter):
        """Which contacts to list."""

        id: IdFilter | None = where(models.Contact.id)
        """The contact itself."""

        name: TextFilter | None = where(models.Contact.name, folded=models.Contact.name_key)
        """Full name."""

        company: TextFilter | None = where(models.Contact.company)
        """Employer."""

        owner: IdFilter | None = where(models.Contact.owner_id)
        """The colleague who looks after them."""

        score: NumberFilter | None = where(models.Contact.lead_score)
        """Lead score."""

        sentiment: EnumFilter[Sentiment] | None = where(models.Contact.sentiment)
        """Mood."""

        archived: BooleanFilter | None = where(models.Contact.is_archived)
        """Whether it was put away."""

        created_at: TimeFilter | None = where(models.Contact.created_at)
        """When it was made."""

        labels: LinkFilter | None = through_filter(models.ContactLabel.contact_id, models.ContactLabel.label_id)
        """Labels on the contact."""

        city: TextFilter | None = strawberry.field(default=strawberry.UNSET, description="A custom field.")

        def conditions(self, compare):
            if self.city:
                yield compare(models.Contact.custom["city"].astext, self.city)

    class Contact(Entity[models.Contact], prefix="contact", require=Permission.CONTACTS_READ):
        """A person the workspace talks to."""

        name: str
        """Full name."""

        phone: str | None = column(models.Contact.phone, require=Permission.PHONES_READ, otherwise=masked)
        """Masked for some."""

        mail: str | None = column(models.Contact.email, require=Permission.PHONES_READ)
        """Refused to some."""

        score: int = column(models.Contact.lead_score)
        """0 to 100."""

        sentiment: Sentiment | None
        """Mood."""

        created_at: datetime
        """When it was made."""

        initials: str = computed(initials, models.Contact.name)
        """For the avatar."""

        owner: "User | None" = one(models.Contact.owner_id)
        """Who looks after them."""

        membership: "Member | None" = one(models.Contact.owner_id)
        """The owner's place in the workspace."""

        labels: "list[Label]" = through(
            models.ContactLabel.contact_id, models.ContactLabel.label_id, sort=asc(models.Label.name)
        )
        """In alphabetical order."""

        top_labels: "list[Label]" = through(
            models.ContactLabel.contact_id,
            models.ContactLabel.label_id,
            sort=asc(models.Label.position),
            limit=last(2, most=5),
        )
        """The first labels."""

        identities: "list[Identity]" = many(models.ContactIdentity.contact_id, sort=asc(models.ContactIdentity.key))
        """Addresses."""

        greeting: str | None = resolved(greet, require=Permission.PHONES_READ)
        """A plain resolver."""

        failing: str = resolved(fail)
        """Always fails."""

    class Label(Entity[models.Label], prefix="label", require=Permission.LABELS_READ):
        """A coloured word."""

        name: str
        """The word."""

    class Identity(Entity[models.ContactIdentity], prefix="identity"):
        """An address."""

        value: str
        """As shown."""

        contact: Contact = one(models.ContactIdentity.contact_id)
        """Whose it is."""

    class Member(Entity[models.WorkspaceMember], prefix="member"):
        """A person's place."""

        user: "User" = one(models.WorkspaceMember.user_id)
        """The person."""

        contacts: Connection[Contact] = page(
            models.Contact.owner_id, filter=ContactFilter, order=ContactOrder, search=search
        )
        """Whom they look after."""

        newest: list[Contact] = many(
            models.Contact.owner_id, sort=desc(models.Contact.created_at), limit=last(2, most=10)
        )
        """Latest contacts."""

    class User(
        Entity[models.User], prefix="user", members=models.WorkspaceMember.user_id, require=Permission.MEMBERS_READ
    ):
        """A person."""

        name: str
        """As shown to colleagues."""

    class Workspace(Entity[models.Workspace], prefix="workspace", tenant=models.Workspace.id):
        """A company."""

        name: str
        """Its name."""

    class ContactQueries(Root):
        """Of contacts."""

        contact: Contact | None = by_id(models.Contact, require=Permission.CONTACTS_READ)
        """One contact."""

        user: User | None = by_id(models.User, require=Permission.MEMBERS_READ)
        """One person."""

        contacts: Connection[Contact] | None = page(
            models.Contact.workspace_id,
            filter=ContactFilter,
            order=ContactOrder,
            search=search,
            require=Permission.CONTACTS_READ,
        )
        """All contacts."""

        members: Connection[Member] | None = page(
            models.WorkspaceMember.workspace_id,
            sort=asc(models.WorkspaceMember.joined_at),
            require=Permission.MEMBERS_READ,
        )
        """All members."""

        users: Connection[User] | None = page(
            models.User.id, sort=asc(models.User.name), require=Permission.MEMBERS_READ
        )
        """All people."""

        workspace: Workspace | None = one(models.Workspace.id, require=Permission.WORKSPACE_READ)
        """Ours."""

        node: Node | None = any_by_id()
        """Anything."""

    class Query(ContactQueries):
        """What can be read."""

        @strawberry.field(description="A plain field.")
        def hour(self) -> str:
            return "noon"

    link()

schema = strawberry.Schema(query=Query, types=[Label, User])


class CountingReader:
    """Reads through the real database and notes each statement."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.statements: list[Any] = []

    @asynccontextmanager
    async def read(self, workspace_id):
        async with self.database.read(workspace_id) as session:
            yield CountingSession(session, self.statements)


@dataclass
class CountingSession:
    session: Any
    statements: list[Any]

    async def execute(self, statement, params=None):
        self.statements.append(statement)
        return await self.session.execute(statement, params)

    async def scalars(self, statement, params=None):
        self.statements.append(statement)
        return await self.session.scalars(statement, params)


@dataclass
class Surroundings:
    """What `info.context` is, as far as graph reads it."""

    graph: Context


@dataclass
class Client:
    """Runs operations as somebody."""

    actor: Any
    reader: CountingReader

    async def run(self, source: str, **variables: Any) -> Any:
        context = Surroundings(graph=Context(self.actor, self.reader))
        return await schema.execute(source, variable_values=variables, context_value=context)

    async def data(self, source: str, **variables: Any) -> Mapping[str, Any]:
        result = await self.run(source, **variables)
        assert result.errors is None, result.errors
        return result.data

    async def code(self, source: str, **variables: Any) -> str:
        result = await self.run(source, **variables)
        assert result.errors
        return result.errors[0].original_error.code
