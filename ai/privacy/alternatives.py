"""Long alternations that are quick to look for: what begins with another letter is passed over at once."""

from collections.abc import Iterable, Mapping


def by_letter(words: Mapping[str, Iterable[str]]) -> str:
    """Return a pattern of any of the words, which are patterns that begin with a letter, by their names. The names that
    come first are tried first; `name_of` tells which one it was.
    """
    found: dict[str, dict[str, list[str]]] = {}
    for name, patterns in words.items():
        for each in patterns:
            found.setdefault(each[0], {}).setdefault(name, []).append(each[1:])
    return "|".join(f"{letter}(?:{_named(letter, rests)})" for letter, rests in found.items())


def name_of(group: str) -> str:
    """Return the name of the words that a group of such a pattern found."""
    return group.partition("_")[0]


def _named(letter: str, rests: Mapping[str, Iterable[str]]) -> str:
    return "|".join(f"(?P<{name}_{letter}>{'|'.join(rest)})" for name, rest in rests.items())
