"""Names of people whom nobody knows yet, by how they are introduced: `me chamo X`, `aqui é a X`, `falar com X`."""

import re
from collections.abc import Iterator
from typing import Final

from ai.privacy.alternatives import by_letter, name_of
from ai.privacy.reading import Reading
from ai.privacy.spans import Kind, Span
from ai.privacy.words import GIVEN_NAMES, LINKS, NO_NAMES, PLAIN_WORDS, SURNAMES

_TITLE: Final = r"(?:(?:o|a|os|as|el|la)\b +)?(?:(?:seu|dona|sr|sra|srta|dr|dra|mr|mrs|ms)\b\.? +)?"
# whoever says this says a name next
_PLAIN: Final = (
    *(r"me chamo", r"meu nome (?:e|eh)", r"me llamo", r"mi nombre es", r"my name is", r"my name's"),
    *(r"pode me chamar de", r"me chamam de", r"nome *:", r"titular *:", r"nome completo *:?", r"nome do titular *:?"),
    *(r"nome da mae *:?", r"nome do cliente *:?", r"destinatari[oa] *:"),
)
# after these a name is likely, and a capital or a frequent name decides
_VAGUE: Final = (
    *(r"sou", r"aqui (?:e|eh)", r"quem fala e", r"fal(?:ar|a|o|ei|ou) com", r"em nome d[eao]", r"no nome d[eao]"),
    *(r"aos cuidados d[eao]", r"a/c", r"att\.?,?", r"ass\.?:?", r"assinado:?", r"atenciosamente,?", r"soy"),
    *(r"hablar con", r"speak (?:to|with)", r"talk (?:to|with)", r"this is", r"i am", r"i'm", r"d[ao] cliente"),
    *(r"conta d[eao]", r"pix d[eao]", r"com a atendente", r"com o vendedor", r"com a vendedora"),
)
_VAGUELY: Final = "vague"
_CUES: Final = by_letter({"plain": _PLAIN, _VAGUELY: _VAGUE})
_CUE: Final = re.compile(rf"\b(?:(?:{_CUES})\s+{_TITLE}(?=[^\W\d_])|(?P<colon>nome):(?=[^\W\d_]))")
_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_BETWEEN: Final = re.compile(r"[ \-]{1,2}")
_MOST: Final = 6
_CONFIDENCE: Final = 0.7
_LEAST: Final = 2


def find(reading: Reading) -> Iterator[Span]:
    """Find names that somebody introduces; offsets are of the reading."""
    for cue in _CUE.finditer(reading.low):
        end = _end_of_name(reading, cue.end(), is_plain=name_of(cue.lastgroup or "") != _VAGUELY)
        if end > cue.end():
            yield Span(start=cue.end(), end=end, kind=Kind.NAME, confidence=_CONFIDENCE)


def _end_of_name(reading: Reading, start: int, *, is_plain: bool) -> int:
    end = place = start
    for number in range(_MOST):
        word = _WORD.match(reading.plain, place)
        if word is None:
            break
        low, after = word[0].lower(), _BETWEEN.match(reading.plain, word.end())
        if number:
            is_name = _goes_on(word[0], low)
        else:
            is_name = _is_name(word[0], low, is_expected=is_plain or _is_followed(reading.low, after))
        if is_name:
            end = word.end()
        elif low not in LINKS or not number:
            break
        if after is None:
            break
        place = after.end()
    return end


def _is_followed(low: str, gap: re.Match[str] | None) -> bool:
    """Tell whether a frequent name stands behind a gap: then what stands before it is a name too."""
    word = _WORD.match(low, gap.end()) if gap is not None else None
    return word is not None and _is_frequent(word[0]) and word[0] not in PLAIN_WORDS


def _is_name(word: str, low: str, *, is_expected: bool) -> bool:
    if low in NO_NAMES or len(low) < _LEAST:
        return False
    if is_expected or (word[0].isupper() and not word.isupper()):
        return True
    return _is_frequent(low) and (low not in PLAIN_WORDS or word[0].isupper())


def _goes_on(word: str, low: str) -> bool:
    if _is_frequent(low):
        return True
    return low not in NO_NAMES and word[0].isupper() and not word.isupper()


def _is_frequent(low: str) -> bool:
    return low in GIVEN_NAMES or low in SURNAMES
