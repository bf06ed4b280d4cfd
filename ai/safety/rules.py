"""Rules are phrases in a small notation, made into expressions that bear repeated letters and odd spacing.

A letter matches itself repeated (`porra` matches `porrrra`), a space up to three characters that are no letters, `~` up
to four words between. Groups, alternatives, `?` and classes are those of regular expressions. A rule begins and ends
with a word, so `arma` is not in `armazém`. Rules are written without accents, in lower case.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from ai.safety.disguise import bared
from ai.safety.verdicts import Category, Finding, Severity

Rules = Mapping[tuple[Category, Severity], str]

_PIECE: Final = re.compile(
    r"(?P<letter>[a-z])(?P<same>(?P=letter)*)(?P<maybe>[?*]?)|(?P<other>\\.|\[[^\]]*\]|\(\?[:!=]|.)"
)
_SPACE: Final = r"[\W_]{1,3}"
_WORDS: Final = r"(?:[\W_]{1,3}[^\W_]+){0,4}?[\W_]{1,3}"


class Filter:
    """Rules of some languages, ready to be looked for."""

    def __init__(self, languages: Iterable[Rules]) -> None:
        lines: dict[tuple[Category, Severity], list[str]] = {}
        for rules in languages:
            for key, text in rules.items():
                lines.setdefault(key, []).extend(_lines(text))
        self._patterns = [(*key, _compiled(rules)) for key, rules in lines.items()]

    def find(self, text: str) -> Iterator[Finding]:
        """Find what the rules name; offsets are of the text as it was given."""
        seen: set[tuple[Category, int, int]] = set()
        for view in bared(text):
            for category, severity, pattern in self._patterns:
                for match in pattern.finditer(view.text):
                    start, end = view.written(*match.span())
                    if (category, start, end) not in seen:
                        seen.add((category, start, end))
                        yield Finding(category=category, severity=severity, start=start, end=end)


def _lines(text: str) -> list[str]:
    """Return the rules of a text, one a line; a line that ends in `|` goes on in the next."""
    joined = re.sub(r"\|\n\s*", "|", text)
    return [line.strip() for line in joined.splitlines() if line.strip()]


def _compiled(rules: list[str]) -> re.Pattern[str]:
    return re.compile(rf"(?<!\w)(?:{'|'.join(_expression(rule) for rule in rules)})(?!\w)")


def _expression(rule: str) -> str:
    return "".join(_piece(match) for match in _PIECE.finditer(rule))


def _piece(match: re.Match[str]) -> str:
    letter, same, maybe = match["letter"], match["same"], match["maybe"]
    if letter is None:
        return {" ": _SPACE, "~": _WORDS}.get(match["other"], match["other"])
    if maybe:
        return f"{letter * len(same)}{letter}*"
    return f"{letter}{same}{letter}*"
