"""What verbs answer with: attributes are written as they come; rows that stand between them are shown at once."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple, TypeAlias, cast

import graphql
from graphql import GraphQLObjectType

from graph.context import Actor
from graph.marks import NULL_WITHOUT
from graph.plan.emit import Code
from graph.plan.leaves import Leaves
from graph.plan.levels import Held, View
from graph.plan.objects import Objects
from graph.plan.run import Run, Unplanned, Unusual
from graph.plan.selection import Field, Group, Selection, field_of, name_of, origin_of


class Waiting(NamedTuple):
    """A row that is still to be shown, and where."""

    row: Any
    into: Any
    at: Any


Rows: TypeAlias = Sequence[list[Waiting]]
"""The rows of one payload, by the views that show them."""

Put: TypeAlias = Callable[[Any, Any, Any, Rows], None]
"""Puts what a value is in an answer into an object or a list, at a name or a number."""

Opened: TypeAlias = Callable[[], Run]
Note: TypeAlias = Callable[[str], None]

# graphql-core's types of types leave open what wrappers hold
_core: Any = graphql


class Payload:
    """Shows one payload. `views` stand with their places below it."""

    def __init__(self, put: Put, views: Sequence[tuple[str, View]]) -> None:
        self._put = put
        self._views = views

    async def show(self, given: Any, opened: Opened, note: Note | None = None) -> Any:
        """Return what is answered for a payload. Rows with edges are read in a run that is `opened` for them; the
        places where rows were shown are noted.

        Raises:
            Unavailable: the database is away or busy.
            Exception: something is unusual: graphql-core completes the payload.
        """
        answer: list[Any] = [None]
        rows: Rows = [[] for _ in self._views]
        self._put(given, answer, 0, rows)
        here = [(place, view, found) for (place, view), found in zip(self._views, rows, strict=True) if found]
        hung = [(view, found) for _, view, found in here if view.edges]
        for _, view, found in here:
            if not view.edges:
                _place(found, view.make([each.row for each in found]))
        if hung:
            run = opened()
            for view, found in hung:
                _place(found, (await view.show(run, [each.row for each in found]))[0])
        if note is not None:
            for place, _, _ in here:
                note(place)
        return answer[0]


def always(text: str) -> Payload:
    """Return what shows a text for whatever there is."""
    return Payload(partial(_always, text), ())


class Payloads:
    """Compiles what is selected of payloads, for an actor, if there is one."""

    def __init__(self, selection: Selection, actor: Actor | None) -> None:
        self._selection = selection
        self._objects = None if actor is None else Objects(selection, actor)
        self._leaves = Leaves(selection, Code())
        self._views: list[tuple[str, View]] = []

    def of(self, field: Field, group: Group) -> Payload:
        """Compile one root field's.

        Raises:
            Unplanned: graphql-core completes it.
        """
        self._views = []
        put = self._value(field.type, group, "")
        return Payload(put, self._views)

    def _value(self, kind: Any, group: Group, place: str) -> Put:
        if _core.is_non_null_type(kind):
            return partial(_needed, self._value(kind.of_type, group, place))
        if _core.is_list_type(kind):
            return partial(_each, self._value(kind.of_type, group, place))
        if _core.is_leaf_type(kind):
            return partial(_leaf, self._leaves.completion(kind, None))
        if not isinstance(kind, GraphQLObjectType):
            message = f"{kind} is abstract"
            raise Unplanned(message)
        model = getattr(origin_of(kind), "model", None)
        return self._object(kind, group, place) if model is None else self._row(kind, group, place, model)

    def _row(self, kind: GraphQLObjectType, group: Group, place: str, model: type[Any]) -> Put:
        if self._objects is None:
            message = "who asks acts in no workspace"
            raise Unplanned(message)
        self._views.append((place, self._objects.view(kind, group, Held(origin_of(kind).source))))
        return _Row(model, len(self._views) - 1)

    def _object(self, kind: GraphQLObjectType, group: Group, place: str) -> Put:
        parts: list[tuple[str, str | None, Put]] = []
        for key, same in self._selection.below(kind, group).items():
            name = name_of(same)
            if name == "__typename":
                parts.append((key, None, partial(_always, kind.name)))
            else:
                field = field_of(kind, name)
                parts.append((key, *self._part(kind, field, same, f"{place}.{key}" if place else key)))
        made_of = cast("type[Any]", object if kind.is_type_of is None else origin_of(kind))
        return _Attributes(parts, made_of)

    def _part(self, kind: GraphQLObjectType, field: Field, group: Group, place: str) -> tuple[str, Put]:
        """Return the attribute that a field shows, and what puts it."""
        if cast("Any", field.of).base_resolver is None and not field.of.extensions:
            return field.name, self._value(field.type, group, place)
        attribute: str | None = field.of.metadata.get(NULL_WITHOUT)
        if attribute is None:
            message = f"{kind.name}.{name_of(group)} has a resolver of its own"
            raise Unplanned(message)
        return attribute, _absent


def _place(found: Sequence[Waiting], shown: Sequence[Any]) -> None:
    for each, made in zip(found, shown, strict=True):
        each.into[each.at] = made


def _needed(put: Put, value: Any, into: Any, at: Any, rows: Rows) -> None:
    if value is None:
        message = "null where a value must be"
        raise Unusual(message)
    put(value, into, at, rows)


def _each(put: Put, value: Any, into: Any, at: Any, rows: Rows) -> None:
    if value is None:
        into[at] = None
        return
    if not isinstance(value, list):
        message = "no list where one must be"
        raise Unusual(message)
    items = cast("list[Any]", value)
    made = into[at] = [None] * len(items)
    for number, item in enumerate(items):
        put(item, made, number, rows)


def _leaf(complete: Callable[[Any], Any], value: Any, into: Any, at: Any, _: Rows) -> None:
    into[at] = complete(value)


class _Row:
    """Keeps a row for the view of this number."""

    def __init__(self, model: type[Any], number: int) -> None:
        self._model, self._number = model, number

    def __call__(self, value: Any, into: Any, at: Any, rows: Rows) -> None:
        into[at] = None
        if value is not None:
            if not isinstance(value, self._model):
                message = "no row where one must be"
                raise Unusual(message)
            rows[self._number].append(Waiting(value, into, at))


class _Attributes:
    """Puts an object of attributes: each part has its name, the attribute's, and what puts that."""

    def __init__(self, parts: Sequence[tuple[str, str | None, Put]], made_of: type[Any]) -> None:
        self._parts, self._made_of = parts, made_of

    def __call__(self, value: Any, into: Any, at: Any, rows: Rows) -> None:
        if value is None:
            into[at] = None
            return
        if not isinstance(value, self._made_of):
            message = "another object than there must be"
            raise Unusual(message)
        made = into[at] = dict[str, Any]()
        for key, attribute, put in self._parts:
            put(None if attribute is None else getattr(value, attribute), made, key, rows)


def _always(text: str, _value: Any, into: Any, at: Any, _: Rows) -> None:
    into[at] = text


def _absent(value: Any, into: Any, at: Any, _: Rows) -> None:
    """Put null where a resolver would look for nothing."""
    if value is not None:
        message = "a resolver has something to look for"
        raise Unusual(message)
    into[at] = None
