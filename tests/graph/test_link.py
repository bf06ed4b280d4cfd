"""What a declaration may not say, and what it says to a schema."""

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import pytest
import strawberry

import models
from core.errors import NotFound
from core.ids import encode, uuid7
from graph import (
    Connection,
    Entity,
    Node,
    Order,
    Parent,
    Root,
    Row,
    any_by_id,
    asc,
    by_id,
    column,
    computed,
    desc,
    ids,
    link,
    many,
    one,
    page,
    resolved,
    through,
)
from graph.facts import DeclarationRefused
from graph.filters import Filter, LinkFilter, TextFilter, through_filter, where
from graph.registry import isolated
from models import Permission
from tests.graph import views


@pytest.fixture(autouse=True)
def _own_registry() -> Iterator[None]:
    with isolated():
        yield


def label() -> None:
    class Label(Entity[models.Label], prefix="label"):
        """A word."""

        name: str
        """The word."""


def entity_without_a_wall() -> None:
    class Token(Entity[models.RefreshToken], prefix="token"):
        """A link of a chain."""


def entity_without_a_docstring() -> None:
    class Label(Entity[models.Label], prefix="label"):
        name: str
        """The word."""


def field_without_a_description() -> None:
    class Label(Entity[models.Label], prefix="label"):
        """A word."""

        name: str


def column_that_is_not_there() -> None:
    class Label(Entity[models.Label], prefix="label"):
        """A word."""

        weight: str
        """Nothing like it."""


def nullable_column() -> None:
    class Label(Entity[models.Label], prefix="label"):
        """A word."""

        description: str
        """May be null."""


def column_of_another_kind() -> None:
    class Label(Entity[models.Label], prefix="label"):
        """A word."""

        position: str
        """A number."""


def bigint() -> None:
    class Entry(Entity[models.AuditEntry], prefix="entry"):
        """An act."""

        seq: int
        """Too wide."""


def guarded_field_that_is_never_null() -> None:
    class Label(Entity[models.Label], prefix="label"):
        """A word."""

        word: str = column(models.Label.name, require=Permission.LABELS_READ)
        """Null for some."""


def computed_from_another_table() -> None:
    class Label(Entity[models.Label], prefix="label"):
        """A word."""

        size: int = computed(len, models.Contact.phone)
        """Of what?"""


def relation_to_the_wrong_table() -> None:
    label()

    class Contact(Entity[models.Contact], prefix="contact"):
        """A person."""

        owner: "Label | None" = one(models.Contact.owner_id)  # noqa: F821
        """No label."""


def relation_to_no_view() -> None:
    class Contact(Entity[models.Contact], prefix="contact"):
        """A person."""

        owner: str | None = one(models.Contact.owner_id)
        """A text."""


def relation_to_an_unknown_name() -> None:
    class Contact(Entity[models.Contact], prefix="contact"):
        """A person."""

        owner: "Nobody | None" = one(models.Contact.owner_id)  # noqa: F821
        """Not declared."""


def nullable_relation() -> None:
    class User(Entity[models.User], prefix="user", members=models.WorkspaceMember.user_id):
        """A person."""

    class Contact(Entity[models.Contact], prefix="contact"):
        """A person."""

        owner: User = one(models.Contact.owner_id)
        """May be nobody."""


def relation_by_a_column_that_repeats() -> None:
    label()

    class Contact(Entity[models.Contact], prefix="contact"):
        """A person."""

        word: "Label | None" = one(models.Contact.name, models.Label.color)  # noqa: F821
        """Several labels have one colour."""


def list_by_a_key_of_somebody_else() -> None:
    class Contact(Entity[models.Contact], prefix="contact"):
        """A person."""

    class Label(Entity[models.Label], prefix="label"):
        """A word."""

        contacts: list[Contact] = many(models.Contact.owner_id, sort=asc(models.Contact.name))
        """Owners are no labels."""


def list_through_the_wrong_side() -> None:
    class Contact(Entity[models.Contact], prefix="contact"):
        """A person."""

        labels: "list[Contact]" = through(
            models.ContactLabel.contact_id, models.ContactLabel.label_id, sort=asc(models.Label.name)
        )
        """Labels are no contacts."""


