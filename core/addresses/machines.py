"""What addresses of all stores have in common: a scheme, machines with ports, options and files."""

import re
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

_PORT: Final = "write its port as a number, and signs such as # / @ in its password as %23 %2F %40"
_RANGE: Final = "write its port as a number from 1 to 65535"
_HOST: Final = "name its server, as in {}server"
_NAME: Final = "name its server by a host name or an IP address that can be"
_BRACKETS: Final = "write an IPv6 address as [::1], and signs such as [ ] # / @ in its password as %5B %5D %23 %2F %40"
_PORTS: Final = 65_535
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z_]{0,39}")
_NO_NAME: Final = re.compile(r"[\s\x00-\x20\x7f/\\?#@:%<>\[\]\"'`,;]")


def address(value: str, *schemes: str) -> str:
    """Return an address that begins with one of some schemes and names a server.

    Raises:
        ValueError: it does not. The text says what to write, and nothing of the value.
    """
    require_scheme(value, *schemes)
    parts = split(value)
    try:
        port = parts.port
    except ValueError:
        raise ValueError(_PORT) from None
    if not parts.hostname:
        raise ValueError(_HOST.format(schemes[0]))
    if port == 0:
        raise ValueError(_RANGE)
    machine(unquote(parts.hostname))
    return value


def require_scheme(value: str, *schemes: str) -> None:
    """Refuse an address that begins otherwise, or has signs that no address has.

    Raises:
        ValueError: it does.
    """
    if not value.startswith(schemes):
        message = f"begin it with {' or '.join(schemes)}"
        raise ValueError(message)
    if any(each < " " or each == "\x7f" for each in value):
        message = "write it in one line, without tabs"
        raise ValueError(message)


def split(value: str) -> SplitResult:
    """Split an address into its parts.

    Raises:
        ValueError: its brackets do not close, or a sign in it stands for another.
    """
    try:
        return urlsplit(value)
    except ValueError:
        raise ValueError(_BRACKETS) from None


def machine(name: str) -> str:
    """Return the name of a machine, or its IP address without brackets.

    Raises:
        ValueError: no machine can have this name.
    """
    try:
        ip_address(name)
    except ValueError:
        pass
    else:
        return name
    try:
        name.encode("idna")
    except UnicodeError:
        raise ValueError(_NAME) from None
    if not name or _NO_NAME.search(name):
        raise ValueError(_NAME)
    return name


def require_machines(named: str, scheme: str) -> None:
    """Refuse a list of servers, with commas between, in which one has no name or no port that can be.

    Raises:
        ValueError: there is one. A name that begins with / is a socket's, and is not looked at.
    """
    for name, number in _machines(unquote(named)):
        if not name:
            raise ValueError(_HOST.format(scheme))
        if name.startswith("/"):
            continue
        if name.startswith("[") != name.endswith("]"):
            raise ValueError(_BRACKETS)
        port(number)
        machine(name.removeprefix("[").removesuffix("]"))


def _machines(named: str) -> Iterator[tuple[str, str]]:
    """Yield the name and the port of each server."""
    for each in named.split(","):
        name, colon, number = each.rpartition(":")
        is_bare = not colon or each.endswith("]")
        yield (each, "1") if is_bare else (name, number)


def port(number: str) -> None:
    """Refuse a port that cannot be.

    Raises:
        ValueError: it cannot.
    """
    if not (number.isascii() and number.isdigit()):
        raise ValueError(_PORT)
    if len(number) > len(str(_PORTS)) or not 1 <= int(number) <= _PORTS:
        raise ValueError(_RANGE)


def readable(option: str, path: str) -> None:
    """Refuse a file that an option names and this process cannot read.

    Raises:
        ValueError: it cannot.
    """
    try:
        with Path(path).open("rb"):
            pass
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such file"
        message = f"the file {path!r} of its {option} cannot be read ({reason}): name one that this process may read"
        raise ValueError(message) from None


def folder(option: str, path: str) -> None:
    """Refuse a folder that an option names and that is none.

    Raises:
        ValueError: it is none.
    """
    try:
        is_folder = Path(path).is_dir()
    except (OSError, ValueError):
        is_folder = False
    if not is_folder:
        message = f"the folder {path!r} of its {option} cannot be read: name one that this process may read"
        raise ValueError(message)


def called(option: str) -> str:
    """Return the name of an option to be shown; what cannot be a name may be a part of a password, and is not."""
    return f"the option {option}" if _WORD.fullmatch(option) else "an option"
