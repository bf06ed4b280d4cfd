"""The border to graphql-core's executor, whose types are looser than ours."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

import graphql.execution
from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema, OperationDefinitionNode
from graphql.execution.values import VariableValues, get_variable_values

from server.engine.request import Parameters

_core: Any = graphql.execution
_NONE: Final = VariableValues({}, {})


@dataclass(frozen=True, slots=True)
class Execution:
    """An operation whose variables fit, and which can run."""

    _executor: Any

    async def result(self) -> ExecutionResult:
        """Run a query or mutation."""
        return await awaited(self._executor.execute_operation())

    async def source(self) -> AsyncIterator[Any] | ExecutionResult:
        """Open what a subscription listens to."""
        return cast(
            "AsyncIterator[Any] | ExecutionResult", await awaited(_core.create_source_event_stream(self._executor))
        )

    def event(self, payload: object) -> ExecutionResult | Awaitable[ExecutionResult]:
        """Answer one event of a subscription: at once when no field has to be waited for."""
        one = self._executor.build_per_event_executor(payload)
        return cast("ExecutionResult | Awaitable[ExecutionResult]", _core.execute_subscription_event(one))


def coerced(
    schema: GraphQLSchema, operation: OperationDefinitionNode, given: Mapping[str, Any], *, suggests: bool
) -> VariableValues | list[GraphQLError]:
    """Coerce the variables of an operation; return what is wrong with them, if anything is."""
    definitions = operation.variable_definitions
    if not definitions:
        return _NONE
    return get_variable_values(schema, definitions, dict(given), hide_suggestions=not suggests)


def build(schema: GraphQLSchema, document: DocumentNode, parameters: Parameters, context: object) -> Execution:
    """Make an operation ready to run, whose variables are known to fit."""
    made: Any = _core.Executor.build(
        schema,
        document,
        context_value=context,
        raw_variable_values=dict(parameters.variables),
        operation_name=parameters.operation_name,
    )
    if isinstance(made, list):
        (error, *_) = cast("list[GraphQLError]", made)
        raise error
    return Execution(made)


async def awaited(value: Any) -> Any:
    """Return a value that may have to be waited for."""
    return await value if inspect.isawaitable(value) else value
