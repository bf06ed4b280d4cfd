"""The sentences of passages that answer a question best, word for word.

They are weighed by the likeness of their vectors to the question's, by the share of its words that they hold (those of
their heading count half: it speaks for all sentences below it), and by how sure the search is of their passage; where a
price or an hour is asked for, what names one goes before. A question inside a passage, as in a list of frequent ones,
and a heading are never quoted: they speak for the sentences behind them. Two sentences of a line are quoted together:
the price stands behind the product, the exception behind the rule.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ai.local.encoder import embed_here
from ai.local.wording import plainly, sentences
from ai.passages import Passage
from ai.privacy.reading import read

_PASSAGES: Final = 8
_UNITS: Final = 80
_LONGEST: Final = 400
_QUESTION: Final = 1_000
_FEWEST_WORDS: Final = 3
_PAIR: Final = 2
_TOGETHER: Final = 200
_MEANING: Final = 0.6
_LEAST: Final = 0.3
_NEAR: Final = 0.9
_TRUST: Final = 0.5
_SURE: Final = 0.85
_NAMED: Final = 0.3
_MOST: Final = 1 + _TRUST + _NAMED
_WORD: Final = re.compile(r"[^\W_]{4,}|\d+")
_STEM: Final = 5
# words that ask, of which an answer has no need
_ASKS: Final = """
    posso pode podem poderia consigo voce voces qual quais como quando onde queria quero gostaria tenho preciso para
    isso esse essa este esta tambem what which does have would could your this that puedo puede pueden ustedes
    cual cuales donde cuando quiero quisiera tienen
"""
_ASKING: Final = frozenset(_ASKS.split())
_HEADING: Final = re.compile(r"#{1,6}\s+(?P<title>.*)")
# what is asked for, and how it looks where it is told; the questions in lower case without accents
_WANTED: Final = (
    (
        re.compile(
            r"\b(?:quanto (?:que )?(?:e|sai|fica|esta|vale|custa)|custa|precos?|valor(?:es)?|how much|prices?|cuanto"
            r" (?:es|sale|vale|cuesta)|cuesta|precios?)\b"
        ),
        re.compile(r"(?:R\$|US\$|[$€£])\s?\d"),
    ),
    (
        re.compile(
            r"\b(?:que horas?|horarios?|abrem?|fecham?|funcionam?|what time|opening hours|open|closed?|que hora|abren?"
            r"|cierran?)\b"
        ),
        re.compile(r"\b\d{1,2}(?:h(?:\d\d)?\b|:\d\d\b| ?[ap]m\b)", re.IGNORECASE),
    ),
)
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
    sure = [each.score for each in passages]
    vectors = embed_here([asked, *(f"{each.context} {each.text}".strip() for each in units)])
    wanted, looks = _stems(asked), _looks(asked)
    ranked: list[Quoted] = []
    for unit, vector in zip(units, vectors[1:], strict=True):
        held = _held(wanted, unit)
        merit = _MEANING * max(float(vector @ vectors[0]), 0.0) + (1 - _MEANING) * held
        if merit < _LEAST and sure[unit.number - 1] < _SURE:
            continue
        merit += _TRUST * sure[unit.number - 1] + _NAMED * any(each.search(unit.text) for each in looks)
        ranked.append(Quoted(number=unit.number, start=unit.start, text=unit.text, merit=min(merit / _MOST, 1.0)))
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


def _held(wanted: frozenset[str], unit: _Unit) -> float:
    """Return the share of words that stand in what can be quoted, by half where only its heading has them."""
    said, headed = _stems(unit.text), _stems(unit.context)
    return (len(wanted & said) + len(wanted & (headed - said)) / 2) / len(wanted) if wanted else 0.0


def _looks(asked: str) -> tuple[re.Pattern[str], ...]:
    """Return how the answer looks, where that is known."""
    low = read(plainly(asked)).low
    return tuple(look for question, look in _WANTED if question.search(low))


def _chosen(ranked: Sequence[Quoted], most: int) -> tuple[Quoted, ...]:
    chosen: dict[str, Quoted] = {}
    for each in ranked:
        if len(chosen) < most and each.merit >= ranked[0].merit * _NEAR:
            chosen.setdefault(read(each.text).low, each)
    return tuple(sorted(chosen.values(), key=lambda each: (each.number, each.start)))


def _units(number: int, text: str) -> Iterator[_Unit]:
    """Yield what can be quoted of a passage: two sentences of a line together, more of them each by itself; too short a
    one goes with the next.
    """
    context, begun, cursor = "", None, 0
    for sentence in _lines(text):
        start = text.index(sentence, cursor)
        cursor = start + len(sentence)
        heading = _HEADING.fullmatch(sentence)
        if heading is not None or "?" in sentence:
            context, begun = heading["title"] if heading is not None else sentence, None
            continue
        if begun is None:
            label = _LABEL.match(sentence)
            begun = start + (label.end() if label is not None else 0)
        quoted = text[begun:cursor]
        if len(quoted.split()) < _FEWEST_WORDS:
            continue
        if len(quoted) <= _LONGEST:
            yield _Unit(number=number, start=begun, text=quoted, context=context)
        begun = None


def _lines(text: str) -> Iterator[str]:
    """Yield the sentences of a text, but a short line of two as one."""
    for line in text.splitlines():
        told = sentences(line)
        is_pair = len(told) == _PAIR and len(line) <= _TOGETHER and "?" not in line
        yield from (line.strip(),) if is_pair else told


def _stems(text: str) -> frozenset[str]:
    return frozenset(word[:_STEM] for word in _WORD.findall(read(text).low) if word not in _ASKING)
