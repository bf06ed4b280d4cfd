"""What integrators rely on: the committed text, descriptions, names, payloads, bounded lists, stable error codes."""

import importlib
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
)

from core.errors import Conflict, DomainError, Invalid, NotFound, Unavailable
from core.fetching import FetchFailed
from schema.errors import ErrorCode
from server import sdl
from tests.fixtures.operations import SCHEMA, root_fields

ROOT = Path(__file__).parents[2]
COMMITTED = ROOT / "schema" / "schema.graphql"
ACTS = (
    "Accept|Activate|Add|Archive|Change|Confirm|Create|Deactivate|Delete|Disable|Enroll|Everywhere|Reindex|Remove|Renew|Reorder|"
    "Request|Reset|Restore|Revoke|Refresh|Save|Set|Switch|Update|Upsert|Verify"
)
OBJECT_FIRST = re.compile(rf"[a-z][a-zA-Z]*?({ACTS})(Request)?")
WORDS_OF_THEIR_OWN = {"copilotSuggest", "login", "logout", "register", "suggestionFeedback"}
SHORT_LISTS = {
    "Contact.identities": "the addresses of one person",
    "Contact.labels": "a hundred at most",
    "LabelReorderPayload.labels": "all of a workspace, 500 at most",
    "Query.personas": "six, and fifty of a workspace at most",
    "Query.sessions": "a hundred at most",
    "Query.workspaces": "fifty at most",
}


def described() -> Iterator[tuple[str, str | None]]:
    """Yield everything that has a description, by its coordinate."""
    for name, kind in SCHEMA.type_map.items():
        if name.startswith("__"):
            continue
        yield name, kind.description
        if isinstance(kind, GraphQLEnumType):
            yield from ((f"{name}.{value}", each.description) for value, each in kind.values.items())
        elif isinstance(kind, GraphQLInputObjectType):
            yield from ((f"{name}.{field}", each.description) for field, each in kind.fields.items())
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
            for field, each in kind.fields.items():
                yield f"{name}.{field}", each.description
                yield from ((f"{name}.{field}({given})", one.description) for given, one in each.args.items())


def deprecated() -> Iterator[tuple[str, str]]:
    """Yield what is deprecated, with the reason: fields, their arguments, fields of inputs, values of enums."""
    for name, kind in SCHEMA.type_map.items():
        parts: dict[str, Any] = {}
        if isinstance(kind, GraphQLEnumType):
            parts = dict(kind.values)
        elif isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            parts = dict(kind.fields)
        for part, each in list(parts.items()):
            parts |= {f"{part}({given}:)": one for given, one in getattr(each, "args", {}).items()}
        yield from (
            (f"{name}.{part}", each.deprecation_reason)
            for part, each in parts.items()
            if each.deprecation_reason is not None
        )


def object_fields() -> Iterator[tuple[str, object]]:
    for name, kind in SCHEMA.type_map.items():
        if isinstance(kind, GraphQLObjectType) and not name.startswith("__"):
            yield from ((f"{name}.{field}", each.type) for field, each in kind.fields.items())


def leaves(kind: type[DomainError]) -> Iterator[type[DomainError]]:
    yield kind
    for each in kind.__subclasses__():
        yield from leaves(each)


def test_the_committed_schema_is_the_schema_of_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    assert sdl.main(["--check", str(COMMITTED)]) == 0, capsys.readouterr().out


def test_everything_is_described() -> None:
    assert [coordinate for coordinate, text in described() if not text or len(text) < 3] == []


def test_mutations_are_named_object_first() -> None:
    odd = [each.name for each in root_fields("mutation") if not OBJECT_FIRST.fullmatch(each.name)]

    assert set(odd) <= WORDS_OF_THEIR_OWN


def test_a_mutation_takes_one_input_and_answers_with_a_payload() -> None:
    wrong = []
    for each in root_fields("mutation"):
        payload = get_named_type(each.field.type)
        given = set(each.field.args)
        is_payload = isinstance(payload, GraphQLObjectType) and "MutationPayload" in {
            i.name for i in payload.interfaces
        }
        if not is_payload or given not in ({"input"}, set()):
            wrong.append(each.name)

    assert wrong == []


def test_what_a_mutation_changed_may_be_null_beside_its_user_errors() -> None:
    payloads = [get_named_type(each.field.type) for each in root_fields("mutation")]
    rigid = [
        f"{payload.name}.{name}"
        for payload in payloads
        if isinstance(payload, GraphQLObjectType)
        for name, each in payload.fields.items()
        if isinstance(each.type, GraphQLNonNull) and isinstance(each.type.of_type, GraphQLObjectType)
    ]

    assert rigid == []


def test_a_list_that_can_grow_is_a_connection() -> None:
    nodes = SCHEMA.get_possible_types(SCHEMA.type_map["Node"])  # type: ignore[arg-type]
    plain = [
        coordinate
        for coordinate, kind in object_fields()
        if get_named_type(kind) in nodes  # type: ignore[arg-type]
        and isinstance(kind.of_type if isinstance(kind, GraphQLNonNull) else kind, GraphQLList)
        and not coordinate.endswith(("Connection.nodes", "ContactsPayload.contacts"))
    ]

    assert sorted(plain) == sorted(SHORT_LISTS)


def test_a_deprecation_names_what_to_use_instead() -> None:
    assert [coordinate for coordinate, reason in deprecated() if "`" not in reason] == []


def test_every_error_that_a_mutation_may_answer_with_has_its_code() -> None:
    for room in ("core", "graph", "services", "resolvers"):
        package = importlib.import_module(room)
        for module in pkgutil.walk_packages(package.__path__, f"{room}."):
            importlib.import_module(module.name)

    raised = {each.code for base in (NotFound, Conflict, Invalid) for each in leaves(base)}
    noted = set(
        re.findall(r'code="([A-Z_]+)"', "".join(each.read_text() for each in (ROOT / "services").rglob("*.py")))
    )

    told_of_a_source = {FetchFailed.code, Unavailable.code}
    assert raised | noted | told_of_a_source == {each.value for each in ErrorCode}


def test_a_breaking_change_is_written_only_when_the_changelog_names_it(tmp_path: Path) -> None:
    old, changelog = tmp_path / "schema.graphql", tmp_path / "CHANGELOG.md"
    text = COMMITTED.read_text(encoding="utf-8")
    old.write_text(text.replace("type Label implements Node {", "type Label implements Node {\n  oldName: String\n"))
    changelog.write_text("Nothing.\n")

    refused = sdl.main([str(old), "--changelog", str(changelog)])
    changelog.write_text("- Breaking: `Label.oldName` is gone; use `Label.name`.\n")
    written = sdl.main([str(old), "--changelog", str(changelog)])

    assert (refused, written) == (1, 0)
    assert old.read_text(encoding="utf-8") == text


def test_what_a_line_tells_that_is_not_breaking_allows_nothing(tmp_path: Path) -> None:
    old, changelog = tmp_path / "schema.graphql", tmp_path / "CHANGELOG.md"
    text = COMMITTED.read_text(encoding="utf-8")
    old.write_text(text.replace("type Label implements Node {", "type Label implements Node {\n  oldName: String\n"))
    changelog.write_text("- Breaking: `Label.other` is gone.\n- `Label.oldName` is new.\n")

    assert sdl.main([str(old), "--changelog", str(changelog)]) == 1


def test_what_the_last_change_of_the_committed_text_broke_is_named() -> None:
    """Also when the text was written by hand, or written anew: it is held against the one before."""

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout

    last = git("log", "-1", "--format=%H", "--", "schema/schema.graphql").strip()
    before = git("show", f"{last}^:schema/schema.graphql") if last else ""
    if not before:
        pytest.skip("this is no clone with a history")

    assert sdl.unnamed(before, COMMITTED.read_text(encoding="utf-8"), ROOT / "CHANGELOG.md") == []


def test_the_schema_can_be_printed_without_a_store() -> None:
    printed = subprocess.run(
        [sys.executable, "-m", "server.sdl", "--check", str(COMMITTED)],
        cwd=ROOT,
        env={"DATABASE_URL": "postgresql://nowhere.invalid/none", "PATH": ""},
        capture_output=True,
        timeout=60,
    )

    assert printed.returncode == 0, printed.stdout
