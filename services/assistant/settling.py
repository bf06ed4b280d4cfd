"""The books of one request: credits held before it, and after it what it cost, in one transaction with its usage row.

Both are by the request's id, so that they may be tried again. What was held for a request whose process died is given
back when its lease runs out (`services.crediting`).
"""

import asyncio
from dataclasses import dataclass, field, replace
from typing import Final, cast
from uuid import UUID

import structlog
from sqlalchemy import Table, Uuid, bindparam, select
from sqlalchemy.dialects.postgresql import insert

from ai.catalogue import Model
from ai.errors import FailureKind
from ai.messages import Usage
from ai.results import LOCAL
from core import clock
from core.database import DatabaseAway, DatabaseBusy
from core.database.texts import Prepared
from core.ground import Ground
from core.settings import Strategy
from models import AiUsage, Contact, CreditAccount, Feature, Outcome, RoutingStrategy
from services import crediting, suggestions
from services.access import Actor
from services.suggestions import SuggestionDraft
from services.transaction import Transaction, begin

_TRIES: Final = 4
_AGAIN: Final = 0.25
_TIMEOUT: Final = 10.0

_accounts = cast("Table", CreditAccount.__table__)
_contacts = cast("Table", Contact.__table__)
_usage = cast("Table", AiUsage.__table__)
_WORKSPACE: Final = bindparam("workspace_id", type_=Uuid())

# a contact that is there still is kept from being deleted until the commit
_contact = (
    select(_contacts.c.id)
    .where(_contacts.c.workspace_id == _WORKSPACE, _contacts.c.id == bindparam("contact_id"))
    .with_for_update(read=True, key_share=True)
    .cte("contact")
)
_row_of_usage = (
    insert(_usage)
    .values(
        {each.name: bindparam(each.name, type_=each.type) for each in _usage.c}
        | {"workspace_id": _WORKSPACE, "contact_id": select(_contact.c.id).scalar_subquery()}
    )
    .on_conflict_do_nothing()
    .cte("noted")
)
_left = select(_accounts.c.balance - _accounts.c.held).where(_accounts.c.workspace_id == _WORKSPACE)
_NOTE: Final = Prepared(
    select(
        select(_contact.c.id).scalar_subquery().label("contact_id"), _left.scalar_subquery().label("credits_left")
    ).add_cte(_row_of_usage),
    ("workspace_id", "contact_id", *(each.name for each in _usage.c)),
)
"""Writes the usage row of a request, once, with the contact while there is one. One row: the contact's id, and how many
credits can be used then.
"""

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlay:
    """What became of a request: money in micro-USD, times in milliseconds.

    `spent` is what providers counted for all attempts, `charged` the part of it that the workspace pays for. Without a
    `model`, none was asked, or none answered.
    """

    feature: Feature
    outcome: Outcome
    model: Model | None = None
    strategy: Strategy | None = None
    failure: FailureKind | None = None
    spent: Usage = field(default_factory=Usage)
    charged: int = 0
    attempts: int = 0
    is_cached: bool = False
    is_own_key: bool = False
    first_token_ms: float | None = None
    took_ms: float = 0.0
    contact_id: UUID | None = None
    persona: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """What a request cost in credits, and how many can be used now."""

    credits: int
    credits_left: int


async def hold(ground: Ground, actor: Actor, request_id: UUID, feature: Feature, micro_usd: int) -> None:
    """Hold back what a request may cost.

    Raises:
        CreditsSpent, FeatureBudgetSpent: there are not as many credits.
    """
    async with begin(ground, actor) as tx:
        await crediting.hold(tx, request_id, feature.value, crediting.price_of(micro_usd))


async def finish(
    ground: Ground, actor: Actor, request_id: UUID, outlay: Outlay, offered: SuggestionDraft | None = None
) -> Books:
    """Settle a request, write its usage row, and keep what is `offered`, in one transaction. Tried again when the
    database is away: when it stays away, what was held runs out by itself, and the log has what the row would have had.
    """
    for tries in range(1, _TRIES + 1):
        try:
            async with asyncio.timeout(_TIMEOUT), begin(ground, actor) as tx:
                return await _written(tx, request_id, outlay, offered)
        except (DatabaseAway, DatabaseBusy, TimeoutError):
            if tries == _TRIES:
                log.exception(
                    "the usage of a model was not written",
                    request=str(request_id),
                    feature=outlay.feature.value,
                    micro_usd=outlay.spent.micro_usd,
                )
                return Books(credits=0, credits_left=0)
            await asyncio.sleep(_AGAIN * 2**tries)
    raise AssertionError("the last try returns")


async def _written(tx: Transaction, request_id: UUID, outlay: Outlay, offered: SuggestionDraft | None) -> Books:
    cost = await crediting.settle(tx, request_id, outlay.charged)
    [noted] = await tx.session.fetch(_NOTE.sql, *_NOTE.arguments(_row(tx, request_id, outlay, cost)))
    if offered is not None:
        await suggestions.offer(tx, replace(offered, contact_id=noted["contact_id"]))
    return Books(credits=cost, credits_left=noted["credits_left"] or 0)


def _row(tx: Transaction, request_id: UUID, outlay: Outlay, cost: int) -> dict[str, object]:
    model = outlay.model
    return {
        "workspace_id": tx.workspace_id,
        "id": request_id,
        "feature": outlay.feature,
        "outcome": outlay.outcome,
        "provider": LOCAL if model is None else model.provider,
        "model": None if model is None else model.key,
        "strategy": None if outlay.strategy is None else RoutingStrategy(outlay.strategy.value),
        "failure": None if outlay.failure is None else outlay.failure.value,
        "user_id": tx.actor.user_id,
        "contact_id": outlay.contact_id,
        "persona": outlay.persona,
        "input_tokens": outlay.spent.input_tokens,
        "output_tokens": outlay.spent.output_tokens,
        "micro_usd": outlay.spent.micro_usd,
        "credits": cost,
        "attempts": outlay.attempts,
        "is_estimated": outlay.spent.is_estimated,
        "is_cached": outlay.is_cached,
        "is_own_key": outlay.is_own_key,
        "first_token_ms": None if outlay.first_token_ms is None else round(outlay.first_token_ms),
        "took_ms": round(outlay.took_ms),
        "at": clock.now(),
    }
