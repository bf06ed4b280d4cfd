"""How a workspace is made by somebody who has an account, renamed, and given up."""

from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, select, text, update

from core import clock
from core import text as texts
from core.errors import Problems
from core.ground import Ground
from core.unset import UNSET, UnsetType
from models import AuditEntry, EventType, Permission, Session, Workspace
from services import idempotency
from services.access import Identity, Origin
from services.accounts import sessions
from services.idempotency import Asked
from services.jobs import Job
from services.knowledge.indexing import ForgetKnowledge
from services.traces import ForgetTraces
from services.transaction import Transaction, begin_system
from services.workspaces.errors import ConfirmationWrong
from services.workspaces.founding import NAME_LONGEST, Made, found, made_before

DESCRIPTION_LONGEST: Final = 1_000
INDUSTRY_LONGEST: Final = 100
KEPT: Final = timedelta(days=30)
_MAY_BE_EMPTY: Final = frozenset({"description", "industry", "logo_url"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PurgeWorkspaces(Job):
    """Delete for good what was given up thirty days ago."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkspaceDraft:
    """What is to change; what is not given stays."""

    name: str | UnsetType | None = UNSET
    description: str | UnsetType | None = UNSET
    industry: str | UnsetType | None = UNSET
    logo_url: str | UnsetType | None = UNSET


async def create(ground: Ground, identity: Identity, origin: Origin, name: str, asked: Asked | None = None) -> Made:
    """Make another workspace, owned by whoever asks, unless they did under this key. `workspaceSwitch` begins to work
    in it.

    Raises:
        TextInvalid, TextTooLong, Required, LimitReached: as in `founding.found`.
        IdempotencyKeyReused: the key was taken for something else.
    """
    async with begin_system(ground) as tx:
        shelf = idempotency.of_person(tx, identity.user_id)
        kept = None if asked is None else await idempotency.claim(shelf, asked)
        if kept is not None:
            return await made_before(tx, identity, UUID(kept["workspace"]))
        workspace = await found(tx, founder=identity.user_id, origin=origin, name=name)
        if asked is not None:
            await idempotency.keep(shelf, asked, {"workspace": str(workspace.id)})
    sessions.forget(identity.user_id)
    return Made(workspace=workspace)


async def change(tx: Transaction, draft: WorkspaceDraft) -> Workspace:
    """Change the actor's workspace.

    Raises:
        Invalid: values are not acceptable; all are told at once.
    """
    tx.require(Permission.WORKSPACE_WRITE)
    workspace = await _locked(tx)
    for name, value in _checked(draft).items():
        setattr(workspace, name, value)
    if tx.session.is_modified(workspace):
        tx.audit("workspace.update", workspace)
        tx.publish(EventType.WORKSPACE_UPDATED, workspace.id)
    return workspace


async def give_up(tx: Transaction, confirmation: str) -> Workspace:
    """Delete the actor's workspace: nobody works in it from now on, and after thirty days it is gone for good.

    Raises:
        ConfirmationWrong: its name was not typed exactly.
    """
    tx.require(Permission.WORKSPACE_DELETE)
    workspace = await _locked(tx)
    if confirmation != workspace.name:
        raise ConfirmationWrong(field=("confirmation",))
    workspace.deleted_at = clock.now()
    tx.audit("workspace.delete", workspace)
    tx.publish(EventType.WORKSPACE_DELETED, workspace.id)
    sessions.forget(workspace.id)
    return workspace


async def purge(ground: Ground) -> int:
    """Delete for good the workspaces that were given up thirty days ago, one transaction each; return how many."""
    statement = select(Workspace.id).where(Workspace.deleted_at < clock.now() - KEPT).limit(100)
    async with ground.database.system() as session:
        found_ids = (await session.scalars(statement)).all()
    for workspace_id in found_ids:
        await _purge_one(ground, workspace_id)
    return len(found_ids)


async def _purge_one(ground: Ground, workspace_id: UUID) -> None:
    async with begin_system(ground) as tx:
        await tx.session.execute(update(Session).where(Session.workspace_id == workspace_id).values(workspace_id=None))
        # the one place where the audit log may shrink: with its whole workspace, under a setting of this transaction
        await tx.session.execute(text("SELECT set_config('app.purge', 'workspace', true)"))
        await tx.session.execute(delete(AuditEntry).where(AuditEntry.workspace_id == workspace_id))
        await tx.session.execute(delete(Workspace).where(Workspace.id == workspace_id))
        tx.enqueue(ForgetKnowledge(workspace_id=workspace_id))
        tx.enqueue(ForgetTraces(workspace_id=workspace_id))


async def _locked(tx: Transaction) -> Workspace:
    statement = select(Workspace).where(Workspace.id == tx.workspace_id).with_for_update()
    return (await tx.session.scalars(statement)).one()


def _checked(draft: WorkspaceDraft) -> dict[str, str | None]:
    problems = Problems()
    changes: dict[str, str | None] = {}
    for each in fields(draft):
        value: str | UnsetType | None = getattr(draft, each.name)
        if not isinstance(value, UnsetType):
            with problems.noting():
                changes[each.name] = _clean(each.name, value)
    problems.raise_any()
    return changes


def _clean(name: str, value: str | None) -> str | None:
    field = (name,)
    if value is None:
        if name not in _MAY_BE_EMPTY:
            raise texts.Required(field=field)
        return None
    match name:
        case "name":
            return texts.clean_line(value, field=field, most=NAME_LONGEST)
        case "description":
            return texts.clean_text(value, field=field, most=DESCRIPTION_LONGEST, least=0) or None
        case "industry":
            return texts.clean_line(value, field=field, most=INDUSTRY_LONGEST, least=0) or None
        case _:
            return texts.url(value, field=field)
