"""Values for arguments and variables: what fits a type, what is stored, and what is wrong in many ways."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLList, GraphQLNonNull, get_named_type

from tests.equivalence.chance import Chance, happens, pick, some

_SIZES: Final = (*(2, 1, 3, 2, 4, 3) * 30, 7, 20, 50, 0, -1, 101, 2**31, 2.0, "2")
_NUMBERS: Final = (50, 0, 100, 3, 7, -1, 2**31 - 1, 2**31)
_MOMENTS: Final = (
    "2026-11-23T12:00:03Z", "2026-11-23T12:00:00.123456+00:00", "2026-11-23T09:00:05-03:00", "2020-01-01T00:00:00Z",
    "2026-11-23", "gestern",
)  # fmt: skip
_WORDS: Final = (
    "a", "Ana", "ana 1", "ção", "%", "_", "\\", "Padaria", "", "'", "Kühl", "x" * 300, "🙂", "aurora", "5511", "é\u0301",
)  # fmt: skip
_JSON: Final = ("São Paulo", 3, 2.5, True, None, ["a"], "a", {}, "2026-11-23")
_KEYS: Final = ("campo_text", "campo_number", "campo_phone", "campo_select", "campo_boolean", "nada", "")


@dataclass(frozen=True, slots=True)
class Ref:
    """A variable inside a literal."""

    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is stored: ids by the prefix of their type, and those that name nothing here; cursors by their list."""

    ids: Mapping[str, Sequence[str]] = field(default_factory=dict)
    strange: Sequence[str] = ()
    cursors: Mapping[str, Mapping[str, Sequence[str]]] = field(default_factory=dict)

    def id(self, chance: Chance, hint: str) -> str | int:
        """Choose an id; mostly of the type that the hint names, and of a row that exists."""
        if happens(chance, 15):
            return pick(chance, [*self.strange, "", "7", 43, "contact_x", "contact_" + "0" * 32])
        own = self.ids.get(hint) if happens(chance, 85) else None
        return pick(chance, own or [each for all_ in self.ids.values() for each in all_])


def of_type(kind: Any, name: str, chance: Chance, known: Known, hint: str = "") -> Any:
    """Return a value for an input type, as JSON. `name` is the argument's or the field's, `hint` a prefix of ids."""
    if isinstance(kind, GraphQLNonNull):
        return of_type(kind.of_type, name, chance, known, hint) if not happens(chance, 1) else None
    if happens(chance, 7):
        return None
    if isinstance(kind, GraphQLList):
        items = [of_type(kind.of_type, name, chance, known, hint) for _ in range(chance.below(3))]
        return items[0] if len(items) == 1 and happens(chance, 30) else items
    if isinstance(kind, GraphQLInputObjectType):
        return _object(kind, chance, known)
    if isinstance(kind, GraphQLEnumType):
        return pick(chance, list(kind.values))
    return _scalar(get_named_type(kind).name, name, chance, known, hint)


def _object(kind: GraphQLInputObjectType, chance: Chance, known: Known) -> dict[str, Any]:
    required = [name for name, each in kind.fields.items() if isinstance(each.type, GraphQLNonNull)]
    chosen = [name for name in some(chance, list(kind.fields), 2) if name not in required]
    return {
        name: of_type(kind.fields[name].type, name, chance, known, _hint(kind.name, name))
        for name in [*required, *chosen]
    }


def _hint(owner: str, name: str) -> str:
    """Guess which type an id is of, by where it stands."""
    del owner
    return {"labels": "label", "anyOf": "label", "allOf": "label", "noneOf": "label"}.get(name, "user")


def _scalar(kind: str, name: str, chance: Chance, known: Known, hint: str) -> Any:
    match kind:
        case "Int":
            return pick(chance, _SIZES if name in ("first", "last", "items") else _NUMBERS)
        case "ID":
            return known.id(chance, hint)
        case "String" if name in ("after", "before"):
            return pick(chance, ["", "nonsense", *_any_cursors(known)])
        case "String" if name == "key":
            return pick(chance, _KEYS)
        case "String":
            return pick(chance, _WORDS)
        case "DateTime" | "Date":
            return pick(chance, _MOMENTS)
        case "Boolean":
            return happens(chance, 50)
        case "Float":
            return pick(chance, (1.5, 2, -1))
        case _:
            return pick(chance, _JSON)


def _any_cursors(known: Known) -> list[str]:
    return [pages[0] for lists in known.cursors.values() for pages in lists.values() if pages]


def literal(kind: Any, value: Any) -> str:
    """Write a value as a document holds it."""
    if isinstance(value, Ref):
        return f"${value.name}"
    if isinstance(kind, GraphQLNonNull):
        return literal(kind.of_type, value)
    if isinstance(kind, GraphQLList):
        items = value if isinstance(value, list) else None
        return (
            literal(kind.of_type, value) if items is None else f"[{', '.join(literal(kind.of_type, i) for i in items)}]"
        )
    if value is None:
        return "null"
    if isinstance(kind, GraphQLEnumType):
        return str(value)
    if isinstance(value, dict):
        types = kind.fields if isinstance(kind, GraphQLInputObjectType) else {}
        return (
            "{" + ", ".join(f"{n}: {literal(types[n].type if n in types else None, v)}" for n, v in value.items()) + "}"
        )
    if isinstance(value, list):
        return f"[{', '.join(literal(None, each) for each in value)}]"
    return orjson.dumps(value).decode()
