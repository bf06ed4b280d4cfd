"""What is logged, and how: lines of JSON in production, readable ones in development, never a secret or a person.

Keys that name secrets are blanked, and so is anything in a text that looks like a token, an e-mail address or a phone
number. That is a net, not a licence: nothing personal should be given to a log in the first place.
"""

import logging
import re
import sys
from collections.abc import Callable, Mapping, MutableMapping
from contextvars import ContextVar
from typing import Any, Final, cast

import structlog
from structlog.contextvars import STRUCTLOG_KEY_PREFIX, merge_contextvars

from core.settings import Environment

_BLANK: Final = "[removed]"
_SECRET_KEY: Final = re.compile(
    r"pass(word|wd|phrase)|secret|token|authorization|cookie|api_?key|private_?key|credential|^code$|recovery|otp|signature"
    r"|e_?mails?$|phone|telefone|celular|wa_?id|msisdn|cpf|cnpj|^to$|recipient",
    re.IGNORECASE,
)
_PERSONAL: Final = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"  # a JWT
    r"|(?<=://)[^/\s:@]*:[^\s@]+(?=@)"  # a login inside an address
    r"|[\w.+-]{1,64}(?:@|%40)[\w-]+(?:\.[\w-]+)+"  # an e-mail address
    r"|(?<![A-Za-z0-9])(?:sk|pk|rk|whsec|gsk|xox[a-z]|gh[a-z])[-_][\w-]{8,}|AIza[\w-]{20,}"  # a provider's key
    r"|(?i:(?<=bearer )|(?<=basic ))[\w+/=.~-]+"  # a line of the header `authorization`
    # a random token, as `secrets.token_urlsafe` makes them: long, with capitals, small letters and digits
    r"|(?<![\w/.-])(?=[\w-]*[A-Z])(?=[\w-]*[a-z])(?=[\w-]*\d)[\w-]{40,}(?![\w/-]|\.\w)"
    r"|(?<![A-Z0-9])[A-Z0-9]{2}\.[A-Z0-9]{3}\.[A-Z0-9]{3}/[A-Z0-9]{4}-\d\d(?!\d)"  # a CNPJ
    # a phone number, a CPF; a date begins like one, and is none
    r"|(?<![A-Za-z0-9.-])(?!\d{4}-\d\d-\d\d(?!\d))(?:\+|%2B)?\(?\d[\d ().-]{8,17}\d(?!\w)"
    # what a database adds to a refusal: the values of the row
    r"|(?<=\[parameters: ).+(?=\])|(?<=DETAIL:  ).+"
)
_NAMED: Final = re.compile(
    r"""(?P<name>(?:pass(?:word|wd|phrase)|secret|token|api_?key|authorization|cookie)["']?\s*[=:]\s*)"""
    r"""(?:"[^"]*"|'[^']*'|(?:(?:bearer|basic)\s+)?[^\s"',;&}\])]+)""",
    re.IGNORECASE,
)
_LIKE_A_NUMBER_OF_SOMEBODY: Final = range(10**10, 10**13)
_NOISY: Final = (
    "alembic",
    "asyncio",
    "httpx",
    "pgqueuer",
    "pymongo",
    "qdrant_client",
    "uvicorn.error",
    "websockets",
)
_OURS: Final = frozenset({"timestamp", "level", "logger", "request_id"})
_REQUEST: Final[ContextVar[str]] = ContextVar(f"{STRUCTLOG_KEY_PREFIX}request_id")
"""What `bind_contextvars(request_id=...)` sets, which makes its name anew each time."""
_DEPTH: Final = 6
_ITEMS: Final = 100

Event = MutableMapping[str, Any]
Processor = Callable[[object, str, Event], Event]


def configure(env: Environment, level: str, report: Processor | None = None) -> None:
    """Set up logging for the process, that of libraries included. `report` sees every line, with its error."""
    shared: list[Any] = [
        merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        *([report] if report is not None else []),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        # what is too quiet for the level is dropped before anything is made of it
        wrapper_class=structlog.make_filtering_bound_logger(level),
        cache_logger_on_first_use=True,
    )
    # tracebacks are texts by then: a prettier one would show the values of variables
    pretty = structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback
    )
    renderer = structlog.processors.JSONRenderer() if env is Environment.PRODUCTION else pretty
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for noisy in _NOISY:
        logging.getLogger(noisy).setLevel(logging.WARNING)


def bind_request(request_id: str) -> None:
    """Put a request's id on every line that is logged from here on in this task, and in those that it makes."""
    _REQUEST.set(request_id)


def redact(logger: object, method: str, event: Event) -> Event:
    """Blank secrets and personal data of a line."""
    del logger, method
    for key, value in event.items():
        if key not in _OURS and not key.startswith("_"):
            event[key] = _clean(key, value, _DEPTH)
    return event


def redacted(values: Mapping[str, object]) -> dict[str, object]:
    """Return the same for whatever else leaves the process."""
    return {key: _clean(key, value, _DEPTH) for key, value in values.items()}


def cleaned(text: str) -> str:
    """Return a text without what looks like a secret or like personal data."""
    return _PERSONAL.sub(_BLANK, _NAMED.sub(rf"\g<name>{_BLANK}", text))


def _clean(key: str, value: object, depth: int) -> object:
    if _SECRET_KEY.search(key) and value is not None and not isinstance(value, bool):
        return _BLANK
    match value:
        case None | bool() | float():
            return value
        case int():
            return _BLANK if abs(value) in _LIKE_A_NUMBER_OF_SOMEBODY else value
        case Mapping() if depth:
            given = cast("Mapping[object, object]", value)
            return {cleaned(str(k)): _clean(str(k), v, depth - 1) for k, v in list(given.items())[:_ITEMS]}
        case list() | tuple() | set() | frozenset() if depth:
            several = cast("list[object]", value)
            return [_clean("", each, depth - 1) for each in list(several)[:_ITEMS]]
        case _:
            return cleaned(str(value))
