"""`.env.example` equals the settings: every variable, its default, and a meaning."""

import re
from itertools import pairwise
from pathlib import Path

from core.settings import GROUPS, load_settings, variables

FILE = Path(__file__).parents[2] / ".env.example"
OFFERED = re.compile(r"# ([A-Z][A-Z0-9_]*)=(.*)")
COMPOSE_ONLY = {"POSTGRES_PASSWORD"}


def offered() -> dict[str, str]:
    """Return the variables that the file offers, with the values it gives them."""
    found = [
        match.groups() for line in FILE.read_text(encoding="utf-8").splitlines() if (match := OFFERED.fullmatch(line))
    ]
    assert len(found) == len(dict(found))
    return dict(found)


def test_every_variable_is_listed_once_and_no_other() -> None:
    assert set(offered()) == {*variables(), *COMPOSE_ONLY}


def test_the_values_that_are_shown_are_the_defaults() -> None:
    shown = {name: value for name, value in offered().items() if value and name not in COMPOSE_ONLY}

    assert load_settings(shown) == load_settings({})
    required = {
        name.upper()
        for group in GROUPS.values()
        for name, field in group.model_fields.items()
        if field.default not in (None, "", ())
    }
    assert set(shown) == required


def test_copying_it_changes_nothing(tmp_path: Path) -> None:
    from dotenv import dotenv_values

    copy = tmp_path / ".env"
    copy.write_text(FILE.read_text(encoding="utf-8"), encoding="utf-8")

    assert dotenv_values(copy) == {}


def test_every_variable_stands_under_words_that_say_what_it_is() -> None:
    lines = FILE.read_text(encoding="utf-8").splitlines()

    bare = {
        match[1]
        for above, line in pairwise(lines)
        if (match := OFFERED.fullmatch(line)) and (not above.startswith("# ") or OFFERED.fullmatch(above))
    }

    families = ("SOCKETS_PER_", "REDIS_")  # one text stands above all of a family
    kinds = ("_API_KEY", "_BASE_URL")
    assert {each for each in bare if not each.endswith(kinds) and not each.startswith(families)} == set()
