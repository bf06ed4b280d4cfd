"""The audit log, as those read it who may."""

from datetime import datetime
from uuid import UUID

import strawberry

import models
from core.ids import encode
from graph import Entity, Order, asc, computed, desc, one
from graph.filters import Filter, IdFilter, TextFilter, TimeFilter, where
from models import Permission
from schema import audited
from schema.scalars import JSON
from schema.user import User


def subject_id(subject: str, id: UUID | None) -> strawberry.ID | None:
    """Write the id of what an act was about, with the prefix of its type."""
    prefix = audited.PREFIXES.get(subject)
    return None if id is None or prefix is None else strawberry.ID(encode(prefix, id))


def as_number(seq: int) -> str:
    """Write a number that may pass 32 bits."""
    return str(seq)


class AuditEntry(Entity[models.AuditEntry], prefix="audit", require=Permission.AUDIT_READ):
    """One act. Entries are never changed, and are chained so that a missing one is noticed."""

    seq: str = computed(as_number, models.AuditEntry.seq)
    """Its number in the workspace, without gaps."""

    action: str
    """What was done, such as `contact.update`."""

    subject: str
    """The type of thing it was done to."""

    subject_id: strawberry.ID | None = computed(subject_id, models.AuditEntry.subject, models.AuditEntry.subject_id)
    """The thing. It may not exist any more."""

    actor: User | None = one(models.AuditEntry.actor_id, models.User.id)
    """Who did it; null for the system, and for people who are not in the workspace any more."""

    at: datetime
    """When."""

    ip: str | None
    """The address that the request came from."""

    user_agent: str | None
    """What the device said of itself."""

    request_id: str | None
    """The request, as in the server's log."""

    changes: JSON = computed(
        audited.shown,
        models.AuditEntry.subject,
        models.AuditEntry.changes,
        require=Permission.PHONES_READ,
        otherwise=audited.masked,
    )
    """What changed: `{field: {before, after}}`, with fields and ids as the API writes them. Phone numbers are masked
    for those who may not read them."""


class AuditOrder(Order):
    """In which order acts are listed."""

    NEWEST = desc(models.AuditEntry.seq, "Latest first.")
    OLDEST = asc(models.AuditEntry.seq, "First first.")


@strawberry.input
class AuditFilter(Filter):
    """Which acts to list."""

    action: TextFilter | None = where(models.AuditEntry.action)
    """What was done."""

    subject: TextFilter | None = where(models.AuditEntry.subject)
    """The type of thing it was done to."""

    subject_id: IdFilter | None = where(models.AuditEntry.subject_id, prefix=tuple(audited.PREFIXES.values()))
    """The thing."""

    actor: IdFilter | None = where(models.AuditEntry.actor_id, prefix="user")
    """Who did it."""

    at: TimeFilter | None = where(models.AuditEntry.at)
    """When."""
