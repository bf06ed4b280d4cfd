"""A summary made of sentences that were said: those that stand for most of a conversation and repeat each other least.

They are chosen by maximal marginal relevance over their vectors (Carbonell and Goldstein, 1998) and told in the order
in which they were said, with who said them. What is decided, open and to do is found by rules (`ai.local.outlook`).
"""

import asyncio
from collections.abc import Sequence
from datetime import date
from typing import TYPE_CHECKING, Final

from ai.conversations import Speaker, Turn
from ai.local.encoder import embed_here
from ai.local.outlook import Said, look_ahead, told_apart
from ai.results import LOCAL, Language, Method, Summary

if TYPE_CHECKING:
    from ai.local.encoder import Vectors

_CHOSEN: Final = 5
_RELEVANCE: Final = 0.7
_WEIGHTY: Final = 0.2
_ASKS: Final = 0.1
_SHOWN: Final = 240
_FEWEST_WORDS: Final = 3
_SPEAKERS: Final = {
    Language.PORTUGUESE: {Speaker.CUSTOMER: "Cliente", Speaker.TEAM: "Equipe"},
    Language.ENGLISH: {Speaker.CUSTOMER: "Customer", Speaker.TEAM: "Team"},
    Language.SPANISH: {Speaker.CUSTOMER: "Cliente", Speaker.TEAM: "Equipo"},
}


async def summarize(
    turns: Sequence[Turn], *, today: date, language: Language = Language.PORTUGUESE, longest: int = 500
) -> Summary:
    """Return what the last 200 turns of a conversation came to; `longest` bounds the characters of the summary.

    The language is that of the speakers' labels: what was said stays as it was said.
    """
    return await asyncio.to_thread(_summary, turns, today, language, longest)


def _summary(turns: Sequence[Turn], today: date, language: Language, longest: int) -> Summary:
    said = told_apart(turns)
    outlook = look_ahead(said, today)
    ranked = _ranked([each for each in said if not each.is_small])
    labels = _SPEAKERS[language]
    return Summary(
        provider=LOCAL,
        method=Method.EXTRACTIVE,
        text=_within(ranked, labels, longest),
        key_points=tuple(_line([each], labels) for each in sorted(ranked, key=_place)),
        decisions=outlook.decisions,
        open_questions=outlook.open_questions,
        action_items=outlook.action_items,
        status=outlook.status,
    )


def _ranked(said: Sequence[Said]) -> list[Said]:
    """Return the sentences to tell, the most telling first."""
    telling = [each for each in said if len(each.text.split()) >= _FEWEST_WORDS] or list(said)
    if not telling:
        return []
    vectors = embed_here([each.text for each in telling])
    merits = _merits(telling, vectors)
    chosen: list[int] = []
    while len(chosen) < min(_CHOSEN, len(telling)):
        left = [place for place in range(len(telling)) if place not in chosen]
        chosen.append(max(left, key=lambda place: _gain(place, chosen, merits, vectors)))
    return [telling[place] for place in chosen]


def _merits(telling: Sequence[Said], vectors: "Vectors") -> list[float]:
    likeness = vectors @ vectors.mean(axis=0)
    return [
        float(like) + _WEIGHTY * each.is_weighty + _ASKS * each.is_question
        for like, each in zip(likeness, telling, strict=True)
    ]


def _gain(place: int, chosen: Sequence[int], merits: Sequence[float], vectors: "Vectors") -> float:
    repeated = max((float(vectors[place] @ vectors[other]) for other in chosen), default=0.0)
    return _RELEVANCE * merits[place] - (1 - _RELEVANCE) * repeated


def _within(ranked: Sequence[Said], labels: dict[Speaker, str], longest: int) -> str:
    """Join as many of the most telling sentences as fit, in the order in which they were said."""
    text = ""
    for count in range(1, len(ranked) + 1):
        longer = _told(sorted(ranked[:count], key=_place), labels)
        if len(longer) > longest:
            break
        text = longer
    return text or _cut(_told(ranked[:1], labels), longest)


def _told(said: Sequence[Said], labels: dict[Speaker, str]) -> str:
    runs: list[list[Said]] = []
    for each in said:
        if runs and runs[-1][-1].speaker is each.speaker:
            runs[-1].append(each)
        else:
            runs.append([each])
    return "\n".join(_line(run, labels) for run in runs)


def _line(said: Sequence[Said], labels: dict[Speaker, str]) -> str:
    return f"{labels[said[0].speaker]}: {' '.join(_cut(each.text, _SHOWN) for each in said)}"


def _place(said: Said) -> int:
    return said.place


def _cut(text: str, longest: int) -> str:
    return text if len(text) <= longest else f"{text[: max(longest - 1, 0)].rstrip()}…"
