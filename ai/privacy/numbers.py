"""Numbers of people: CPF, CNPJ of digits, CEP, payment cards and Brazilian phone numbers.

A run is what a reader may take for one number: groups of digits with a few marks between them. Every stretch of whole
groups is tried, so that neither odd spacing nor a neighbour hides a number. What has check digits is believed by them
(Receita Federal; ISO/IEC 7812-1), or by its label when a digit is mistyped; the rest by its shape and its label.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from ai.privacy.labels import Label, Lead
from ai.privacy.reading import Reading
from ai.privacy.spans import Kind, Span
from core import text
from core.errors import Invalid

_RUN: Final = re.compile(r"\d(?:[\W_]{0,4}\d)*")
_AROUND: Final = re.compile(r"(?<=[.\-/])\s+|\s+(?=[.\-/])")
_GROUP: Final = re.compile(r"\d+")
_LONGEST: Final = 19
_SHORTEST: Final = 8
_LONGEST_PHONE: Final = 15
_LONG_NUMBER: Final = 7
_SURE: Final = 0.99
_CHECKED: Final = 0.97
_LABELLED: Final = 0.95
_LIKELY: Final = 0.8
_SHAPED: Final = 0.6

_CPF_SHAPES: Final = frozenset({(3, 3, 3, 2), (11,), (9, 2)})
_CPF_WRITTEN: Final = re.compile(r"\d{3}\.\d{3}\.\d{3}[-/.]\d{2}")
_CNPJ_SHAPES: Final = frozenset({(2, 3, 3, 4, 2), (14,), (8, 4, 2), (12, 2)})
_CNPJ_WRITTEN: Final = re.compile(r"\d{2}\.\d{3}\.\d{3}/\d{4}[-/.]\d{2}")
_CARD_SHAPES: Final = frozenset({(4, 4, 4, 4), (4, 6, 5), (4, 6, 4), (4, 4, 4, 4, 3), (4, 4, 4, 1)})
# issuers: Visa, Mastercard, American Express, Diners, JCB, Discover, Elo, Hipercard
_ISSUERS: Final = re.compile(r"4|5|2[2-7]|3[04-9]|6|1800|2131")
_CEP_WRITTEN: Final = re.compile(r"\d{2}\.?\d{3}-\d{3}")
# the area codes of Anatel's plan (Resolução 749/2022)
_AREA_CODES: Final = """
    11 12 13 14 15 16 17 18 19 21 22 24 27 28 31 32 33 34 35 37 38 41 42 43 44 45 46 47 48 49 51 53 54 55 61 62 63 64
    65 66 67 68 69 71 73 74 75 77 79 81 82 83 84 85 86 87 88 89 91 92 93 94 95 96 97 98 99
"""
_AREAS: Final = frozenset(_AREA_CODES.split())
_PREFIX: Final = re.compile(r"(?:00)?55(?=0?[1-9]\d{9,10}$)|0(?:\d\d)?(?=[1-9]\d{9,10}$)")
_PHONE_MARKS: Final = re.compile(r"[\d \-.()_*]+")
_YEARS: Final = re.compile(r"(?:19|20)\d\d\W+(?:19|20)\d\d")
# numbers of businesses (Anatel: códigos não geográficos)
_FREE_SHAPE: Final = (4, 3, 4)
_FREE: Final = ("0800", "0300", "0500", "0900")
_LINE_SHAPES: Final = frozenset({(8,), (9,), (4, 4), (5, 4), (1, 4, 4), (1, 8)})


@dataclass(slots=True, kw_only=True)
class Stretch:
    """Some whole groups of a run: their digits and lengths, how they are written without spaces beside their marks, and
    what was said before.
    """

    digits: str
    shape: tuple[int, ...]
    written: str
    lead: Lead
    is_first: bool
    is_whole: bool

    def is_announced(self, label: Label) -> bool:
        """Tell whether a label stands before the run, and the stretch begins it."""
        return self.is_first and self.lead.says(label)

    @property
    def is_order(self) -> bool:
        """It is written in one piece, right behind the word that makes it a number of business."""
        return len(self.shape) == 1 and self.is_first and self.lead.touching is Label.ORDER


def find(reading: Reading) -> Iterator[Span]:
    """Find the numbers of people; offsets are of the reading."""
    since = 0
    for run in _RUN.finditer(reading.plain):
        groups = [group.span() for group in _GROUP.finditer(reading.plain, *run.span())]
        size = sum(end - start for start, end in groups)
        if size >= _SHORTEST:
            yield from _best(reading, groups, Lead(reading.low, run.start(), since))
        if size >= _LONG_NUMBER:
            since = run.end()


def _best(reading: Reading, groups: list[tuple[int, int]], lead: Lead) -> list[Span]:
    best: list[Span] = []
    for span in sorted(_candidates(reading, groups, lead), key=lambda s: (-s.confidence, s.start - s.end, s.start)):
        if all(span.end <= each.start or each.end <= span.start for each in best):
            best.append(span)
    return best


def _candidates(reading: Reading, groups: list[tuple[int, int]], lead: Lead) -> Iterator[Span]:
    sizes = [end - start for start, end in groups]
    for first in range(len(groups)):
        digits = ""
        for last in range(first, len(groups)):
            digits += reading.plain[slice(*groups[last])]
            if len(digits) > _LONGEST:
                break
            if len(digits) < _SHORTEST:
                continue
            start, end = groups[first][0], groups[last][1]
            stretch = Stretch(
                digits=digits,
                shape=tuple(sizes[first : last + 1]),
                written=_AROUND.sub("", reading.plain[start:end]),
                lead=lead,
                is_first=first == 0,
                is_whole=first == 0 and last == len(groups) - 1,
            )
            for kind, lengths, judge in _JUDGES:
                if len(digits) in lengths and (confidence := judge(stretch)) > 0:
                    yield Span(start=_opened(reading, start, kind), end=end, kind=kind, confidence=confidence)


def _opened(reading: Reading, start: int, kind: Kind) -> int:
    while kind is Kind.PHONE and start and reading.plain[start - 1] in "+(":
        start -= 1
    return start


def _cpf(given: Stretch) -> float:
    if len(given.digits) == 11 and not (given.shape == _FREE_SHAPE and given.digits.startswith(_FREE)):
        if _holds(text.cpf, given.digits):
            return _SURE if given.shape in _CPF_SHAPES else _LIKELY
        if given.is_announced(Label.CPF):
            return _LABELLED
        return _SHAPED if _CPF_WRITTEN.fullmatch(given.written) else 0
    is_mistyped = given.is_first and given.lead.touching is Label.CPF
    return _SHAPED if is_mistyped else 0


def _cnpj(given: Stretch) -> float:
    if len(given.digits) == 14:
        if _holds(text.cnpj, given.digits):
            return _SURE if given.shape in _CNPJ_SHAPES else _LIKELY
        if given.is_announced(Label.CNPJ):
            return _LABELLED
        return _SHAPED if _CNPJ_WRITTEN.fullmatch(given.written) else 0
    is_mistyped = given.is_first and given.lead.touching is Label.CNPJ
    return _SHAPED if is_mistyped else 0


def _card(given: Stretch) -> float:
    is_valid = _ISSUERS.match(given.digits) is not None and _fits_luhn(given.digits)
    if given.is_announced(Label.CARD):
        return _CHECKED if is_valid else _LABELLED if 14 <= len(given.digits) <= 16 else _SHAPED
    if given.is_order or not is_valid:
        return 0
    if given.shape in _CARD_SHAPES or len(given.shape) == 1:
        return _CHECKED
    # spaced in another way, but evenly; or with a space that nobody sees
    is_even = len(set(given.shape[:-1])) == 1 or not any(size % 4 for size in given.shape)
    return _LIKELY if given.is_whole and is_even else 0


def _cep(given: Stretch) -> float:
    if given.is_first and given.lead.nearest is Label.CEP:
        return _LABELLED
    is_other = given.is_first and given.lead.touching in (Label.ORDER, Label.VERSION)
    return 0 if is_other or not _CEP_WRITTEN.fullmatch(given.written) else _LIKELY


def _phone(given: Stretch) -> float:
    if not _PHONE_MARKS.fullmatch(given.written) or given.is_order or given.digits.startswith(_FREE):
        return 0
    national = _PREFIX.sub("", given.digits, count=1)
    is_asked = given.is_first and given.lead.nearest in (Label.PHONE, Label.PIX)
    confidence: float = 0
    if len(national) in (10, 11):
        confidence = _with_area(given, national, is_asked=is_asked)
    elif national == given.digits and len(national) < 10:
        confidence = _without_area(given, is_asked=is_asked)
    # the label alone will do: there are numbers of all countries
    is_told = given.is_whole and given.lead.touching is Label.PHONE and len(given.digits) <= _LONGEST_PHONE
    return confidence or (_SHAPED if is_told else 0)


def _with_area(given: Stretch, national: str, *, is_asked: bool) -> float:
    line = national[2:]
    is_from_abroad = given.digits.removesuffix(national).endswith("55")
    if national[:2] in _AREAS and (is_from_abroad or ")" in given.written):
        return _LABELLED
    if national[:2] not in _AREAS or (line[0] != "9" if len(line) == 9 else line[0] in "01"):
        return 0
    if is_asked:
        return _LABELLED
    if len(line) == 9:
        return _LIKELY
    return _landline(given)


def _landline(given: Stretch) -> float:
    is_business = given.is_first and given.lead.nearest in (Label.ORDER, Label.VERSION)
    if len(given.shape) == 1:
        return 0 if is_business else _SHAPED
    has_area_apart = given.shape[0] in (2, 3) and given.shape[1:] in _LINE_SHAPES
    return _LIKELY if has_area_apart else 0


def _without_area(given: Stretch, *, is_asked: bool) -> float:
    if given.digits[0] in "01" or _YEARS.fullmatch(given.written):
        return 0
    is_told = given.is_first and given.lead.touching in (Label.PHONE, Label.PIX)
    if given.shape not in _LINE_SHAPES:
        return _SHAPED if given.is_whole and is_told else 0
    if is_told or (is_asked and len(given.shape) > 1):
        return _LIKELY
    is_business = given.is_first and given.lead.nearest in (Label.ORDER, Label.VERSION, Label.CEP)
    is_mobile = given.shape in ((5, 4), (1, 4, 4)) and given.digits[0] == "9"
    return _SHAPED if is_mobile and not is_business else 0


def _holds(check: Callable[[str], str], digits: str) -> bool:
    try:
        check(digits)
    except Invalid:
        return False
    return True


def _fits_luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


# how many digits each may have, mistyped ones included
_JUDGES: Final[tuple[tuple[Kind, range, Callable[[Stretch], float]], ...]] = (
    (Kind.CPF, range(9, 13), _cpf),
    (Kind.CNPJ, range(12, 16), _cnpj),
    (Kind.CARD, range(13, _LONGEST + 1), _card),
    (Kind.CEP, range(8, 9), _cep),
    (Kind.PHONE, range(_SHORTEST, _LONGEST + 1), _phone),
)
