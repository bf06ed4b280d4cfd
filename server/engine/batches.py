"""What a mutation is given by the piece: the lists of its input, whether written in the document or sent as variables.

Lists of input objects and of ids count, because each piece is something to be done. Lists of plain values, such as the
options of a field, are part of one thing.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import prod
from typing import Any, Final, cast

import graphql.type
from graphql import FieldNode, GraphQLField, GraphQLID, GraphQLInputObjectType, GraphQLList
from graphql.utilities import value_from_ast_untyped

_types: Any = graphql.type

# Measured with 500 at once: an id that is named costs 0.2 to 0.6 ms, an object that is written 3 to 4 ms. A mutation of
# one thing takes about 10 ms, and costs ten points.
WRITTEN: Final = 5
NAMED: Final = 1
# 25,000 labels on contacts (500 by 50) take as long as 500 contacts that are written
PAIRS_A_POINT: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What the lists of one mutation cost, and the length of the longest; None when it takes no lists."""

    points: int
    longest: int | None


@dataclass(frozen=True, slots=True)
class _Pieces:
    count: int
    are_written: bool


def takes_pieces(field: GraphQLField) -> bool:
    """Tell whether a mutation is given anything by the piece."""
    kinds = cast("Mapping[str, Any]", field.args)
    return any(_holds_pieces(each.type) for each in kinds.values())


def given(node: FieldNode, field: GraphQLField, variables: Mapping[str, Any]) -> Batch:
    """Count what a mutation is given, with its coerced variables."""
    kinds = cast("Mapping[str, Any]", field.args)
    found = [
        piece
        for argument in node.arguments or ()
        if argument.name.value in kinds
        for piece in _pieces(kinds[argument.name.value].type, value_from_ast_untyped(argument.value, dict(variables)))
    ]
    named = [each.count for each in found if not each.are_written]
    written = sum(each.count for each in found if each.are_written)
    pairs = prod(named) // PAIRS_A_POINT if len(named) > 1 else 0
    return Batch(
        points=WRITTEN * written + max(NAMED * sum(named), pairs),
        longest=max((each.count for each in found), default=None),
    )


def _holds_pieces(kind: Any, *above: GraphQLInputObjectType) -> bool:
    """Tell whether a type holds lists that count. One that holds itself is looked at once."""
    kind = _types.get_nullable_type(kind)
    if isinstance(kind, GraphQLList):
        inner = _types.get_nullable_type(cast("Any", kind).of_type)
        return inner is GraphQLID or isinstance(inner, GraphQLInputObjectType) or _holds_pieces(inner, *above)
    if not isinstance(kind, GraphQLInputObjectType) or kind in above:
        return False
    return any(_holds_pieces(each.type, kind, *above) for each in kind.fields.values())


def _pieces(kind: Any, value: object) -> Iterable[_Pieces]:
    """Find the lists in a value; whoever gives one thing for a list gives a list of one."""
    kind = _types.get_nullable_type(kind)
    if value is None:
        return
    if isinstance(kind, GraphQLList):
        items = cast("list[object]", value if isinstance(value, list) else [value])
        inner = _types.get_nullable_type(cast("Any", kind).of_type)
        if isinstance(inner, GraphQLInputObjectType) or inner is GraphQLID:
            yield _Pieces(len(items), isinstance(inner, GraphQLInputObjectType))
        for each in items:
            yield from _pieces(inner, each)
    elif isinstance(kind, GraphQLInputObjectType) and isinstance(value, Mapping):
        within = cast("Mapping[str, object]", value)
        for name, each in kind.fields.items():
            yield from _pieces(each.type, within.get(name, within.get(each.out_name or name)))
