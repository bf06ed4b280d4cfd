"""Credits: held back before a model is asked, and settled or given back after. No call is open meanwhile.

The account's row is locked for a moment by each of these, so a hundred calls at once cannot spend more than there is.
All are idempotent by the request's id: a hold is taken, settled and released once.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from core import clock
from core.database import ReadSession, WriteSession
from core.errors import Conflict, Invalid
from core.ground import Ground
from core.ids import WorkspaceId, uuid7
from models import (
    MICRO_USD,
    Base,
    CreditAccount,
    CreditEntry,
    CreditHold,
    CreditKind,
    EventType,
    HoldState,
    WorkspaceSettings,
)
from services.access import Actor
from services.credit_statements import HOLD, SETTLE
from services.jobs import Job
from services.transaction import Transaction, begin

TRIAL: Final = 1_000
LEASE: Final = timedelta(minutes=5)
_BATCH: Final = 500
_MOST: Final = 1_000_000_000

log = structlog.stdlib.get_logger(__name__)

_open_holds: Final = (
    select(CreditHold.workspace_id, func.sum(CreditHold.amount).label("amount"))
    .where(CreditHold.state == HoldState.HELD)
    .group_by(CreditHold.workspace_id)
    .subquery("open_holds")
)

_ALERTS: Final = (("eighty_percent_used", 0), ("ten_left", 10), ("five_left", 5))


class CreditsSpent(Conflict):
    """The workspace has too few credits left for this: add some, or wait for the next grant."""

    code = "CREDITS_SPENT"


class FeatureBudgetSpent(Conflict):
    """This feature has used what it may in this month: raise its budget, or wait for the next month."""

    code = "FEATURE_BUDGET_SPENT"


class HoldOver(Conflict):
    """What was held back for this request was settled or given back already."""

    code = "CONFLICT"


class AmountInvalid(Invalid):
    """Credits are moved by 1 to 1,000,000,000 at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseHolds(Job):
    """Give back what was held for requests that never came to an end."""


class RightHolds(Job):
    """Have accounts hold what their open holds come to."""


