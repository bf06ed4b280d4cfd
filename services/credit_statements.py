"""What holds credits back and settles them: one statement each, so that the account's row is locked for no round trip.

Both are by the request's id, and change nothing the second time. `services.crediting` says what they mean.
"""

from typing import Final, cast

from sqlalchemy import Table, Uuid, bindparam, exists, func, select, update
from sqlalchemy.dialects.postgresql import insert

from core.database.texts import Prepared
from models import CreditAccount, CreditBudget, CreditEntry, CreditHold, CreditKind, HoldState

_accounts = cast("Table", CreditAccount.__table__)
_budgets = cast("Table", CreditBudget.__table__)
_entries = cast("Table", CreditEntry.__table__)
_holds = cast("Table", CreditHold.__table__)

_WORKSPACE: Final = bindparam("workspace", type_=Uuid())
_REQUEST: Final = bindparam("request", type_=Uuid())
_AMOUNT: Final = bindparam("credits", type_=_holds.c.amount.type)
_PRICE: Final = bindparam("price", type_=_holds.c.amount.type)

_taken = (
    insert(_holds)
    .values(
        workspace_id=_WORKSPACE,
        id=_REQUEST,
        feature=bindparam("of"),
        amount=_AMOUNT,
        state=HoldState.HELD,
        user_id=bindparam("user"),
        expires_at=bindparam("until"),
    )
    .on_conflict_do_nothing()
    .returning(_holds.c.id)
    .cte("taken")
)
_covered = (
    update(_accounts)
    .where(
        _accounts.c.workspace_id == _WORKSPACE,
        _accounts.c.balance - _accounts.c.held >= _AMOUNT,
        exists(select(_taken.c.id)),
    )
    .values(held=_accounts.c.held + _AMOUNT)
    .returning(_accounts.c.workspace_id)
    .cte("covered")
)
_monthly = select(_budgets.c.monthly).where(
    _budgets.c.workspace_id == _WORKSPACE, _budgets.c.feature == bindparam("of")
)
HOLD: Final = Prepared(
    select(
        exists(select(_taken.c.id)).label("is_taken"),
        exists(select(_covered.c.workspace_id)).label("is_covered"),
        _monthly.scalar_subquery().label("monthly"),
    ),
    ("workspace", "request", "of", "credits", "user", "until"),
)
"""Holds `credits` for `request`, of a feature (`of`) and for a `user`, `until` a moment. One row: `is_taken` unless the
request has a hold, `is_covered` when there were as many credits, and what the feature may use in a month. What is taken
and not covered has to be rolled back.
"""

_here = (_holds.c.workspace_id == _WORKSPACE, _holds.c.id == _REQUEST, _holds.c.state == HoldState.HELD)
# the account first, as everywhere: who waits for it sees what was changed meanwhile
_account = (
    select(_accounts)
    .where(_accounts.c.workspace_id == _WORKSPACE, exists(select(_holds.c.id).where(*_here)))
    .with_for_update()
    .cte("account")
)
_free = _account.c.balance - _account.c.held + _holds.c.amount
_over = (
    update(_holds)
    .where(*_here, _holds.c.workspace_id == _account.c.workspace_id)
    .values(state=HoldState.SETTLED)
    .returning(
        _holds.c.workspace_id,
        _holds.c.amount,
        _holds.c.feature,
        _holds.c.user_id,
        func.least(_PRICE, _free, type_=_holds.c.amount.type).label("cost"),
    )
    .cte("over")
)
_paid = (
    update(_accounts)
    .where(_accounts.c.workspace_id == _over.c.workspace_id)
    .values(balance=_accounts.c.balance - _over.c.cost, held=_accounts.c.held - _over.c.amount)
    .returning(
        *(_accounts.c.balance, _accounts.c.granted, _accounts.c.alerted),
        *(_over.c.cost, _over.c.feature, _over.c.user_id),
    )
    .cte("paid")
)
_noted = (
    insert(_entries)
    .from_select(
        ("workspace_id", "id", "kind", "amount", "balance_after", "feature", "request_id", "user_id", "at"),
        select(
            _WORKSPACE,
            bindparam("entry", type_=Uuid()),
            bindparam("kind", CreditKind.CONSUME, type_=_entries.c.kind.type),
            -_paid.c.cost,
            _paid.c.balance,
            _paid.c.feature,
            _REQUEST,
            _paid.c.user_id,
            bindparam("moment", type_=_entries.c.at.type),
        ).where(_paid.c.cost > 0),
    )
    .cte("noted")
)
SETTLE: Final = Prepared(
    select(_paid.c.cost, _paid.c.balance, _paid.c.granted, _paid.c.alerted).add_cte(_noted),
    ("workspace", "request", "price", "entry", "moment"),
)
"""Takes `price`, or what is left when that is less, for what `request` holds, and notes it as `entry` at a `moment`.
One row, of the account as it is then; none when nothing was held any more.
"""
