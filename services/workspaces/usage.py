"""How much of a workspace is used."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ScalarSelect, Select, func, select

from core import clock
from core.ground import Ground
from models import AuditEntry, Contact, CustomField, Event, Label, WorkspaceInvite, WorkspaceMember
from services.access import Actor

PERIOD: Final = timedelta(days=30)
COUNTED: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """Counts at a moment; what happened is counted since `since`. Counting stops at a million."""

    members: int
    open_invites: int
    contacts: int
    archived_contacts: int
    labels: int
    custom_fields: int
    contacts_created: int
    events: int
    audited_acts: int
    since: datetime


async def measure(ground: Ground, actor: Actor) -> Usage:
    """Count what is in the actor's workspace, in one snapshot."""
    since = clock.now() - PERIOD
    here = actor.workspace_id
    open_invite = (WorkspaceInvite.accepted_at.is_(None), WorkspaceInvite.revoked_at.is_(None))
    counts: dict[str, Select[Any]] = {
        "members": select(WorkspaceMember.id).where(WorkspaceMember.workspace_id == here),
        "open_invites": select(WorkspaceInvite.id).where(
            WorkspaceInvite.workspace_id == here, *open_invite, WorkspaceInvite.expires_at > clock.now()
        ),
        "contacts": select(Contact.id).where(Contact.workspace_id == here),
        "archived_contacts": select(Contact.id).where(Contact.workspace_id == here, Contact.is_archived),
        "labels": select(Label.id).where(Label.workspace_id == here),
        "custom_fields": select(CustomField.id).where(
            CustomField.workspace_id == here, CustomField.archived_at.is_(None)
        ),
        "contacts_created": select(Contact.id).where(Contact.workspace_id == here, Contact.created_at >= since),
        "events": select(Event.seq).where(Event.workspace_id == here, Event.at >= since),
        "audited_acts": select(AuditEntry.id).where(AuditEntry.workspace_id == here, AuditEntry.at >= since),
    }
    statement = select(*(_counted(each).label(name) for name, each in counts.items()))
    async with ground.database.read(here) as session:
        row = (await session.execute(statement)).one()
    return Usage(**dict(zip(counts, row, strict=True)), since=since)


def _counted(rows: Select[Any]) -> ScalarSelect[int]:
    return select(func.count()).select_from(rows.limit(COUNTED).subquery()).scalar_subquery()
