"""The address of PostgreSQL, as asyncpg reads it, without what only libpq would make something of."""

import os
import re
import warnings
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import parse_qs

from core.addresses.machines import port, readable, require_machines, require_scheme, split

_SCHEMES: Final = ("postgresql://", "postgresql+asyncpg://")
_BROKEN: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_LOGIN: Final = "write signs such as % # / @ in its user and its password as %25 %23 %2F %40"
_FORM: Final = "write it as postgresql://user:password@server:5432/database?sslmode=require"
_PAIRS: Final = "write what follows the ? as parameter=value, with & between"
_FILES: Final = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
_CERTIFICATES: Final = "the files of its sslrootcert, sslcert, sslkey and sslcrl are no certificates that can be loaded"
_ROOT: Final = "name the file of the root certificate in its sslrootcert: its sslmode asks for one"
_VERSIONS: Final = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_MODES: Final = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_CHOICES: Final[Mapping[str, tuple[str, ...]]] = {
    "sslmode": _MODES,
    "sslnegotiation": ("postgres", "direct"),
    "ssl_min_protocol_version": _VERSIONS,
    "ssl_max_protocol_version": _VERSIONS,
    "target_session_attrs": ("any", "primary", "standby", "read-write", "read-only", "prefer-standby"),
    "gsslib": ("gssapi", "sspi"),
    "gssencmode": ("disable", "prefer"),
    "channel_binding": ("disable", "prefer"),
    "load_balance_hosts": ("disable", "random"),
}
_BINDING: Final = (
    "leave channel_binding=require out: asyncpg cannot bind a login to TLS;"
    " sslmode=verify-full makes sure of the server instead"
)
# what libpq does for itself, and this process in its own way or not at all
_LIBPQ: Final = frozenset(
    {
        "connect_timeout",
        "keepalives",
        "keepalives_idle",
        "keepalives_interval",
        "keepalives_count",
        "tcp_user_timeout",
        "gssencmode",
        "channel_binding",
        "application_name",
        "fallback_application_name",
        "client_encoding",
        "load_balance_hosts",
        "sslsni",
        "sslcompression",
        "gssdelegation",
    }
)

_INHERITED: Final = (
    "PGPORT",
    "PGSSLMODE",
    "PGSSLNEGOTIATION",
    "PGSSLROOTCERT",
    "PGSSLCERT",
    "PGSSLKEY",
    "PGSSLCRL",
    "PGSSLMINPROTOCOLVERSION",
    "PGSSLMAXPROTOCOLVERSION",
    "PGTARGETSESSIONATTRS",
)
# what the address alone may say
_UNSAID: Final = (
    "host",
    "port",
    "user",
    "password",
    "passfile",
    "database",
    "ssl",
    "service",
    "servicefile",
    "direct_tls",
    "server_settings",
    "target_session_attrs",
    "krbsrvname",
    "gsslib",
)


def database_address(value: str) -> str:
    """Return the address of a PostgreSQL server, for asyncpg; `?host=/a/folder` names a server on a socket.

    Raises:
        ValueError: it is none, or asyncpg would not take it.
    """
    if value.startswith("postgres://"):
        value = value.replace("postgres://", "postgresql://", 1)
    require_scheme(value, *_SCHEMES)
    parts = split(value)
    options = _options(parts.query)
    login, _, named = parts.netloc.rpartition("@")
    if "@" in login or _BROKEN.search(login):
        raise ValueError(_LOGIN)
    if named or "host" not in options:
        require_machines(named, _SCHEMES[0])
    _judge(options)
    value = _without_libpq(value)
    _parse(value.replace(_SCHEMES[1], _SCHEMES[0], 1))
    return value


def _options(query: str) -> Mapping[str, str]:
    if not query:
        return {}
    try:
        found = parse_qs(query, strict_parsing=True, keep_blank_values=True)
    except ValueError:
        raise ValueError(_PAIRS) from None
    return {name: values[-1] for name, values in found.items()}


def _judge(options: Mapping[str, str]) -> None:
    """Refuse what a parameter cannot be."""
    if options.get("channel_binding") == "require":
        raise ValueError(_BINDING)
    for name, choices in _CHOICES.items():
        if name in options and options[name] not in choices:
            message = f"set its {name} to {', '.join(choices[:-1])} or {choices[-1]}"
            raise ValueError(message)
    if "host" in options:
        require_machines(options["host"], _SCHEMES[0])
    for number in options["port"].split(",") if "port" in options else ():
        port(number)
    for name in _FILES:
        if name in options:
            readable(name, options[name])


def _without_libpq(value: str) -> str:
    """Return the address without parameters that asyncpg would hand on to the server, which does not know them."""
    address, mark, query = value.partition("?")
    kept = [pair for pair in query.partition("#")[0].split("&") if pair.partition("=")[0] not in _LIBPQ]
    return f"{address}{mark}{'&'.join(kept)}" if any(kept) else address


def _parse(dsn: str) -> None:
    """Have asyncpg judge the whole. Nothing public in it reads an address without connecting."""
    import asyncpg  # pyright: ignore[reportMissingTypeStubs]
    from asyncpg import connect_utils  # pyright: ignore[reportMissingTypeStubs]

    library: Any = asyncpg
    utilities: Any = connect_utils
    parse = utilities._parse_connect_dsn_and_args  # noqa: SLF001
    try:
        with warnings.catch_warnings(action="ignore"):
            parse(dsn=dsn, **dict.fromkeys(_UNSAID))
    except library.InterfaceError as error:
        raise ValueError(_besides(_ROOT if "root certificate" in str(error) else _FORM)) from None
    except OSError:
        raise ValueError(_besides(_CERTIFICATES)) from None
    except (ValueError, LookupError):
        raise ValueError(_besides(_FORM)) from None


def _besides(remedy: str) -> str:
    """Add to a remedy the variables of libpq that are set, because asyncpg reads them too."""
    also = [name for name in _INHERITED if os.environ.get(name)]
    return f"{remedy}; or correct {', '.join(also)}, which asyncpg reads as well" if also else remedy
