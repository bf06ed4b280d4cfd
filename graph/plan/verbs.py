"""What the root fields of a mutation become: how each reads its arguments, what it does, how its answer is shown."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from graphql import GraphQLObjectType
from graphql.execution.values import VariableValues

from graph.context import Actor
from graph.marks import DOES
from graph.plan.conversion import Arguments, Read
from graph.plan.payloads import Payload, Payloads, always
from graph.plan.planner import Operation
from graph.plan.run import Unplanned
from graph.plan.selection import Group, Selection, field_of, name_of

_KEPT: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Verb:
    """A root field: `name` is the schema's for it. Without a payload its answer is completed by graphql-core, because
    of a `reason`.
    """

    name: str
    read: Read
    act: Callable[..., Awaitable[Any]]
    payload: Payload | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Root:
    """A root field in its operation: its verb, or why graphql-core runs it."""

    group: Group
    does: Verb | str


class Verbs:
    """The root fields of one operation, for those who ask it."""

    def __init__(self, operation: Operation) -> None:
        self._operation = operation
        self._made: dict[Any, Mapping[str, Root]] = {}

    def of(self, variables: VariableValues, actor: Actor | None, rights: object) -> Mapping[str, Root]:
        """Return them by their names in the answer, in its order, for an actor, if there is one, with some rights, and
        for the variables that directives read.
        """
        key = self._operation.key(variables, rights)
        found = self._made.get(key)
        if found is None:
            found = self._made[key] = _roots(self._operation.selection(variables), actor)
            if len(self._made) > _KEPT:
                self._made.pop(next(iter(self._made)))
        return found


def _roots(selection: Selection, actor: Actor | None) -> Mapping[str, Root]:
    kind = cast("GraphQLObjectType", selection.schema.mutation_type)
    return {
        key: Root(group=group, does=_verb(selection, kind, group, actor))
        for key, group in selection.roots(kind).items()
    }


def _verb(selection: Selection, kind: GraphQLObjectType, group: Group, actor: Actor | None) -> Verb | str:
    name = name_of(group)
    if name == "__typename":
        return Verb(name=name, read=_nothing, act=_nothing_done, payload=always(kind.name), reason=None)
    field = field_of(kind, name)
    act: Any = field.of.metadata.get(DOES)
    if act is None:
        return f"{kind.name}.{name} has a resolver of its own"
    try:
        read = selection.fresh_arguments(field, group)
    except Unplanned as reason:
        return str(reason)
    payload, reason = _payload(Payloads(selection, actor), field, group)
    return Verb(name=name, read=read, act=act, payload=payload, reason=reason)


def _nothing(_: VariableValues) -> Arguments:
    return {}


async def _nothing_done(*_: object) -> None:
    pass


def _payload(payloads: Payloads, field: Any, group: Group) -> tuple[Payload | None, str | None]:
    try:
        return payloads.of(field, group), None
    except Unplanned as reason:
        return None, str(reason)
