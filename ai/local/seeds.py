"""The sentences that local classifiers learn from, out of `purposes.toml` and `moods.toml`."""

import tomllib
from collections.abc import Iterator
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from ai.results import Emotion, Language, Mood, Purpose

_HERE: Final = Path(__file__).parent
_UNTOLD: Final = "none"

_Spoken = dict[Language, list[str]]


def purposes() -> list[tuple[str, str]]:
    """Return sentences and what each is for."""
    return [(text, purpose) for purpose, spoken in _purposes().items() for text in chain(*spoken.values())]


def moods() -> list[tuple[str, str]]:
    """Return sentences and the mood of each."""
    return [
        (text, mood)
        for mood, emotions in _moods().items()
        for spoken in emotions.values()
        for text in chain(*spoken.values())
    ]


def emotions() -> list[tuple[str, str]]:
    """Return the sentences of which an emotion is told, and that."""
    return [
        (text, Emotion(emotion))
        for emotions in _moods().values()
        for emotion, spoken in emotions.items()
        if emotion != _UNTOLD
        for text in chain(*spoken.values())
    ]


def sentences_of() -> dict[Language, list[str]]:
    """Return all sentences by their language."""
    found: dict[Language, list[str]] = {each: [] for each in Language}
    for spoken in _all_spoken():
        for language, texts in spoken.items():
            found[language].extend(texts)
    return found


def _all_spoken() -> Iterator[_Spoken]:
    yield from _purposes().values()
    for each in _moods().values():
        yield from each.values()


@cache
def _purposes() -> dict[Purpose, _Spoken]:
    return TypeAdapter(dict[Purpose, _Spoken]).validate_python(_data("purposes.toml"))


@cache
def _moods() -> dict[Mood, dict[str, _Spoken]]:
    return TypeAdapter(dict[Mood, dict[str, _Spoken]]).validate_python(_data("moods.toml"))


def _data(name: str) -> dict[str, object]:
    return tomllib.loads((_HERE / name).read_text("utf-8"))
