"""What is asked of the copilot, checked."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from ai.conversations import Speaker, Turn
from ai.engines.material import DealStage
from ai.results import Language
from core import text
from core.errors import Invalid, Problems
from services.assistant.preferences import Preferences

MOST_TURNS: Final = 20
MOST_ALTERNATIVES: Final = 3
_LONGEST: Final = 4_000
_LONGEST_ID: Final = 200


class TooManyMessages(Invalid):
    """Give the last 20 messages at most."""

    code = "TOO_MANY"


class NothingToAnswer(Invalid):
    """Give at least one message."""

    code = "REQUIRED"


class AlternativesInvalid(Invalid):
    """Ask for up to three alternatives."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One request. `turns` are the last messages of the chat, oldest first; `chat` names it, so that a newer request of
    the same person for it supersedes this one. The same `client_request_id` is one request, however often it is sent,
    and whether or not whoever sends it waits until the reply `is_whole`.
    """

    turns: tuple[Turn, ...]
    contact_id: UUID | None = None
    chat: str | None = None
    stage: DealStage | None = None
    persona: str | None = None
    language: Language | None = None
    alternatives: int = 0
    client_request_id: str | None = None
    preferences: Preferences = field(default_factory=Preferences)
    is_whole: bool = field(default=False, repr=False)

    @property
    def last(self) -> str:
        """What is to be answered: the customer's last message, or the last one where they have not written."""
        return last_of(self.turns)


def last_of(turns: Sequence[Turn]) -> str:
    """Return what is to be answered of messages."""
    theirs = [each.text for each in turns if each.speaker is Speaker.CUSTOMER]
    return theirs[-1] if theirs else turns[-1].text


def checked_turns(turns: Sequence[Turn], *, field: str = "messages", most: int = MOST_TURNS) -> tuple[Turn, ...]:
    """Return messages as they are looked at.

    Raises:
        Invalid: there is none, there are too many, or texts are not acceptable.
    """
    if not turns:
        raise NothingToAnswer(field=(field,))
    if len(turns) > most:
        raise TooManyMessages(f"Give the last {most} messages at most.", field=(field,))
    problems = Problems()
    clean: list[Turn] = []
    for place, each in enumerate(turns):
        with problems.noting():
            path = (field, str(place), "text")
            clean.append(
                Turn(speaker=each.speaker, text=text.clean_text(text.undirected(each.text), field=path, most=_LONGEST))
            )
    problems.raise_any()
    return tuple(clean)


def checked(asked: Asked) -> Asked:
    """Return a request as it is carried out.

    Raises:
        Invalid: a part of it is not acceptable.
    """
    if not 0 <= asked.alternatives <= MOST_ALTERNATIVES:
        raise AlternativesInvalid(field=("alternatives",))
    return replace(
        asked,
        turns=checked_turns(asked.turns),
        chat=_named(asked.chat, "chat_id"),
        client_request_id=_named(asked.client_request_id, "client_request_id"),
    )


def _named(name: str | None, field: str) -> str | None:
    return None if name is None else text.clean_line(name, field=(field,), most=_LONGEST_ID)
