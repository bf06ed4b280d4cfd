"""The safety filter over a whole conversation: all that is sent is looked at, not what was said last alone."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ai.conversations import Speaker, Turn
from ai.safety import Category, Verdict, check_input

_JOINED: Final = 4_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Screened:
    """`blocked` is why nothing is answered, if so; `flags` are what was seen in what waits for an answer."""

    blocked: tuple[Category, ...]
    flags: tuple[Category, ...]


async def screen(turns: Sequence[Turn]) -> Screened:
    """Look at each message, and at those that wait for an answer together: a wish may be spread over several. It takes
    6 ms for a message of 4,000 characters, and others have their turn between two.
    """
    waiting = waiting_of(turns)
    blocked: set[Category] = set()
    flags: set[Category] = set()
    joined = " ".join(waiting)[-_JOINED:]
    for text in dict.fromkeys((joined, *(each.text for each in turns))):
        found = check_input(text)
        if found.verdict is Verdict.BLOCK:
            blocked |= found.categories.keys()
        if text == joined or text in waiting:
            flags |= found.categories.keys()
        await asyncio.sleep(0)
    return Screened(blocked=tuple(sorted(blocked)), flags=tuple(sorted(flags)))


def waiting_of(turns: Sequence[Turn]) -> list[str]:
    """Return what the customer wrote since the team spoke last; of a conversation that the team ended, what the
    customer wrote before that; where the customer has not written, the last message.
    """
    waiting: list[str] = []
    for turn in reversed(turns):
        if turn.speaker is Speaker.CUSTOMER:
            waiting.append(turn.text)
        elif waiting:
            break
    return waiting[::-1] or [turns[-1].text]
