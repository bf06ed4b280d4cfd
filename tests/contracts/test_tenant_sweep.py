"""Through the door, ids and rows of another workspace do not exist: every field by id, every input, every list."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from graphql import GraphQLInputObjectType, GraphQLList, GraphQLNonNull, get_named_type

from ai.local import heads
from core.database import Database
from core.ground import Ground
from core.ids import encode, uuid7
from graph.registry import current
from models import Role
from tests.fixtures.door import Door
from tests.fixtures.operations import RootField, id_fields, root_fields, value_of, widest
from tests.fixtures.statements import sent_to
from tests.fixtures.tenants import join_workspace, sign_in_user
from tests.fixtures.twins import TENANT_TABLES, Rows, furnished_workspace

UNKNOWN = {"NOT_FOUND", "OWNER_UNKNOWN", "ORDER_INCOMPLETE"}
A_CONTACT = {"name": "Ana", "email": "ana@example.com"}
FILTERED = {
    "contact": "query($id: ID!) { contacts(filter: { id: { eq: $id } }) { totalCount nodes { id } } }",
    "user": "query($id: ID!) { contacts(filter: { owner: { in: [$id] } }) { totalCount nodes { id } } }",
    "label": "query($id: ID!) { contacts(filter: { labels: { anyOf: [$id] } }) { totalCount nodes { id } } }",
}
GLOBAL_ID = re.compile(r"\b[a-z]+_([0-9a-f]{32})\b")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sides:
    """Two furnished workspaces, and a client who owns one of them."""

    door: Door
    own: Mapping[str, str]
    foreign: Mapping[str, str]
    foreign_id: UUID
    foreign_rows: Rows


@pytest.fixture
async def sides(ground: Ground, database: Database, door: Door) -> Sides:
    await heads.warm_heads()  # what it loads takes longer than one answer may, beside other tests
    own_id, own_rows = await furnished_workspace(database)
    foreign_id, foreign_rows = await furnished_workspace(database)
    owner = await join_workspace(ground, own_id, Role.OWNER)
    return Sides(
        door=await door.as_(owner),
        own=global_ids(own_rows),
        foreign=global_ids(foreign_rows) | {"session": encode("session", await session_of(ground, foreign_rows))},
        foreign_id=foreign_id,
        foreign_rows=foreign_rows,
    )


async def session_of(ground: Ground, rows: Rows) -> UUID:
    """Sign the person of some rows in: sessions stand in no tenant's table."""
    return await sign_in_user(ground, rows["users"]["id"])


def global_ids(rows: Rows) -> dict[str, str]:
    """Name a workspace's rows as the API does, by the prefix of their type."""
    found = {
        view.prefix: rows[view.model.__tablename__]["id"]
        for view in current().rows()
        if view.prefix is not None and view.model.__tablename__ in rows
    }
    return {prefix: encode(prefix, key) for prefix, key in found.items()}


def with_ids() -> Iterator[tuple[RootField, GraphQLInputObjectType, str, bool]]:
    """Yield each mutation whose input holds an id: the input, the name of the field, and whether it is a list."""
    for each in root_fields("mutation"):
        for argument in each.field.args.values():
            kind = get_named_type(argument.type)
            if isinstance(kind, GraphQLInputObjectType):
                for name, given in id_fields(kind):
                    bare = given.type.of_type if isinstance(given.type, GraphQLNonNull) else given.type
                    yield each, kind, name, isinstance(bare, GraphQLList)


def acceptable(kind: GraphQLInputObjectType, own: Mapping[str, str]) -> dict[str, Any]:
    """Make an input whose ids are all rows of one's own, as far as their names tell of which type."""
    values: dict[str, Any] = value_of(kind)
    if kind.name.startswith("Contact") and "name" in kind.fields:
        values |= A_CONTACT
    for name, _ in id_fields(kind):
        if name in values:
            prefix = prefix_of(name, kind.name)
            key = own.get(prefix, encode(prefix, uuid7()))
            values[name] = [key] if isinstance(values[name], list) else key
    return values


def prefix_of(name: str, kind: str) -> str:
    """Guess of which type an id is: from its field's name, or else from the input's."""
    words = name if name not in ("id", "ids") else kind
    known = {"contact": "contact", "label": "label", "customfield": "field", "user": "user", "owner": "user"}
    known |= {"invite": "invite", "session": "session", "workspace": "workspace"}
    known |= {"knowledgesource": "source"}
    known |= {"suggestion": "suggestion"}
    known |= {"persona": "persona", "prompttemplate": "prompt"}
    return next(prefix for word, prefix in known.items() if words.lower().startswith(word))


