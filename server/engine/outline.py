"""What an operation selects, with the types of its fields found once and its fragments in place.

Kept are the fields that may look something up: objects, lists of them and counts. Scalars are not. What a schema tells
of itself is measured in `introspection`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum
from itertools import chain
from typing import Any, Final, cast

import graphql.type
from graphql import (
    DirectiveNode,
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
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    is_composite_type,
)

_types: Any = graphql.type

BOUNDS: Final = ("first", "last")
_WRAPPERS: Final = frozenset({"edges", "nodes", "node", "pageInfo"})

Conditions = tuple[DirectiveNode, ...]


class Kind(Enum):
    """What a field looks up."""

    ONE = "one object"
    LIST = "a list without pages"
    PAGE = "one page of a list"
    WRAPPER = "nothing: it wraps what its parent looked up"
    FAULTS = "nothing: it lists what was refused"
    COUNT = "how many there are"
    ACT = "the scalar that a mutation answers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A field. It is left out where one of its conditions says so, its fragments' included."""

    node: FieldNode
    field: GraphQLField
    kind: Kind
    conditions: Conditions
    below: "Steps"

    @property
    def key(self) -> str:
        """Its name in the answer."""
        return self.node.name.value if self.node.alias is None else self.node.alias.value


Steps = tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """What stands under one name in the answer. Fields of the same name are one."""

    name: str
    kind: Kind
    below: Mapping[str, "Shape"]


def shapes(steps: Iterable[Step]) -> dict[str, Shape]:
    """Return the shapes of an answer, by name."""
    grouped: dict[str, list[Step]] = {}
    for each in steps:
        grouped.setdefault(each.key, []).append(each)
    return {
        key: Shape(
            name=same[0].node.name.value,
            kind=same[0].kind,
            below=shapes(chain.from_iterable(each.below for each in same)),
        )
        for key, same in grouped.items()
    }


def steps_of(
    schema: GraphQLSchema, operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]
) -> Steps:
    """Return the fields at the root of an operation that fits the schema and the limits."""
    root = schema.get_root_type(operation.operation)
    if root is None:
        return ()
    walk = _Walk(schema, fragments, acts=root if operation.operation is OperationType.MUTATION else None)
    return tuple(walk.steps(operation.selection_set, root, ()))


class _Walk:
    """One walk over an operation. Fields of the type `acts` count even when they are scalars."""

    def __init__(
        self,
        schema: GraphQLSchema,
        fragments: Mapping[str, FragmentDefinitionNode],
        acts: GraphQLObjectType | None,
    ) -> None:
        self._schema = schema
        self._fragments = fragments
        self._acts = acts

    def steps(
        self, selections: SelectionSetNode, parent: GraphQLCompositeType, conditions: Conditions
    ) -> Iterable[Step]:
        for each in selections.selections:
            found = (*conditions, *each.directives) if each.directives else conditions
            if isinstance(each, FieldNode):
                step = self._step(each, parent, found)
                if step is not None:
                    yield step
            elif isinstance(each, FragmentSpreadNode):
                fragment = self._fragments[each.name.value]
                kind = self._type(fragment.type_condition.name.value, parent)
                yield from self.steps(fragment.selection_set, kind, found)
            elif isinstance(each, InlineFragmentNode):
                name = None if each.type_condition is None else each.type_condition.name.value
                yield from self.steps(each.selection_set, self._type(name, parent), found)

    def _type(self, name: str | None, parent: GraphQLCompositeType) -> GraphQLCompositeType:
        found = parent if name is None else self._schema.get_type(name)
        return found if found is not None and is_composite_type(found) else parent

    def _step(self, node: FieldNode, parent: GraphQLCompositeType, conditions: Conditions) -> Step | None:
        field = (
            parent.fields.get(node.name.value) if isinstance(parent, GraphQLObjectType | GraphQLInterfaceType) else None
        )
        if field is None:
            return None
        named: Any = _types.get_named_type(field.type)
        if node.selection_set is not None and is_composite_type(named):
            below = tuple(self.steps(node.selection_set, named, ()))
            return Step(node=node, field=field, kind=_kind(node, field), conditions=conditions, below=below)
        kind = Kind.COUNT if node.name.value == "totalCount" else Kind.ACT if parent is self._acts else None
        if kind is None:
            return None
        return Step(node=node, field=field, kind=kind, conditions=conditions, below=())


def _kind(node: FieldNode, field: GraphQLField) -> Kind:
    if any(bound in field.args for bound in BOUNDS):
        return Kind.PAGE
    if node.name.value in _WRAPPERS:
        return Kind.WRAPPER
    if node.name.value == "userErrors":
        return Kind.FAULTS
    is_list = isinstance(_types.get_nullable_type(cast("Any", field).type), GraphQLList)
    return Kind.LIST if is_list else Kind.ONE
