"""What surrounds every operation: its own context, its limits, and how its errors look from outside.

A `DomainError` shows its code and message. A fault of the request shows what graphql-core says. All else is a bug:
the caller gets a request id, and the log gets the traceback.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Final, cast

import structlog
from graphql import ExecutionResult, GraphQLError, GraphQLSyntaxError
from strawberry.extensions import SchemaExtension
from strawberry.types.execution import ExecutionResult as StrawberryExecutionResult
from strawberry.types.execution import StreamExecutionResult

from core.errors import DomainError, RateLimited
from resolvers.context import Context
from server import limits

_BUG: Final = "Something went wrong on our side. Tell us the request id."

log = structlog.stdlib.get_logger(__name__)


class Surroundings(SchemaExtension):
    """Forks the context, sets the limits, and dresses the errors of one operation."""

    _context: Context
    _was_streamed = False

    async def on_operation(self) -> AsyncIterator[None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Surround the operation. A subscription's whole life lies inside."""
        execution = self.execution_context
        self._context = execution.context = cast("Context", execution.context).fork()
        execution.parse_options["max_tokens"] = limits.TOKENS
        execution.validation_rules += limits.RULES
        with suppress(DomainError):
            # a caller that lost the right is refused by the field that asks for it
            await self._context.recheck()
        yield
        result = execution.result
        if not self._was_streamed and isinstance(result, (ExecutionResult, StrawberryExecutionResult)):
            self._dress(result)

    def on_stream_result(self, result: StreamExecutionResult) -> Iterator[None]:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Dress one frame of a stream."""
        self._was_streamed = True
        if isinstance(result, (ExecutionResult, StrawberryExecutionResult)):
            self._dress(result)
        yield

    def _dress(self, result: ExecutionResult | StrawberryExecutionResult) -> None:
        if result.errors:
            result.errors = [self._dressed(error) for error in result.errors]

    def _dressed(self, error: GraphQLError) -> GraphQLError:
        cause = _cause(error)
        if cause is None:
            return _with(error, error.message, {"code": _request_code(error)})
        if isinstance(cause, DomainError):
            extensions: dict[str, object] = {"code": cause.code}
            if isinstance(cause, RateLimited):
                extensions["retryAfter"] = round(cause.retry_after, 1)
            return _with(error, cause.message, extensions)
        request_id = self._context.origin.request_id
        log.error("an operation failed", path=error.path and [str(part) for part in error.path], exc_info=cause)
        return _with(error, _BUG, {"code": "INTERNAL_ERROR", "requestId": request_id})


def _cause(error: GraphQLError) -> BaseException | None:
    """Return what was raised inside, unless it was a GraphQLError all the way down."""
    cause: BaseException | None = error
    while isinstance(cause, GraphQLError):
        cause = cause.original_error
    return cause


def _request_code(error: GraphQLError) -> str:
    if isinstance(error, GraphQLSyntaxError):
        return "GRAPHQL_PARSE_FAILED"
    return "BAD_USER_INPUT" if error.path or error.message.startswith("Variable ") else "GRAPHQL_VALIDATION_FAILED"


def _with(error: GraphQLError, message: str, extensions: dict[str, object]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        extensions={**(error.extensions or {}), **extensions},
    )
