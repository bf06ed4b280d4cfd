"""The filter before and behind a model: what a message asks for, and what an answer may not say.

It is made of rules in three languages, needs no network, and is one of several walls: a provider's moderation may be
asked beside it. Rules see phrases, not meanings.
"""

import re
import secrets
from collections.abc import Collection, Iterator
from string import ascii_lowercase
from typing import Final

from ai.privacy.reading import read
from ai.safety.english import ENGLISH
from ai.safety.links import foreign
from ai.safety.portuguese import PORTUGUESE
from ai.safety.rules import Filter
from ai.safety.spanish import SPANISH
from ai.safety.verdicts import OF_INPUT, OF_OUTPUT, Assessment, Category, Finding, Severity, assessed

FILTER: Final = Filter((PORTUGUESE, ENGLISH, SPANISH))
_CANARY_LETTERS: Final = 17
_LETTERS: Final = len(ascii_lowercase)
# turns and marks of chat formats, which no customer has a reason to write
_MARKUP: Final = re.compile(
    r"<\|[a-z_]{2,20}\|>|\[/?inst\]|<<sys>>|</?(?:system|assistant|instructions?|prompt)>|<{2,} ?/?(?:end|data)\b|"
    r"^#{2,} *(?:system|instruc\w{1,8})\b",
    re.MULTILINE,
)
# Unicode's tags spell a text that nobody sees; flags of regions are the one plain use, and begin with a black flag
_TAGS: Final = re.compile("(?<!\U0001f3f4)[\U000e0020-\U000e007f]{4,}")


def check_input(text: str) -> Assessment:
    """Say what is wrong with a text that goes to a model. An instruction inside it is flagged, never more."""
    return assessed([*FILTER.find(text), *_markup(text)], OF_INPUT)


def check_output(text: str, *, canary: str = "", allowed_hosts: Collection[str] = ()) -> Assessment:
    """Say what is wrong with an answer: also whether it gives away the instructions, whose `canary` it then holds, or
    leads to a host that is not allowed (nor below one that is). Without allowed hosts every link is foreign.
    """
    findings = [*FILTER.find(text), *foreign(text, allowed_hosts), *_leaks(text, canary)]
    return assessed(findings, OF_OUTPUT)


def new_canary() -> str:
    """Return a word for the instructions of one call, which no answer has a reason to hold. It has 79 bits in letters
    alone: digits may look like a telephone number, which would not be sent.
    """
    # at once: each draw asks the operating system
    drawn = secrets.randbelow(_LETTERS**_CANARY_LETTERS)
    return "wh" + "".join(ascii_lowercase[drawn // _LETTERS**place % _LETTERS] for place in range(_CANARY_LETTERS))


def _markup(text: str) -> Iterator[Finding]:
    reading = read(text)
    for match in _MARKUP.finditer(reading.low):
        start, end = reading.written(*match.span())
        yield Finding(category=Category.INJECTION, severity=Severity.HIGH, start=start, end=end)
    for match in _TAGS.finditer(text):
        yield Finding(category=Category.INJECTION, severity=Severity.HIGH, start=match.start(), end=match.end())


def _leaks(text: str, canary: str) -> Iterator[Finding]:
    if not canary:
        return
    reading = read(text)
    places = [place for place, each in enumerate(reading.low) if each.isalnum()]
    at = "".join(reading.low[place] for place in places).find(canary.lower())
    if at >= 0:
        start, end = reading.written(places[at], places[at + len(canary) - 1] + 1)
        yield Finding(category=Category.PROMPT_LEAK, severity=Severity.HIGH, start=start, end=end)
