"""The copilot: suggestions as they are written, and at once."""

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from functools import partial
from typing import Annotated, Final

import strawberry

from core.errors import Problem
from models import Permission
from resolvers.asking import contact_key, turns_of, wished
from resolvers.context import Context
from resolvers.copilot_events import reply_of, shown, usage_of
from resolvers.fields import account_mutation, subscription
from schema.copilot import (
    CopilotEvent,
    CopilotEventResult,
    CopilotInput,
    CopilotSuggestPayload,
)
from schema.errors import ErrorCode
from services.assistant.copilot.asked import Asked, checked
from services.assistant.copilot.events import Failed, Numbered
from services.assistant.copilot.suggesting import suggest
from services.assistant.copilot.writing import write
from services.assistant.errors import ModelsFailed

Input = Annotated[CopilotInput, strawberry.argument(description="What a reply is to be suggested for.")]
After = Annotated[
    int | None,
    strawberry.argument(
        description="The `seq` of the last event that was seen of this `clientRequestId`: what came behind is sent."
    ),
]

_KNOWN: Final = {each.value for each in ErrorCode}


@subscription(Permission.AI_USE, CopilotEventResult)
async def copilot_stream(context: Context, input: Input, after: After = None) -> AsyncIterator[CopilotEvent]:
    """A suggested reply, as it is written. Whoever unsubscribes ends it; whoever loses the connection has fifteen
    seconds to come back with the same `clientRequestId`. It ends with `CopilotCompleted`, `CopilotFailed` or
    `CopilotBlocked`. You may follow five at once.
    """
    async with aclosing(_followed(context, _asked(input), _place(context, after))) as events:
        async for each in events:
            yield shown(each)


@account_mutation(permission=Permission.AI_USE)
async def copilot_suggest(context: Context, input: CopilotInput) -> CopilotSuggestPayload:
    """Suggest a reply, and answer when it is whole. The same `clientRequestId` gets the same reply, once paid."""
    asking = suggest(context.assistant, context.actor, _asked(input), lambda: context.is_dropped)
    found = await context.while_heard(asking)
    if found.failed is not None:
        return _refused(found.failed)
    reply, usage = found.reply, found.usage
    return CopilotSuggestPayload(
        reply=None if reply is None else reply_of(reply),
        alternatives=found.alternatives,
        usage=None if usage is None else usage_of(usage),
    )


def _refused(failed: Failed) -> CopilotSuggestPayload:
    """Answer with an error that somebody can act on; raise what is none."""
    if failed.code not in _KNOWN:
        raise ModelsFailed(failed.message)
    return CopilotSuggestPayload.refusing((Problem(code=failed.code, message=failed.message, field=failed.field),))


def _followed(context: Context, asked: Asked, after: int) -> AsyncGenerator[Numbered]:
    assistant, actor = context.assistant, context.actor
    return assistant.streams.follow(
        actor, asked, partial(write, assistant, actor, asked), after=after, is_dropped=lambda: context.is_dropped
    )


def _asked(input: CopilotInput) -> Asked:
    asked = Asked(
        turns=turns_of(input.messages),
        contact_id=contact_key(input.contact_id),
        chat=input.chat_id,
        stage=input.deal_stage,
        persona=input.persona,
        language=input.language,
        alternatives=input.alternatives,
        client_request_id=input.client_request_id,
        preferences=wished(input.options),
    )
    return checked(asked)


def _place(context: Context, after: int | None) -> int:
    """Return behind which event to begin: the given one, else the last one that the client of a stream has seen."""
    told = context.place(None if after is None else str(after))
    return int(told) if told is not None and told.isascii() and told.isdigit() else 0


MUTATIONS = (copilot_suggest,)
SUBSCRIPTIONS = (copilot_stream,)
