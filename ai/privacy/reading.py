"""How a text is read: as a person sees it, with the way back to every place of what was written.

Full-width and circled digits are digits, every dash is `-`, every space is a space; accents, and what shows nothing
(zero-width characters, soft hyphens, variation selectors), are left out. Case is kept beside a lower-case form of the
same length. It is for finding, never for showing.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

_BLANKS: Final = frozenset("\t\r\x0b\x0c\x85\u2800")
# letters by their category, and yet nothing is seen of them
_FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0")
_DASHES: Final = frozenset("\u2212\u2043\u02d7\u2796\u30fc\u2500\u2501\u00af\u02c9")
_UNSEEN: Final = frozenset(("Cc", "Cf", "Cs", "Mn", "Me"))
_SPACES: Final = frozenset(("Zs", "Zl", "Zp"))
_SEEN_TABLE: Final = 8_192


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A text as it is seen (`plain`, and `low` in lower case); `starts` has a place for each character and the end."""

    plain: str
    low: str
    starts: Sequence[int]

    def written(self, start: int, end: int) -> tuple[int, int]:
        """Return where a part of `plain` stands in what was written, with the marks that hang on its last character."""
        return self.starts[start], max(self.starts[end], self.starts[end - 1] + 1)


def read(text: str) -> Reading:
    """Read a text."""
    if text.isascii() and text.isprintable():
        return Reading(plain=text, low=text.lower(), starts=range(len(text) + 1))
    parts: list[str] = []
    starts: list[int] = []
    for place, character in enumerate(text):
        seen = _seen(character)
        parts.append(seen)
        starts.extend([place] * len(seen))
    starts.append(len(text))
    plain = "".join(parts)
    return Reading(plain=plain, low=_lowered(plain), starts=starts)


@lru_cache(maxsize=_SEEN_TABLE)
def _seen(character: str) -> str:
    if character == "\n":
        return character
    if character in _BLANKS:
        return " "
    category = unicodedata.category(character)
    if category in _UNSEEN or character in _FILLERS:
        return ""
    if category in _SPACES:
        return " "
    if category == "Pd" or character in _DASHES:
        return "-"
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    if character.isascii():
        return character
    apart = unicodedata.normalize("NFKD", character)
    return apart if apart == character else "".join(_seen(each) for each in apart)


def _lowered(plain: str) -> str:
    low = plain.lower()
    return low if len(low) == len(plain) else "".join(each.lower()[:1] for each in plain)
