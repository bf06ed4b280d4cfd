"""How much of the schema an operation asks for: how many values it can return, by the sizes of this schema.

A standard introspection query (graphql-js, with all its options) is the measure: an operation may ask for a quarter
more than that, so that none holds the process up for longer than a client does that learns the schema.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial
from typing import Any, Final, TypeAlias, cast

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    get_introspection_query,
    parse,
)

FIELDS: Final = frozenset({"__schema", "__type"})
AT_ONCE: Final = 3
ALIASES: Final = 10
VALUES_A_POINT: Final = 100
_SPARE: Final = 1.25
_KEPT: Final = 4

Fragments: TypeAlias = Mapping[str, SelectionSetNode]
Place: TypeAlias = str
Parts: TypeAlias = Mapping[str, tuple[float, Place]]
"""The fields of a place in a schema's description that hold objects: how many, and the place that these are."""

_UNWRAPPED: Final[Parts] = {"ofType": (0, "value")}
_ROOTS: Final = ("queryType", "mutationType", "subscriptionType")


class Sizes:
    """The sizes of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._places = _places(schema)
        document = parse(
            get_introspection_query(
                specified_by_url=True,
                directive_is_repeatable=True,
                schema_description=True,
                input_value_deprecation=True,
            )
        )
        fragments, operations = _parts(document)
        self.most = int(_SPARE * sum(self.values(each.selection_set, fragments) for each in operations))

    def values(self, selections: SelectionSetNode, fragments: Fragments) -> float:
        """Return how many values of the schema an operation asks for at most."""
        return _Measure(self._places, fragments).of(selections, "")


@lru_cache(maxsize=_KEPT)
def sizes_of(schema: GraphQLSchema) -> Sizes:
    """Measure a schema, once."""
    return Sizes(schema)


class IntrospectionRule(ASTValidationRule):
    """Refuses an operation that asks for more of the schema than a client needs that learns all of it."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._schema = context.schema

    def enter_document(self, document: DocumentNode, *_: Any) -> None:
        """Measure every operation."""
        sizes = sizes_of(self._schema)
        fragments, operations = _parts(document)
        for each in operations:
            found = int(sizes.values(each.selection_set, fragments))
            if found > sizes.most:
                message = f"An operation may ask for {sizes.most} values of the schema; this one may return {found}."
                self.report_error(GraphQLError(message, [each], extensions={"code": "LIMIT_EXCEEDED"}))


class _Measure:
    """Counts values. A fragment is measured once in each place; one that spreads itself counts as empty."""

    def __init__(self, places: Mapping[Place, Parts], fragments: Fragments) -> None:
        self._places = places
        self._fragments = fragments
        self._known: dict[tuple[str, Place], float] = {}

    def of(self, selections: SelectionSetNode, place: Place) -> float:
        found = 0.0
        for each in selections.selections:
            if isinstance(each, FieldNode):
                found += self._field(each, place)
            elif isinstance(each, InlineFragmentNode):
                found += self.of(each.selection_set, place)
            elif isinstance(each, FragmentSpreadNode):
                found += self._fragment(each.name.value, place)
        return found

    def _field(self, field: FieldNode, place: Place) -> float:
        name = field.name.value
        own = 1 if place or name in FIELDS else 0
        if field.selection_set is None:
            return own
        count, below = self._places[place].get(name, (1.0, place))
        return own + (count * self.of(field.selection_set, below) if count else 0)

    def _fragment(self, name: str, place: Place) -> float:
        if (name, place) not in self._known:
            self._known[name, place] = 0
            selections = self._fragments.get(name)
            if selections is not None:
                self._known[name, place] = self.of(selections, place)
        return self._known[name, place]


def _parts(document: DocumentNode) -> tuple[Fragments, list[OperationDefinitionNode]]:
    fragments = {
        each.name.value: each.selection_set for each in document.definitions if isinstance(each, FragmentDefinitionNode)
    }
    return fragments, [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]


