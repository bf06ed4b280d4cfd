"""The address of Redis, or of a server that speaks its protocol, as redis-py reads it."""

import math
from typing import Any, Final
from urllib.parse import parse_qs, unquote

from core.addresses.machines import address, called, folder, readable, require_scheme, split

_SCHEMES: Final = ("redis://", "rediss://", "unix://")
_PLAIN: Final = frozenset(
    {
        "db",
        "username",
        "password",
        "socket_timeout",
        "socket_connect_timeout",
        "socket_keepalive",
        "retry_on_timeout",
        "max_connections",
        "health_check_interval",
        "client_name",
        "protocol",
    }
)
_TLS: Final = frozenset(
    {
        "ssl_keyfile",
        "ssl_certfile",
        "ssl_cert_reqs",
        "ssl_include_verify_flags",
        "ssl_exclude_verify_flags",
        "ssl_ca_certs",
        "ssl_ca_data",
        "ssl_ca_path",
        "ssl_check_hostname",
        "ssl_ciphers",
        "ssl_password",
    }
)
_TIMES: Final = ("socket_timeout", "socket_connect_timeout")
_FILES: Final = ("ssl_ca_certs", "ssl_certfile", "ssl_keyfile")


def redis_address(value: str) -> str:
    """Return the address of a Redis server, or of its socket (`unix:///a/file`).

    Raises:
        ValueError: it is none, or redis-py would not take it.
    """
    require_scheme(value, *_SCHEMES)
    parts = split(value)
    if parts.scheme != "unix":
        address(value, *_SCHEMES)
        database = unquote(parts.path).strip("/")
        if database and not (database.isascii() and database.isdigit()):
            message = "write its database as a number, as in redis://server:6379/0"
            raise ValueError(message)
    elif not parts.path:
        message = "name its socket, as in unix:///run/redis.sock"
        raise ValueError(message)
    try:
        options = parse_qs(parts.query, keep_blank_values=True, strict_parsing=bool(parts.query))
    except ValueError:
        message = "write what follows the ? as option=value, with & between"
        raise ValueError(message) from None
    for name, values in options.items():
        _judge(name, unquote(values[0]), f"{parts.scheme}://")
    _open(value)
    return value


def _judge(name: str, text: str, scheme: str) -> None:
    """Refuse an option that redis-py does not know, or not with this value, or whose file cannot be read."""
    from redis.asyncio.connection import URL_QUERY_ARGUMENT_PARSERS

    if name in _TLS and scheme != "rediss://":
        message = f"leave {called(name)} out, or begin the address with rediss://, which is Redis over TLS"
        raise ValueError(message)
    if name not in _PLAIN | _TLS:
        message = f"leave {called(name)} out: nothing here knows it"
        raise ValueError(message)
    if name in _FILES:
        readable(name, text)
    if name == "ssl_ca_path":
        folder(name, text)
    parse: Any = URL_QUERY_ARGUMENT_PARSERS.get(name, str)
    try:
        is_fit = _is_fit(name, parse(text))
    except (TypeError, ValueError):
        is_fit = False
    if not is_fit:
        message = f"correct {called(name)}: redis-py can do nothing with its value"
        raise ValueError(message)


def _is_fit(name: str, value: Any) -> bool:
    return (name not in _TIMES or 0 < value < math.inf) and (name != "db" or value >= 0)


def _open(value: str) -> None:
    """Have redis-py judge the whole: a connection that is made, and not opened."""
    from redis.asyncio import ConnectionPool
    from redis.exceptions import RedisError

    try:
        pool: Any = ConnectionPool.from_url(value)  # pyright: ignore[reportUnknownMemberType]
        connection = pool.connection_class(**pool.connection_kwargs)
        tls = getattr(connection, "ssl_context", None)
        if tls is not None:
            tls.get()
    except (RedisError, OSError, TypeError, ValueError):
        message = "correct what follows the ?: redis-py refuses a value there, or a file is no certificate"
        raise ValueError(message) from None
