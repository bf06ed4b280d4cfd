"""Replies out of a bank of templates: what to answer to a message of some purpose, in three languages and tones.

The bank is `replies.toml` beside this. A template states nothing that could be wrong of a company: no price, no day,
no stock, and says yes to nothing; it greets, thanks, asks, or says that somebody will look. A part in brackets is left
out when what it names is not known. Nobody's name is read as a template.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter

from ai.results import LOCAL, Language, Method, Purpose, Reply, Tone

_DATA: Final = Path(__file__).with_name("replies.toml")
_MOST: Final = 5
_LONGEST_NAME: Final = 60
_OPTIONAL: Final = re.compile(r"\[([^\[\]]*)\]")
_SLOT: Final = re.compile(r"\{(name|company)\}")

_Bank = Mapping[Language, Mapping[Purpose, Mapping[Tone, Sequence[str]]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Addressed:
    """Whom a reply is for, and who speaks: the first name as it is to be said, and the company's."""

    name: str = ""
    company: str = ""


def suggest_replies(
    purpose: Purpose,
    language: Language,
    *,
    to: Addressed | None = None,
    tones: Sequence[Tone] = tuple(Tone),
    count: int = 3,
) -> tuple[Reply, ...]:
    """Return up to `count` (1 to 5) different replies, taking the tones in turn; always the same ones."""
    slots = _slots(to or Addressed())
    by_tone = _bank()[language][purpose]
    wanted = list(dict.fromkeys(tones)) or list(Tone)
    most = min(max(count, 1), _MOST)
    deepest = max(len(by_tone[tone]) for tone in wanted)
    ordered = [
        (tone, by_tone[tone][place]) for place in range(deepest) for tone in wanted if place < len(by_tone[tone])
    ]
    return tuple(
        Reply(provider=LOCAL, method=Method.TEMPLATE, text=_filled(template, slots), tone=tone, language=language)
        for tone, template in ordered[:most]
    )


def templates() -> Iterator[str]:
    """Yield all templates as they are written."""
    for purposes in _bank().values():
        for tones in purposes.values():
            for written in tones.values():
                yield from written


@cache
def _bank() -> _Bank:
    return TypeAdapter(_Bank).validate_python(tomllib.loads(_DATA.read_text("utf-8")))


def _slots(to: Addressed) -> dict[str, str]:
    return {"name": _one_line(to.name), "company": _one_line(to.company)}


def _one_line(written: str) -> str:
    return " ".join(written.split())[:_LONGEST_NAME]


def _filled(template: str, slots: Mapping[str, str]) -> str:
    kept = _OPTIONAL.sub(lambda part: part[1] if all(slots[each] for each in _SLOT.findall(part[1])) else "", template)
    return _SLOT.sub(lambda slot: slots[slot[1]], kept)
