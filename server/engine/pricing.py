"""What an operation may cost at most, known before it runs, and what its answer did cost.

A point is an object that is looked up. A page counts as many objects as it may hold, and what hangs on each of them
counts as often; scalars are free, and so are the wrappers `edges`, `nodes` and `pageInfo`. A mutation costs ten more.
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, Final, cast

import graphql.type
from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLCompositeType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLObjectType,
    GraphQLSchema,
    InlineFragmentNode,
    IntValueNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    VariableNode,
    is_composite_type,
)

from server.engine.documents import Document

_types: Any = graphql.type

PAGE: Final = 20
LIST: Final = 10
LARGEST_PAGE: Final = 100
MUTATION: Final = 10
_BOUNDS: Final = ("first", "last")
_WRAPPERS: Final = frozenset({"edges", "nodes", "node", "pageInfo"})
_KEPT: Final = 2_000

Key = tuple[Document, str | None, tuple[tuple[str, Any], ...]]


class Pricing:
    """Prices the operations of one schema. Prices are kept, by the variables that bound pages or leave fields out."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._kept: OrderedDict[Key, int] = OrderedDict()

    def price(self, document: Document, operation: OperationDefinitionNode, variables: Mapping[str, Any]) -> int:
        """Return how many points an operation may cost."""
        name = None if operation.name is None else operation.name.value
        matter = tuple((each, variables[each]) for each in _small(variables))
        key = (document, name, matter)
        found = self._kept.get(key)
        if found is None:
            found = self._kept[key] = _Walk(self._schema, document, variables).price(operation)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return found


def spent(data: object) -> int:
    """Count the objects of an answer, wrappers included: an upper bound of what was looked up."""
    if isinstance(data, dict):
        return 1 + sum(spent(each) for each in cast("dict[str, object]", data).values())
    if isinstance(data, list):
        return sum(spent(each) for each in cast("list[object]", data))
    return 0


def _small(variables: Mapping[str, Any]) -> list[str]:
    """Return the variables that can bound a page or leave a field out: numbers and truth values."""
    return [name for name, value in variables.items() if isinstance(value, int)]


class _Walk:
    """One walk over an operation."""

    def __init__(self, schema: GraphQLSchema, document: Document, variables: Mapping[str, Any]) -> None:
        self._schema = schema
        self._variables = variables
        self._fragments = {
            each.name.value: each for each in document.node.definitions if isinstance(each, FragmentDefinitionNode)
        }

    def price(self, operation: OperationDefinitionNode) -> int:
        root = self._schema.get_root_type(operation.operation)
        cost = 0 if root is None else self._selections(operation.selection_set, root)
        return max(1, cost + (MUTATION if operation.operation is OperationType.MUTATION else 0))

    def _selections(self, selections: SelectionSetNode, parent: GraphQLCompositeType) -> int:
        cost = 0
        for each in selections.selections:
            if self._is_left_out(each):
                continue
            if isinstance(each, FieldNode):
                cost += self._field(each, parent)
            elif isinstance(each, FragmentSpreadNode):
                fragment = self._fragments[each.name.value]
                cost += self._selections(fragment.selection_set, self._type(fragment.type_condition.name.value, parent))
            elif isinstance(each, InlineFragmentNode):
                name = None if each.type_condition is None else each.type_condition.name.value
                cost += self._selections(each.selection_set, self._type(name, parent))
        return cost

    def _type(self, name: str | None, parent: GraphQLCompositeType) -> GraphQLCompositeType:
        found = parent if name is None else self._schema.get_type(name)
        return found if found is not None and is_composite_type(found) else parent

    def _field(self, node: FieldNode, parent: GraphQLCompositeType) -> int:
        field = (
            parent.fields.get(node.name.value) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None
        )
        if field is None or node.selection_set is None:
            return 1 if node.name.value == "totalCount" else 0
        named = _named(field)
        if not is_composite_type(named):
            return 0
        own = 0 if node.name.value in _WRAPPERS else 1
        return self._times(node, field) * (own + self._selections(node.selection_set, named))

    def _times(self, node: FieldNode, field: GraphQLField) -> int:
        if any(bound in field.args for bound in _BOUNDS):
            return self._bound(node, PAGE if "first" in field.args else _default(field))
        is_wrapped = node.name.value in _WRAPPERS
        return LIST if _is_list(cast("Any", field).type) and not is_wrapped else 1

    def _bound(self, node: FieldNode, default: int) -> int:
        """Return the size of a page; one that will be refused counts as the largest."""
        sizes: list[int] = []
        for argument in node.arguments or ():
            if argument.name.value in _BOUNDS:
                value = argument.value
                given: Any = None
                if isinstance(value, IntValueNode):
                    given = int(value.value)
                elif isinstance(value, VariableNode):
                    given = self._variables.get(value.name.value)
                if isinstance(given, int):
                    sizes.append(given if 0 < given <= LARGEST_PAGE else LARGEST_PAGE)
        return max(sizes, default=default)

    def _is_left_out(self, node: FieldNode | FragmentSpreadNode | InlineFragmentNode | Any) -> bool:
        for each in node.directives or ():
            if each.name.value not in ("skip", "include") or not each.arguments:
                continue
            value = each.arguments[0].value
            given = (
                self._variables.get(value.name.value)
                if isinstance(value, VariableNode)
                else getattr(value, "value", None)
            )
            if isinstance(given, bool) and given is (each.name.value == "skip"):
                return True
        return False


def _default(field: GraphQLField) -> int:
    default: Any = field.args["last"].default_value
    return default if isinstance(default, int) else LIST


def _named(field: Any) -> Any:
    return _types.get_named_type(field.type)


def _is_list(kind: Any) -> bool:
    return isinstance(_types.get_nullable_type(kind), GraphQLList)
