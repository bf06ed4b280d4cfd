"""Rules are phrases in a small notation, made into expressions that bear repeated letters and odd spacing.

A letter matches itself repeated (`porra` matches `porrrra`), a space up to three characters that are no letters, `~` up
to four words between. Groups, alternatives, `?` and classes are those of regular expressions. A rule begins and ends
with a word, so `arma` is not in `armazém`. Rules are written without accents, in lower case.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from string import digits
from typing import Final

from ai.safety.disguise import bared
from ai.safety.verdicts import Category, Finding, Limits, Severity

Rules = Mapping[tuple[Category, Severity], str]

_PIECE: Final = re.compile(
    r"(?P<letter>[a-z])(?P<same>(?P=letter)*)(?P<maybe>[?*]?)|(?P<other>\\.|\[[^\]]*\]|\(\?[:!=]|.)"
)
_PART: Final = re.compile(r"\(\?[:!=]|\[[^\]]*\]|\\.|.")
_BEHIND: Final = re.compile(r" ?\(\?[!=](?:[^()]|\([^()]*\))*\)")
_RUN: Final = re.compile(r"(.)\1+")
_SPACE: Final = r"[\W_]{1,3}"
_WORDS: Final = r"(?:[\W_]{1,3}[^\W_]+){0,4}?[\W_]{1,3}"


class Filter:
    """Rules of some languages, ready to be looked for."""

    def __init__(self, languages: Iterable[Rules]) -> None:
        lines: dict[tuple[Category, Severity], list[str]] = {}
        for rules in languages:
            for key, text in rules.items():
                lines.setdefault(key, []).extend(lines_of(text))
        self._lines = lines
        self._patterns = [(*key, compiled(rules)) for key, rules in lines.items()]

    def endings(self, limits: Limits) -> frozenset[str]:
        """Return how a match may end of a rule that is as grave as the limits say, as `endings` does."""
        return frozenset(
            ending
            for (category, severity), rules in self._lines.items()
            if category in limits and severity >= limits[category]
            for rule in rules
            for ending in endings(rule)
        )

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


def lines_of(text: str) -> list[str]:
    """Return the rules of a text, one a line; a line that ends in `|` goes on in the next."""
    joined = re.sub(r"\|\n\s*", "|", text)
    return [line.strip() for line in joined.splitlines() if line.strip()]


def compiled(rules: list[str]) -> re.Pattern[str]:
    """Return an expression that matches where one of the rules does."""
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


def single(word: str) -> str:
    """Return a word with each letter once that is repeated."""
    return _RUN.sub(r"\1", word)


def endings(rule: str) -> frozenset[str]:
    """Return how a match of a rule may end: its last two words, or the last alone where any may stand before it; each
    letter once that is repeated.

    Raises:
        ValueError: it may end in any word.
    """
    parts = iter(_PART.findall(_BEHIND.sub("", rule)))
    return frozenset(single(each.strip()) for each in _alternatives(parts, frozenset(("",))))


def _alternatives(parts: Iterator[str], before: frozenset[str]) -> frozenset[str]:
    """Read up to the end of a group: what has been read of the last words, begun with any of those before it."""
    done: frozenset[str] = frozenset()
    until = at = before
    for part in parts:
        if part == ")":
            break
        if part == "|":
            done, until, at = done | at, before, before
        elif part in "?*":
            at |= until
        else:
            until, at = at, _alternatives(parts, at) if part == "(?:" else _longer(at, part)
    return done | at


def _longer(words: frozenset[str], part: str) -> frozenset[str]:
    if part in ("\\w", "+", "{"):
        raise ValueError("A rule that stops an answer ends in words that are known.")
    if part == "~":
        return frozenset((" ",))
    letters = digits if part == "\\d" else part[1:-1] if part.startswith("[") else part[-1]
    if not letters.isalnum():
        return frozenset(f"{word.rpartition(' ')[2]} " for word in words)
    return frozenset(f"{word}{letter}" for word in words for letter in letters)