def price_of(micro_usd: int) -> int:
    """Return what a generated answer costs, in credits: at least one."""
    return max(1, -(-micro_usd // MICRO_USD))


def opened(workspace_id: UUID) -> list[Base]:
    """Return the rows of a new workspace's account, with credits to try the product with."""
    account = CreditAccount(workspace_id=workspace_id, balance=TRIAL, granted=TRIAL)
    grant = CreditEntry(
        workspace_id=workspace_id, kind=CreditKind.GRANT, amount=TRIAL, balance_after=TRIAL, request_id=workspace_id
    )
    return [account, grant]


async def hold(tx: Transaction, request_id: UUID, feature: str, amount: int) -> None:
    """Hold credits back for a request, for five minutes at most. The same request keeps the hold that it has.

    Raises:
        AmountInvalid: it is not a number of credits.
        CreditsSpent, FeatureBudgetSpent: there are not as many.
        HoldOver: the request was settled or given up.
    """
    if not 0 < amount <= _MOST:
        raise AmountInvalid
    given: dict[str, object] = {
        "workspace": tx.workspace_id,
        "request": request_id,
        "of": feature,
        "credits": amount,
        "user": tx.actor.user_id,
        "until": clock.now() + LEASE,
    }
    [found] = await tx.session.fetch(HOLD.sql, *HOLD.arguments(given))
    if not found["is_taken"]:
        await _require_held(tx, request_id)
        return
    if not found["is_covered"]:
        raise CreditsSpent
    if found["monthly"] is not None and await used_this_month(tx, feature) > found["monthly"]:
        raise FeatureBudgetSpent


async def settle(tx: Transaction, request_id: UUID, micro_usd: int) -> int:
    """Take what a request did cost, and give back the rest of what was held; return the credits that were taken. What
    costs more than was held and is left is written off: an account is never negative. What holds nothing, or not any
    more, costs nothing.
    """
    given: dict[str, object] = {
        "workspace": tx.workspace_id,
        "request": request_id,
        "price": price_of(micro_usd) if micro_usd else 0,
        "entry": uuid7(),
        "moment": clock.now(),
    }
    rows = await tx.session.fetch(SETTLE.sql, *SETTLE.arguments(given))
    if not rows:
        return 0
    cost, balance, granted, alerted = rows[0]
    if cost:
        await _alert(tx, balance, granted, alerted)
    return int(cost)


async def release(tx: Transaction, request_id: UUID) -> None:
    """Give back what was held for a request; nothing happens when it was settled or given back."""
    account = await _account(tx, tx.workspace_id)
    found = await _held(tx, request_id)
    if found.state is HoldState.HELD:
        found.state = HoldState.RELEASED
        account.held -= found.amount


async def add(tx: Transaction, kind: CreditKind, amount: int, request_id: UUID) -> CreditEntry | None:
    """Add credits to the actor's workspace, once for a request; None when it was done before. Alerts begin anew.

    Raises:
        AmountInvalid: it is not a number of credits.
    """
    if not 0 < amount <= _MOST:
        raise AmountInvalid
    account = await _account(tx, tx.workspace_id)
    here = (CreditEntry.workspace_id == tx.workspace_id, CreditEntry.request_id == request_id, CreditEntry.kind == kind)
    if await tx.session.scalar(select(CreditEntry.id).where(*here)) is not None:
        return None
    entry = _move(tx, account, kind, amount, request_id)
    account.granted, account.alerted = account.balance, 0
    tx.publish(EventType.CREDITS_ADDED, tx.workspace_id, amount=amount, balance=account.balance)
    return entry


async def release_holds(ground: Ground) -> int:
    """Give back what was held longer than its lease, in all workspaces; return how many holds. A workspace whose books
    do not add up is left alone, and logged: the others do not wait for it.
    """
    statement = (
        select(CreditHold.workspace_id, CreditHold.id)
        .where(CreditHold.state == HoldState.HELD, CreditHold.expires_at < clock.now())
        .order_by(CreditHold.expires_at)
        .limit(_BATCH)
    )
    late: dict[UUID, list[UUID]] = {}
    async with ground.database.system() as session:
        for workspace_id, request_id in await session.execute(statement):
            late.setdefault(workspace_id, []).append(request_id)
    released = 0
    for workspace_id, ids in late.items():
        try:
            await _release_all(ground, WorkspaceId(workspace_id), ids)
        except IntegrityError:
            log.exception("credits do not add up", workspace_id=str(workspace_id))
        else:
            released += len(ids)
    return released


async def _release_all(ground: Ground, workspace_id: WorkspaceId, ids: list[UUID]) -> None:
    async with begin(ground, Actor.system(workspace_id)) as tx:
        for each in ids:
            await release(tx, each)


async def right_holds(ground: Ground) -> int:
    """Have each account hold what its open holds come to, in all workspaces; return how many did not. One whose
    balance does not cover its holds is left alone, and logged.
    """
    held, drifts = func.coalesce(_open_holds.c.amount, 0), list[int]()
    statement = (
        select(CreditAccount.workspace_id)
        .outerjoin(_open_holds, _open_holds.c.workspace_id == CreditAccount.workspace_id)
        .where(CreditAccount.held != held)
        .limit(_BATCH)
    )
    async with ground.database.system() as session:
        found = (await session.scalars(statement)).all()
    for workspace_id in found:
        try:
            drifts.append(await _right(ground, WorkspaceId(workspace_id)))
        except IntegrityError:
            log.exception("credits do not add up", workspace_id=str(workspace_id))
    righted = [each for each in drifts if each]
    if righted:
        log.warning("credits were held for nothing", accounts=len(righted), credits=sum(righted))
    return len(righted)


async def _right(ground: Ground, workspace_id: WorkspaceId) -> int:
    """Put one account right; return by how many credits it held too much."""
    async with begin(ground, Actor.system(workspace_id)) as tx:
        # locked first, as everywhere: what is read behind it stands with this account until the commit
        account = await _account(tx, workspace_id)
        own = select(_open_holds.c.amount).where(_open_holds.c.workspace_id == workspace_id)
        drift = account.held - int(await tx.session.scalar(own) or 0)
        account.held -= drift
        return drift


async def used_this_month(tx: Transaction, feature: str) -> int:
    """Return how many credits a feature used in this month, and holds back right now."""
    since = await month_of(tx.session, tx.workspace_id)
    here = (CreditEntry.workspace_id == tx.workspace_id, CreditEntry.feature == feature, CreditEntry.at >= since)
    spent = select(func.coalesce(func.sum(-CreditEntry.amount), 0)).where(*here)
    running = select(func.coalesce(func.sum(CreditHold.amount), 0)).where(
        CreditHold.workspace_id == tx.workspace_id, CreditHold.feature == feature, CreditHold.state == HoldState.HELD
    )
    return int(await tx.session.scalar(spent) or 0) + int(await tx.session.scalar(running) or 0)


async def _account(tx: Transaction, workspace_id: UUID) -> CreditAccount:
    """Return a workspace's account, locked until the commit."""
    # it is read anew, over what this transaction has not yet written of it
    await tx.session.flush()
    statement = select(CreditAccount).where(CreditAccount.workspace_id == workspace_id).with_for_update()
    return (await tx.session.scalars(statement.execution_options(populate_existing=True))).one()


async def _held(tx: Transaction, request_id: UUID) -> CreditHold:
    statement = select(CreditHold).where(CreditHold.workspace_id == tx.workspace_id, CreditHold.id == request_id)
    return (await tx.session.scalars(statement.execution_options(populate_existing=True))).one()


async def _require_held(tx: Transaction, request_id: UUID) -> None:
    if (await _held(tx, request_id)).state is not HoldState.HELD:
        raise HoldOver


def _move(tx: Transaction, account: CreditAccount, kind: CreditKind, amount: int, request_id: UUID) -> CreditEntry:
    account.balance += amount
    entry = CreditEntry(
        id=uuid7(),
        workspace_id=tx.workspace_id,
        kind=kind,
        amount=amount,
        balance_after=account.balance,
        request_id=request_id,
        user_id=tx.actor.user_id,
        at=clock.now(),
    )
    tx.session.add(entry)
    return entry


async def _alert(tx: Transaction, balance: int, granted: int, alerted: int) -> None:
    """Tell once when four fifths are used, and when ten and five credits are left."""
    reached = [balance * 5 <= granted if name == _ALERTS[0][0] else balance <= left for name, left in _ALERTS]
    level = max((place for place, is_reached in enumerate(reached, 1) if is_reached), default=0)
    if level > alerted:
        own = update(CreditAccount).where(CreditAccount.workspace_id == tx.workspace_id)
        await tx.session.execute(own.values(alerted=level), execution_options={"synchronize_session": False})
        tx.publish(EventType.CREDITS_LOW, tx.workspace_id, alert=_ALERTS[level - 1][0], balance=balance)


async def month_of(session: ReadSession | WriteSession, workspace_id: UUID) -> datetime:
    """Return when this month began where a workspace is."""
    own = select(WorkspaceSettings.timezone).where(WorkspaceSettings.workspace_id == workspace_id)
    here = clock.now().astimezone(ZoneInfo(await session.scalar(own) or "UTC"))
    return here.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
