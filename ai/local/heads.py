"""What a message is for and in which mood it is written, learned from the sentences of `ai.local.seeds`.

A message is judged as a whole and by its sentences. Where no purpose is likely the answer is `other`: a wrong purpose
costs more than none.
"""

import asyncio
from collections.abc import Sequence
from functools import cache
from threading import Lock
from typing import TYPE_CHECKING, Final

from ai.local import seeds
from ai.local.denials import affirmed, reassured
from ai.local.emoji import spelled
from ai.local.encoder import Embedded
from ai.local.wording import sentences
from ai.results import LOCAL, Candidate, Emotion, Felt, Intent, Method, Mood, Purpose, Sentiment

if TYPE_CHECKING:
    from ai.local.ridge import Head, Matrix

_LEARNING: Final = Lock()
_SENTENCES: Final = 24
_LONGEST: Final = 1_000
_LONGEST_SENTENCE: Final = 300
_LEAST: Final = 0.35
_CLEAR: Final = 0.5
_CANDIDATES: Final = 3
_FELT: Final = 0.4
_HARD: Final = 2
_SOCIAL: Final = frozenset((Purpose.GREETING, Purpose.GOODBYE, Purpose.OTHER))
_EMOTIONS_OF: Final = {
    Mood.POSITIVE: (Emotion.JOY, Emotion.GRATITUDE, Emotion.ENTHUSIASM),
    Mood.NEUTRAL: (),
    Mood.NEGATIVE: (Emotion.ANGER, Emotion.FRUSTRATION, Emotion.IMPATIENCE, Emotion.WORRY, Emotion.SADNESS),
}


async def classify_intent(text: str, embedded: Embedded | None = None) -> Intent:
    """Say what a message is for. Wishes beside the main one are in `also`; small talk is main only when alone.

    What was `embedded` before is not embedded again.
    """
    return await asyncio.to_thread(_intent, text, embedded or Embedded())


async def analyze_sentiment(text: str, embedded: Embedded | None = None) -> Sentiment:
    """Say in which mood a message is written, and what is felt where that can be told.

    What was `embedded` before is not embedded again.
    """
    return await asyncio.to_thread(_sentiment, text, embedded or Embedded())


async def warm_heads() -> None:
    """Load and learn everything, so that the first message does not wait for it: about two seconds."""
    await asyncio.to_thread(lambda: (_learned("purposes"), _learned("moods"), _learned("emotions")))


def _intent(text: str, embedded: Embedded) -> Intent:
    whole, *parts = _parts(affirmed(text))
    if not parts:
        return _told({Purpose.OTHER: 1.0}, also=())
    head = _learned("purposes")
    rows = [_named(head, row) for row in head.confidences([whole, *parts], embedded)]
    clear = [row for row in rows[1:] if max(row.values()) >= _CLEAR]
    weighty = [row for row in clear if _best(row) not in _SOCIAL] if len(parts) > 1 else []
    mixed = _mean([rows[0], *weighty]) if weighty else rows[0]
    if weighty:
        # a greeting or thanks around a wish is no wish
        wished = sum(share for purpose, share in mixed.items() if purpose not in _SOCIAL)
        mixed = {purpose: 0.0 if purpose in _SOCIAL else share / wished for purpose, share in mixed.items()}
    main = _main(mixed)
    heard = dict.fromkeys(_best(row) for row in clear)
    return _told(mixed, also=tuple(each for each in heard if each not in (main, Purpose.OTHER)))


def _parts(text: str) -> list[str]:
    """Return the beginning of a message, and its first sentences."""
    found = sentences(text[: _SENTENCES * _LONGEST_SENTENCE])[:_SENTENCES]
    return [text[:_LONGEST], *(each[:_LONGEST_SENTENCE] for each in found)]


def _told(shares: dict[Purpose, float], also: tuple[Purpose, ...]) -> Intent:
    ranked = sorted(shares, key=lambda each: -shares[each])
    main = _main(shares)
    return Intent(
        provider=LOCAL,
        method=Method.HEAD,
        purpose=main,
        confidence=shares[main],
        candidates=tuple(Candidate(purpose=each, confidence=shares[each]) for each in ranked[:_CANDIDATES]),
        also=also,
    )


def _main(shares: dict[Purpose, float]) -> Purpose:
    best = _best(shares)
    return best if shares[best] >= _LEAST else Purpose.OTHER


def _best(shares: dict[Purpose, float]) -> Purpose:
    return max(shares, key=lambda each: shares[each])


def _named(head: "Head", row: "Matrix") -> dict[Purpose, float]:
    return {Purpose(name): float(share) for name, share in zip(head.answers, row, strict=True)}


def _mean(rows: Sequence[dict[Purpose, float]]) -> dict[Purpose, float]:
    return {purpose: sum(row[purpose] for row in rows) / len(rows) for purpose in rows[0]}


def _sentiment(text: str, embedded: Embedded) -> Sentiment:
    if not text.strip():
        return Sentiment(provider=LOCAL, method=Method.HEAD, label=Mood.NEUTRAL, score=0.5, confidence=1.0, emotions=())
    head = _learned("moods")
    text = affirmed(reassured(spelled(text)))
    rows = head.confidences(_parts(text), embedded)
    place = head.answers.index(Mood.NEGATIVE)
    # who complains is often polite around it
    weights = [_HARD if row.argmax() == place else 1 for row in rows]
    row = (rows.T * weights).sum(axis=1) / sum(weights)
    shares = {Mood(name): float(share) for name, share in zip(head.answers, row, strict=True)}
    label = max(shares, key=lambda each: shares[each])
    return Sentiment(
        provider=LOCAL,
        method=Method.HEAD,
        label=label,
        score=(1 + shares[Mood.POSITIVE] - shares[Mood.NEGATIVE]) / 2,
        confidence=shares[label],
        emotions=_felt(text[:_LONGEST], label, embedded),
    )


def _felt(text: str, label: Mood, embedded: Embedded) -> tuple[Felt, ...]:
    if label is Mood.NEUTRAL:
        return ()
    head = _learned("emotions")
    shares = dict(zip(head.answers, head.confidences([text], embedded)[0], strict=True))
    total = sum(shares[each] for each in _EMOTIONS_OF[label])
    found = [Felt(emotion=each, confidence=float(shares[each] / total)) for each in _EMOTIONS_OF[label]]
    return tuple(sorted((each for each in found if each.confidence >= _FELT), key=lambda each: -each.confidence))


def _learned(what: str) -> "Head":
    with _LEARNING:
        return _learn(what)


@cache
def _learn(what: str) -> "Head":
    from ai.local.ridge import Head

    texts, answers = zip(*_SEEDS[what](), strict=True)
    return Head.learned(texts, answers)


_SEEDS: Final = {"purposes": seeds.purposes, "moods": seeds.moods, "emotions": seeds.emotions}
