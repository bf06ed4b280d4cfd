"""Addresses in settings: how they begin, and that they name a machine and a port that can be."""

from collections.abc import Iterator
from typing import Final
from urllib.parse import parse_qs, urlsplit

_PORT: Final = "write its port as a number, and signs such as # / @ in its password as %23 %2F %40"
_HOST: Final = "name its server, as in {}server"


def address(value: str, *schemes: str) -> str:
    """Return an address that begins with one of some schemes and names a server.

    Raises:
        ValueError: it does not. The text says what to write, and nothing of the value.
    """
    _require_scheme(value, schemes)
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        raise ValueError(_PORT) from None
    if not parts.hostname:
        raise ValueError(_HOST.format(schemes[0]))
    return value


def database_address(value: str) -> str:
    """Return the address of a PostgreSQL server; `?host=/a/folder` names a server on a socket.

    Raises:
        ValueError: it is none.
    """
    if value.startswith("postgres://"):
        value = value.replace("postgres://", "postgresql://", 1)
    schemes = ("postgresql://", "postgresql+asyncpg://")
    if value.startswith(schemes) and parse_qs(urlsplit(value).query).get("host"):
        return value
    return address(value, *schemes)


def redis_address(value: str) -> str:
    """Return the address of a Redis server, or of its socket (`unix:///a/file`).

    Raises:
        ValueError: it is none.
    """
    if value.startswith("unix://"):
        if not urlsplit(value).path:
            message = "name its socket, as in unix:///run/redis.sock"
            raise ValueError(message)
        return value
    return address(value, "redis://", "rediss://", "unix://")


def mongo_address(value: str) -> str:
    """Return the address of MongoDB: one server, or several with commas between.

    Raises:
        ValueError: it is none.
    """
    schemes = ("mongodb://", "mongodb+srv://")
    _require_scheme(value, schemes)
    machines = list(_machines(value))
    if not all(name for name, _ in machines):
        raise ValueError(_HOST.format(schemes[0]))
    if not all(port.isascii() and port.isdigit() for _, port in machines):
        raise ValueError(_PORT)
    return value


def _require_scheme(value: str, schemes: tuple[str, ...]) -> None:
    if not value.startswith(schemes):
        message = f"begin it with {' or '.join(schemes)}"
        raise ValueError(message)


def _machines(value: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the port of each server."""
    named = value.partition("://")[2].partition("?")[0].partition("/")[0].rpartition("@")[2]
    for each in named.split(","):
        name, colon, port = each.rpartition(":")
        is_bare = not colon or each.endswith("]")
        yield (each, "27017") if is_bare else (name, port)
