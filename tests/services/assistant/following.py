"""Whoever follows a suggestion, in the background, and what they saw."""

import asyncio
import contextlib
from contextlib import aclosing
from dataclasses import replace
from functools import partial
from typing import Any, Final

from ai.conversations import Speaker, Turn
from services.access import Actor
from services.assistant.assistant import Assistant
from services.assistant.copilot.asked import Asked, checked
from services.assistant.copilot.events import Delta, Event, Numbered
from services.assistant.copilot.streams import Pace, Streams
from services.assistant.copilot.writing import write
from services.assistant.preferences import Preferences
from tests.fixtures.fleets import Fleeted
from tests.fixtures.waiting import until
from tests.services.assistant.engines import TURNS, last_of

FRESH: Final = Preferences(fresh=True)
BRISK: Final = Pace(grace=0.5, flush=0.02, beat=0.1)


def asked_of(text: str | None = None, **more: Any) -> Asked:
    turns = TURNS if text is None else (Turn(speaker=Speaker.CUSTOMER, text=text),)
    return checked(Asked(turns=turns, **{"preferences": FRESH, **more}))


class Follower:
    """Follows a request in the background, and remembers what it saw. `leave` and `drop` end that."""

    def __init__(self, assistant: Assistant, actor: Actor, asked: Asked, after: int = 0) -> None:
        self.seen: list[Numbered] = []
        self.failure: BaseException | None = None
        self._is_dropped = False
        self.task = asyncio.create_task(self._follow(assistant, actor, asked, after))

    async def _follow(self, assistant: Assistant, actor: Actor, asked: Asked, after: int) -> None:
        work = partial(write, assistant, actor, asked)
        streams = assistant.streams
        following = streams.follow(actor, asked, work, after=after, is_dropped=lambda: self._is_dropped)
        async with aclosing(following) as events:
            async for each in events:
                self.seen.append(each)

    @property
    def text(self) -> str:
        return text_of(self.seen)

    @property
    def last(self) -> Event:
        return last_of(self.seen)

    async def leave(self) -> None:
        self.task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self.task

    async def drop(self) -> None:
        self._is_dropped = True
        await self.leave()

    async def speaking(self, pieces: int = 1) -> None:
        """Wait until some pieces are here."""
        await until(lambda: self.task.done() or sum(isinstance(each.event, Delta) for each in self.seen) >= pieces)

    async def ended(self) -> None:
        async with asyncio.timeout(15):
            await self.task


def text_of(events: list[Numbered]) -> str:
    """Put pieces together by their places, as a client does."""
    text = ""
    for each in events:
        if isinstance(each.event, Delta):
            assert each.event.offset == len(text), (each, text)
            text += each.event.text
    return text


def kinds_of(events: list[Numbered]) -> list[type]:
    return [type(each.event) for each in events]


def elsewhere(shown: Fleeted, pace: Pace = BRISK) -> Assistant:
    """Return the assistant of another process: of what is written here it knows what is in Redis."""
    return replace(shown.assistant, streams=Streams(shown.assistant.ground, pace))
