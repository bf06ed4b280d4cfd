"""Queries that are compiled: which root fields a plan answers, and what is left to the resolvers."""

from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import replace
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
from graph.plan import Operation, Plan, Planner, Root, Run, Sharing, Verbs, View, given_up, origin_of
from resolvers.context import Context
from server.engine.documents import Definition
from services.access import Actor

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


NOTHING: Final = Planned({})


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


def opened(context: Context, variables: VariableValues) -> Run:
    """Begin a run that reads what hangs on rows which somebody returned."""
    return Run(context.graph, variables, _PAYLOAD, writes=False)


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
            run = opened(self._context, self._variables)
            return (await view.show(run, rows))[0]
        except Unavailable:
            # the resolvers would wait for the same database again
            raise
        except Exception as error:  # noqa: BLE001  (as above)
            self._note(path, given_up(error))
            return None

    def _note(self, path: Path, reason: str | None = None) -> None:
        if self._told is not None:
            self._told.note(".".join(each for each in path.as_list() if isinstance(each, str)), reason)


class Plans:
    """The plans of one schema's operations, which are kept with each. A run's statements begin within some seconds."""

    def __init__(self, schema: GraphQLSchema, seconds: float) -> None:
        self._seconds = seconds
        self._planner = Planner(schema)
        self._sharing = Sharing(seconds)

    async def answer(self, operation: Definition, variables: VariableValues, context: Context) -> Planned:
        """Answer what of a query can be planned for whoever asks."""
        actor = self._actor(context)
        if actor is None:
            return NOTHING
        plan = (operation.plans or self._of(operation)).plan(variables, actor, actor.permissions)
        if plan.is_empty:
            return Planned({}, plan=plan, left=plan.reasons)
        run = Run(context.graph, variables, self._seconds, sharing=self._sharing)
        with self._sharing.running():
            data, left, lost = await plan.answer(run)
        errors = [_error(plan, name, error) for name, error in lost.items()] if lost else ()
        return Planned(data, plan, errors, left, run.points)

    def showing(
        self, operation: Definition, variables: VariableValues, context: Context, told: Told | None = None
    ) -> Showing | None:
        """Return what shows the rows that an operation's resolvers return, for whoever asks; None for nobody."""
        actor = self._actor(context)
        return None if actor is None else Showing(self._of(operation), variables, context, actor, told)

    def verbs(self, operation: Definition, variables: VariableValues, context: Context) -> Mapping[str, Root] | None:
        """Return what the root fields of a mutation do, for whoever asks; None if the executor runs all of it."""
        if operation.document.asks_for_schema or not self._planner.is_able:
            return None
        if operation.verbs is None:
            operation.verbs = Verbs(self._of(operation))
        actor = self._actor(context)
        return operation.verbs.of(variables, actor, None if actor is None else actor.permissions)

    def _actor(self, context: Context) -> Actor | None:
        """Who may be answered by plans."""
        caller = context.caller
        return None if caller is None or not self._planner.is_able else caller.actor

    def _of(self, operation: Definition) -> Operation:
        """Return the plans of an operation."""
        if operation.plans is None:
            operation.plans = Operation(self._planner, operation.document.node, operation.node)
        return operation.plans


def _error(plan: Plan, name: str, error: Unavailable) -> GraphQLError:
    """Tell at a root field that it could not be had."""
    return GraphQLError(str(error), plan.nodes([name]), path=[name], original_error=error)
