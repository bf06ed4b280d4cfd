"""What is asked: the files under `queries/`, and the values of their variables.

A query file says by the names of its variables what it is given: `$id` a contact, `$after` and `$label` a place in the
list of contacts or labels, `$first` a size, `$input` a new contact. A folder of a server's name has what it is asked
in its own words. So another operation is another file, its statement for the limit, and what the peers need to answer.
"""

import json
import random
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from core.ids import encode

QUERIES: Final = Path(__file__).parent / "queries"
PAGE: Final = 50
_VARIABLE: Final = re.compile(r"\$(\w+)\s*:\s*(\w+)")
_NAME: Final = re.compile(r"(?:query|mutation)\s+(\w+)")
MARK: Final = "@@@@@@@@"
"""Stands for eight digits that are others in each request."""

_ANY_NUMBER: Final = re.compile(r"(?<=\+55119)\d{8}|(?<=novo\.)\d{8}(?=@)")
_GLOBAL_ID: Final = re.compile(r"[a-z_]+_([0-9a-f]{32})")
_TIME: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\S*")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a page begins: after a row, by our cursor or by what the list is sorted by."""

    cursor: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """What variables are drawn from."""

    workspace_id: UUID
    contacts: Sequence[UUID]
    places: Sequence[Place]
    labels: Sequence[Place]


def names() -> list[str]:
    """Name the operations: reads first, so that all of them find the same rows."""
    found = sorted(each.stem for each in QUERIES.glob("*.graphql"))
    return sorted(found, key=lambda name: "mutation" in text_of(name))


def text_of(name: str, server: str = "") -> str:
    """Return the text that a server is asked."""
    own = QUERIES / server / f"{name}.graphql"
    path = own if server and own.is_file() else QUERIES / f"{name}.graphql"
    return " ".join(path.read_text(encoding="utf-8").split())


def bodies(name: str, server: str, values: Values, *, amount: int, size: int = PAGE) -> list[str]:
    """Write the bodies of requests: the same sequence for every server. `server` is empty for ours."""
    text = text_of(name, server)
    found = _NAME.search(text)
    head: dict[str, Any] = {"query": text, "operationName": found and found.group(1)}
    draws = _draws(values, is_ours=server == "", size=size)
    kinds = dict(_VARIABLE.findall(text))
    return [
        json.dumps({**head, "variables": {n: _as(kind, drawn[n]) for n, kind in kinds.items()}}, ensure_ascii=False)
        for drawn, _ in zip(draws, range(amount), strict=False)
    ]


def _as(kind: str, value: Any) -> Any:
    return int(value) if kind == "Int" else value


def _draws(values: Values, *, is_ours: bool, size: int) -> Iterator[Mapping[str, Any]]:
    chance = random.Random(20_260_101)  # noqa: S311  (a sequence that is the same for all)
    fresh = {
        "name": "Contato Novo",
        "phone": f"+55119{MARK}",
        "email": f"novo.{MARK}@correio.example",
        "company": "Padaria Pão Nosso",
    }
    row = {"workspaceId": str(values.workspace_id), "rowId": f"00000000-0000-4000-8000-0000{MARK}"}
    while True:
        contact, place, label = (
            chance.choice(values.contacts),
            chance.choice(values.places),
            chance.choice(values.labels),
        )
        yield {
            "workspace": str(values.workspace_id),
            "id": encode("contact", contact) if is_ours else str(contact),
            "after": place.cursor if is_ours else place.key,
            "label": label.cursor if is_ours else label.key,
            "first": size,
            "input": fresh,
            "contact": {**row, **fresh},
        }


def comparable(value: Any) -> Any:
    """Write an answer's data so that servers can be compared: ids as UUIDs, times in UTC, no wrappers, no chance."""
    match value:
        case dict():
            fields: dict[str, Any] = value
            return {name: comparable(each) for name, each in fields.items() if name != "extensions"}
        case list():
            items: list[Any] = value
            return [comparable(_unwrapped(each)) for each in items]
        case str():
            return _comparable_text(value)
        case _:
            return value


def _unwrapped(item: Any) -> Any:
    """Take off the object that a join table puts around what it joins."""
    return next(iter(item.values())) if isinstance(item, dict) and len(item) == 1 else item


def _comparable_text(text: str) -> str:
    found = _GLOBAL_ID.fullmatch(text)
    if found:
        return str(UUID(found.group(1)))
    if _TIME.fullmatch(text):
        return str(datetime.fromisoformat(text).timestamp())
    return _ANY_NUMBER.sub(MARK, text)


def without_chance(data: Any) -> Any:
    """Leave out of what a mutation answers that which the server chose: the new id, and the time."""
    if isinstance(data, dict):
        fields: dict[str, Any] = data
        return {name: without_chance(each) for name, each in fields.items() if name not in ("id", "createdAt")}
    return [without_chance(each) for each in data] if isinstance(data, list) else data
