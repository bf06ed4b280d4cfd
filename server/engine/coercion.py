"""What is said of values that do not have the type they are given for: where each stands, and what would be accepted.

graphql-core finds them, and repeats them in what it says. They may be secrets, so its words are not passed on.
"""

import re
from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

import graphql
from graphql import (
    ArgumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    ValueNode,
    ValuesOfCorrectTypeRule,
    VariableDefinitionNode,
)

from schema.scalars import ACCEPTED

CODE: Final = "BAD_USER_INPUT"
_MOST: Final = 20
_NAMES: Final = 50
_LONGEST: Final = 100
_LACKING: Final = re.compile(r"to include required field '(\w+)'")
_UNKNOWN: Final = re.compile(r"not to include unknown field '(.*?)'(?:, found|\.)", re.DOTALL)

Path: TypeAlias = tuple[str | int, ...]
# graphql-core's types of input types leave open what their lists hold
InputType: TypeAlias = Any
_core: Any = graphql


class TypedValuesRule(ValuesOfCorrectTypeRule):
    """The rule of the specification about values in a document, with sentences of our own."""

    _place: Path = ()

    def enter_argument(self, node: ArgumentNode, *_: Any) -> None:
        """Note whose value comes next."""
        self._place = (node.name.value,)

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> None:
        """Note whose default comes next."""
        self._place = (node.variable.name.value,)

    def is_valid_value_node(self, node: ValueNode, input_type: InputType) -> Any:
        """Check a value with all that is inside it."""
        if input_type is not None:
            shows = not self.context.hide_suggestions

            def report(error: GraphQLError, path: list[str | int]) -> None:
                found = _told(error, input_type, self._place, tuple(path), shows=shows)
                self.report_error(GraphQLError(found.message, error.nodes or [node], extensions=found.extensions))

            _core.utilities.validate_input_literal(node, input_type, report, None, None, not shows)
        return _core.SKIP


def faults(
    schema: GraphQLSchema, operation: OperationDefinitionNode, given: Mapping[str, Any], *, shows: bool
) -> list[GraphQLError]:
    """Say of each variable's value that does not fit what would; at most 20 times. `shows`: it may name the schema's
    names.
    """
    found: list[GraphQLError] = []
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        value = given.get(name, Undefined)
        if value is Undefined and definition.default_value is not None:
            continue
        kind = _core.type_from_ast(schema, definition.type)

        def report(error: GraphQLError, path: list[str | int], name: str = name, kind: InputType = kind) -> None:
            found.append(_told(error, kind, (name,), tuple(path), shows=shows))

        _core.utilities.validate_input_value(value, kind, report, True)
    return found[:_MOST] or [_error("The variables do not fit the document.", ())]


def _told(error: GraphQLError, kind: InputType, place: Path, path: Path, *, shows: bool) -> GraphQLError:
    """Say where a value stands, and what would be accepted there."""
    inner = _inside(kind, path)
    place = (*place, *path)
    named = _core.get_named_type(inner)
    if _core.is_input_object_type(named):
        lacking, unknown = _LACKING.search(error.message), _UNKNOWN.search(error.message)
        if lacking is not None and not shows:
            return _error(f"{_spelled(place)} lacks a field that it needs.", place)
        if lacking is not None:
            place = (*place, lacking[1])
            return _error(f"{_spelled(place)} is missing: give {_wanted(named.fields[lacking[1]].type, shows)}.", place)
        if unknown is not None:
            place = (*place, unknown[1][:_LONGEST])
            known = f": give {_listed(named.fields)}" if shows else ""
            return _error(f"{_spelled(place)} is not known{known}.", place)
    return _error(f"{_spelled(place)} needs {_wanted(inner, shows)}.", place)


def _inside(kind: InputType, path: Path) -> InputType:
    """The type of what stands at a path. A value that stands for a list of one has no number in it."""
    for part in path:
        kind = _core.get_nullable_type(kind)
        while isinstance(part, str) and _core.is_list_type(kind):
            kind = _core.get_nullable_type(kind.of_type)
        kind = kind.of_type if _core.is_list_type(kind) else kind.fields[part].type
    return kind


def _wanted(kind: InputType, shows: bool) -> str:
    """Say what a type accepts."""
    if _core.is_non_null_type(kind):
        return _wanted(kind.of_type, shows)
    if _core.is_list_type(kind):
        return f"a list of values, each of them {_wanted(kind.of_type, shows)}"
    if _core.is_enum_type(kind):
        return f"one of {_listed(kind.values)}" if shows else "a name that the schema lists"
    if _core.is_input_object_type(kind):
        which = "exactly one of these fields" if kind.is_one_of else "fields"
        return f"an object with {which}: {_listed(kind.fields)}" if shows else "an object"
    return ACCEPTED[kind.name]


def _listed(names: Iterable[str]) -> str:
    known = list(names)
    return ", ".join([*known[:_NAMES], *(["..."] if len(known) > _NAMES else [])])


def _spelled(place: Path) -> str:
    return f"`{'.'.join(str(each) for each in place)}`"


def _error(message: str, place: Path) -> GraphQLError:
    return GraphQLError(message, extensions={"code": CODE, "field": [str(each) for each in place]})
