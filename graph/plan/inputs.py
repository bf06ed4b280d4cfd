"""Values of input types, as graphql-core coerces them: for each type one function is made, once.

It knows what is usual, and says `Unusual` of all else; graphql-core then decides, and words what is wrong. Types that
hold themselves are left to it as well, for it bounds their depth.
"""

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any, Final, TypeAlias, cast

import graphql
from graphql import (
    GraphQLInputObjectType,
    ListValueNode,
    NullValueNode,
    ObjectValueNode,
    Undefined,
    ValueNode,
    VariableNode,
)
from graphql.execution.values import VariableValues
from graphql.utilities.coerce_input_value import coerce_default_value

from graph.plan.run import Unplanned, Unusual

Coerce: TypeAlias = Callable[[Any], Any]
"""Returns what a value of JSON is as a value of a type."""

Literal: TypeAlias = Callable[[VariableValues], Any]
"""Returns what is written in a document; Undefined where it is a variable without a value."""

# graphql-core's types of types leave open what wrappers hold
_core: Any = graphql
_coerced: Any = _core.utilities.coerce_input_literal

_KEPT: Final = 1_000
_INT: Final = 2**31
_SAME: Final[dict[str, type[Any]]] = {"String": str, "ID": str, "Boolean": bool}
"""Scalars whose usual values are what they are."""


def coercion_of(kind: Any) -> Coerce:
    """Return what coerces values of JSON to a type.

    Raises:
        Unplanned: graphql-core does that.
    """
    if _core.is_non_null_type(kind):
        return partial(_some, coercion_of(kind.of_type))
    if _core.is_list_type(kind):
        return partial(_maybe, partial(_list, coercion_of(kind.of_type)))
    return partial(_maybe, _object(kind) if _core.is_input_object_type(kind) else _leaf(kind))


def literal_of(node: ValueNode, kind: Any) -> Literal:
    """Return what reads a value that a sound document gives to a type. Lists and objects are made anew each time.

    Raises:
        Unplanned: graphql-core does that.
    """
    if isinstance(node, VariableNode):
        return partial(_variable, node.name.value, _core.is_non_null_type(kind))
    if isinstance(node, NullValueNode):
        return _null
    kind = _core.get_nullable_type(kind)
    if _core.is_list_type(kind):
        nodes = node.values if isinstance(node, ListValueNode) else (node,)
        return partial(_items, [literal_of(each, kind.of_type) for each in nodes])
    if _core.is_input_object_type(kind):
        return _object_literal(cast("ObjectValueNode", node), kind)
    if isinstance(node, ListValueNode | ObjectValueNode):
        return partial(_coerced, node, kind)
    value = _found(_coerced(node, kind))
    return lambda _: value


def default_of(given: Any) -> Any:
    """Return what an argument or a field of an input is when it is left out; Undefined if nothing."""
    try:
        return coerce_default_value(given)
    except TypeError as error:
        raise Unplanned(str(error)) from None


def _some(coerce: Coerce, value: Any) -> Any:
    return coerce(_present(value))


def _maybe(coerce: Coerce, value: Any) -> Any:
    return None if value is None else coerce(value)


def _list(coerce: Coerce, value: Any) -> list[Any]:
    if type(value) is not list:
        raise Unusual
    return list(map(coerce, cast("list[Any]", value)))


def _leaf(kind: Any) -> Coerce:
    """Scalars and enums: usual values are looked at here, others by the type."""
    if kind.name in _SAME:
        same = _SAME[kind.name]
        return lambda value: value if type(value) is same else _found(kind.coerce_input_value(value))
    if kind.name == "Int":
        return lambda value: (
            value if type(value) is int and -_INT <= value < _INT else _found(kind.coerce_input_value(value))
        )
    if _core.is_enum_type(kind):
        members = {name: kind.coerce_input_value(name) for name in kind.values}
        return lambda value: members[value]
    return lambda value: _found(kind.coerce_input_value(value))


@lru_cache(_KEPT)
def _object(kind: GraphQLInputObjectType) -> Coerce:
    """An object: its fields in their order, with defaults for those that are left out."""
    _check(kind)
    fields = [(name, coercion_of(each.type), default_of(each)) for name, each in kind.fields.items()]
    needed = _needed(kind)

    def coerce(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise Unusual
        given = cast("dict[str, Any]", value)
        made: dict[str, Any] = {}
        known = 0
        for name, inner, default in fields:
            if name in given:
                known += 1
                made[name] = inner(given[name])
            elif default is not Undefined:
                made[name] = default
            elif name in needed:
                raise Unusual
        if known != len(given):
            raise Unusual
        return made

    return coerce


def _needed(kind: GraphQLInputObjectType) -> frozenset[str]:
    return frozenset(name for name, each in kind.fields.items() if _core.is_required_input_field(each))


def _check(kind: GraphQLInputObjectType, *above: GraphQLInputObjectType) -> None:
    """Refuse what is not made of fields alone, in a depth that is known."""
    if kind in above:
        message = f"{kind.name} holds itself"
        raise Unplanned(message)
    if kind.is_one_of or kind.out_type is not GraphQLInputObjectType.out_type:
        message = f"{kind.name} is more than its fields"
        raise Unplanned(message)
    for each in kind.fields.values():
        if each.out_name is not None:
            message = f"{kind.name} has fields of other names"
            raise Unplanned(message)
        inner = _core.get_named_type(each.type)
        if _core.is_input_object_type(inner):
            _check(inner, *above, kind)


def _variable(name: str, is_needed: bool, variables: VariableValues) -> Any:
    value = variables.coerced.get(name, Undefined)
    return _present(_found(value)) if is_needed else value


def _null(_: VariableValues) -> None:
    return None


def _items(literals: list[Literal], variables: VariableValues) -> list[Any]:
    found = [each(variables) for each in literals]
    return [None if each is Undefined else each for each in found]


def _object_literal(node: ObjectValueNode, kind: GraphQLInputObjectType) -> Literal:
    _check(kind)
    nodes = {each.name.value: each.value for each in node.fields}
    needed = _needed(kind)
    fields = [
        (name, literal_of(nodes[name], each.type) if name in nodes else None, default_of(each))
        for name, each in kind.fields.items()
    ]

    def read(variables: VariableValues) -> dict[str, Any]:
        made: dict[str, Any] = {}
        for name, inner, default in fields:
            value = Undefined if inner is None else inner(variables)
            value = default if value is Undefined else value
            if value is not Undefined:
                made[name] = value
            elif name in needed:
                raise Unusual
        return made

    return read


def _found(value: Any) -> Any:
    if value is Undefined:
        raise Unusual
    return value


def _present(value: Any) -> Any:
    if value is None:
        raise Unusual
    return value
