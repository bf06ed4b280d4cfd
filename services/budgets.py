"""Budgets of features: how many credits each may use in a calendar month where the workspace is.

They are enforced where credits are held back, in `services.crediting`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from core.database import ReadSession, WriteSession
from core.errors import Invalid
from core.ground import Ground
from models import CreditBudget, CreditEntry, CreditHold, EventType, Feature, HoldState, Permission
from services import crediting
from services.access import Actor
from services.transaction import Transaction

MOST: Final = 1_000_000_000


class BudgetInvalid(Invalid):
    """Give a budget of 0 to 1,000,000,000 credits a month, or null for none."""

    code = "BUDGET_INVALID"


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """What a feature may use in a month, None for as much as there is, and what it used and holds back in this one."""

    feature: Feature
    monthly: int | None
    used: int


async def put(tx: Transaction, feature: Feature, monthly: int | None) -> Budget:
    """Set the budget of a feature, or remove it. It counts from the next request on.

    Raises:
        BudgetInvalid: it is no number of credits.
    """
    tx.require(Permission.AI_MANAGE)
    if monthly is not None and not 0 <= monthly <= MOST:
        raise BudgetInvalid(field=("monthly_credits",))
    await _lock(tx)
    here = (CreditBudget.workspace_id == tx.workspace_id, CreditBudget.feature == feature.value)
    row = await tx.session.scalar(select(CreditBudget).where(*here).with_for_update())
    before = None if row is None else row.monthly
    if row is not None and monthly is None:
        await tx.session.delete(row)
    elif row is not None and monthly is not None:
        row.monthly = monthly
    elif monthly is not None:
        row = CreditBudget(workspace_id=tx.workspace_id, feature=feature.value, monthly=monthly)
        tx.session.add(row)
    if row is not None and before != monthly:
        change = {"feature": {"before": feature, "after": feature}, "monthly": {"before": before, "after": monthly}}
        tx.audit("ai_budget.set", row, changes=change)
        tx.publish(EventType.SETTINGS_UPDATED, tx.workspace_id, changed=["ai_budgets"])
    used = await _used(tx.session, tx.workspace_id)
    return Budget(feature=feature, monthly=monthly, used=used.get(feature, 0))


async def every(ground: Ground, actor: Actor) -> Sequence[Budget]:
    """Return the budgets of all features, also of those that have none."""
    actor.require(Permission.WORKSPACE_READ)
    own = select(CreditBudget.feature, CreditBudget.monthly).where(CreditBudget.workspace_id == actor.workspace_id)
    async with ground.database.read(actor.workspace_id) as session:
        monthly = dict((await session.execute(own)).all())
        used = await _used(session, actor.workspace_id)
    return [Budget(feature=each, monthly=monthly.get(each), used=used.get(each, 0)) for each in Feature]


async def _used(session: ReadSession | WriteSession, workspace_id: UUID) -> dict[str, int]:
    """Return what each feature used in this month, and holds back right now."""
    since = await crediting.month_of(session, workspace_id)
    spent = (
        select(CreditEntry.feature, func.sum(-CreditEntry.amount))
        .where(CreditEntry.workspace_id == workspace_id, CreditEntry.at >= since, CreditEntry.feature.is_not(None))
        .group_by(CreditEntry.feature)
    )
    running = (
        select(CreditHold.feature, func.sum(CreditHold.amount))
        .where(CreditHold.workspace_id == workspace_id, CreditHold.state == HoldState.HELD)
        .group_by(CreditHold.feature)
    )
    found: dict[str, int] = {}
    for statement in (spent, running):
        for feature, amount in await session.execute(statement):
            found[str(feature)] = found.get(str(feature), 0) + int(amount)
    return found


async def _lock(tx: Transaction) -> None:
    """Let the budgets of the workspace be changed by one at a time."""
    name = f"credit budgets {tx.workspace_id}"
    await tx.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))
