"""Names, companies, addresses and numbers that the CRM knows: found however they are spelled, by whole words.

A name of several words is found as a whole, by its ends, and by each word. A word that is also a plain word of the
language (`Rosa`, `Lima`) counts only when it is written with a capital.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from ai.privacy.reading import WORD, Reading, read
from ai.privacy.spans import Kind, Span
from ai.privacy.words import LEGAL_FORMS, LINKS, PLAIN_WORDS

_RUN: Final = re.compile(r"\d(?:[\W_]{0,4}\d)*")
_GAP: Final = 4
_SHORT: Final = 3
_TAIL: Final = 8
_LITERAL: Final = 5
_CERTAIN: Final = 1.0
_PART: Final = 0.9

Words = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """Whom a call is about: names of people and of companies, e-mail addresses, phone numbers in any spelling."""

    names: Sequence[str] = field(default=(), repr=False)
    companies: Sequence[str] = field(default=(), repr=False)
    emails: Sequence[str] = field(default=(), repr=False)
    phones: Sequence[str] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    words: Words
    kind: Kind
    key: str
    confidence: float

    @property
    def needs_capital(self) -> bool:
        return len(self.words) == 1 and (self.words[0] in PLAIN_WORDS or len(self.words[0]) < _SHORT)


class People:
    """What is known, ready to be looked for in many texts; more may be told."""

    __slots__ = ("_entries", "_literals", "_numbers")

    def __init__(self, known: Known | None = None) -> None:
        known = known or Known()
        self._entries: defaultdict[str, dict[Words, _Entry]] = defaultdict(dict)
        self._literals: dict[str, Kind] = {}
        self._numbers: dict[str, Kind] = {}
        for name in known.names:
            self._add(_forms_of_name(_words(name)), Kind.NAME)
        for name in known.companies:
            self._add(_forms_of_company(_words(name)), Kind.COMPANY)
        for email in known.emails:
            self.tell(Kind.EMAIL, email)
        for phone in known.phones:
            self.tell(Kind.PHONE, phone)

    def tell(self, kind: Kind, value: str) -> None:
        """Note one value. What is too short to be told from other texts is not noted."""
        if kind is Kind.NAME:
            self._add(_forms_of_name(_words(value)), kind)
            return
        low = read(value).low.strip()
        digits = "".join(each for each in low if each.isdigit())
        if len(digits) >= _TAIL and (kind is Kind.PHONE or not any(each.isalpha() for each in low)):
            self._numbers.setdefault(digits, kind)
        elif len(low) >= _LITERAL:
            self._literals.setdefault(low, kind)

    def find(self, reading: Reading) -> Iterator[Span]:
        """Find all that is known; offsets are of the reading."""
        if self._entries:
            yield from self._named(reading)
        for literal, kind in self._literals.items():
            place = reading.low.find(literal)
            while place >= 0:
                end = place + len(literal)
                if not (reading.low[place - 1 : place].isalnum() or reading.low[end : end + 1].isalnum()):
                    yield Span(start=place, end=end, kind=kind, confidence=_CERTAIN)
                place = reading.low.find(literal, end)
        if self._numbers:
            for run in _RUN.finditer(reading.plain):
                yield from self._counted(reading, run)

    def _add(self, forms: Iterable[Words], kind: Kind) -> None:
        key = ""
        for words in forms:
            if not words or len(words[0]) + len(words) < _SHORT:
                continue
            entry = _Entry(words=words, kind=kind, key=key or " ".join(words), confidence=_PART if key else _CERTAIN)
            key = entry.key
            self._entries[words[0]].setdefault(words, entry)

    def _named(self, reading: Reading) -> Iterator[Span]:
        if self._entries.keys().isdisjoint(reading.words):
            return
        found = [match.span() for match in WORD.finditer(reading.low)]
        for place, (start, end) in enumerate(found):
            for entry in self._entries.get(reading.low[start:end], {}).values():
                last = _matched(reading.low, found, place, entry.words)
                if last is None or (entry.needs_capital and not reading.plain[start].isupper()):
                    continue
                yield Span(start=start, end=last, kind=entry.kind, confidence=entry.confidence, key=entry.key)

    def _counted(self, reading: Reading, run: re.Match[str]) -> Iterator[Span]:
        places = [place for place in range(*run.span()) if reading.plain[place].isdigit()]
        digits = "".join(reading.plain[place] for place in places)
        for number, kind in self._numbers.items():
            wanted = number[-_TAIL:] if kind is Kind.PHONE else number
            at = digits.find(wanted)
            while at >= 0:
                first = _reaching_back(digits, at, number) if kind is Kind.PHONE else at
                last = at + len(wanted)
                yield Span(start=places[first], end=places[last - 1] + 1, kind=kind, confidence=_CERTAIN)
                at = digits.find(wanted, last)


def _reaching_back(digits: str, at: int, number: str) -> int:
    """Return where a phone number begins whose last digits are at a place: its area and country may precede."""
    for before in (number[:-_TAIL], number[:-_TAIL].removesuffix("9"), number[:-_TAIL].removeprefix("55")):
        if before and digits.endswith(before, 0, at):
            return at - len(before)
    return at - 1 if at and digits[at - 1] == "9" else at


def _matched(low: str, found: Sequence[tuple[int, int]], place: int, words: Words) -> int | None:
    spans = found[place : place + len(words)]
    if len(spans) < len(words) or any(low[slice(*span)] != word for span, word in zip(spans, words, strict=True)):
        return None
    if any(after[0] - before[1] > _GAP for before, after in pairwise(spans)):
        return None
    return spans[-1][1]


def _words(name: str) -> Words:
    return tuple(WORD.findall(read(name).low))


def _forms_of_name(words: Words) -> Iterator[Words]:
    yield words
    telling = tuple(each for each in words if each not in LINKS and not each.isdigit())
    if len(words) > 1:
        yield telling
        if len(telling) > 1:
            yield telling[:2]
            yield (telling[0], telling[-1])
        yield from ((each,) for each in telling)


def _forms_of_company(words: Words) -> Iterator[Words]:
    yield words
    end = len(words)
    while end > 1 and words[end - 1] in LEGAL_FORMS:
        end -= 1
    yield words[:end]
