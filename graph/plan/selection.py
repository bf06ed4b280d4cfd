"""What an operation selects, as graphql-core understands it: this is the border to its internals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final, TypeAlias, cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    Undefined,
    ValueNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.collect_fields import FragmentDetails, collect_fields, collect_subfields
from graphql.execution.values import VariableValues, get_argument_values
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.arguments import convert_arguments
from strawberry.types.field import StrawberryField

from graph.facts import Fact
from graph.plan.conversion import Arguments, conversions_of
from graph.plan.run import Unplanned, Unusual

Group: TypeAlias = list[Any]
"""The nodes that stand under one name of the answer."""

Taken: TypeAlias = tuple[str, str, str]
"""An argument that is a variable: its name in Python, the variable's, and its type."""

_BACK = GraphQLCoreConverter.DEFINITION_BACKREF
STRAIGHT: Final[Mapping[str, type[Any]]] = {
    kind: made for name, made in (("ID", str), ("String", str), ("Int", int)) for kind in (name, f"{name}!")
}
"""Scalars whose values are what they are, by their names, and by those of what may not be null."""


@dataclass(frozen=True, slots=True)
class Read:
    """Reads a field's arguments, as its resolver would get them, out of the variables that it `uses`."""

    read: Callable[[VariableValues], Arguments]
    uses: frozenset[str]

    def __call__(self, variables: VariableValues) -> Arguments:
        """Return the arguments."""
        return self.read(variables)


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A field of an object type."""

    name: str
    type: Any
    of: StrawberryField
    core: Any


class Selection:
    """One operation of a document, with variables that decide what its directives leave out."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: Mapping[str, FragmentDefinitionNode],
        variables: VariableValues,
    ) -> None:
        self.schema = schema
        self.operation = operation
        self.variables = variables
        self._fragments = {name: FragmentDetails(each) for name, each in fragments.items()}
        converter: Any = schema.extensions[_BACK].schema_converter
        self._scalars, self._config = converter.scalar_registry, converter.config
        self._conversions = conversions_of(converter)

    def roots(self, kind: GraphQLObjectType) -> dict[str, Group]:
        """Return the root fields by their names in the answer, in its order."""
        found = collect_fields(self.schema, self._fragments, self.variables, kind, self.operation)
        if found.new_defer_usages:
            raise Unplanned("@defer")
        return dict(found.grouped_field_set)

    def below(self, kind: GraphQLObjectType, group: Group) -> dict[str, Group]:
        """Return what is selected of an object, by the names in the answer, in its order."""
        found = collect_subfields(
            self.schema, self._fragments, self.variables, self.operation, kind, group, hide_suggestions=False
        )
        if found.new_defer_usages:
            raise Unplanned("@defer")
        return dict(found.grouped_field_set)

    def arguments(self, field: Field, group: Group) -> Read:
        """Return what reads a field's arguments. What is written in the document may be the same object for all."""
        node: FieldNode = group[0].node
        uses = frozenset(name for each in node.arguments or () for name in _variables_in(each.value))
        return Read(self._reader(field, node), uses)

    def _reader(self, field: Field, node: FieldNode) -> Callable[[VariableValues], Arguments]:
        read = self._whole_reader(field, node)
        straight = self._straight(field, node)
        if straight is None:
            return read
        samples = {variable: STRAIGHT[kind]() for _, variable, kind in straight}
        try:
            constant = read(VariableValues({}, samples))
        except (GraphQLError, Unusual) as error:
            raise Unplanned(str(error)) from None
        return _straight_reader(constant, straight)

    def fresh_arguments(self, field: Field, group: Group) -> Callable[[VariableValues], Arguments]:
        """Return what reads a field's arguments, as its resolver would get them, and makes them anew each time.

        Raises:
            Unplanned: graphql-core and Strawberry read them.
        """
        return self._conversions.arguments(field.of, field.core, group[0].node)

    def _whole_reader(self, field: Field, node: FieldNode) -> Callable[[VariableValues], Arguments]:
        try:
            return self._conversions.arguments(field.of, field.core, node)
        except Unplanned:
            return partial(self._resolved, field, node)

    def _resolved(self, field: Field, node: FieldNode, variables: VariableValues) -> Arguments:
        given = get_argument_values(field.core, node, variables)
        return convert_arguments(given, field.of.arguments, self._scalars, self._config)

    def _straight(self, field: Field, node: FieldNode) -> list[Taken] | None:
        """Return the arguments that are variables of built-in scalar types; None where others hold variables."""
        given = {each.name.value: each.value for each in node.arguments or ()}
        taken: list[Taken] = []
        for argument in field.of.arguments:
            name = self._config.name_converter.from_argument(argument)
            value, core = given.get(name), field.core.args[name]
            if value is None or not _variables_in(value):
                continue
            has_default = core.default is not None or core.default_value is not Undefined
            if not isinstance(value, VariableNode) or has_default or str(core.type) not in STRAIGHT:
                return None
            taken.append((str(argument.python_name), value.name.value, str(core.type)))
        return taken


def _straight_reader(constant: Arguments, taken: list[Taken]) -> Callable[[VariableValues], Arguments]:
    """Return what reads arguments of which all but those that are `taken` are always the same."""
    if not taken:
        return lambda _: constant
    needed = [variable for _, variable, kind in taken if kind.endswith("!")]
    names = {name for name, _, _ in taken}
    fixed = {name: each for name, each in constant.items() if name not in names}

    def read(variables: VariableValues) -> Arguments:
        coerced = variables.coerced
        for variable in needed:
            if coerced.get(variable) is None:
                message = "null where a value must be"
                raise Unusual(message)
        return {**fixed, **{name: coerced[variable] for name, variable, _ in taken if variable in coerced}}

    return read


def is_declared(schema: GraphQLSchema) -> bool:
    """Tell whether a schema was made by Strawberry, as those in graph's words are."""
    return _BACK in schema.extensions


def name_of(group: Group) -> str:
    """Return the name of the field that stands under one name of the answer."""
    return cast("str", group[0].node.name.value)


def field_of(kind: GraphQLObjectType, name: str) -> Field:
    """Return a field of an object type."""
    core: Any = kind.fields[name]
    of = core.extensions[_BACK]
    return Field(name=of.python_name, type=core.type, of=of, core=core)


def origin_of(kind: GraphQLObjectType) -> Any:
    """Return the class that an object type was declared by; None for a type of graphql-core's own."""
    return getattr(kind.extensions.get(_BACK), "origin", None)


def fact_of(kind: GraphQLObjectType, field: Field) -> Fact:
    """Return what a field was declared as.

    Raises:
        Unplanned: it has a resolver of its own.
    """
    found: Fact | None = getattr(origin_of(kind), "facts", {}).get(field.name)
    if found is None:
        raise Unplanned(f"{kind.name}.{field.name} has a resolver of its own")
    return found


def switches_of(operation: OperationDefinitionNode, fragments: Mapping[str, FragmentDefinitionNode]) -> tuple[str, ...]:
    """Return the names of the variables that decide what directives leave out."""
    found: set[str] = set()

    class Look(Visitor):
        def enter_directive(self, node: Any, *_: Any) -> None:
            found.update(each.value.name.value for each in node.arguments or () if isinstance(each.value, VariableNode))

    for each in (operation, *fragments.values()):
        visit(each, Look())
    return tuple(sorted(found))


def _variables_in(value: ValueNode) -> list[str]:
    found: list[str] = []

    class Look(Visitor):
        def enter_variable(self, node: Any, *_: Any) -> None:
            found.append(node.name.value)

    visit(value, Look())
    return found
