"""How errors look from outside.

A `DomainError` shows its code and message. A fault of the request shows what graphql-core says. All else is a bug:
the caller gets a request id, and the log gets the traceback.
"""

from collections.abc import Sequence
from typing import Any, Final

import structlog
from graphql import GraphQLError

from core.errors import DomainError, RateLimited
from schema.errors import spelled
from services.feed import FeedClosed

BUG: Final = "Something went wrong on our side. Tell us the request id."

log = structlog.stdlib.get_logger(__name__)


def dressed(errors: Sequence[GraphQLError] | None, request_id: str | None) -> list[dict[str, Any]]:
    """Return errors in the form in which callers see them."""
    return [_dressed(each, request_id) for each in errors or ()]


def shown(error: DomainError) -> dict[str, Any]:
    """Return what an expected error tells."""
    extensions: dict[str, Any] = {"code": error.code}
    if error.field:
        extensions["field"] = spelled(error.field)
    if isinstance(error, RateLimited | FeedClosed):
        extensions["retryAfter"] = round(error.retry_after, 1)
    return {"message": error.message, "extensions": extensions}


def bug(request_id: str | None, cause: BaseException, path: Sequence[str | int] | None = None) -> dict[str, Any]:
    """Log a bug with its traceback, and return what its caller is told."""
    log.error("an operation failed", path=path and [str(part) for part in path], exc_info=cause)
    return {"message": BUG, "extensions": {"code": "INTERNAL_ERROR", "requestId": request_id}}


def _dressed(error: GraphQLError, request_id: str | None) -> dict[str, Any]:
    formatted: dict[str, Any] = dict(error.formatted)
    cause = _cause(error)
    if isinstance(cause, DomainError):
        found = shown(cause)
    elif cause is None:
        found = {"message": error.message, "extensions": {"code": "BAD_USER_INPUT", **(error.extensions or {})}}
    else:
        found = bug(request_id, cause, error.path)
    return {**formatted, **found}


def _cause(error: GraphQLError) -> BaseException | None:
    """Return what was raised inside, unless it was a GraphQLError all the way down."""
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause
