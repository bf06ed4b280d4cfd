"""Of another workspace's documents nothing is read, changed or deleted, by whatever a shelf offers."""

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from core import clock
from core.ground import Ground
from models import documents
from models.documents import DOCUMENTS, KnowledgeSource, KnowledgeVersion
from services.knowledge.storage import Chunk, Indexed, Shelf, Wanted, shelf_of
from tests.fixtures import knowledge
from tests.fixtures.tenants import Tenant

ROOT = Path(__file__).parents[2]
STORAGE = ROOT / "services" / "knowledge" / "storage.py"
TRACES = ROOT / "services" / "traces.py"
ADDING = {"add", "add_unread", "add_version", "put_chunks", "move"}
ASKING = {"find", "find_one", "find_all", "find_many", "get", "all", "count", "delete_all", "aggregate", "insert_many"}


async def stored(workspace_id: UUID) -> list[Any]:
    """Read all that is stored of a workspace."""
    return [await kind.find({"workspace_id": workspace_id}).sort("_id").to_list() for kind in DOCUMENTS]


def calls(theirs: KnowledgeSource, version: KnowledgeVersion, chunk: Chunk) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Name every method with arguments that belong to another workspace."""
    known = {
        "source_id": theirs.id,
        "source": theirs,
        "version": version,
        "chunks": [chunk],
        "indexed": Indexed(chunks=1, has_vectors=True),
        "wanted": Wanted(),
        "number": 1,
        "done": 0.5,
        "code": "INVALID",
        "upload_id": theirs.upload_id,
        "reason": "x",
        "at": clock.now(),
        "before": clock.now(),
        "current": 100,
    }
    for name, method in inspect.getmembers(Shelf, inspect.iscoroutinefunction):
        if not name.startswith("_") and name not in ADDING:
            yield name, tuple(known[each] for each in list(inspect.signature(method).parameters)[1:])


async def test_a_shelf_reads_and_changes_its_own_workspace_only(
    ground: Ground, tenant: Tenant, other_tenant: Tenant
) -> None:
    source_id = await knowledge.add_file(ground, other_tenant, "Entregas.txt", "A taxa é R$ 6,00.".encode())
    await knowledge.load(ground, other_tenant, source_id)
    shelf, other = await shelf_of(ground, tenant.workspace_id), await shelf_of(ground, other_tenant.workspace_id)
    theirs, version = await other.find(source_id), await other.version(source_id, 1)
    assert theirs is not None
    assert theirs.upload_id is not None
    assert version is not None
    (chunk,) = await other.chunks(theirs)
    before = await stored(other_tenant.workspace_id)
    asked = list(calls(theirs, version, chunk))

    answers = {name: await getattr(shelf, name)(*given) for name, given in asked}

    assert len(asked) >= 15
    assert {name: answer for name, answer in answers.items() if answer not in (None, [], 0, False)} == {
        "mark": UUID(int=0)
    }
    assert await stored(other_tenant.workspace_id) == before


@pytest.mark.parametrize("kind", DOCUMENTS, ids=lambda each: each.__name__)
def test_every_document_carries_its_workspace(kind: Any) -> None:
    assert kind.model_fields["workspace_id"].annotation is UUID
    assert kind.model_fields["workspace_id"].is_required()


def test_only_the_storages_ask_the_classes_of_documents() -> None:
    names = set(documents.__all__)
    strangers = {
        f"{module.relative_to(ROOT)}:{node.lineno}"
        for room in ("services", "resolvers", "schema", "workers", "server")
        for module in (ROOT / room).rglob("*.py")
        if module not in (STORAGE, TRACES)
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.Attribute)
        and node.attr in ASKING
        and isinstance(node.value, ast.Name)
        and node.value.id in names & {each.__name__ for each in DOCUMENTS}
        and "models.documents" in module.read_text(encoding="utf-8")
    }

    assert strangers == set()


def test_every_condition_of_the_storage_names_the_workspace() -> None:
    asked = [
        node
        for node in ast.walk(ast.parse(STORAGE.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in {"find", "find_one", "update_one"}
        and not (isinstance(node.func.value, ast.Name) and node.func.value.id == "self")
    ]

    assert len(asked) >= 12
    assert [ast.unparse(each) for each in asked if not ast.unparse(each.args[0]).startswith(WALLED)] == []


def test_every_condition_on_traces_names_the_workspace_but_those_of_their_end() -> None:
    verbs = {
        each.name: [
            ast.unparse(node.args[0])
            for node in ast.walk(each)
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr in {"find_one", "delete_many"}
        ]
        for each in ast.parse(TRACES.read_text(encoding="utf-8")).body
        if isinstance(each, ast.AsyncFunctionDef)
    }

    assert len(verbs.pop("expire")) == 2
    conditions = [each for found in verbs.values() for each in found]
    assert len(conditions) >= 2
    assert [each for each in conditions if not each.startswith("_here(")] == []


WALLED = ("self._here(", "here", "{**here", "added", "hidden")
