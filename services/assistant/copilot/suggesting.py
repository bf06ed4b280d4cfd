"""A suggestion as a whole, for whoever waits for it."""

from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from functools import partial

from services.access import Actor
from services.assistant.assistant import Assistant
from services.assistant.copilot.asked import Asked
from services.assistant.copilot.events import Alternative, Blocked, Completed, Failed, Side, Usage
from services.assistant.copilot.writing import write
from services.assistant.errors import ContentBlocked


@dataclass(slots=True, kw_only=True)
class Suggested:
    """What came of a request. Exactly one of `reply` and `failed` is there."""

    reply: Completed | None = None
    failed: Failed | None = None
    usage: Usage | None = None
    alternatives: list[str] = field(default_factory=list[str])


async def suggest(assistant: Assistant, actor: Actor, asked: Asked, is_dropped: Callable[[], bool]) -> Suggested:
    """Write a suggestion, or wait for the one that the same request began.

    Raises:
        ContentBlocked: nothing should be answered, or nobody should see it.
        StreamsFull, StreamGone, RequestReused: it is not to be had.
    """
    found = Suggested()
    stream = assistant.streams.follow(
        actor, asked, partial(write, assistant, actor, asked), after=0, is_dropped=is_dropped
    )
    async with aclosing(stream) as events:
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