async def stored(database: Database, workspace_id: UUID) -> dict[str, list[Any]]:
    async with database.system() as session:
        return {
            table.name: (await session.execute(sa.select(table).where(table.c.workspace_id == workspace_id))).all()  # type: ignore[misc]
            for table in TENANT_TABLES
        }


async def test_a_foreign_id_and_an_unknown_one_get_the_same_answer_from_every_query(sides: Sides) -> None:
    by_id = [each for each in root_fields("query") if "id" in each.field.args]
    assert len(by_id) >= 4

    for each in by_id:
        for prefix, foreign in sides.foreign.items():
            for wrong in (foreign, encode(prefix, uuid7()), foreign.upper(), "", "💥", foreign + "0"):
                reply = await sides.door.execute(each.document(widest(each.field.type, 1)), {"id": wrong})

                assert reply.data == {each.name: None}, (each.name, prefix, wrong)


async def test_an_own_id_is_found_by_node_for_every_type_that_it_knows(sides: Sides) -> None:
    node = next(each for each in root_fields("query") if each.name == "node")

    found = {
        prefix: (await sides.door.execute(node.document(), {"id": own})).data["node"]
        for prefix, own in sides.own.items()
    }

    assert {prefix for prefix, row in found.items() if row is not None} >= {"contact", "label", "field", "user"}


async def test_a_foreign_id_and_an_unknown_one_get_the_same_answer_from_every_mutation(
    sides: Sides, database: Database
) -> None:
    before = await stored(database, sides.foreign_id)
    wrong: dict[str, Any] = {}
    asked = 0

    for each, kind, name, is_list in with_ids():
        for prefix, foreign in sides.foreign.items():
            answers = []
            for key in (foreign, encode(prefix, uuid7())):
                given = acceptable(kind, sides.own) | {name: [key] if is_list else key}
                answers.append((await sides.door.mutate(each.document(), {"input": given}))["userErrors"])
            asked += 1
            if answers[0] != answers[1] or not answers[0] or answers[0][0]["code"] not in UNKNOWN:
                wrong[f"{each.name}.{name} {prefix}"] = answers

    assert wrong == {}
    assert asked >= 50
    assert await stored(database, sides.foreign_id) == before


async def test_no_list_shows_a_row_of_another_workspace(sides: Sides) -> None:
    foreign = {row["id"].hex for row in sides.foreign_rows.values() if "id" in row} | {sides.foreign_id.hex}
    foreign |= {each.rpartition("_")[2] for each in sides.foreign.values()}
    lists = [each for each in root_fields("query") if not each.variables()]
    seen: set[str] = set()

    for each in lists:
        reply = await sides.door.execute(each.document(widest(each.field.type)))
        assert reply.errors == [], each.name
        seen |= set(GLOBAL_ID.findall(str(reply.body)))

    assert seen & foreign == set()
    assert {key.rpartition("_")[2] for key in sides.own.values()} - seen == set()


async def test_every_read_names_the_workspace_too(sides: Sides, database: Database) -> None:
    """Row-level security stands behind each of these conditions, and so would hide that one is missing."""
    with sent_to(database) as sent:
        for each in root_fields("query"):
            for key in sides.own.values() if "id" in each.field.args else ("",):
                await sides.door.execute(each.document(widest(each.field.type)), {"id": key} if key else {})
        for prefix, shown in FILTERED.items():
            await sides.door.execute(shown, {"id": sides.own[prefix]})

    assert len(sent) >= 20
    assert {each for each in sent if unwalled(each)} == set()


def unwalled(statement: str) -> set[str]:
    """Return the tenants' tables that a statement reads without naming the workspace."""
    read = set(re.findall(r"(?:FROM|JOIN|,)\s+(\w+)", statement)) & {table.name for table in TENANT_TABLES}
    return read - set(re.findall(r"(\w+)\.workspace_id = \$", statement))


async def test_a_filter_by_a_foreign_id_finds_nothing(sides: Sides) -> None:
    for prefix, document in FILTERED.items():
        reply = await sides.door.execute(document, {"id": sides.foreign[prefix]})

        assert reply.data == {"contacts": {"totalCount": 0, "nodes": []}}, prefix