def page_of_the_wrong_view() -> None:
    label()

    class Query(Root):
        """Reads."""

        labels: "Connection[Label] | None" = page(  # noqa: F821
            models.Contact.workspace_id, sort=asc(models.Contact.name), require=Permission.LABELS_READ
        )
        """Contacts."""


def order_by_a_nullable_column() -> None:
    class Contact(Entity[models.Contact], prefix="contact"):
        """A person."""

    class Query(Root):
        """Reads."""

        contacts: Connection[Contact] | None = page(
            models.Contact.workspace_id, sort=asc(models.Contact.company), require=Permission.CONTACTS_READ
        )
        """By what?"""


def order_by_another_table() -> None:
    class Contact(Entity[models.Contact], prefix="contact"):
        """A person."""

    class Query(Root):
        """Reads."""

        contacts: Connection[Contact] | None = page(
            models.Contact.workspace_id, sort=asc(models.Label.name), require=Permission.CONTACTS_READ
        )
        """By what?"""


def order_without_a_description() -> None:
    class LabelOrder(Order):
        """How to list."""

        NAME = asc(models.Label.name)

    page(models.Label.workspace_id, order=LabelOrder)


def order_without_a_docstring() -> None:
    class LabelOrder(Order):
        NAME = asc(models.Label.name, "By name.")

    page(models.Label.workspace_id, order=LabelOrder)


def root_field_without_a_permission() -> None:
    label()

    class Query(Root):
        """Reads."""

        label: "Label | None" = by_id(models.Label)  # noqa: F821
        """Open to all."""


def root_field_that_is_never_null() -> None:
    label()

    class Query(Root):
        """Reads."""

        label: "Label" = by_id(models.Label, require=Permission.LABELS_READ)  # noqa: F821
        """Null when there is none."""


def nullable_root_field_by_id() -> None:
    class Query(Root):
        """Reads."""

        settings: "Settings" = by_id(models.WorkspaceSettings, require=Permission.SETTINGS_READ)  # noqa: F821
        """No ids."""


def argument_without_a_description() -> None:
    async def shout(label: Parent[models.Label], times: int) -> str:
        return label.name * times

    class Label(Entity[models.Label], prefix="label"):
        """A word."""

        loud: str = resolved(shout)
        """Several times."""


def two_views_of_one_name() -> None:
    label()
    label()


def two_views_of_one_prefix() -> None:
    label()

    class Sticker(Entity[models.CustomField], prefix="label"):
        """A word."""


def two_views_of_one_table_for_node() -> None:
    class Label(Entity[models.Label], prefix="label", require=Permission.LABELS_READ):
        """A word."""

    class Sticker(Entity[models.Label], prefix="sticker", require=Permission.LABELS_READ):
        """A word."""


def page_with(kind: type[Filter]) -> None:
    class Label(Entity[models.Label], prefix="label"):
        """A word."""

        name: str
        """The word."""

    class Query(Root):
        """Reads."""

        labels: "Connection[Label] | None" = page(
            models.Label.workspace_id, filter=kind, sort=asc(models.Label.name), require=Permission.LABELS_READ
        )
        """All."""


def filter_over_another_table() -> None:
    @strawberry.input
    class LabelFilter(Filter):
        """Which."""

        name: TextFilter | None = where(models.Contact.name)
        """Of a contact."""

    page_with(LabelFilter)


def filter_through_another_table() -> None:
    @strawberry.input
    class LabelFilter(Filter):
        """Which."""

        identities: LinkFilter | None = through_filter(models.ContactIdentity.contact_id, models.ContactIdentity.id)
        """Of a contact."""

    page_with(LabelFilter)


def filter_without_a_description() -> None:
    @strawberry.input
    class LabelFilter(Filter):
        """Which."""

        name: TextFilter | None = where(models.Label.name)

    page_with(LabelFilter)


def filter_without_a_docstring() -> None:
    @strawberry.input
    class LabelFilter(Filter):
        name: TextFilter | None = where(models.Label.name)
        """The word."""

    page_with(LabelFilter)


def filter_that_is_no_input() -> None:
    class LabelFilter(Filter):
        """Which."""

        name: TextFilter | None = where(models.Label.name)
        """The word."""

    page_with(LabelFilter)


