"""Points for operations: a bucket for each credential in each workspace, in Redis, and spent from here in portions.

A portion is taken from the bucket and spent in this process without asking again, so that most operations cost no
round trip. What an operation did not use goes back into the portion. A portion is thrown away after some seconds:
whoever moves between processes loses a little, and never gains.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from core.errors import RateLimited
from core.limits import Quota, Throttle

# An import is what one person may ask for at full speed: batches of 200 contacts with their labels cost ten points a
# contact, so that this is 300 contacts a second for as long as they come, and 6,000 ahead of that.
SIGNED_IN: Final = Quota(limit=60_000, seconds=20)
# an office has one address, and each page of the explorer asks for the schema up to three times
ANONYMOUS: Final = Quota(limit=24_000, seconds=40)
LARGEST: Final = 5_000
_PORTION: Final = 1_000
_LIFETIME: Final = 5.0
_ACCOUNTS: Final = 10_000
_ROUNDING: Final = 1e-6


class OperationTooExpensive(RateLimited):
    """This operation costs too much at once: ask for smaller pages or send less at once, or ask for less below them."""

    code = "COST_EXCEEDED"

    def __init__(self, message: str | None = None, *, cost: Mapping[str, Any]) -> None:
        super().__init__(message)
        self.cost = cost


class BudgetSpent(RateLimited):
    """The points are spent: wait and try again, or ask for less."""

    def __init__(self, *, retry_after: float, cost: Mapping[str, Any]) -> None:
        super().__init__(retry_after=retry_after)
        self.cost = cost


@dataclass(slots=True)
class _Account:
    """What is left of a portion. `ahead` is the bucket's debt in seconds when the portion was taken."""

    left: int = 0
    ahead: float = 0.0
    taken_at: float = -_LIFETIME
    refilling: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def is_old(self) -> bool:
        """Whether its portion is thrown away."""
        return time.monotonic() - self.taken_at > _LIFETIME

    def told(self, quota: Quota) -> tuple[int, float]:
        """Return how many points remain in all, and when the bucket will be full: in seconds of the epoch."""
        debt = self.ahead - (time.monotonic() - self.taken_at)
        return _told(quota, self.left, debt if debt > 0 else 0.0)


class Charge(NamedTuple):
    """What one operation was charged."""

    account: _Account
    quota: Quota
    requested: int

    def settled(self, actual: int) -> dict[str, Any]:
        """Give back what was not used, and take what was used beyond; return what `extensions.cost` shows.

        What an operation costs beyond its price is owed: the next one pays it.
        """
        account, quota, requested = self
        account.left += requested - actual
        remaining, reset_at = account.told(quota)
        return {"requested": requested, "actual": actual, "remaining": remaining, "resetAt": reset_at}


class Budget:
    """Charges operations."""

    def __init__(self, throttle: Throttle) -> None:
        self._throttle = throttle
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    def charge_at_once(self, key: str, cost: int, quota: Quota) -> Charge | None:
        """Take points that are here before an operation runs; None when they have to be asked for."""
        account = self._accounts.get(key)
        if account is None or account.left < cost or account.is_old or cost > min(LARGEST, quota.limit):
            return None
        self._accounts.move_to_end(key)
        account.left -= cost
        return Charge(account, quota, cost)

    async def charge(self, key: str, cost: int, quota: Quota) -> Charge:
        """Take points before an operation runs.

        Raises:
            OperationTooExpensive: no bucket is large enough.
            RateLimited: this bucket is empty; says after how many seconds to try again.
        """
        most = min(LARGEST, quota.limit)
        if cost > most:
            message = (
                f"This operation may cost {cost} points, and {most} are the most: ask for smaller pages, or send less."
            )
            raise OperationTooExpensive(message, cost=await self._look(key, cost, quota))
        charged = self.charge_at_once(key, cost, quota)
        if charged is not None:
            return charged
        account = self._account(key)
        # one at a time: each of many at once would take a portion of its own
        async with account.refilling:
            if account.is_old or account.left < cost:
                await self._refill(key, account, cost, quota)
            account.left -= cost
        return Charge(account, quota, cost)

    def _account(self, key: str) -> _Account:
        account = self._accounts.get(key)
        if account is not None:
            self._accounts.move_to_end(key)
            return account
        account = self._accounts[key] = _Account()
        while len(self._accounts) > _ACCOUNTS:
            self._accounts.popitem(last=False)
        return account

    async def _refill(self, key: str, account: _Account, cost: int, quota: Quota) -> None:
        if account.is_old:
            account.left = min(0, account.left)
        # never more than there can be: what is owed beyond that is paid by later ones
        least = min(quota.limit, max(0, cost - account.left))
        portion = max(least, min(_PORTION, quota.limit // 4))
        try:
            standing = await self._throttle.spend(f"points:{key}", quota, portion)
        except RateLimited:
            portion = least
            try:
                standing = await self._throttle.spend(f"points:{key}", quota, portion)
            except RateLimited as refusal:
                debt = quota.seconds + refusal.retry_after - least * quota.interval
                told = _told(quota, account.left, debt)
                raise BudgetSpent(retry_after=refusal.retry_after, cost=_shown(cost, told)) from None
        account.left += portion
        account.ahead, account.taken_at = standing.resets_in, time.monotonic()

    async def _look(self, key: str, cost: int, quota: Quota) -> dict[str, Any]:
        """Return what `extensions.cost` shows of an operation that is not charged."""
        account = self._accounts.get(key)
        if account is not None and not account.is_old:
            return _shown(cost, account.told(quota))
        left = 0 if account is None else min(0, account.left)
        try:
            debt = (await self._throttle.spend(f"points:{key}", quota, 0)).resets_in
        except RateLimited as full:
            debt = quota.seconds + full.retry_after
        return _shown(cost, _told(quota, left, debt))


def _told(quota: Quota, left: int, debt: float) -> tuple[int, float]:
    remaining = left + (max(0, int((quota.seconds - debt) / quota.interval + _ROUNDING)) if debt else quota.limit)
    # to one digit, as `round` does in four times as long
    reset_at = int((time.time() + debt) * 10 + 0.5) / 10
    return 0 if remaining < 0 else min(remaining, quota.limit), reset_at


def _shown(cost: int, told: tuple[int, float]) -> dict[str, Any]:
    return {"requested": cost, "remaining": told[0], "resetAt": told[1]}