def _places(schema: GraphQLSchema) -> dict[Place, Parts]:
    """Describe a schema. Below the list of all types each list is as long as it is in the mean, so that their sum is
    exact, and so are those of the types that fields and arguments name there. Anywhere else a list is as long as the
    longest there is.
    """
    kinds = list(schema.type_map.values())
    every = [_lengths(schema, each) for each in kinds]
    fields = [field for each in kinds for field in _fields(each)]
    arguments = [len(each.args) for each in fields]
    longest = _lists(lambda name: max((each[name] for each in every), default=0), "field of one", "input of one")
    return {
        "": {"__schema": (1, "schema"), "__type": (1, "named")},
        "schema": {
            "types": (len(kinds), "listed"),
            "directives": (len(schema.directives), "directive"),
            **dict.fromkeys(_ROOTS, (1.0, "named")),
        },
        "listed": {**_lists(lambda name: _mean([each[name] for each in every]), "field", "input"), **_UNWRAPPED},
        "field": {"args": (_mean(arguments), "input"), "type": (1, "output 0")},
        "input": {"type": (1, "input 0")},
        "directive": {"args": (_mean([len(each.args) for each in schema.directives]), "input of one")},
        "named": {**longest, **_UNWRAPPED},
        "field of one": {"args": (max(arguments, default=0), "input of one"), "type": (1, "reference")},
        "input of one": {"type": (1, "reference")},
        "reference": {**longest, "ofType": (1, "reference")},
        "value": {},
        **_references("output", schema, [cast("Any", each).type for each in fields]),
        **_references("input", schema, _inputs(schema)),
    }


def _references(name: str, schema: GraphQLSchema, references: Sequence[Any]) -> dict[Place, Parts]:
    """Describe what references lead to: a place for each number of wrappers that were taken off."""
    found = [_unwrapped(each) for each in references]
    deepest = max((depth for _, depth in found), default=0)
    places: dict[Place, Parts] = {}
    for level in range(deepest + 1):
        here = [(kind, depth) for kind, depth in found if depth >= level]
        ending = [_lengths(schema, kind) for kind, depth in here if depth == level]
        total = max(1, len(here))
        length = partial(_share, ending, total)
        deeper = (1 - len(ending) / total, f"{name} {min(level + 1, deepest)}")
        places[f"{name} {level}"] = {**_lists(length, "field of one", "input of one"), "ofType": deeper}
    return places


def _lists(length: Callable[[str], float], field: Place, input_: Place) -> Parts:
    """Describe the lists of a type."""
    return {
        "fields": (length("fields"), field),
        "inputFields": (length("inputFields"), input_),
        "enumValues": (length("enumValues"), "value"),
        "interfaces": (length("interfaces"), "named"),
        "possibleTypes": (length("possibleTypes"), "named"),
    }


def _lengths(schema: GraphQLSchema, kind: Any) -> dict[str, int]:
    possible: Any = schema.get_possible_types(kind) if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType) else ()
    return {
        "fields": len(_fields(kind)),
        "inputFields": len(kind.fields) if isinstance(kind, GraphQLInputObjectType) else 0,
        "enumValues": len(kind.values) if isinstance(kind, GraphQLEnumType) else 0,
        "interfaces": len(kind.interfaces) if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) else 0,
        "possibleTypes": len(possible),
    }


def _fields(kind: Any) -> list[GraphQLField]:
    return list(kind.fields.values()) if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType) else []


def _inputs(schema: GraphQLSchema) -> list[Any]:
    """Return the types of all arguments and of all fields of inputs."""
    kinds = schema.type_map.values()
    found: list[Any] = [one for kind in kinds for field in _fields(kind) for one in field.args.values()]
    found += [one for kind in kinds if isinstance(kind, GraphQLInputObjectType) for one in kind.fields.values()]
    return [each.type for each in found]


def _unwrapped(reference: Any) -> tuple[Any, int]:
    depth = 0
    while isinstance(reference, GraphQLList | GraphQLNonNull):
        depth, reference = depth + 1, cast("Any", reference).of_type
    return reference, depth


def _share(ending: Sequence[Mapping[str, int]], total: int, name: str) -> float:
    return sum(each[name] for each in ending) / total


def _mean(sizes: Sequence[float]) -> float:
    return sum(sizes) / max(1, len(sizes))
