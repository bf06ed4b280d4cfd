"""Where a conversation stands, by rules over its sentences: what was decided, asked and promised, and if it is solved.

A question is open until the other side says anything that is no question, greeting or "one moment". What was asked for
or promised is open until its owner says that it is done, or the customer that it came. Rules see phrases, not meanings:
an answer beside the point counts as one.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Final

from ai.conversations import Speaker, Turn
from ai.local import phrases
from ai.local.dates import find_days
from ai.local.wording import sentences
from ai.privacy.reading import read
from ai.results import ActionItem, Status

_TURNS: Final = 200
_LONGEST: Final = 2_000


@dataclass(frozen=True)
class Said:
    """A sentence of a conversation: its place among all, who says it, and in which of the turns."""

    place: int
    turn: int
    speaker: Speaker
    text: str

    @cached_property
    def low(self) -> str:
        """It as it is read, in lower case without accents."""
        return read(self.text).low

    @property
    def is_question(self) -> bool:
        """Whether it asks."""
        return "?" in self.low or phrases.ASKING.search(self.low) is not None

    @property
    def is_small(self) -> bool:
        """Whether nothing is left of it without greetings, thanks and the like."""
        return not re.search(r"\w{2}", phrases.SMALL.sub("", self.low))

    @property
    def is_told(self) -> bool:
        """Whether it could answer something."""
        return not (self.is_question or phrases.HOLDING.search(self.low) or self._is_greeting)

    @property
    def _is_greeting(self) -> bool:
        return self.is_small and phrases.GREETING.search(self.low) is not None

    @property
    def is_weighty(self) -> bool:
        """Whether it decides, promises or asks for something."""
        return any(each.search(self.low) for each in (phrases.DECIDED, phrases.PROMISED, phrases.REQUESTED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlook:
    """What the rules found."""

    decisions: tuple[str, ...]
    open_questions: tuple[str, ...]
    action_items: tuple[ActionItem, ...]
    status: Status


def told_apart(turns: Sequence[Turn]) -> list[Said]:
    """Return the sentences of the last 200 turns."""
    found = [
        (number, turn.speaker, sentence)
        for number, turn in enumerate(turns[-_TURNS:])
        for sentence in sentences(turn.text[:_LONGEST])
    ]
    return [Said(place, *each) for place, each in enumerate(found)]


def look_ahead(said: Sequence[Said], today: date) -> Outlook:
    """Say where a conversation stands; `today` is the day where the speakers are, for what is due `amanhã`."""
    decisions = [each.text for each in said if not each.is_question and phrases.DECIDED.search(each.low)]
    questions = [each for place, each in enumerate(said) if each.is_question and _is_open(said, place)]
    items = [item for place in range(len(said)) if (item := _item(said, place, today)) is not None]
    return Outlook(
        decisions=tuple(dict.fromkeys(decisions)),
        open_questions=tuple(dict.fromkeys(each.text for each in questions)),
        action_items=tuple(dict.fromkeys(items)),
        status=_status(said, questions, items),
    )


def _is_open(said: Sequence[Said], place: int) -> bool:
    asked = said[place]
    later = said[place + 1 :]
    if asked.is_small or any(each.speaker is not asked.speaker and each.is_told for each in later):
        return False
    return asked.speaker is Speaker.TEAM or not _is_closed(asked, later)


def _item(said: Sequence[Said], place: int, today: date) -> ActionItem | None:
    told = said[place]
    if phrases.PROMISED.search(told.low) is not None:
        owner = told.speaker
    elif phrases.REQUESTED.search(told.low) is not None:
        owner = Speaker.TEAM if told.speaker is Speaker.CUSTOMER else Speaker.CUSTOMER
    else:
        return None
    later = said[place + 1 :]
    if any(each.speaker is owner and phrases.DONE.search(each.low) for each in later):
        return None
    if owner is Speaker.TEAM and _is_closed(told, later):
        return None
    due = min((each.day for each in find_days(told.low, today) if each.day is not None), default=None)
    return ActionItem(text=told.text, owner=owner, due=due)


def _is_closed(told: Said, later: Sequence[Said]) -> bool:
    """Tell whether the customer is content with what the team owed: says that it came, or thanks for an answer.

    Thanks for a promise do not keep it.
    """
    is_answered = False
    for each in later:
        if each.speaker is Speaker.TEAM:
            is_answered = is_answered or (each.is_told and phrases.PROMISED.search(each.low) is None)
            continue
        is_thanked = is_answered and told.speaker is Speaker.CUSTOMER and phrases.SETTLED.search(each.low)
        if is_thanked or (each.turn > told.turn and phrases.RECEIVED.search(each.low)):
            return True
    return False


def _status(said: Sequence[Said], questions: Sequence[Said], items: Sequence[ActionItem]) -> Status:
    if any(each.speaker is Speaker.CUSTOMER for each in questions):
        return Status.PENDING
    if any(each.owner is Speaker.TEAM for each in items):
        return Status.PENDING
    spoken = [each for each in said if each.speaker is Speaker.CUSTOMER]
    if not spoken:
        return Status.ONGOING
    last = [each for each in spoken if each.turn == spoken[-1].turn]
    if not questions and not items and any(phrases.SETTLED.search(each.low) for each in last):
        return Status.SOLVED
    is_unanswered = said[-1].speaker is Speaker.CUSTOMER and not all(each.is_small for each in last)
    return (
        Status.PENDING
        if is_unanswered and not any(phrases.DECIDED.search(each.low) for each in last)
        else Status.ONGOING
    )
