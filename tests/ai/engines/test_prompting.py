"""Prompts are there in three languages with the same placeholders, and nothing is rendered by halves."""

import itertools
import tomllib
from pathlib import Path

import pytest

import ai
from ai.prompting import PromptBroken, load
from ai.results import Language

PLACE = Path(ai.__file__).parent / "prompts"
NAMES = sorted({each.name.split(".")[0] for each in PLACE.iterdir()})


def test_every_engine_has_its_words() -> None:
    assert set(NAMES) == {
        "common",
        "copilot",
        "correction",
        "entities",
        "intent",
        "knowledge",
        "lead_score",
        "sentiment",
        "smart_replies",
        "summary",
        "translation",
    }
    assert len(list(PLACE.iterdir())) == len(NAMES) * len(Language)


@pytest.mark.parametrize(("name", "language"), list(itertools.product(NAMES, Language)))
def test_languages_have_the_same_sections_placeholders_and_version(name: str, language: Language) -> None:
    first, other = load(name, Language.PORTUGUESE), load(name, language)

    assert other.version == first.version >= 1
    assert other.stamp == f"{name}.{language}@{other.version}"
    assert list(other.sections) == list(first.sections)
    for section, text in other.sections.items():
        assert text
        assert other.placeholders(section) == first.placeholders(section)
        assert text.count("{{") == text.count("}}")


@pytest.mark.parametrize("values", [{}, {"canary": "x", "more": "y"}, {"canery": "x"}])
def test_a_missing_or_unknown_placeholder_is_an_error(values: dict[str, str]) -> None:
    with pytest.raises(PromptBroken, match="missing or unknown"):
        load("common", Language.PORTUGUESE).render("secret", **values)


def test_a_value_is_not_read_for_placeholders() -> None:
    assert "{{canary}}" in load("common", Language.PORTUGUESE).render("secret", canary="{{canary}}")


def test_what_is_not_there_is_an_error() -> None:
    with pytest.raises(PromptBroken, match=r"nothing\.pt\.md"):
        load("nothing", Language.PORTUGUESE)
    with pytest.raises(PromptBroken, match="no section"):
        load("common", Language.PORTUGUESE).render("nothing")


def test_the_wheel_takes_the_whole_room() -> None:
    built = tomllib.loads((PLACE.parents[1] / "pyproject.toml").read_text("utf-8"))["tool"]["hatch"]["build"]

    assert "ai" in built["targets"]["wheel"]["packages"]
    assert "exclude" not in built
