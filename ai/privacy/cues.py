"""Names of people whom nobody knows yet, by how they are introduced: `me chamo X`, `aqui é a X`, `falar com X`."""

import re
from collections.abc import Iterator
from typing import Final

from ai.privacy.reading import Reading
from ai.privacy.spans import Kind, Span
from ai.privacy.words import GIVEN_NAMES, LINKS, NO_NAMES, PLAIN_WORDS, SURNAMES

_TITLE: Final = r"(?:(?:o|a|os|as|el|la)\b +)?(?:(?:seu|dona|sr|sra|srta|dr|dra|mr|mrs|ms)\b\.? +)?"
# whoever says this says a name next
_PLAIN: Final = (
    r"me chamo|meu nome (?:e|eh)|me llamo|mi nombre es|my name is|my name's|pode me chamar de|me chamam de|"
    r"nome *:|titular *:|nome completo *:?|nome do titular *:?|nome da mae *:?|nome do cliente *:?|destinatari[oa] *:"
)
# after these a name is likely, and a capital or a frequent name decides
_VAGUE: Final = (
    r"sou|aqui (?:e|eh)|quem fala e|fal(?:ar|a|o|ei|ou) com|(?:em|no) nome d[eao]|aos cuidados d[eao]|a/c|"
    r"att\.?,?|ass\.?:?|assinado:?|atenciosamente,?|soy|hablar con|(?:speak|talk) (?:to|with)|this is|i am|i'm|"
    r"d[ao] cliente|conta d[eao]|pix d[eao]|com a atendente|com o vendedor|com a vendedora"
)
_CUE: Final = re.compile(
    rf"\b(?:(?P<plain>{_PLAIN})|(?P<vague>{_VAGUE}))\s+{_TITLE}(?=[^\W\d_])|\b(?P<colon>nome):(?=[^\W\d_])"
)
_WORD: Final = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")
_BETWEEN: Final = re.compile(r"[ \-]{1,2}")
_MOST: Final = 6
_CONFIDENCE: Final = 0.7
_LEAST: Final = 2


def find(reading: Reading) -> Iterator[Span]:
    """Find names that somebody introduces; offsets are of the reading."""
    for cue in _CUE.finditer(reading.low):
        end = _end_of_name(reading, cue.end(), is_plain=cue["vague"] is None)
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
    return word is not None and word[0] in GIVEN_NAMES | SURNAMES and word[0] not in PLAIN_WORDS


def _is_name(word: str, low: str, *, is_expected: bool) -> bool:
    if low in NO_NAMES or len(low) < _LEAST:
        return False
    if is_expected or (word[0].isupper() and not word.isupper()):
        return True
    return (low in GIVEN_NAMES or low in SURNAMES) and (low not in PLAIN_WORDS or word[0].isupper())


def _goes_on(word: str, low: str) -> bool:
    if low in GIVEN_NAMES or low in SURNAMES:
        return True
    return low not in NO_NAMES and word[0].isupper() and not word.isupper()
