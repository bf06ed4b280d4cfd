"""Plans: what each root field of an operation becomes, and why some do not."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, cast

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
)
from graphql.execution.values import VariableValues

from core import ids
from core.errors import Unavailable
from graph.context import Actor
from graph.facts import AnyById, ById, One, Page, Source, rows_of
from graph.loaders import guard_of
from graph.plan.levels import Held, Level, View
from graph.plan.objects import Objects, object_type
from graph.plan.run import Found, Run, Unit, Unplanned, given_up
from graph.plan.selection import (
    Field,
    Group,
    Selection,
    fact_of,
    field_of,
    is_declared,
    name_of,
    origin_of,
    switches_of,
)
from graph.plan.text import Text, raw
from graph.statements import by_key

Root: TypeAlias = Callable[[Run], Awaitable[Any]]

_KEPT: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The root fields of an operation in the order of its answer: what answers each, or None; `reasons` say why."""

    roots: Mapping[str, Root | None]
    groups: Mapping[str, Group]
    reasons: Mapping[str, str]

    @property
    def is_empty(self) -> bool:
        """Whether nothing is planned."""
        return len(self.reasons) == len(self.roots)

    async def answer(self, run: Run) -> tuple[dict[str, Any], dict[str, str], dict[str, Unavailable]]:
        """Answer what is planned. Also returned is what was given up, with its reasons, and what could not be had."""
        data: dict[str, Any] = {}
        left = dict(self.reasons)
        lost: dict[str, Unavailable] = {}
        for key, root in self.roots.items():
            if root is None:
                continue
            before = run.points
            try:
                data[key] = await root(run)
            except TimeoutError:
                raise
            except Unavailable as error:
                lost[key], data[key] = error, None
            except Exception as error:  # noqa: BLE001  (the resolvers meet it again, and tell where it belongs)
                run.points = before
                left[key] = given_up(error)
        return data, left, lost

    def nodes(self, keys: Sequence[str]) -> list[FieldNode]:
        """Return the nodes of some root fields."""
        return [cast("FieldNode", each.node) for key in keys for each in self.groups[key]]


class Operation:
    """An operation of a sound document, with its plans for those who ask it; `planner` makes them."""

    def __init__(self, planner: "Planner", document: DocumentNode, node: OperationDefinitionNode) -> None:
        self._planner = planner
        self._node = node
        self._fragments = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self._switches = switches_of(node, self._fragments)
        self._plans: dict[Any, Plan] = {}
        self._views: dict[Any, View | str] = {}

    def plan(self, variables: VariableValues, actor: Actor, rights: object) -> Plan:
        """Return the plan for an actor with some rights, and for the variables that directives read."""
        key = self.key(variables, rights)
        found = self._plans.get(key)
        if found is None:
            found = self._plans[key] = self._planner.plan(self.selection(variables), actor)
            if len(self._plans) > _KEPT:
                self._plans.pop(next(iter(self._plans)))
        return found

    def view(
        self, kind: GraphQLObjectType, group: Group, variables: VariableValues, actor: Actor, rights: object
    ) -> View | str:
        """Return what shows rows that a resolver returned, loaded; or why that is the resolvers' business."""
        nodes = tuple(id(each.node) for each in group)
        key = (kind.name, nodes, *self.key(variables, rights))
        if key not in self._views:
            objects = Objects(self.selection(variables), actor)
            try:
                self._views[key] = objects.view(kind, group, Held(origin_of(kind).source))
            except Unplanned as reason:
                self._views[key] = str(reason)
            if len(self._views) > _KEPT:
                self._views.pop(next(iter(self._views)))
        return self._views[key]

    def key(self, variables: VariableValues, rights: object) -> tuple[object, ...]:
        """Return what decides about plans: rights, and the variables that directives read."""
        return (rights, *[variables.coerced.get(each) for each in self._switches])

    def selection(self, variables: VariableValues) -> Selection:
        """Return what is selected with the variables that directives read."""
        return Selection(self._planner.schema, self._node, self._fragments, variables)


