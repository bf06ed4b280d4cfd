"""`python -m server.sdl [--check] FILE`: writes the schema's text, or compares it with the committed one."""

import difflib
import sys
from pathlib import Path

from resolvers import root


def main(arguments: list[str]) -> int:
    """Write or compare; return the exit code."""
    is_check = "--check" in arguments
    file = Path(next(each for each in arguments if not each.startswith("--")))
    text = root.build().as_str() + "\n"
    if not is_check:
        file.write_text(text, encoding="utf-8")
        return 0
    committed = file.read_text(encoding="utf-8") if file.exists() else ""
    if committed == text:
        return 0
    lines = difflib.unified_diff(committed.splitlines(), text.splitlines(), str(file), "the code", lineterm="")
    sys.stdout.write("\n".join(lines) + "\n\nThe schema changed: run `make schema`, and tell users in CHANGELOG.md.\n")
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
