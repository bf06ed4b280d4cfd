"""Values: the expression that makes what an answer holds out of a row's columns."""

from collections.abc import Callable
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, cast

import graphql
import orjson
from graphql import GraphQLEnumType, GraphQLObjectType
from sqlalchemy import ARRAY, Boolean, Date, DateTime, Float, Integer, Text
from sqlalchemy import Enum as EnumColumn
from sqlalchemy.dialects.postgresql import JSONB

from graph.facts import Column, Computed
from graph.plan.emit import Code
from graph.plan.levels import Level
from graph.plan.run import Unplanned, Unusual
from graph.plan.selection import Field, Group, Selection, field_of, name_of
from graph.plan.text import BEFORE, EXACT, far, from_driver, python_of
from graph.tables import column_named

Complete = Callable[[Any], Any]

# graphql-core's types of types leave open what wrappers hold
_core: Any = graphql

_SAME: Final[dict[str, tuple[type[Any], ...]]] = {
    "String": (Text,),
    "Int": (Integer,),
    "Float": (Float,),
    "Boolean": (Boolean,),
    "DateTime": (DateTime,),
    "Date": (Date,),
}
"""Scalars, and the columns whose values are written as they are."""


class Leaves:
    """Writes the expressions of one plan."""

    def __init__(self, selection: Selection, code: Code) -> None:
        self._selection = selection
        self._code = code

    def column(self, fact: Column, field: Field, level: Level, mask: Callable[[Any], Any] | None) -> str:
        """Return the expression of a column, masked or not."""
        kind = column_type(level, fact.name)
        if mask is None:
            found = self._plain(kind, field, level, fact.name)
            if found is not None:
                return found
        given = self._python(level, fact.name)
        if mask is not None:
            given = f"{self._code.refer(_hidden(mask))}({given})"
        return f"{self._code.refer(self.completion(field.type, None))}({given})"

    def computed(
        self, fact: Computed, field: Field, level: Level, group: Group, otherwise: Callable[..., Any] | None
    ) -> str:
        """Return the expression of a function of columns."""
        given = ", ".join(self._python(level, each) for each in fact.needs)
        function = self._code.refer(otherwise or fact.function)
        return f"{self._code.refer(self.completion(field.type, group))}({function}({given}))"

    def completion(self, kind: Any, group: Group | None) -> Complete:
        """Return what makes an answer's value of a resolved one, as the specification completes values.

        Raises:
            Unplanned: its type has resolvers of its own.
        """
        if _core.is_non_null_type(kind):
            inner = self.completion(kind.of_type, group)
            if str(kind) in ("String!", "ID!"):
                return lambda shown: shown if type(shown) is str else _some(inner(shown))
            return lambda shown: _some(inner(_some(shown)))
        if _core.is_list_type(kind):
            item = self.completion(kind.of_type, group)
            return lambda shown: None if shown is None else [item(each) for each in shown]
        if _core.is_leaf_type(kind):
            return _written(kind.coerce_output_value, is_text=str(kind) in ("String", "ID"))
        if isinstance(kind, GraphQLObjectType) and group is not None:
            return self._object(kind, group)
        message = f"{kind} is not an object type"
        raise Unplanned(message)

    def count(self, kind: Any, group: Group) -> Callable[[Any], int] | None:
        """Return what counts the objects in a value that was completed; None where there can be none."""
        inner = _core.get_nullable_type(kind)
        if _core.is_list_type(inner):
            item = self.count(inner.of_type, group)
            return None if item is None else lambda made: sum(map(item, made or ()))
        if not isinstance(inner, GraphQLObjectType):
            return None
        found = {
            key: self.count(inner.fields[name_of(same)].type, same)
            for key, same in self._selection.below(inner, group).items()
            if name_of(same) != "__typename"
        }
        below = [(key, each) for key, each in found.items() if each is not None]
        return lambda made: 0 if made is None else 1 + sum(each(made[key]) for key, each in below)

    def _object(self, kind: GraphQLObjectType, group: Group) -> Complete:
        """Complete an object whose fields are attributes."""
        parts: list[tuple[str, str | None, Complete]] = []
        for key, same in self._selection.below(kind, group).items():
            name = name_of(same)
            if name == "__typename":
                parts.append((key, None, _always(kind.name)))
                continue
            field = field_of(kind, name)
            if cast("Any", field.of).base_resolver is not None or field.of.extensions:
                message = f"{kind.name}.{name} has a resolver of its own"
                raise Unplanned(message)
            parts.append((key, field.name, self.completion(field.type, same)))

        def complete(shown: Any) -> Any:
            if shown is None:
                return None
            return {key: done(None if name is None else getattr(shown, name)) for key, name, done in parts}

        return complete

    def _plain(self, kind: Any, field: Field, level: Level, name: str) -> str | None:
        """The expression of a column whose values are written as they are, or by a table of them."""
        shown: Any = _core.get_nullable_type(field.type)
        at = level.value(name)
        if isinstance(kind, EnumColumn):
            return f"{self._code.refer(_spelled(kind, shown))}[{at}]" if isinstance(shown, GraphQLEnumType) else None
        if isinstance(kind, ARRAY):
            is_same = str(shown) == "[String!]" and isinstance(cast("Any", kind).item_type, Text)
            return at if is_same else None
        if isinstance(kind, JSONB):
            if str(shown) != "JSON":
                return None
            return f"(None if {at} is None else fragment({at}))" if level.is_raw else at
        if not isinstance(kind, _SAME.get(str(shown), ())):
            return None
        return self._moment(at) if isinstance(kind, DateTime) and level.is_raw else at

    def _moment(self, at: str) -> str:
        """The expression of a time: asked for by name once, because a row takes longer to find it."""
        make, utc, otherwise = (self._code.refer(each) for each in (datetime.fromtimestamp, UTC, far))
        near = f"{make}(t / 1e6 + {BEFORE}, {utc}) if {-EXACT} < t < {EXACT} else {otherwise}(t)"
        return f"(None if (t := {at}) is None else {near})"

    def _python(self, level: Level, name: str) -> str:
        """The expression of a column as the table's class has it."""
        kind, at = column_type(level, name), level.value(name)
        if not level.is_raw:
            return at
        if isinstance(kind, JSONB):
            return f"(None if {at} is None else {self._code.refer(orjson.loads)}({at}))"
        process = python_of(kind)
        return at if process is None else f"{self._code.refer(process)}({at})"


def column_type(level: Level, name: str) -> Any:
    """Return the type of a column of a level."""
    found = column_named(level.source.model, name)
    if found is None:
        message = f"{level.source.model.__name__} has no column {name}"
        raise Unplanned(message)
    return found.type


def _spelled(kind: EnumColumn, shown: GraphQLEnumType) -> dict[str | None, str | None]:
    """The stored texts with the names that GraphQL has for them."""
    members = cast("type[Enum]", kind.enum_class)
    process = from_driver(kind) or members
    stored: list[str] = list(kind.enums)
    return {None: None, **{each: shown.coerce_output_value(process(each)) for each in stored}}


def _some(shown: Any) -> Any:
    if shown is None:
        message = "null where a value must be"
        raise Unusual(message)
    return shown


def _written(write: Complete, *, is_text: bool) -> Complete:
    """Write a leaf; a text is what it is."""
    if is_text:
        return lambda shown: shown if shown is None or type(shown) is str else _some(write(shown))
    return lambda shown: None if shown is None else _some(write(shown))


def _hidden(mask: Callable[[Any], Any]) -> Complete:
    return lambda shown: None if shown is None else mask(shown)


def _always(shown: str) -> Complete:
    return lambda _: shown
