"""The sentences of passages that answer a question best, word for word.

They are weighed by the likeness of their vectors to the question's and by the share of its words that they hold. A
question inside a passage, as in a list of frequent ones, is never quoted, nor is a heading: both speak for the
sentences behind them. What has a name before a colon (`Preço: R$ 18,90`) says nothing by itself: it stays with the
sentence before it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ai.local.encoder import embed_here
from ai.local.wording import sentences
from ai.passages import Passage
from ai.privacy.reading import read

_PASSAGES: Final = 8
_UNITS: Final = 80
_LONGEST: Final = 400
_QUESTION: Final = 1_000
_FEWEST_WORDS: Final = 3
_MEANING: Final = 0.6
_LEAST: Final = 0.3
_NEAR: Final = 0.85
_WORD: Final = re.compile(r"[^\W_]{4,}|\d+")
_STEM: Final = 6
_HEADING: Final = re.compile(r"#{1,6}[ \t]+\S")
_DETAIL: Final = re.compile(r"[^\W\d_]\w*(?: \w+)?: ?\S")
# how lists of questions mark what is asked and what is answered
_LABEL: Final = re.compile(r"(?:r|resp|resposta|a|answer|respuesta)\s*[:.\-–]\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Quoted:
    """A part of a passage: the passage's number, from 1, its place in that, and how well it answers, 0 to 1."""

    number: int
    start: int
    text: str
    merit: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    number: int
    start: int
    text: str
    context: str


def best_quotes(question: str, passages: Sequence[Passage], *, most: int = 2) -> tuple[Quoted, ...]:
    """Return what answers a question best, in the order of the passages; nothing where nothing is near. It computes:
    never call it on the event loop.
    """
    asked = question.strip()[-_QUESTION:]
    units = [unit for number, each in enumerate(passages[:_PASSAGES], 1) for unit in _units(number, each.text)]
    units = units[:_UNITS]
    if not asked or not units:
        return ()
    vectors = embed_here([asked, *(f"{each.context} {each.text}".strip() for each in units)])
    wanted = _stems(asked)
    ranked: list[Quoted] = []
    for unit, vector in zip(units, vectors[1:], strict=True):
        held = len(wanted & _stems(f"{unit.context} {unit.text}")) / len(wanted) if wanted else 0.0
        merit = _MEANING * max(float(vector @ vectors[0]), 0.0) + (1 - _MEANING) * held
        ranked.append(Quoted(number=unit.number, start=unit.start, text=unit.text, merit=min(merit, 1.0)))
    ranked.sort(key=lambda each: (-each.merit, each.number, each.start))
    return _chosen(ranked, most)


def joined(quotes: Sequence[Quoted]) -> str:
    """Return quotes with the markers of their passages, as a model would cite them."""
    text = ""
    for each in quotes:
        break_ = (
            "" if not text else " " if text.rstrip("0123456789[]").rstrip().endswith((".", "!", "?", "…")) else "\n"
        )
        text += f"{break_}{each.text} [{each.number}]"
    return text


def _chosen(ranked: Sequence[Quoted], most: int) -> tuple[Quoted, ...]:
    least = max(_LEAST, ranked[0].merit * _NEAR)
    chosen: dict[str, Quoted] = {}
    for each in ranked:
        if len(chosen) < most and each.merit >= least:
            chosen.setdefault(read(each.text).low, each)
    return tuple(sorted(chosen.values(), key=lambda each: (each.number, each.start)))


def _units(number: int, text: str) -> list[_Unit]:
    """Return what can be quoted of a passage: its sentences; too short a one goes with the next."""
    found: list[_Unit] = []
    context, begun, cursor, said = "", None, 0, 0
    for sentence in sentences(text):
        start = text.index(sentence, cursor)
        cursor = start + len(sentence)
        if "?" in sentence or _HEADING.match(sentence):
            context, begun, said = sentence.lstrip("# "), None, len(found)
            continue
        if begun is None and len(found) > said and _is_detail(found[-1], sentence, text, start):
            begun = found.pop().start
        if begun is None:
            label = _LABEL.match(sentence)
            begun = start + (label.end() if label is not None else 0)
        quoted = text[begun:cursor]
        if len(quoted.split()) < _FEWEST_WORDS:
            continue
        if len(quoted) <= _LONGEST:
            found.append(_Unit(number=number, start=begun, text=quoted, context=context))
        begun = None
    return found


def _is_detail(before: _Unit, sentence: str, text: str, start: int) -> bool:
    """Tell whether a sentence is a detail of the one before it in the same line."""
    between = text[before.start + len(before.text) : start]
    fits = len(before.text) + len(between) + len(sentence) <= _LONGEST
    return fits and between.isspace() and "\n" not in between and _DETAIL.match(sentence) is not None


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:_STEM] for word in _WORD.findall(read(text).low))
