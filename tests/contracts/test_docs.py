"""Documents name what exists: files, modules and folders of this project."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
ROOMS = "ai|benchmarks|core|docs|examples|graph|migrations|models|resolvers|schema|server|services|tests|web|workers"
NAMED = re.compile(rf"`((?:{ROOMS})/[\w./-]*|[\w.-]+\.(?:md|toml|lock|yml))`")
STARTED = re.compile(rf"python -m ((?:{ROOMS})[\w.]*)")
LINKED = re.compile(r"\]\((?!https?:|#)([^)#]+)")
EXAMPLES_OF_A_FEATURE = re.compile(r"deal")


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_a_document_names_only_what_exists(document: Path) -> None:
    text = document.read_text(encoding="utf-8")
    named = {each for each in NAMED.findall(text) if not EXAMPLES_OF_A_FEATURE.search(each)}
    linked = {str((document.parent / each).resolve().relative_to(ROOT)) for each in LINKED.findall(text)}

    assert {each for each in named | linked if not (ROOT / each).exists()} == set()
    assert {each for each in STARTED.findall(text) if not is_module(each)} == set()


def is_module(name: str) -> bool:
    path = ROOT / name.replace(".", "/")
    return path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()