class Planner:
    """Plans the queries of one schema. It `is_able` to, if the schema was declared in graph's words."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self.schema = schema
        self.is_able = is_declared(schema)

    def plan(self, selection: Selection, actor: Actor) -> Plan:
        """Compile an operation, root field by root field."""
        kind = cast("GraphQLObjectType", self.schema.query_type)
        roots: dict[str, Root | None] = {}
        reasons: dict[str, str] = {}
        groups = selection.roots(kind)
        for key, group in groups.items():
            try:
                roots[key] = self._root(Objects(selection, actor), kind, group)
            except Unplanned as reason:
                roots[key], reasons[key] = None, str(reason)
        return Plan(roots=roots, groups=groups, reasons=reasons)

    def _root(self, objects: Objects, kind: GraphQLObjectType, group: Group) -> Root:
        name = name_of(group)
        if name == "__typename":
            return _always(kind.name)
        if name.startswith("__"):
            message = "introspection"
            raise Unplanned(message)
        field = field_of(kind, name)
        fact = fact_of(kind, field)
        objects.admitted(guard_of(fact))
        match fact:
            case Page():
                return objects.pages(fact, field, group).root
            case ById(prefix=prefix):
                return _by_id(objects, field, group, cast("str", prefix), rows_of(fact))
            case AnyById():
                return self._any_by_id(objects, fact, field, group)
            case One(target=target):
                view = objects.view(object_type(field), group, Level(rows_of(fact), 0))
                return _One(view, target, lambda run: run.tenant.bytes)
            case _:
                message = f"{name} is not read from a table"
                raise Unplanned(message)

    def _any_by_id(self, objects: Objects, fact: AnyById, field: Field, group: Group) -> Root:
        """Answer a row of any type: what is selected of each type is compiled when its first row is asked for."""
        read = objects.selection.arguments(field, group)
        kinds = _kinds_of(self.schema)
        made: dict[str, Root] = {}

        async def answer(run: Run) -> Any:
            prefix = str(read(run.variables)["id"]).rpartition("_")[0]
            found = fact.views.get(prefix)
            if found is None:
                return None
            run.context.require(found.permission)
            root = made.get(prefix)
            if root is None:
                view = objects.view(kinds[id(found.source)], group, Level(found.source, 0))
                root = made[prefix] = _One(view, found.source.model.id, _key(read, prefix), is_wrapper=True)
            return await root(run)

        return answer


class _One(Unit):
    """One row at the root, by the value of a column."""

    def __init__(self, view: View, target: Any, key: Callable[[Run], Any], *, is_wrapper: bool = False) -> None:
        self._view, self._target, self._key, self._own = view, target, key, 0 if is_wrapper else 1
        self._text: Text | None = None

    def uses(self) -> frozenset[str]:
        """Name the variables that decide what hangs on the row."""
        return self._view.uses()

    async def __call__(self, run: Run) -> Any:
        key = self._key(run)
        if key is None:
            return None
        found: Found = await run.find(self, [key])
        run.points += found.points.get(key, 0)
        return found.values.get(key)

    async def find(self, run: Run, keys: list[Any]) -> Found:
        """Show rows by their keys."""
        level = self._view.level
        place = level.at(self._target.key)
        if self._text is None:
            self._text = Text(by_key(level.source, self._target, level.names))
        rows = await run.fetch(self._text, keys, {})
        made, weights = await self._view.show(run, rows)
        own = [row[place] for row in rows]
        worth = [each - 1 + self._own for each in weights or [1] * len(rows)]
        return Found(dict(zip(own, made, strict=True)), dict(zip(own, worth, strict=True)))


def _by_id(objects: Objects, field: Field, group: Group, prefix: str, source: Source) -> Root:
    read = objects.selection.arguments(field, group)
    view = objects.view(object_type(field), group, Level(source, 0))
    return _One(view, source.model.id, _key(read, prefix))


def _key(read: Any, prefix: str) -> Callable[[Run], Any]:
    return lambda run: raw(ids.decode(prefix, read(run.variables)["id"]))


def _kinds_of(schema: GraphQLSchema) -> dict[int, GraphQLObjectType]:
    """The object types over tables, by the identity of what they read."""
    found: dict[int, GraphQLObjectType] = {}
    for each in schema.type_map.values():
        if isinstance(each, GraphQLObjectType) and hasattr(origin_of(each), "source"):
            found[id(origin_of(each).source)] = each
    return found


def _always(text: str) -> Root:
    async def answer(_: Run) -> str:
        return text

    return answer
