"""A text without its disguises: letters of other alphabets that look Latin, digits for letters, letters set apart.

It is read first as for privacy: compatible forms, no accents, nothing invisible, lower case. Look-alikes are those of
Unicode's confusables (UTS #39) that are used for Latin words.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ai.privacy.reading import read

_PAIRS: Final = """
    аa вb еe зe иu кk мm нh оo пn рp сc тt уy хx ьb іi јj ѕs ԁd ԛq ԝw һh ӏl єe гr
    αa βb γy δd εe ηn ιi κk νv οo ρp τt υu χx ωw ϲc ɑa ɡg ɩi ʏy ıi
"""
_ALIKE: Final = str.maketrans({pair[0]: pair[1] for pair in _PAIRS.split()})
_LEET: Final = str.maketrans("013457@$!+|", "oieastasitl")
_MIXED: Final = re.compile(r"(?=[^\s]{0,40}?[a-z])(?=[^\s]{0,40}?[013457@$!+|])(?:[\w@$+]|[!|](?=\w))+")
# `p o r r a`, `p.o.r.r.a`, `p-o-r-r-a`
_APART: Final = re.compile(r"(?<![^\W_])[^\W_](?:([\s.\-_*/|])[^\W_]){2}(?:\1[^\W_])*(?![^\W_])")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bared:
    """A text to match words in, and where each of its characters was written; one place more is the end."""

    text: str
    starts: Sequence[int]

    def written(self, start: int, end: int) -> tuple[int, int]:
        """Return where a part stands in the text as it was given."""
        return self.starts[start], max(self.starts[end], self.starts[end - 1] + 1)


def bared(text: str) -> Iterator[Bared]:
    """Return the text without disguises, and once more with letters that were set apart put together, if any were."""
    reading = read(text)
    plain = _MIXED.sub(_unleeted, reading.low.translate(_ALIKE))
    yield Bared(text=plain, starts=reading.starts)
    if _APART.search(plain):
        yield _joined(plain, reading.starts)


def _unleeted(match: re.Match[str]) -> str:
    word = match[0]
    return word.translate(_LEET) if any("a" <= each <= "z" for each in word) else word


def _joined(plain: str, starts: Sequence[int]) -> Bared:
    letters: list[str] = []
    places: list[int] = []
    done = 0
    for match in _APART.finditer(plain):
        for place in (*range(done, match.start()), *range(match.start(), match.end(), 2)):
            letters.append(plain[place])
            places.append(starts[place])
        done = match.end()
    letters += plain[done:]
    places += [starts[place] for place in range(done, len(plain) + 1)]
    return Bared(text="".join(letters), starts=places)
