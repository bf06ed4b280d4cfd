"""Clients of the small schema, and twin data: the same shapes in two workspaces."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

import models
from core.database import Database
from core.ids import encode, uuid7
from services.access import Actor
from tests.fixtures.tenants import Tenant
from tests.graph.views import Client, CountingReader

LABELS = ("Frio", "Quente", "Álcool")
MOMENT = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)


@dataclass
class People:
    """What was stored in one workspace."""

    contacts: list[models.Contact] = field(default_factory=list)
    labels: list[models.Label] = field(default_factory=list)

    def label_ids(self, *positions: int) -> list[str]:
        return [encode("label", self.labels[each].id) for each in positions]


async def store(database: Database, tenant: Tenant, rows: list[Mapping[str, Any]]) -> People:
    """Store contacts, and three labels if a row has `labels` (their positions)."""
    people = People()
    async with database.write(tenant.workspace_id) as session:
        for position, name in enumerate(LABELS if any("labels" in row for row in rows) else ()):
            people.labels.append(
                models.Label(workspace_id=tenant.workspace_id, name=name, color="#112233", position=position)
            )
        session.add_all(people.labels)
        await session.flush()
        for number, row in enumerate(rows):
            given = {key: value for key, value in row.items() if key != "labels"}
            contact = models.Contact(
                workspace_id=tenant.workspace_id,
                **{"name": f"Ana {number}", "created_at": MOMENT + timedelta(seconds=number), "custom": {}, **given},
            )
            session.add(contact)
            people.contacts.append(contact)
        await session.flush()
        for contact, row in zip(people.contacts, rows, strict=True):
            for position in row.get("labels", ()):
                session.add(
                    models.ContactLabel(
                        workspace_id=tenant.workspace_id,
                        contact_id=contact.id,
                        label_id=people.labels[position].id,
                    )
                )
    return people


@pytest.fixture
def client(database: Database) -> Callable[[Actor], Client]:
    """A function that makes a client for an actor."""
    return lambda actor: Client(actor=actor, reader=CountingReader(database))


def new_id() -> UUID:
    return uuid7()
