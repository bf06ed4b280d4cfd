"""How often accounts may be tried: by account, by address, and in all. Sources: OWASP's Authentication Cheat Sheet."""

from dataclasses import dataclass
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Final

from core.ground import Ground
from core.limits import Quota
from services.access import Origin

_MINUTE: Final = 60.0
_HOUR: Final = 3_600.0
_SITE_BITS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """What is counted, and how much of it is allowed."""

    name: str
    quota: Quota


LOGIN_BY_ACCOUNT: Final = Limit(name="login account", quota=Quota(limit=10, seconds=15 * _MINUTE))
LOGIN_BY_ADDRESS: Final = Limit(name="login address", quota=Quota(limit=60, seconds=15 * _MINUTE))
LOGIN_IN_ALL: Final = Limit(name="login", quota=Quota(limit=1_200, seconds=_MINUTE))
REGISTER_BY_ADDRESS: Final = Limit(name="register address", quota=Quota(limit=20, seconds=_HOUR))
RESET_BY_ACCOUNT: Final = Limit(name="reset account", quota=Quota(limit=3, seconds=_HOUR))
RESET_BY_ADDRESS: Final = Limit(name="reset address", quota=Quota(limit=20, seconds=_HOUR))
LINK_BY_ADDRESS: Final = Limit(name="link address", quota=Quota(limit=30, seconds=_HOUR))
REFRESH_BY_ADDRESS: Final = Limit(name="refresh address", quota=Quota(limit=600, seconds=15 * _MINUTE))
SECOND_FACTOR: Final = Limit(name="second factor", quota=Quota(limit=5, seconds=15 * _MINUTE))
PASSWORD_CHECK: Final = Limit(name="password check", quota=Quota(limit=10, seconds=15 * _MINUTE))


async def spend_at(ground: Ground, limit: Limit, origin: Origin) -> None:
    """Count one try from an address; raise `RateLimited` when there were too many."""
    await spend(ground, limit, place_of(origin))


async def spend(ground: Ground, limit: Limit, subject: str = "") -> None:
    """Count one try of a subject (an account, an address); raise `RateLimited` when there were too many."""
    await ground.throttle.spend(f"{limit.name}:{subject}", limit.quota)


async def clear(ground: Ground, limit: Limit, subject: str) -> None:
    """Forget a subject's tries."""
    await ground.throttle.clear(f"{limit.name}:{subject}")


def place_of(origin: Origin) -> str:
    """Return what counts as one address. A site has 2^64 of IPv6 (RFC 6177), so its network counts."""
    try:
        address = ip_address(origin.ip or "")
    except ValueError:
        return origin.ip or ""
    if not isinstance(address, IPv6Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((int(address), _SITE_BITS), strict=False))
