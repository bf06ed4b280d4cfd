"""The schema, put together: one line a topic."""

from collections.abc import Callable, Iterable
from typing import Any, Final

import strawberry
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.tools import create_type
from strawberry.types.field import StrawberryField

from graph import link
from resolvers import accounts, audit, contacts, custom_fields, events, labels, members, nodes, settings, workspaces
from schema.scalars import SCALARS

TOPICS: Final = (accounts, workspaces, members, settings, contacts, labels, custom_fields, audit)


class Query(
    accounts.AccountQueries,
    workspaces.WorkspaceQueries,
    members.MemberQueries,
    settings.SettingsQueries,
    contacts.ContactQueries,
    labels.LabelQueries,
    custom_fields.CustomFieldQueries,
    audit.AuditQueries,
    nodes.NodeQueries,
):
    """What can be read. Everything is of the workspace that the access token names."""


def _gathered(name: str) -> list[StrawberryField]:
    return [field for topic in (*TOPICS, events) for field in getattr(topic, name, ())]


class Schema(strawberry.Schema):
    """The schema. Errors are logged where they are dressed for the caller, so not a second time here."""

    def process_errors(self, errors: list[Any], execution_context: Any = None) -> None:
        """Leave the log to the door."""


def build(extensions: Iterable[Callable[[], SchemaExtension]] = ()) -> Schema:
    """Put the schema together, with what surrounds each operation."""
    link()
    return Schema(
        query=Query,
        mutation=create_type("Mutation", _gathered("MUTATIONS"), description="What can be changed."),
        subscription=create_type(
            "Subscription", _gathered("SUBSCRIPTIONS"), description="What can be followed as it happens."
        ),
        config=StrawberryConfig(scalar_map=SCALARS, disable_field_suggestions=False),
        extensions=tuple(extensions),
    )
