"""Which addresses are machines of the public internet: what a stranger's link may lead to.

The registries of IANA for special purposes are written out, because the standard library's idea of them changed between
releases of Python. IPv6 that carries an IPv4 address inside (mapped, 6to4, Teredo, NAT64) is refused as a whole.
"""

from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network
from typing import Final

Address = IPv4Address | IPv6Address

_NOT_PUBLIC: Final = tuple(
    map(
        IPv4Network,
        (
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "168.63.129.16/32",  # looks public, and is the host of every machine in Azure
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.0.2.0/24",
            "192.88.99.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "198.51.100.0/24",
            "203.0.113.0/24",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ),
    )
)
_UNICAST: Final = IPv6Network("2000::/3")
"""All that IANA has given to the public internet: everything outside is local, reserved, mapped or NAT64."""

_NOT_PUBLIC_6: Final = tuple(
    map(
        IPv6Network,
        (
            "2001::/23",  # Teredo, ORCHID, benchmarks
            "2001:db8::/32",
            "2002::/16",
            "2620:4f:8000::/48",
            "3fff::/20",
        ),
    )
)


def is_public(address: Address) -> bool:
    """Tell whether an address is routed on the public internet, and nowhere else."""
    if isinstance(address, IPv4Address):
        return not any(address in each for each in _NOT_PUBLIC)
    if address.scope_id is not None or address not in _UNICAST:
        return False
    return not any(address in each for each in _NOT_PUBLIC_6)
