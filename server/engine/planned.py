"""Queries that are compiled: which root fields a plan answers, and what is left to the resolvers."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, NamedTuple
from uuid import UUID

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
)
from graphql.execution.values import VariableValues

from core.errors import Unavailable
from graph.plan import Operation, Plan, Planner, Run, View, origin_of
from resolvers.context import Context
from server.engine.documents import Document
from server.engine.execution import Coercion, Show
from services.access import Actor

_KEPT: Final = 1_000
_PAYLOAD: Final = 10.0


class Planned(NamedTuple):
    """What a plan answered: `data` by name, `left` the nodes of the root fields that are the resolvers' business, with
    the reasons, and `points` the objects that it holds.
    """

    plan: Plan | None = None
    data: Mapping[str, Any] = MappingProxyType({})
    errors: Sequence[GraphQLError] = ()
    left: Mapping[str, str] = MappingProxyType({})
    points: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left."""
        return self.plan is not None and not self.left

    def merged(self, rest: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return all data in the order of the operation."""
        if not self.left and self.plan is not None:
            return self.data
        names = rest if self.plan is None else self.plan.roots
        return {name: self.data[name] if name in self.data else rest[name] for name in names}

    def told(self) -> dict[str, Any]:
        """Say which way was taken, and why not the other."""
        return {"planned": [name for name in self.data if name not in self.left], "resolvers": dict(self.left)}

    def remainder(self, document: DocumentNode, operation: OperationDefinitionNode) -> DocumentNode:
        """Return the document with nothing but the root fields that are left. Nodes keep their places in the text."""
        if self.plan is None or not self.data:
            return document
        selections = tuple(self.plan.nodes(tuple(self.left)))
        reduced = replace(operation, selection_set=SelectionSetNode(selections=selections))
        return replace(
            document, definitions=tuple(reduced if each is operation else each for each in document.definitions)
        )


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is made of an operation once."""

    operation: Operation
    coercion: Coercion


class Plans:
    """The plans of one schema's operations; as many are kept as there are documents. A run's statements begin within
    some seconds.
    """

    def __init__(self, schema: GraphQLSchema, seconds: float) -> None:
        self._schema = schema
        self._seconds = seconds
        self._planner = Planner(schema)
        self._kept: OrderedDict[tuple[Document, str | None], _Kept] = OrderedDict()

    def coercion(self, document: Document, node: OperationDefinitionNode) -> Coercion:
        """Return what coerces the variables of an operation."""
        return self._of(document, node).coercion

    async def answer(
        self, document: Document, node: OperationDefinitionNode, variables: VariableValues, context: Context
    ) -> Planned:
        """Answer what of a query can be planned for whoever asks."""
        actor = self._actor(context)
        if actor is None:
            return Planned()
        plan = self._of(document, node).operation.plan(variables, actor, actor.permissions)
        if plan.is_empty:
            return Planned(plan=plan, left=plan.reasons)
        async with context.ground.database.rows(actor.workspace_id) as reading:
            run = Run(context.graph, reading, variables, self._seconds)
            data, left, lost = await plan.answer(run)
        errors = [_error(plan, name, error) for name, error in lost.items()]
        return Planned(plan=plan, data=data, errors=errors, left=left, points=run.points)

    def showing(
        self, document: Document, node: OperationDefinitionNode, variables: VariableValues, context: Context
    ) -> Show | None:
        """Return what shows the rows that an operation's resolvers return, for whoever asks; None for nobody."""
        actor = self._actor(context)
        if actor is None:
            return None
        operation = self._of(document, node).operation

        def show(kind: GraphQLObjectType, group: list[Any], rows: list[Any]) -> Any:
            model = getattr(origin_of(kind), "model", None)
            if model is None or not all(isinstance(each, model) for each in rows):
                return None
            view = operation.view(kind, group, variables, actor, actor.permissions)
            if view is None or not view.edges:
                return None if view is None else _made(view, rows)
            return _shown(view, rows, variables, context, actor.workspace_id)

        return show

    def _actor(self, context: Context) -> Actor | None:
        """Who may be answered by plans."""
        caller = context.caller
        return None if caller is None or not self._planner.is_able else caller.actor

    def _of(self, document: Document, node: OperationDefinitionNode) -> _Kept:
        key = (document, None if node.name is None else node.name.value)
        found = self._kept.get(key)
        if found is not None:
            self._kept.move_to_end(key)
        else:
            found = _Kept(Operation(self._planner, document.node, node), Coercion(self._schema, node))
            self._kept[key] = found
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found


def _made(view: View, rows: list[Any]) -> list[Any] | None:
    """Show rows on which nothing hangs; what is unusual about one is the resolvers' business."""
    try:
        return view.make(rows)
    except Exception:  # noqa: BLE001  (the resolvers meet it again, and tell where it belongs)
        return None


async def _shown(
    view: View, rows: list[Any], variables: VariableValues, context: Context, workspace_id: UUID
) -> list[Any] | None:
    """Show rows with what hangs on them."""
    try:
        async with context.ground.database.rows(workspace_id) as reading:
            return await view.show(Run(context.graph, reading, variables, _PAYLOAD, writes=False), rows, None)
    except Unavailable:
        # the resolvers would wait for the same database again
        raise
    except Exception:  # noqa: BLE001  (as above)
        return None


def _error(plan: Plan, name: str, error: Unavailable) -> GraphQLError:
    """Tell at a root field that it could not be had."""
    return GraphQLError(str(error), plan.nodes([name]), path=[name], original_error=error)
