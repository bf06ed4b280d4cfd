"""What the comparison with other servers asks is what our schema answers, and is asked of all of them."""

import json
import re
from collections import Counter
from pathlib import Path
from uuid import UUID

import pytest
from graphql import build_schema, parse, validate

from benchmarks.peers import operations
from benchmarks.peers.operations import QUERIES, Place, Values, comparable
from benchmarks.peers.rounds import differences
from benchmarks.peers.servers import FOLDER, by_name

SCHEMA = Path(__file__).parents[2] / "schema" / "schema.graphql"
VALUES = Values(
    workspace_id=UUID(int=1),
    contacts=[UUID(int=2), UUID(int=3)],
    places=[Place(cursor="abc", key="2026-01-01T00:00:00+00:00")],
    labels=[Place(cursor="def", key="7")],
)


@pytest.mark.parametrize("schema", [SCHEMA, FOLDER / "schema.graphql"], ids=["ours", "theirs"])
@pytest.mark.parametrize("name", operations.names())
def test_an_operation_fits_our_schema_and_that_of_the_peers(name: str, schema: Path) -> None:
    faults = validate(build_schema(schema.read_text(encoding="utf-8")), parse(operations.text_of(name)))

    assert [fault.message for fault in faults] == []


@pytest.mark.parametrize("name", operations.names())
def test_an_operation_is_asked_of_the_limit_and_of_postgraphile_too(name: str) -> None:
    statement = (QUERIES / f"{name}.sql").read_text(encoding="utf-8")
    given = statement.split("\n", 1)[0].removeprefix("--").split()
    used = {int(number) for number in re.findall(r"\$(\d+)", statement)}

    assert used == set(range(1, len(given) + 2)), "$1 is the workspace, and the rest is named in the first line"
    assert operations.text_of(name, "postgraphile") != operations.text_of(name)


def test_ours_and_theirs_are_asked_for_the_same_rows() -> None:
    ours = operations.bodies("contact", "", VALUES, amount=50)
    theirs = operations.bodies("contact", "mercurius", VALUES, amount=50)

    assert len(set(ours)) == len(VALUES.contacts)
    assert Counter(comparable(each["variables"]["id"]) for each in map(_read, ours)) == Counter(
        each["variables"]["id"] for each in map(_read, theirs)
    )


def test_a_stored_document_is_named_instead_of_sent() -> None:
    body = operations.bodies("contact", "", VALUES, amount=1)[0]

    named = _read(by_name(body))

    assert named.keys() == {"documentId", "operationName", "variables"}
    assert named["variables"] == _read(body)["variables"]


def test_answers_differ_by_values_and_not_by_spelling() -> None:
    ours = {
        "id": f"contact_{UUID(int=2).hex}",
        "createdAt": "2026-01-01T00:00:00Z",
        "labels": [{"name": "A"}, {"name": "B"}],
    }
    same = {
        "id": str(UUID(int=2)),
        "createdAt": "2026-01-01T00:00:00.000+00:00",
        "labels": [{"name": "B"}, {"name": "A"}],
    }

    assert list(differences(comparable(ours), comparable(same), "")) == []
    assert len(list(differences(comparable(ours), comparable({**same, "id": str(UUID(int=3))}), ""))) == 1
    assert len(list(differences(comparable(ours), comparable({**same, "labels": []}), ""))) == 1


def _read(body: str) -> dict[str, dict[str, str]]:
    return json.loads(body)
