"""The mask of one call: what is personal leaves as tokens, and only this call's tokens come back as what they were.

The values live in the `Masking` alone, which says nothing of them when it is printed and cannot be pickled. A text that
already holds what looks like a token gets a token for that, so that nobody can write one to read another's data.
"""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NoReturn

from ai.privacy import tokens
from ai.privacy.labels import BLANK
from ai.privacy.people import Known, People
from ai.privacy.reading import read
from ai.privacy.recognising import recognise_more
from ai.privacy.residual import look
from ai.privacy.spans import Kind, Span, settled
from core import phone
from core.errors import Invalid

_TEAMS: Final = 100
_SPELLINGS: Final = 26 * 27
_NUMBERS: Final = frozenset((Kind.CPF, Kind.CNPJ, Kind.RG, Kind.CEP, Kind.PIX, Kind.CARD, Kind.PASSPORT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """One masked place of a preview: where it was in the text, and where its token is in what a provider would see."""

    kind: Kind
    start: int
    end: int
    token: str
    token_start: int
    token_end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a provider would see, and which places of the text were masked."""

    text: str
    places: tuple[Shown, ...]


class Masking:
    """The tokens of one call. `mark` tells its tokens from other calls' (up to eight small letters and digits, the
    first a letter); without it equal texts give equal masks, which is what a cache of answers needs.
    """

    __slots__ = ("_known", "_mark", "_met", "_numbers", "_spellings", "_told", "_values")

    def __init__(self, known: Known | None = None, *, team: Known | None = None, mark: str = "") -> None:
        """`team` are people whom many calls know: what they are found by is remembered from one call to the next."""
        if mark and not tokens.MARK.fullmatch(mark):
            raise ValueError("A mark has up to eight small letters and digits, and begins with a letter.")
        self._known = (People(known),) if team is None else (_remembered(team), People(known))
        self._met, self._told = People(), People()
        self._mark = mark
        self._numbers: defaultdict[Kind, dict[str, int]] = defaultdict(dict)
        self._spellings: defaultdict[tuple[Kind, int], dict[str, str]] = defaultdict(dict)
        self._values: dict[str, str] = {}

    def __repr__(self) -> str:
        return f"<Masking of {len(self._values)} values>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("A masking holds personal data and stays in its process.")

    def mask(self, text: str) -> str:
        """Return a text with tokens for what is personal; equal values have equal tokens in all texts of the call."""
        return self.preview(text).text

    def mask_all(self, texts: Sequence[str]) -> list[str]:
        """Mask texts of one conversation: what one of them tells, such as a name, is masked in those before it too."""
        known = [(self.mask(text), len(self._values)) for text in texts]
        return [
            self.mask(text) if size < len(self._values) else masked
            for text, (masked, size) in zip(texts, known, strict=True)
        ]

    def preview(self, text: str) -> Preview:
        """Return what a provider would see of a text, and where."""
        parts: list[str] = []
        places: list[Shown] = []
        done = size = 0
        for span in self._found(text):
            token = self._token(span, text[span.start : span.end])
            parts += (text[done : span.start], token)
            size += span.start - done
            places.append(
                Shown(
                    kind=span.kind,
                    start=span.start,
                    end=span.end,
                    token=token,
                    token_start=size,
                    token_end=size + len(token),
                )
            )
            size += len(token)
            done = span.end
        return Preview(text="".join([*parts, text[done:]]), places=tuple(places))

    def unmask(self, text: str) -> str:
        """Return a text with the values of this call's tokens. Tokens of others stay as they are.

        Of a structured answer the parsed values are unmasked: a value may hold what its encoding would have to escape.
        """
        return tokens.TOKEN.sub(self._value, text)

    def check(self, *texts: str) -> None:
        """Look once more at what is about to leave: prompts, arguments of tools, keys of caches; before it is encoded.

        Raises:
            PersonalDataLeft: something personal is in one of them, or a value of this call in any spelling.
        """
        look([tokens.TOKEN.sub(self._blank, text) for text in texts], (*self._known, self._told))

    def _found(self, text: str) -> list[Span]:
        alike = [
            Span(start=match.start(), end=match.end(), kind=Kind.TEXT, confidence=1.0)
            for match in tokens.TOKEN.finditer(text)
        ]
        # looked at again until nothing is found: a number beside another may be taken for a part of it, and what was
        # told with its label may stand elsewhere without
        spans = alike
        people = (*self._known, self._met, self._told)
        while more := recognise_more(text, people, spans):
            for span in more:
                self._note(span.kind, text[span.start : span.end])
            spans = settled([*spans, *more])
        return spans

    def _token(self, span: Span, value: str) -> str:
        known = self._numbers[span.kind]
        number = known.setdefault(span.key or _normal(span.kind, value), len(known) + 1)
        spellings = self._spellings[span.kind, number]
        if value not in spellings:
            if len(spellings) >= _SPELLINGS:
                # nobody writes a value in seven hundred ways: such a text gets a number for each
                number = known.setdefault(f"\0{value}", len(known) + 1)
                spellings = self._spellings[span.kind, number]
            token = tokens.token(span.kind, number, mark=self._mark, spelling=len(spellings))
            spellings[value] = token
            self._values[token] = value
        return spellings[value]

    def _note(self, kind: Kind, value: str) -> None:
        if kind is Kind.NAME:
            self._met.tell(kind, value)
        elif kind not in (Kind.COMPANY, Kind.TEXT):
            self._told.tell(kind, value)

    def _value(self, match: re.Match[str]) -> str:
        return self._values.get(tokens.canonical(match), match[0])

    def _blank(self, match: re.Match[str]) -> str:
        return BLANK if tokens.canonical(match) in self._values else match[0]


class Unmasker:
    """Unmasks a stream as it comes. Text is held back only from the beginning of what may become a token."""

    __slots__ = ("_held", "_masking")

    def __init__(self, masking: Masking) -> None:
        self._masking = masking
        self._held = ""

    def feed(self, chunk: str) -> str:
        """Take the next piece; return what is ready, which may be nothing."""
        text = self._held + chunk
        cut = tokens.begun(text)
        self._held = text[cut:]
        return self._masking.unmask(text[:cut])

    def flush(self) -> str:
        """Return what is left when the stream has ended."""
        rest, self._held = self._held, ""
        return rest


@lru_cache(maxsize=_TEAMS)
def _remembered(team: Known) -> People:
    return People(team)


def _normal(kind: Kind, value: str) -> str:
    low = read(value).low
    if kind in _NUMBERS:
        return "".join(each for each in low if each.isalnum())
    if kind is Kind.PHONE:
        try:
            return phone.parse(low).key
        except Invalid:
            return "".join(each for each in low if each.isdigit())
    return " ".join(low.split()) if kind is not Kind.TEXT else value
