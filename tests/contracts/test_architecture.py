"""Rules of the house that a program can see: names of rooms, sizes, and what lock files may hold."""

import ast
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests import dead_code

ROOT = Path(__file__).parents[2]
ROOMS = ("ai", "core", "graph", "migrations", "models", "resolvers", "schema", "server", "services", "workers")
MODULE_LINES = 400
FUNCTION_LINES = 40
RESOLVER_LINES = 12
PARAMETERS = 5
DRAWERS = re.compile(r"(utils?|helpers?|misc|common|managers?)(\.py$|/)")


def modules() -> Iterator[Path]:
    for room in ROOMS:
        yield from (ROOT / room).rglob("*.py")


@cache
def functions() -> tuple[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef], ...]:
    return tuple(
        (module, node)
        for module in modules()
        if "versions" not in module.parts
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    )


@cache
def names_of_packages() -> frozenset[str]:
    return frozenset(
        str(file).split("/", 1)[0].removesuffix(".py")
        for distribution in importlib.metadata.distributions()
        if distribution.metadata["Name"] != "whatshybrid"
        for file in distribution.files or ()
    )


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    body = node.body[1:] if ast.get_docstring(node) is not None else node.body
    return 0 if not body else (body[-1].end_lineno or 0) - body[0].lineno + 1


def where(module: Path, node: ast.AST) -> str:
    return f"{module.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_named_like_no_module_of_python_or_of_a_package(room: str) -> None:
    assert room not in sys.stdlib_module_names
    assert room not in names_of_packages()


def test_every_room_is_packaged() -> None:
    found = {each.parent.name for each in ROOT.glob("*/__init__.py")} - {"tests", "benchmarks", "examples"}

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    tools = project["tool"]

    assert found == set(ROOMS)
    assert set(tools["hatch"]["build"]["targets"]["wheel"]["packages"]) == set(ROOMS)
    assert set(tools["importlinter"]["root_packages"]) == set(ROOMS)
    assert set(tools["pyright"]["include"]) == {*ROOMS, "examples"}
    assert set(dead_code.ROOMS) == set(ROOMS)


def test_no_module_is_longer_than_it_may_be() -> None:
    long = {
        str(each.relative_to(ROOT)): lines
        for each in modules()
        if "versions" not in each.parts and (lines := len(each.read_text(encoding="utf-8").splitlines())) > MODULE_LINES
    }

    assert long == {}


def test_no_function_is_longer_than_it_may_be() -> None:
    long = {where(module, node): lines for module, node in functions() if (lines := body_lines(node)) > FUNCTION_LINES}

    assert long == {}


def test_resolvers_are_thin() -> None:
    thick = {
        where(module, node): lines
        for module, node in functions()
        if module.parent.name == "resolvers" and module.name not in ("fields.py", "context.py", "root.py")
        if (lines := body_lines(node)) > RESOLVER_LINES
    }

    assert thick == {}


def test_no_function_takes_more_parameters_than_it_may() -> None:
    def count(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
        given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        return len([each for each in given if each.arg not in ("self", "cls")])

    overloaded = ("graph/declare.py",)
    many = {
        where(module, node): found
        for module, node in functions()
        if str(module.relative_to(ROOT)) not in overloaded and (found := count(node)) > PARAMETERS
    }

    assert many == {}


def test_there_are_no_drawers() -> None:
    named = [str(each.relative_to(ROOT)) for each in modules()]

    assert [each for each in named if DRAWERS.search(each)] == []


def test_every_module_and_public_function_says_what_it_is_for() -> None:
    silent = [
        str(each.relative_to(ROOT)) for each in modules() if ast.get_docstring(ast.parse(each.read_text())) is None
    ]
    for module in modules():
        for node in ast.parse(module.read_text(encoding="utf-8")).body:
            is_public = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) and node.name[0] != "_"
            if is_public and ast.get_docstring(node) is None and not _is_described(node):
                silent.append(where(module, node))

    assert silent == []


def _is_described(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """GraphQL types carry their description in the decorator; overloads in their implementation."""
    words = " ".join(ast.unparse(each) for each in node.decorator_list)
    return "description=" in words or words == "overload"


def test_lock_files_hold_no_address() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True).stdout
    locks = [ROOT / each for each in tracked.split("\0") if each.endswith((".lock", "-lock.json"))]

    assert len(locks) >= 7
    for lock in locks:
        text = lock.read_text(encoding="utf-8")
        assert "://" not in text.replace('"url": "https://opencollective.com', ""), lock.name
        assert '"resolved"' not in text, lock.name


def test_the_project_names_no_machine() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True).stdout.split(b"\0")
    homes = re.compile(rb"(?<![\w.])/(?:home|Users|root)/\w+")
    named = [
        name.decode()
        for name in tracked
        if name and (ROOT / name.decode()).is_file() and homes.search((ROOT / name.decode()).read_bytes())
    ]

    assert named == []
