"""A suggestion as a whole, for whoever waits for it."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from functools import partial

from services.access import Actor
from services.assistant.assistant import Assistant
from services.assistant.calls import WHOLE
from services.assistant.copilot.asked import Asked
from services.assistant.copilot.events import Alternative, Blocked, Completed, Failed, Numbered, Side, Usage
from services.assistant.copilot.writing import write
from services.assistant.errors import ContentBlocked, ModelsFailed


@dataclass(slots=True, kw_only=True)
class Suggested:
    """What came of a request. Exactly one of `reply` and `failed` is there."""

    reply: Completed | None = None
    failed: Failed | None = None
    usage: Usage | None = None
    alternatives: list[str] = field(default_factory=list[str])


async def suggest(assistant: Assistant, actor: Actor, asked: Asked, is_dropped: Callable[[], bool]) -> Suggested:
    """Write a suggestion, or wait for the one that the same request began. Whoever is dropped has a while to send the
    same request again, where it has a name.

    Raises:
        ContentBlocked: nothing should be answered, or nobody should see it.
        ModelsFailed: it is not whole in time.
        StreamsFull, StreamGone, RequestReused: it is not to be had.
    """
    whole = replace(asked, is_whole=True)
    stream = assistant.streams.follow(
        actor,
        whole,
        partial(write, assistant, actor, whole),
        after=0,
        is_dropped=is_dropped,
    )
    try:
        async with asyncio.timeout(WHOLE), aclosing(stream) as events:
            return await _gathered(events)
    except TimeoutError:
        raise ModelsFailed from None


async def _gathered(events: AsyncGenerator[Numbered]) -> Suggested:
    found = Suggested()
    async for each in events:
        match each.event:
            case Alternative(text=text):
                found.alternatives.append(text)
            case Usage():
                found.usage = each.event
            case Completed():
                found.reply = each.event
            case Failed():
                found.failed = each.event
            case Blocked(side=side, categories=categories):
                raise ContentBlocked(categories, field=("messages",) if side is Side.INPUT else ())
            case _:
                pass
    return found
