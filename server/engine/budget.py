"""Points for operations: a bucket for each credential in each workspace, in Redis, and spent from here in portions.

A portion is taken from the bucket and spent in this process without asking again, so that most operations cost no
round trip. What an operation did not use goes back into the portion. A portion is thrown away after some seconds:
whoever moves between processes loses a little, and never gains.
"""

import asyncio
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import Any, Final

from core.errors import RateLimited
from core.limits import Quota, Throttle

SIGNED_IN: Final = Quota(limit=40_000, seconds=20)
ANONYMOUS: Final = Quota(limit=4_000, seconds=40)
LARGEST: Final = 5_000
_PORTION: Final = 1_000
_LIFETIME: Final = 5.0
_ACCOUNTS: Final = 10_000


class OperationTooExpensive(RateLimited):
    """This operation costs too much at once: ask for smaller pages, or for fewer things below them."""

    code = "COST_EXCEEDED"


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """What one operation was charged."""

    account: _Account
    quota: Quota
    requested: int

    def settled(self, actual: int) -> dict[str, Any]:
        """Give back what was not used; return what `extensions.cost` shows."""
        actual = min(actual, self.requested)
        self.account.left += self.requested - actual
        ahead = max(0.0, self.account.ahead - (time.monotonic() - self.account.taken_at))
        in_bucket = int((self.quota.seconds - ahead) / self.quota.interval)
        return {
            "requested": self.requested,
            "actual": actual,
            "remaining": min(self.quota.limit, max(0, in_bucket) + self.account.left),
            "resetAt": round(time.time() + ahead, 1),
        }


class Budget:
    """Charges operations."""

    def __init__(self, throttle: Throttle) -> None:
        self._throttle = throttle
        self._accounts: OrderedDict[str, _Account] = OrderedDict()

    async def charge(self, key: str, cost: int, quota: Quota) -> Charge:
        """Take points before an operation runs.

        Raises:
            OperationTooExpensive: no bucket is large enough.
            RateLimited: this bucket is empty; says after how many seconds to try again.
        """
        most = min(LARGEST, quota.limit)
        if cost > most:
            message = f"This operation may cost {cost} points, and {most} are the most: ask for smaller pages."
            raise OperationTooExpensive(message)
        account = self._account(key)
        if account.is_old or account.left < cost:
            # one at a time: each of many at once would take a portion of its own
            async with account.refilling:
                if account.is_old or account.left < cost:
                    await self._refill(key, account, cost, quota)
                account.left -= cost
        else:
            account.left -= cost
        return Charge(account=account, quota=quota, requested=cost)

    def _account(self, key: str) -> _Account:
        account = self._accounts.setdefault(key, _Account())
        self._accounts.move_to_end(key)
        while len(self._accounts) > _ACCOUNTS:
            self._accounts.popitem(last=False)
        return account

    async def _refill(self, key: str, account: _Account, cost: int, quota: Quota) -> None:
        if account.is_old:
            account.left = min(0, account.left)
        portion = max(0, cost - account.left, min(_PORTION, quota.limit // 4))
        try:
            standing = await self._throttle.spend(f"points:{key}", quota, portion)
        except RateLimited:
            portion = max(0, cost - account.left)
            standing = await self._throttle.spend(f"points:{key}", quota, portion)
        account.left += portion
        account.ahead, account.taken_at = standing.resets_in, time.monotonic()
