"""Arguments as a resolver gets them: what Strawberry makes of coerced values, by one function for each type."""

from collections.abc import Callable, Mapping
from dataclasses import MISSING
from functools import lru_cache, partial
from typing import Any, Final, TypeAlias, cast

from graphql import FieldNode, Undefined, VariableNode
from graphql.execution.values import VariableValues
from strawberry import UNSET
from strawberry.relay import GlobalID
from strawberry.scalars import is_scalar
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.types.base import StrawberryList, StrawberryMaybe, StrawberryOptional, has_object_definition
from strawberry.types.enum import StrawberryEnumDefinition, has_enum_definition
from strawberry.types.field import StrawberryField
from strawberry.types.lazy_type import LazyType

from graph.plan.inputs import Literal, default_of, literal_of
from graph.plan.run import Unplanned

Convert: TypeAlias = Callable[[Any], Any]
Arguments: TypeAlias = Mapping[str, Any]
Read: TypeAlias = Callable[[VariableValues], Arguments]

_SCHEMAS: Final = 8


class Conversions:
    """The functions of one schema; None stands for a type whose values are what they are."""

    def __init__(self, converter: GraphQLCoreConverter) -> None:
        self._scalars: Any = converter.scalar_registry
        self._names = converter.config.name_converter
        self._made: dict[type, Convert] = {}

    def arguments(self, field: StrawberryField, core: Any, node: FieldNode) -> Read:
        """Return what reads a field's arguments: input objects and lists are made anew each time.

        Raises:
            Unplanned: they are read by graphql-core and Strawberry.
        """
        if field.extensions:
            message = f"{field.name} has extensions"
            raise Unplanned(message)
        given = {each.name.value: each.value for each in node.arguments or ()}
        read: list[tuple[str, Literal, Convert]] = []
        for argument in field.arguments:
            name = self._names.from_argument(argument)
            kind = core.args[name]
            value = given.get(name)
            literal = _left_out(kind) if value is None else _given(literal_of(value, kind.type), kind, value)
            read.append((str(argument.python_name), literal, self.of(argument.type) or _same))
        return lambda variables: {
            name: convert(value) for name, literal, convert in read if (value := literal(variables)) is not Undefined
        }

    def of(self, kind: Any) -> Convert | None:
        """Return what makes values of a type."""
        if isinstance(kind, StrawberryMaybe):
            message = "an argument tells null from what is left out by its type"
            raise Unplanned(message)
        if isinstance(kind, StrawberryOptional):
            return self.of(kind.of_type)
        if isinstance(kind, StrawberryList):
            inner = self.of(kind.of_type)
            return _copied if inner is None else partial(_converted, inner)
        if isinstance(kind, LazyType):
            return self.of(kind.resolve_type())
        if kind is GlobalID:
            message = "an argument is an id of Relay's"
            raise Unplanned(message)
        if is_scalar(kind, self._scalars) or isinstance(kind, StrawberryEnumDefinition) or has_enum_definition(kind):
            return None
        return self._object(cast("type", kind))

    def _object(self, kind: type) -> Convert:
        """Make input objects of a class; what is left out is as its dataclass says, or else null."""
        made = self._made.get(kind)
        if made is not None:
            return made
        definition: Any = getattr(kind, "__strawberry_definition__", None)
        if not has_object_definition(kind) or not definition.is_input or definition.from_input is not None:
            message = f"{kind} is no plain input"
            raise Unplanned(message)
        # an input that holds itself finds here what will be made of it
        self._made[kind] = partial(self._made_later, kind)
        try:
            made = self._made[kind] = self._maker(kind, definition)
        except Unplanned:
            self._made.clear()
            raise
        return made

    def _made_later(self, kind: type, value: Any) -> Any:
        return self._made[kind](value)

    def _maker(self, kind: type, definition: Any) -> Convert:
        bare = {
            each.python_name: None
            for each in definition.fields
            if each.default_value is MISSING and each.default_factory is MISSING
        }
        fields = {
            self._names.from_field(each): (each.python_name, self.of(each.resolve_type(type_definition=definition)))
            for each in definition.fields
        }

        def convert(value: Any) -> Any:
            if value is None or value is UNSET:
                return value
            given = dict(bare)
            for name, found in cast("dict[str, Any]", value).items():
                known, inner = fields[name]
                given[known] = found if inner is None else inner(found)
            return kind(**given)

        return convert


@lru_cache(_SCHEMAS)
def conversions_of(converter: GraphQLCoreConverter) -> Conversions:
    """Return the functions of a schema."""
    return Conversions(converter)


def _left_out(kind: Any) -> Literal:
    default = default_of(kind)
    return lambda _: default


def _given(literal: Literal, kind: Any, node: Any) -> Literal:
    """Read a literal; a variable without a value is as good as no argument."""
    default = default_of(kind)
    if default is Undefined or not isinstance(node, VariableNode):
        return literal
    return lambda variables: default if (value := literal(variables)) is Undefined else value


def _same(value: Any) -> Any:
    return value


def _copied(value: Any) -> Any:
    return value if value is None or value is UNSET else list(value)


def _converted(convert: Convert, value: Any) -> Any:
    return value if value is None or value is UNSET else [convert(each) for each in value]
