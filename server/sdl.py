"""`python -m server.sdl [--check] FILE`: writes the schema's text, or compares it with the committed one.

A breaking change is written only when the changelog names it by its coordinate, such as `Label.name`.
"""

import argparse
import difflib
import re
import sys
from pathlib import Path
from typing import Final

from graphql import build_schema, find_breaking_changes

from resolvers import root

_COORDINATE: Final = re.compile(r"\b[A-Z_]\w*\.\w+(\(\w+:\))?")


def main(arguments: list[str]) -> int:
    """Write or compare; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m server.sdl", description=__doc__)
    parser.add_argument("--check", action="store_true", help="compare only")
    parser.add_argument("--changelog", type=Path, default=Path("CHANGELOG.md"), help="where breaking changes are named")
    parser.add_argument("file", type=Path, help="the committed text")
    given = parser.parse_args(arguments)
    text = root.build().as_str() + "\n"
    committed = given.file.read_text(encoding="utf-8") if given.file.exists() else ""
    if committed == text:
        return 0
    if given.check:
        lines = difflib.unified_diff(
            committed.splitlines(), text.splitlines(), str(given.file), "the code", lineterm=""
        )
        sys.stdout.write(
            "\n".join(lines) + "\n\nThe schema changed: run `make schema`, and tell users in CHANGELOG.md.\n"
        )
        return 1
    broken = [] if not committed else unnamed(committed, text, given.changelog)
    if broken:
        sys.stdout.write("\n".join(broken) + f"\n\nThese break clients: name each in {given.changelog}, then again.\n")
        return 1
    given.file.write_text(text, encoding="utf-8")
    return 0


def unnamed(committed: str, text: str, changelog: Path) -> list[str]:
    """Return the breaking changes whose coordinate stands in no entry of the changelog that begins with `Breaking:`."""
    entries = re.split(r"^- ", changelog.read_text(encoding="utf-8"), flags=re.MULTILINE) if changelog.exists() else []
    told = "".join(each for each in entries if each.startswith("Breaking:"))
    changes = find_breaking_changes(build_schema(committed), build_schema(text))
    return [each.description for each in changes if f"`{_coordinate(each.description)}`" not in told]


def _coordinate(description: str) -> str:
    """Pick what changed out of graphql-core's sentence: `Type.field`, `Type.field(argument:)`, or a type."""
    found = _COORDINATE.search(description)
    return found.group() if found is not None else description.split(" ", 1)[0]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
