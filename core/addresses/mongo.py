"""The address of MongoDB, as pymongo reads it."""

import re
import warnings
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any, Final
from urllib.parse import unquote_plus

from core.addresses.machines import called, readable, require_machines, require_scheme

_SCHEMES: Final = ("mongodb://", "mongodb+srv://")
_FILES: Final = ("tlscafile", "tlscertificatekeyfile", "tlscrlfile")
_BROKEN: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")
_LOGIN: Final = "write signs such as % : / @ in its user and its password as %25 %3A %2F %40"
_FORM: Final = "write it as mongodb://user:password@server:27017/database?option=value&option=value"
_TOGETHER: Final = "its options do not go together, or its files are no certificates: correct what follows the ?"


def mongo_address(value: str) -> str:
    """Return the address of MongoDB: one server, or several with commas between.

    Raises:
        ValueError: it is none, or pymongo would not take it, or would warn of it.
    """
    require_scheme(value, *_SCHEMES)
    rest, _, query = value.partition("://")[2].partition("?")
    login, _, named = rest.partition("/")[0].rpartition("@")
    if login.count(":") > 1 or "@" in login or _BROKEN.search(login):
        raise ValueError(_LOGIN)
    require_machines(named, _SCHEMES[0])
    if value.startswith(_SCHEMES[1]) and ("," in named or ":" in named):
        message = "name one server without a port after mongodb+srv://: DNS says which servers and ports it stands for"
        raise ValueError(message)
    pairs = query.replace(";", "&").split("&") if query else []
    for name, equals, text in (pair.partition("=") for pair in pairs):
        if not equals:
            raise ValueError(_FORM)
        if name.lower() in _FILES:
            readable(name, unquote_plus(text))
    _open(value, pairs)
    return value


def _open(value: str, pairs: Sequence[str]) -> None:
    """Have pymongo judge the whole: a client that does not connect. Name the option, if one alone is refused."""
    from pymongo import AsyncMongoClient
    from pymongo.errors import InvalidURI, PyMongoError

    try:
        with _strict():
            client: AsyncMongoClient[dict[str, Any]] = AsyncMongoClient(value, connect=False)
    except (PyMongoError, ValueError, TypeError, OSError, UserWarning) as error:
        wrong = next((pair.partition("=")[0] for pair in pairs if not _is_fit(pair)), None)
        if wrong is not None:
            message = f"correct {called(wrong)} or leave it out: pymongo knows no such option, or not with this value"
            raise ValueError(message) from None
        raise ValueError(_FORM if isinstance(error, InvalidURI) else _TOGETHER) from None
    del client


def _is_fit(pair: str) -> bool:
    """Tell whether pymongo knows an option, with its value."""
    from pymongo.errors import PyMongoError
    from pymongo.uri_parser import split_options, validate_options

    try:
        with _strict():
            validate_options(split_options(pair), warn=False)
    except (PyMongoError, ValueError, TypeError, OSError, UserWarning):
        return False
    return True


@contextmanager
def _strict() -> Generator[None]:
    """Let warnings of options be errors; but not those of what a server seems to be."""
    with warnings.catch_warnings(action="error", category=UserWarning):
        warnings.filterwarnings("ignore", message="You appear to be connected")
        yield
