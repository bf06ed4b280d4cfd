"""Credits: what a workspace has, and every movement."""

from datetime import datetime

import strawberry

import models
from graph import Entity, Order, Row, asc, column, computed, desc, one
from graph.filters import EnumFilter, Filter, TextFilter, TimeFilter, where
from models import Permission
from schema.enums import CreditKind
from schema.user import User


def available(balance: int, held: int) -> int:
    """What can be used."""
    return balance - held


class Credits(Row[models.CreditAccount], require=Permission.WORKSPACE_READ):
    """What a workspace may let models write for. A credit pays for 1,000 micro-USD of what they cost, rounded up."""

    balance: int
    """Credits that were not used yet."""

    held: int
    """The part of them that is held back for what runs right now."""

    available: int = computed(available, models.CreditAccount.balance, models.CreditAccount.held)
    """What can be used: `balance` without `held`."""

    granted: int
    """The balance after the last credits came in: alerts are told when four fifths of it are used."""


class CreditEntry(Entity[models.CreditEntry], prefix="credit", require=Permission.WORKSPACE_READ):
    """One movement of credits. Entries are never changed."""

    kind: CreditKind = column(models.CreditEntry.kind)
    """Why they moved."""

    amount: int
    """How many: negative when they were used."""

    balance_after: int
    """The balance after it."""

    feature: str | None
    """What they were used for, such as `copilot`."""

    user: User | None = one(models.CreditEntry.user_id, models.User.id)
    """Who used or added them; null for the system."""

    at: datetime
    """When."""


class CreditOrder(Order):
    """In which order movements are listed."""

    NEWEST = desc(models.CreditEntry.at, "Latest first.")
    OLDEST = asc(models.CreditEntry.at, "First first.")


@strawberry.input
class CreditFilter(Filter):
    """Which movements to list."""

    kind: EnumFilter[CreditKind] | None = where(models.CreditEntry.kind)
    """Why they moved."""

    feature: TextFilter | None = where(models.CreditEntry.feature)
    """What they were used for."""

    at: TimeFilter | None = where(models.CreditEntry.at)
    """When."""
