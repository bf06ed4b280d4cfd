"""How a text is read: as a person sees it, with the way back to every place of what was written.

Full-width and circled digits are digits, every dash is `-`, every space is a space; accents, and what shows nothing
(zero-width characters, soft hyphens, variation selectors), are left out. Case is kept beside a lower-case form of the
same length. It is for finding, never for showing.
"""

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

_BLANKS: Final = frozenset("\t\r\x0b\x0c\x85\u2800")
# letters by their category, and yet nothing is seen of them
_FILLERS: Final = frozenset("\u115f\u1160\u3164\uffa0")
_DASHES: Final = frozenset("\u2212\u2043\u02d7\u2796\u30fc\u2500\u2501\u00af\u02c9")
_UNSEEN: Final = frozenset(("Cc", "Cf", "Cs", "Mn", "Me"))
_SPACES: Final = frozenset(("Zs", "Zl", "Zp"))
_TABLE: Final = 8_192
WORD: Final = re.compile(r"[^\W_]+")
# what is seen as one character each: most texts in Portuguese, also where a blank stands in them
_SINGLE: Final = re.compile(r"[\n -~\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u00ff\ufdd0]*")
# the size of whatever is not seen as one character
_ODD: Final = re.compile(r"[^\x01]", re.DOTALL)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A text as it is seen (`plain`, and `low` in lower case); `starts` has a place for each character and the end."""

    plain: str
    low: str
    starts: Sequence[int]

    @cached_property
    def words(self) -> frozenset[str]:
        """The words of it, in lower case."""
        return frozenset(WORD.findall(self.low))

    def written(self, start: int, end: int) -> tuple[int, int]:
        """Return where a part of `plain` stands in what was written, with the marks that hang on its last character."""
        return self.starts[start], max(self.starts[end], self.starts[end - 1] + 1)


def read(text: str) -> Reading:
    """Read a text."""
    if text.isascii() and text.isprintable():
        return Reading(plain=text, low=text.lower(), starts=range(len(text) + 1))
    plain = text.translate(_SEEN)
    starts = range(len(text) + 1) if _SINGLE.fullmatch(text) else _starts(text)
    return Reading(plain=plain, low=_lowered(plain), starts=starts)


def _starts(text: str) -> Sequence[int]:
    sizes = text.translate(_SIZES)
    starts: list[int] = []
    done = 0
    for odd in _ODD.finditer(sizes):
        starts += range(done, odd.start())
        starts += [odd.start()] * ord(odd[0])
        done = odd.end()
    rest = range(done, len(text) + 1)
    return [*starts, *rest] if done else rest


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


class _Table(dict[int, str]):
    """What `str.translate` puts for a character; grows as characters are met, up to a bound."""

    def __init__(self, of: Callable[[str], str]) -> None:
        super().__init__()
        self._of = of

    def __missing__(self, code: int) -> str:
        seen = self._of(chr(code))
        if len(self) < _TABLE:
            self[code] = seen
        return seen


_SEEN: Final = _Table(_seen)
_SIZES: Final = _Table(lambda character: chr(len(_seen(character))))


def _lowered(plain: str) -> str:
    low = plain.lower()
    return low if len(low) == len(plain) else "".join(each.lower()[:1] for each in plain)