@pytest.mark.parametrize(
    ("declare", "reason"),
    [
        (entity_without_a_wall, "no workspace_id"),
        (entity_without_a_docstring, "lacks a description"),
        (field_without_a_description, "name lacks a description"),
        (column_that_is_not_there, "no column 'weight'"),
        (nullable_column, "may be null"),
        (column_of_another_kind, "holds int"),
        (bigint, "bigint"),
        (guarded_field_that_is_never_null, "write `| None`"),
        (computed_from_another_table, "no column 'phone'"),
        (relation_to_the_wrong_table, "does not name a row of Label"),
        (relation_to_no_view, "names no view"),
        (relation_to_an_unknown_name, "'Nobody' is neither a view"),
        (nullable_relation, "may be null"),
        (relation_by_a_column_that_repeats, "same in several rows"),
        (list_by_a_key_of_somebody_else, "does not name a row of Label"),
        (list_through_the_wrong_side, "does not name a row of Contact"),
        (page_of_the_wrong_view, "Label shows Label, not Contact"),
        (order_by_a_nullable_column, "may be null"),
        (order_by_another_table, "is not of Contact"),
        (order_without_a_description, "NAME lacks a description"),
        (order_without_a_docstring, "LabelOrder lacks a description"),
        (root_field_without_a_permission, "names the permission"),
        (root_field_that_is_never_null, "write `| None`"),
        (argument_without_a_description, r"times:\) lacks a description"),
        (two_views_of_one_name, "two views named Label"),
        (two_views_of_one_prefix, "same prefix"),
        (two_views_of_one_table_for_node, "same table"),
        (filter_over_another_table, "is not of Label"),
        (filter_through_another_table, "does not name a row of Label"),
        (filter_without_a_description, "name: lacks a description"),
        (filter_without_a_docstring, "LabelFilter lacks a description"),
        (filter_that_is_no_input, "lacks @strawberry.input"),
    ],
    ids=lambda each: each.__name__ if callable(each) else "",
)
def test_a_declaration_that_cannot_hold_is_refused(declare: Callable[[], None], reason: str) -> None:
    with pytest.raises(DeclarationRefused, match=reason):
        declare_and_link(declare)


def declare_and_link(declare: Callable[[], None]) -> None:
    declare()
    link()


def test_linking_again_is_harmless() -> None:
    label()
    link()
    link()


def test_every_root_field_tells_its_permission() -> None:
    fields: Any = views.Query.__strawberry_definition__.fields

    assert {each.python_name: each.metadata.get("permission") for each in fields} == {
        "contact": "contacts:read",
        "contacts": "contacts:read",
        "user": "members:read",
        "users": "members:read",
        "members": "members:read",
        "workspace": "workspace:read",
        "node": None,
        "hour": None,
    }


def test_a_row_without_an_id_may_be_shown() -> None:
    class Settings(Row[models.WorkspaceSettings]):
        """How a workspace works."""

        language: str
        """Of its people."""

    class Workspace(Entity[models.Workspace], prefix="workspace", tenant=models.Workspace.id):
        """A company."""

        settings: Settings = one(models.Workspace.id, models.WorkspaceSettings.workspace_id)
        """How it works."""

        created_at: datetime
        """When it was founded."""

    class Query(Root):
        """Reads."""

        workspace: Workspace | None = one(models.Workspace.id, require=Permission.WORKSPACE_READ)
        """Ours."""

        node: Node | None = any_by_id()
        """Anything."""

    link()

    printed = strawberry.Schema(query=Query).as_str()

    assert "type Settings {" in printed
    assert "type Workspace implements Node {" in printed


def test_an_id_is_read_by_its_own_view_only() -> None:
    some = uuid7()

    assert views.Contact.key_of(encode("contact", some)) == some
    assert ids.read(views.Contact, encode("contact", some)) == some
    assert ids.read(views.Contact, encode("label", some)) is None
    with pytest.raises(NotFound) as refused:
        views.Contact.key_of(encode("label", some), field=("contactId",))
    assert refused.value.field == ("contactId",)


def test_a_view_of_a_row_is_the_row() -> None:
    row = models.Label(name="Frio")

    assert views.Label.of(row) is row


def test_two_lists_may_share_an_order() -> None:
    class LabelOrder(Order):
        """How to list."""

        NAME = asc(models.Label.name, "By name.")
        LAST = desc(models.Label.name, "From the end.")

    page(models.Label.workspace_id, order=LabelOrder)
    page(models.Label.workspace_id, order=LabelOrder)
