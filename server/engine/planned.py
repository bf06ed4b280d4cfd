"""Queries that are compiled: which root fields a plan answers, and what is left to the resolvers."""

from collections import OrderedDict
from collections.abc import AsyncGenerator, Awaitable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    SelectionSetNode,
)
from graphql.execution.values import VariableValues
from graphql.pyutils import Path

from core.errors import Unavailable
from graph.plan import Operation, Plan, Planner, Root, Run, Verbs, View, given_up, origin_of
from resolvers.context import Context
from server.engine.documents import Document
from server.engine.execution import Coercion
from services.access import Actor

_KEPT: Final = 1_000
_PAYLOAD: Final = 10.0


class Planned(NamedTuple):
    """What a plan answered: `data` by name, `left` the nodes of the root fields that are the resolvers' business, with
    the reasons, and `points` the objects that it holds.
    """

    data: Mapping[str, Any]
    plan: Plan | None = None
    errors: Sequence[GraphQLError] = ()
    left: Mapping[str, str] = MappingProxyType({})
    points: int = 0

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left."""
        return self.plan is not None and not self.left

    def merged(self, rest: Mapping[str, Any]) -> Mapping[str, Any]:
        """Return all data in the order of the operation."""
        if self.is_whole:
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


class Told:
    """Which root fields of a mutation were compiled, where rows that resolvers returned were shown by a compiled view,
    and why they were not elsewhere.
    """

    def __init__(self) -> None:
        self._reasons: dict[str, str | None] = {}

    def note(self, place: str, reason: str | None) -> None:
        """Note what became of a root field, or of the rows at a place below it; without a reason it was planned."""
        self._reasons[place] = reason

    def words(self) -> dict[str, Any]:
        """Say so as `Planned` does of root fields."""
        planned = [place for place, reason in self._reasons.items() if reason is None]
        return {
            "planned": planned,
            "resolvers": {place: why for place, why in self._reasons.items() if why is not None},
        }


@asynccontextmanager
async def opened(context: Context, variables: VariableValues) -> AsyncGenerator[Run]:
    """Open a run that reads what hangs on rows which somebody returned."""
    async with context.ground.database.rows(context.graph.actor.workspace_id) as reading:
        yield Run(context.graph, reading, variables, _PAYLOAD, writes=False)


class Showing:
    """Shows rows that resolvers returned, for one actor. While a database was `lost` it is not asked again."""

    lost: Unavailable | None = None

    def __init__(
        self, operation: Operation, variables: VariableValues, context: Context, actor: Actor, told: Told | None
    ) -> None:
        self._operation = operation
        self._variables = variables
        self._context = context
        self._actor = actor
        self._told = told

    def __call__(
        self, kind: GraphQLObjectType, group: list[Any], rows: list[Any], path: Path
    ) -> list[Any] | Awaitable[list[Any] | None] | None:
        """Show rows of a table, by what was compiled for their place."""
        model = getattr(origin_of(kind), "model", None)
        if model is None or not all(isinstance(each, model) for each in rows):
            return None
        view = self._operation.view(kind, group, self._variables, self._actor, self._actor.permissions)
        if isinstance(view, str):
            self._note(path, view)
            return None
        self._note(path)
        return self._shown(view, rows, path) if view.edges else self._made(view, rows, path)

    def _made(self, view: View, rows: list[Any], path: Path) -> list[Any] | None:
        """Show rows on which nothing hangs; what is unusual about one is the resolvers' business."""
        try:
            return view.make(rows)
        except Exception as error:  # noqa: BLE001  (the resolvers meet it again, and tell where it belongs)
            self._note(path, given_up(error))
            return None

    async def _shown(self, view: View, rows: list[Any], path: Path) -> list[Any] | None:
        """Show rows with what hangs on them."""
        if self.lost is not None:
            raise self.lost
        try:
            async with opened(self._context, self._variables) as run:
                return await view.show(run, rows, None)
        except Unavailable:
            # the resolvers would wait for the same database again
            raise
        except Exception as error:  # noqa: BLE001  (as above)
            self._note(path, given_up(error))
            return None

    def _note(self, path: Path, reason: str | None = None) -> None:
        if self._told is not None:
            self._told.note(".".join(each for each in path.as_list() if isinstance(each, str)), reason)


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is made of an operation once."""

    operation: Operation
    verbs: Verbs
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
            return Planned({})
        plan = self._of(document, node).operation.plan(variables, actor, actor.permissions)
        if plan.is_empty:
            return Planned({}, plan=plan, left=plan.reasons)
        async with context.ground.database.rows(actor.workspace_id) as reading:
            run = Run(context.graph, reading, variables, self._seconds)
            data, left, lost = await plan.answer(run)
        errors = [_error(plan, name, error) for name, error in lost.items()]
        return Planned(data, plan=plan, errors=errors, left=left, points=run.points)

    def showing(
        self,
        document: Document,
        node: OperationDefinitionNode,
        variables: VariableValues,
        context: Context,
        told: Told | None = None,
    ) -> Showing | None:
        """Return what shows the rows that an operation's resolvers return, for whoever asks; None for nobody."""
        actor = self._actor(context)
        return None if actor is None else Showing(self._of(document, node).operation, variables, context, actor, told)

    def verbs(
        self, document: Document, node: OperationDefinitionNode, variables: VariableValues, context: Context
    ) -> Mapping[str, Root] | None:
        """Return what the root fields of a mutation do, for whoever asks; None if the executor runs all of it."""
        if document.asks_for_schema or not self._planner.is_able:
            return None
        actor = self._actor(context)
        return self._of(document, node).verbs.of(variables, actor, None if actor is None else actor.permissions)

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
            operation = Operation(self._planner, document.node, node)
            found = _Kept(operation, Verbs(operation), Coercion(self._schema, node))
            self._kept[key] = found
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found


def _error(plan: Plan, name: str, error: Unavailable) -> GraphQLError:
    """Tell at a root field that it could not be had."""
    return GraphQLError(str(error), plan.nodes([name]), path=[name], original_error=error)
