"""What the README and the documents promise: commands and files that exist, operations that the schema takes."""

import ast
import asyncio
import json
import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
from graphql import GraphQLError, build_schema, parse, validate

from core.ground import open_ground
from server import seed
from tests.fixtures import stores
from tests.fixtures.door import serving
from tests.fixtures.scratch import scratch_database

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
SCHEMA = build_schema((ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8"))
PRINTED = "http://localhost:8000/graphql"


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def operations() -> Iterator[tuple[str, str]]:
    """Yield every operation that is shown, with the place where it stands."""
    for document in DOCUMENTS:
        text = document.read_text(encoding="utf-8")
        for number, block in enumerate(blocks(text, "graphql")):
            yield f"{document.name} {number}", block
        for number, body in enumerate(re.findall(r"""-d '(\{"query".*?\})'|gql '(\{"query".*?\})'""", text, re.DOTALL)):
            yield f"{document.name} body {number}", json.loads(" ".join("".join(body).split()))["query"]
    for example in sorted((ROOT / "examples").glob("*.py")):
        for node in ast.walk(ast.parse(example.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and _is_operation(node.value):
                yield f"{example.name}:{node.lineno}", node.value


def _is_operation(text: str) -> bool:
    return bool(re.match(r"\s*(query|mutation|subscription)\b[^\n]*\{|\s*\{ \w", text))


OPERATIONS = list(operations())


def test_operations_are_found_where_they_are_shown() -> None:
    places = {place.split()[0].split(":")[0] for place, _ in OPERATIONS}

    assert {"README.md", "client.py", "follow.py", "import_contacts.py"} <= places
    assert len(OPERATIONS) >= 10


@pytest.mark.parametrize("operation", [each for _, each in OPERATIONS], ids=[place for place, _ in OPERATIONS])
def test_an_operation_that_is_shown_is_one_that_the_schema_takes(operation: str) -> None:
    try:
        document = parse(operation)
    except GraphQLError as error:
        pytest.fail(str(error))

    assert [error.message for error in validate(SCHEMA, document)] == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.name)
def test_every_make_command_that_is_named_exists(document: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))

    text = document.read_text(encoding="utf-8")
    named = set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)", text, re.MULTILINE))

    assert named <= targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda each: each.name)
def test_every_file_that_is_linked_exists(document: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", document.read_text(encoding="utf-8"))

    assert [each for each in links if not (document.parent / each).exists()] == []


def test_every_program_of_the_commands_exists() -> None:
    commands = "\n".join(
        block for document in DOCUMENTS for block in blocks(document.read_text(encoding="utf-8"), "sh")
    )

    files = set(re.findall(r"\.venv/bin/python (?!-)(\S+)", commands))
    modules = set(re.findall(r"python -m ([\w.]+)", commands))

    assert files >= {"examples/follow.py", "examples/import_contacts.py"}
    assert [each for each in files if not (ROOT / each).is_file()] == []
    for module in modules:
        path = ROOT / module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file(), module


def test_the_demo_login_is_the_one_that_is_planted() -> None:
    assert seed.EMAIL in README
    assert seed.PASSWORD in README


@pytest_asyncio.fixture(loop_scope="session")
async def demo(redis_url: str) -> AsyncIterator[str]:
    """The address of the product as `make run` serves it on a fresh machine."""
    async with (
        scratch_database() as url,
        open_ground(stores.test_settings(), stores.places(url, redis_url)) as ground,
    ):
        await seed.plant(ground)
        async with serving(ground, demo=True) as address:
            yield f"{address}/graphql"


def walk(address: str) -> str:
    """Return the README's walk as one script: what belongs to a second terminal runs beside the rest."""
    section = README[README.index("## A walk with two terminals") :].split("\n## ", 1)[0]
    steps = blocks(section, "sh")
    follow = next(step for step in steps if "follow.py" in step)
    lines = ["set -e", "trap 'kill $(jobs -p)' EXIT"]
    for step in steps:
        if step is follow:
            lines.append(f"{step.strip()} > followed 2>&1 &")
            lines.append(_until("grep -q listening followed") + "; sleep 0.5")
        else:
            lines.append(step.replace("--count 10000", "--count 40 --batch 20"))
    lines.append(_until("grep -q CONTACT_UPDATED followed"))
    return "\n".join(lines).replace(PRINTED, address)


def _until(condition: str) -> str:
    return f"for _ in $(seq 100); do {condition} && break; sleep 0.1; done"


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A folder with the examples, and with a Python where `make run` puts one."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nexec {sys.executable} "$@"\n')
    python.chmod(0o755)
    return tmp_path


async def test_the_walk_with_two_terminals_works_as_printed(demo: str, checkout: Path) -> None:
    assert PRINTED in README
    environ = {"PATH": "/usr/local/bin:/usr/bin:/bin", "WHATSHYBRID_URL": demo}
    bash = shutil.which("bash")
    assert bash is not None

    ended = await asyncio.to_thread(
        subprocess.run, [bash, "-c", walk(demo)], cwd=checkout, env=environ, capture_output=True, text=True, timeout=60
    )

    assert ended.returncode == 0, ended.stdout + ended.stderr
    created, filtered, changed = (
        json.loads(line)["data"] for line in ended.stdout.splitlines() if line.startswith("{")
    )
    assert created["contactCreate"]["contact"]["name"] == "Ana Beatriz"
    scores = [each["leadScore"] for each in filtered["contacts"]["nodes"]]
    assert scores == sorted(scores, reverse=True)
    assert min(scores) >= 50
    assert changed["contactUpsert"]["contact"]["position"] == "Compras"
    assert "40 created, 0 updated, 0 refused" in ended.stdout
    assert re.search(
        rf"CONTACT_UPDATED +{created['contactCreate']['contact']['id']} ", (checkout / "followed").read_text()
    )
