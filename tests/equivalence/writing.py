"""Writes operations over a schema: valid as far as that is cheap, with odd values and odd forms mixed in on purpose."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    get_named_type,
    is_leaf_type,
    is_required_argument,
)

from tests.equivalence import values
from tests.equivalence.chance import Chance, happens, pick, some
from tests.equivalence.values import Known, Ref

_BOUNDS: Final = ("first", "after", "last", "before")
_PAGED: Final = {"first": 75, "last": 12, "after": 12, "before": 6, "filter": 25, "orderBy": 30, "search": 12}
_OFTEN: Final = 45
_INTROSPECTION: Final = (
    "__schema { queryType { name } }",
    '__type(name: "Label") { name fields { name } }',
)
_FIELDS: Final = 45


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A variable: how it is declared, and what draws values for it; None stands for leaving it out."""

    declared: str
    draw: Callable[[Chance], tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """An operation, its variables, and what draws others."""

    text: str
    given: Mapping[str, Any]
    variables: Mapping[str, Variable] = field(repr=False)

    def redrawn(self, chance: Chance) -> dict[str, Any]:
        """Draw other values for the same text."""
        return _given(self.variables, chance)


def _given(variables: Mapping[str, Variable], chance: Chance) -> dict[str, Any]:
    drawn = {name: each.draw(chance) for name, each in variables.items()}
    return {name: found[0] for name, found in drawn.items() if found}


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What may be asked: the root fields, weighed by how often they stand here, and what is never selected."""

    schema: GraphQLSchema
    roots: Sequence[str]
    unstable: frozenset[str] = frozenset()
    prefixes: Mapping[str, str] = field(default_factory=dict)
    """The prefix of the ids that a root field is asked with."""
    landmarks: Sequence[str] = ()
    """Operations with a variable `size` that are always asked."""
    operation: str = "query"

    @property
    def root(self) -> GraphQLObjectType:
        """The type of the root fields."""
        found = self.schema.mutation_type if self.operation == "mutation" else self.schema.query_type
        assert found is not None
        return found


class Writer:
    """Writes one operation."""

    def __init__(self, offer: Offer, known: Known, chance: Chance) -> None:
        self._offer, self._known, self._chance = offer, known, chance
        self._variables: dict[str, Variable] = {}
        self._fragments: list[str] = []
        self._room = _FIELDS
        self._count = 0

    def operation(self) -> Written:
        """Write an operation with one to three root fields."""
        root = self._offer.root
        names = [pick(self._chance, self._offer.roots) for _ in range(pick(self._chance, (1, 1, 1, 2, 2, 3)))]
        body = [self._root(name, root.fields[name]) for name in names]
        if happens(self._chance, 6):
            body.append(self._again(body[0], root.fields[names[0]], 2))
        if happens(self._chance, 8):
            body.insert(self._chance.below(len(body) + 1), self._switched("__typename"))
        if self._offer.operation == "query" and happens(self._chance, 3):
            body.append(pick(self._chance, _INTROSPECTION))
        if happens(self._chance, 8):
            body[0] = f"... on {root.name}{self._directives()} {{ {body[0]} }}"
        declared = ", ".join(f"${name}: {each.declared}" for name, each in self._variables.items())
        head = pick(self._chance, (self._offer.operation, f"{self._offer.operation} Q")) + (
            f" ({declared})" if declared else ""
        )
        text = "\n".join([f"{head} {{ {' '.join(body)} }}", *self._fragments])
        return Written(text=text, given=_given(self._variables, self._chance), variables=self._variables)

    def _root(self, name: str, each: GraphQLField) -> str:
        hint = self._offer.prefixes.get(name, "")
        return self._field(
            self._offer.root.name, name, each, pick(self._chance, (3, 2, 4)), hint, alias=self._fresh("q")
        )

    # Selections.

    def _selection(self, kind: Any, depth: int) -> str:
        chance = self._chance
        chosen = some(chance, self._fields(kind, depth), 5) or self._fields(kind, depth)[:1]
        parts = [self._field(kind.name, name, each, depth - 1) for name, each in chosen]
        if chosen and happens(chance, 12):
            name, each = pick(chance, chosen)
            parts.append(self._again(parts[[n for n, _ in chosen].index(name)], each, depth - 1))
        if not parts or happens(chance, 15):
            parts.append(self._switched("__typename") if parts else "__typename")
        if happens(chance, 15):
            parts.insert(chance.below(len(parts) + 1), self._fragment(kind, depth))
        if isinstance(kind, GraphQLObjectType) and "id" in kind.fields and happens(chance, 8):
            parts.append(f"... on Node{self._directives()} {{ {self._switched('id')} __typename }}")
        if isinstance(kind, GraphQLInterfaceType):
            parts += [self._concrete(each, depth) for each in some(chance, self._kinds(kind), 3)]
        return " ".join(parts)

    def _fields(self, kind: Any, depth: int) -> list[tuple[str, GraphQLField]]:
        """The fields that may be selected: leaves first, so that shrinking leads to them."""
        if self._room <= 0:
            return []
        found = [
            (name, each)
            for name, each in kind.fields.items()
            if f"{kind.name}.{name}" not in self._offer.unstable
            and (depth > 0 or is_leaf_type(get_named_type(each.type)))
        ]
        return sorted(found, key=lambda each: not is_leaf_type(get_named_type(each[1].type)))

    def _again(self, written: str, each: GraphQLField, depth: int) -> str:
        """Write a field once more under the same name, with another selection."""
        head, brace, _ = written.partition(" {")
        named = get_named_type(each.type)
        if not brace or is_leaf_type(named) or "@" in head or "{" in head.split("(", 1)[-1]:
            return written if "@" not in written else "__typename"
        return f"{head} {{ {self._selection(named, depth)} }}"

    def _fragment(self, kind: Any, depth: int) -> str:
        inner = self._selection(kind, min(depth, 1))
        match self._chance.below(3):
            case 0:
                return f"...{self._directives()} {{ {inner} }}"
            case 1:
                return f"... on {kind.name}{self._directives()} {{ {inner} }}"
            case _:
                name = f"F{len(self._fragments)}"
                self._fragments.append(f"fragment {name} on {kind.name} {{ {inner} }}")
                again = f" ...{name}" if happens(self._chance, 25) else ""
                return f"...{name}{self._directives()}{again}"

    def _kinds(self, kind: GraphQLInterfaceType) -> list[GraphQLObjectType]:
        return sorted(self._offer.schema.get_possible_types(kind), key=str)

    def _concrete(self, kind: GraphQLObjectType, depth: int) -> str:
        """Write what is selected of one type below an interface; names do not meet those of other types."""
        chosen = some(self._chance, self._fields(kind, depth), 4)
        parts = [self._field(kind.name, n, each, depth - 1, alias=self._fresh("k")) for n, each in chosen]
        return f"... on {kind.name}{self._directives()} {{ {' '.join(parts) or '__typename'} }}"

    def _field(
        self, owner: str, name: str, each: GraphQLField, depth: int, hint: str = "", *, alias: str | None = None
    ) -> str:
        self._room -= 1
        arguments = self._arguments(f"{owner}.{name}", each, hint)
        if alias is None and (arguments or happens(self._chance, 8)):
            alias = self._fresh("a")
        head = (f"{alias}: " if alias else "") + name + (f"({', '.join(arguments)})" if arguments else "")
        head += self._directives()
        named = get_named_type(each.type)
        return head if is_leaf_type(named) else f"{head} {{ {self._selection(named, depth)} }}"

    def _fresh(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}{self._count}"

    # Arguments, and what takes their place.

    def _arguments(self, place: str, each: GraphQLField, hint: str) -> list[str]:
        lists = self._known.cursors.get(place)
        if lists and happens(self._chance, 45):
            return self._walk(each, lists)
        found: list[str] = []
        for name, argument in each.args.items():
            often = _PAGED.get(name, _OFTEN) if "after" in each.args else _OFTEN
            if is_required_argument(argument) or happens(self._chance, often):
                found.append(self._argument(name, argument, hint))
        return found

    def _walk(self, each: GraphQLField, lists: Mapping[str, Sequence[str]]) -> list[str]:
        """Go on in a list from a cursor that it gave."""
        given = pick(self._chance, list(lists))
        found = [given] if given else []
        size, end = pick(self._chance, (("first", "after"), ("last", "before"), ("first", "before"), ("last", "after")))
        cursors = lists[given]
        if cursors:
            found.append(self._placed(end, each.args[end], lambda chance: pick(chance, cursors)))
        return [*found, self._argument(size, each.args[size], "")]

    def _argument(self, name: str, argument: GraphQLArgument, hint: str) -> str:
        known = self._known
        return self._placed(name, argument, lambda chance: values.of_type(argument.type, name, chance, known, hint))

    def _placed(self, name: str, argument: GraphQLArgument, draw: Callable[[Chance], Any]) -> str:
        """Write an argument: a variable, a literal, or a literal with a variable inside."""
        chance = self._chance
        if happens(chance, 35):
            return f"{name}: ${self._variable(argument, draw)}"
        value = draw(chance)
        if isinstance(value, dict) and happens(chance, 30):
            value = self._referring(argument.type, value)
        return f"{name}: {values.literal(argument.type, value)}"

    def _variable(self, argument: GraphQLArgument, draw: Callable[[Chance], Any]) -> str:
        chance = self._chance
        must = isinstance(argument.type, GraphQLNonNull)
        declared, optional = str(argument.type), not must
        if happens(chance, 25):
            default = draw(chance)
            if default is not None:
                loose = declared.removesuffix("!")
                declared = f"{pick(chance, (loose, loose + '!'))} = {values.literal(argument.type, default)}"
                optional = True
        elif not must and happens(chance, 10):
            declared, optional = f"{declared}!", False
        return self._declare(declared, draw, optional=optional)

    def _declare(self, declared: str, draw: Callable[[Chance], Any], *, optional: bool) -> str:
        name = f"v{len(self._variables)}"

        def drawn(chance: Chance) -> tuple[Any, ...]:
            return () if happens(chance, 20 if optional else 1) else (draw(chance),)

        self._variables[name] = Variable(declared=declared, draw=drawn)
        return name

    def _referring(self, kind: Any, value: dict[str, Any]) -> dict[str, Any]:
        """Put a variable in the place of one of an object's values."""
        fields = get_named_type(kind).fields
        names = [each for each in value if not isinstance(value[each], dict)]
        if not names:
            return {
                name: self._referring(fields[name].type, inner)
                if isinstance(inner, dict) and name in fields and hasattr(get_named_type(fields[name].type), "fields")
                else inner
                for name, inner in value.items()
            }
        name = pick(self._chance, names)
        inner, known = fields[name].type, self._known
        variable = self._declare(
            str(inner),
            lambda chance: values.of_type(inner, name, chance, known, "user"),
            optional=not isinstance(inner, GraphQLNonNull),
        )
        return {**value, name: Ref(variable)}

    def _inside(self, kind: Any, value: Any) -> Any:
        is_object = isinstance(value, dict) and isinstance(get_named_type(kind), GraphQLInputObjectType)
        return self._referring(kind, value) if is_object else value

    def _switched(self, text: str) -> str:
        return text + self._directives()

    def _directives(self) -> str:
        chance = self._chance
        if not happens(chance, 9):
            return ""
        words = pick(chance, (("include",), ("skip",), ("include", "skip"), ("skip", "include")))
        return "".join(f" @{word}(if: {self._condition()})" for word in words)

    def _condition(self) -> str:
        chance = self._chance
        if happens(chance, 40):
            return pick(chance, ("true", "false"))
        default = pick(chance, ("", " = true", " = false"))
        kind = pick(chance, ("Boolean!", "Boolean")) if default else "Boolean!"
        return "$" + self._declare(kind + default, lambda inner: happens(inner, 50), optional=bool(default))
