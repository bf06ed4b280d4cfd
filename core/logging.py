"""What is logged, and how: lines of JSON in production, readable ones in development, never a secret or a person.

Keys that name secrets are blanked, and so is anything in a text that looks like a token, an e-mail address or a phone
number. That is a net, not a licence: nothing personal should be given to a log in the first place.
"""

import logging
import re
import sys
from collections.abc import Generator, Mapping, MutableMapping
from contextlib import contextmanager
from typing import Any, Final, cast

import structlog
from structlog.contextvars import bound_contextvars, merge_contextvars

from core.settings import Environment

_BLANK: Final = "[removed]"
_SECRET_KEY: Final = re.compile(
    r"pass(word|phrase)?$|secret|token|authorization|cookie|api_?key|^code$|recovery|otp|e?mail$|phone|cpf|cnpj|^to$",
    re.IGNORECASE,
)
_PERSONAL: Final = re.compile(
    r"eyJ[\w-]{8,}\.[\w-]+\.[\w-]*"  # a JWT
    r"|[\w.+-]+@[\w-]+\.[\w.-]+"  # an e-mail address
    r"|(?<![\w.-])\+?\d[\d ().-]{8,16}\d(?![\w.-])"  # a phone number, a CPF
    r"|(?<=://)[^/\s:@]+:[^/\s@]+(?=@)"  # a login inside an address
)
_DEPTH: Final = 6
_ITEMS: Final = 100

Event = MutableMapping[str, Any]


def configure(env: Environment, level: str) -> None:
    """Set up logging for the process, that of libraries included."""
    shared: list[Any] = [
        merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        redact,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    pretty = structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
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
    for noisy in ("asyncio", "httpx", "pymongo", "uvicorn.error", "websockets", "pgqueuer", "qdrant_client"):
        logging.getLogger(noisy).setLevel(logging.WARNING)


@contextmanager
def bind_request(request_id: str) -> Generator[None]:
    """Put a request's id on every line that is logged inside."""
    with bound_contextvars(request_id=request_id):
        yield


def redact(logger: object, method: str, event: Event) -> Event:
    """Blank secrets and personal data of a line."""
    del logger, method
    for key, value in event.items():
        if key in ("timestamp", "level", "logger", "request_id") or key.startswith("_"):
            continue
        event[key] = _clean(key, value, _DEPTH)
    return event


def _clean(key: str, value: object, depth: int) -> object:
    if _SECRET_KEY.search(key) and value is not None and not isinstance(value, bool):
        return _BLANK
    match value:
        case str():
            return _PERSONAL.sub(_BLANK, value)
        case Mapping() if depth:
            given = cast("Mapping[object, object]", value)
            return {str(k): _clean(str(k), v, depth - 1) for k, v in list(given.items())[:_ITEMS]}
        case list() | tuple() | set() | frozenset() if depth:
            several = cast("list[object]", value)
            return [_clean("", each, depth - 1) for each in list(several)[:_ITEMS]]
        case None | bool() | int() | float():
            return value
        case _:
            return _PERSONAL.sub(_BLANK, str(value))
