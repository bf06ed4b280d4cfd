"""Queries that are compiled: which root fields a plan answers, and what is left to the resolvers."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final
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
from server.engine.execution import Show

_KEPT: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a plan answered: `data` by name, `left` the nodes of the root fields that are the resolvers' business, with
    the reasons, and `points` the objects that it holds.
    """

    plan: Plan | None = None
    data: Mapping[str, Any] = field(default_factory=dict[str, Any])
    errors: Sequence[GraphQLError] = ()
    left: Mapping[str, str] = field(default_factory=dict[str, str])
    points: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left."""
        return self.plan is not None and not self.left

    def merged(self, rest: Mapping[str, Any]) -> dict[str, Any]:
        """Return all data in the order of the operation."""
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


class Plans:
    """The plans of one schema's operations; as many are kept as there are documents."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._planner = Planner(schema)
        self._kept: OrderedDict[tuple[Document, str | None], Operation] = OrderedDict()

    async def answer(
        self, document: Document, node: OperationDefinitionNode, variables: VariableValues, context: Context
    ) -> Planned:
        """Answer what of a query can be planned for whoever asks."""
        caller = context.caller
        actor = None if caller is None else caller.actor
        if actor is None:
            return Planned()
        plan = self._operation(document, node).plan(variables, actor, actor.permissions)
        if plan.is_empty:
            return Planned(plan=plan, left=plan.reasons)
        async with context.ground.database.rows(actor.workspace_id) as reading:
            run = Run(context.graph, reading, variables)
            data, left, lost = await plan.answer(run)
        errors = [_error(plan, name, error) for name, error in lost.items()]
        return Planned(plan=plan, data=data, errors=errors, left=left, points=run.points)

    def showing(
        self, document: Document, node: OperationDefinitionNode, variables: VariableValues, context: Context
    ) -> Show | None:
        """Return what shows the rows that an operation's resolvers return, for whoever asks; None for nobody."""
        caller = context.caller
        actor = None if caller is None else caller.actor
        if actor is None:
            return None
        operation = self._operation(document, node)

        def show(kind: GraphQLObjectType, group: list[Any], rows: list[Any]) -> Any:
            model = getattr(origin_of(kind), "model", None)
            if model is None or not all(isinstance(each, model) for each in rows):
                return None
            view = operation.view(kind, group, variables, actor, actor.permissions)
            if view is None or not view.edges:
                return None if view is None else _made(view, rows)
            return _shown(view, rows, variables, context, actor.workspace_id)

        return show

    def _operation(self, document: Document, node: OperationDefinitionNode) -> Operation:
        key = (document, None if node.name is None else node.name.value)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = Operation(self._planner, document.node, node)
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
            return await view.show(Run(context.graph, reading, variables, writes=False), rows, None)
    except Exception:  # noqa: BLE001  (as above)
        return None


def _error(plan: Plan, name: str, error: Unavailable) -> GraphQLError:
    """Tell at a root field that it could not be had."""
    return GraphQLError(str(error), plan.nodes([name]), path=[name], original_error=error)
