"""The border to graphql-core's executor, whose types are looser than ours."""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, NoReturn, cast

import graphql.execution
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues, VariableValueSource, get_variable_values
from graphql.pyutils import Path

from graph.plan import STRAIGHT, Unplanned, coercion_of
from server.engine.amounts import VALUES_USED
from server.engine.request import Parameters

_core: Any = graphql.execution
_Executor: Any = _core.Executor

_get_named_type: Any = cast("Any", graphql).get_named_type

Group = list[Any]
"""The nodes that stand under one name of the answer."""

Show = Callable[[GraphQLObjectType, list[Any], list[Any], Path], list[Any] | Awaitable[list[Any] | None] | None]
"""Shows rows of a type, as some field details select them at a place, or tells (None) that it does not."""
_NONE: Final = VariableValues({}, {})
_INT: Final = 2**31


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

    async def field(self, name: str, group: Group) -> Any:
        """Run one root field of a mutation.

        Raises:
            GraphQLError: it is null, and may not be: so is everything.
        """
        kind: Any = self._executor.schema.mutation_type
        path = Path(None, name, kind.name)
        return await awaited(self._executor.execute_field(kind, self._executor.root_value, group, path, None))

    async def completed(self, name: str, group: Group, outcome: Awaitable[Any]) -> Any:
        """Complete what a root field of a mutation came to, without running it.

        Raises:
            GraphQLError: it is null, and may not be: so is everything.
        """
        kind: Any = self._executor.schema.mutation_type
        path, nodes = Path(None, name, kind.name), [each.node for each in group]
        field = kind.fields[nodes[0].name.value]
        info = self._executor.build_resolve_info(field, nodes, kind, path)
        return await self._executor.complete_awaitable_value(field.type, group, info, path, outcome, None)

    def ended(self, data: dict[str, Any] | None, error: GraphQLError | None = None) -> ExecutionResult:
        """Return the result of root fields that were run one by one; `error` is what made all of it null."""
        if error is not None:
            self._executor.collected_errors.add(error, None)
        return cast("ExecutionResult", self._executor.build_response(data))

    def event(self, payload: object) -> ExecutionResult | Awaitable[ExecutionResult]:
        """Answer one event of a subscription: at once when no field has to be waited for."""
        one = self._executor.build_per_event_executor(payload)
        return cast("ExecutionResult | Awaitable[ExecutionResult]", _core.execute_subscription_event(one))


class Coercion:
    """Coerces the variables of one operation, whose types are looked up once. Texts and whole numbers in their range
    are what they are; what else is usual goes by what is made once for its type, all other graphql-core's way. `uses`
    tells how often each variable is used.
    """

    def __init__(self, schema: GraphQLSchema, operation: OperationDefinitionNode, uses: Mapping[str, int]) -> None:
        self._schema = schema
        self._definitions = operation.variable_definitions or ()
        found: list[Any] = [get_variable_signature(schema, each) for each in self._definitions]
        self._coercions = [(each.name, _coercion(each), each) for each in found]
        self._signatures = [(each.name, STRAIGHT.get(str(getattr(each, "type", ""))), each) for each in found]
        self._is_small = sum(uses.values()) <= VALUES_USED

    def straight(self, given: Mapping[str, Any]) -> VariableValues | None:
        """Return the values of the variables where nothing else is given, and each is what it will be: there is nothing
        about such to be counted, or refused.
        """
        if not given and not self._signatures:
            return _NONE
        return self._as_given(given) if self._is_small and len(given) == len(self._signatures) else None

    def of(self, given: Mapping[str, Any], *, suggests: bool) -> VariableValues | list[GraphQLError]:
        """Return the values of the variables; or what is wrong with them, if anything is."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        try:
            for name, coerce, signature in self._coercions:
                value = given[name]
                coerced[name] = coerce(value)
                sources[name] = VariableValueSource(signature, value)
        except Exception:  # noqa: BLE001  (graphql-core meets it again, and says what is wrong, if anything is)
            return get_variable_values(self._schema, self._definitions, dict(given), hide_suggestions=not suggests)
        return VariableValues(sources, coerced)

    def _as_given(self, given: Mapping[str, Any]) -> VariableValues | None:
        """Return the values where each is what it will be."""
        sources: dict[str, VariableValueSource] = {}
        coerced: dict[str, Any] = {}
        for name, kind, signature in self._signatures:
            value = given.get(name)
            if type(value) is not kind or (kind is int and not -_INT <= cast("int", value) < _INT):
                return None
            sources[name] = VariableValueSource(signature, value)
            coerced[name] = value
        return VariableValues(sources, coerced)


def _coercion(signature: Any) -> Callable[[Any], Any]:
    """Return what coerces a variable; one that raises where graphql-core is to do it."""
    try:
        return coercion_of(signature.type)
    except Unplanned as reason:
        return partial(_raised, reason)


def _raised(reason: Unplanned, _: object) -> NoReturn:
    raise reason


class _ShowingExecutor(_Executor):
    """graphql-core's executor, which lets rows that resolvers return be shown by what was compiled for them."""

    show: Show

    def complete_object_value(self, return_type: Any, field_details_list: Any, *more: Any) -> Any:
        """Complete a row, or any other object."""
        parent: Any = super()
        resolve = partial(parent.complete_object_value, return_type, field_details_list, *more)
        shown = self.show(return_type, field_details_list, [more[2]], more[1])
        if shown is None:
            return resolve()
        return shown[0] if isinstance(shown, list) else _first(shown, resolve)

    def complete_list_value(self, return_type: Any, field_details_list: Any, *more: Any) -> Any:
        """Complete a list of rows at once, or any other list."""
        parent: Any = super()
        resolve = partial(parent.complete_list_value, return_type, field_details_list, *more)
        kind: Any = _get_named_type(return_type)
        rows = cast("list[Any]", more[2]) if isinstance(more[2], list) else []
        shown = None
        if rows and isinstance(kind, GraphQLObjectType):
            shown = self.show(kind, field_details_list, rows, more[1])
        if shown is None:
            return resolve()
        return shown if isinstance(shown, list) else _all(shown, resolve)


async def _first(shown: Awaitable[list[Any] | None], resolve: Callable[[], Any]) -> Any:
    found = await shown
    return await awaited(resolve()) if found is None else found[0]


async def _all(shown: Awaitable[list[Any] | None], resolve: Callable[[], Any]) -> Any:
    found = await shown
    return await awaited(resolve()) if found is None else found


def build(
    schema: GraphQLSchema, document: DocumentNode, parameters: Parameters, context: object, show: Show | None = None
) -> Execution:
    """Make an operation ready to run, whose variables are known to fit. `show` shows rows that resolvers return."""
    executor: Any = _Executor if show is None else _ShowingExecutor
    made: Any = executor.build(
        schema,
        document,
        context_value=context,
        raw_variable_values=dict(parameters.variables),
        operation_name=parameters.operation_name,
    )
    if isinstance(made, list):
        (error, *_) = cast("list[GraphQLError]", made)
        raise error
    if show is not None:
        made.show = show
    return Execution(made)


async def awaited(value: Any) -> Any:
    """Return a value that may have to be waited for."""
    return await value if inspect.isawaitable(value) else value
