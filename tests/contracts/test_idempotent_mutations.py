"""Every mutation that creates, charges or sends takes a key, and its answer can be written down and read again."""

import re
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime
from enum import StrEnum
from types import NoneType
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

import pytest
from graphql import GraphQLInputObjectType, get_named_type

from core.ids import uuid7
from graph import Row
from resolvers import answers
from tests.fixtures.operations import SCHEMA, RootField, root_fields

ONCE = re.compile(r".*(Create|Upsert|Send|Charge|Launch|Request)|register|inviteAccept")
KEY = "idempotencyKey"


def is_marked(field: RootField) -> bool:
    return field.field.extensions["strawberry-definition"].metadata["idempotent"]


def takes_a_key(field: RootField) -> bool:
    inputs = [get_named_type(each.type) for each in field.field.args.values()]
    return any(isinstance(each, GraphQLInputObjectType) and KEY in each.fields for each in inputs)


def payload_of(field: RootField) -> Any:
    return get_named_type(field.field.type).extensions["strawberry-definition"].origin  # type: ignore[union-attr]


MARKED = [each for each in root_fields("mutation") if is_marked(each)]


def test_what_creates_charges_or_sends_happens_once_for_a_key() -> None:
    wrong = [each.name for each in root_fields("mutation") if bool(ONCE.fullmatch(each.name)) is not is_marked(each)]

    assert wrong == []


def test_a_key_stands_in_the_inputs_of_marked_mutations_and_nowhere_else() -> None:
    with_input = [each for each in root_fields("mutation") if each.field.args]
    wrong = [each.name for each in with_input if takes_a_key(each) is not is_marked(each)]
    named = {get_named_type(given.type).name for each in MARKED for given in each.field.args.values()}
    inputs = [each for each in SCHEMA.type_map.values() if isinstance(each, GraphQLInputObjectType)]

    assert wrong == []
    assert {each.name for each in inputs if KEY in each.fields} == named


@pytest.mark.parametrize("field", MARKED, ids=lambda each: each.name)
async def test_an_answer_survives_being_kept(field: RootField) -> None:
    payload = payload_of(field)
    rows: dict[str, Any] = {}
    answer = full(payload, rows)

    async def find(view: Any, id: str) -> Any:
        return rows[id]

    again = await answers.read(payload, answers.written(payload, answer), find)

    assert again == answer


def full(kind: Any, rows: dict[str, Any]) -> Any:
    """Make a value of a declared type with nothing left out."""
    given = [each for each in get_args(kind) if each is not NoneType]
    if NoneType in get_args(kind):
        return full(given[0], rows)
    if get_origin(kind) is list:
        return [full(given[0], rows) for _ in range(2)]
    if isinstance(kind, type) and issubclass(kind, Row):
        row = kind.model(id=uuid7())
        rows[f"{kind.prefix}_{row.id.hex}"] = row
        return row
    if is_dataclass(kind):
        hints = get_type_hints(kind)
        return kind(**{each.name: full(hints[each.name], rows) for each in fields(kind) if each.init})  # type: ignore[operator]
    if isinstance(kind, type) and issubclass(kind, StrEnum):
        return next(iter(kind))
    plain: dict[Any, Any] = {str: "x", int: 7, bool: True, UUID: uuid7(), datetime: datetime.now(UTC)}
    return plain.get(kind, "x")
