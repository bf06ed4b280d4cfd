"""What was sent to models and what they answered."""

from typing import Annotated
from uuid import UUID

import strawberry

from core.errors import NotFound
from graph import Root
from models import Permission
from resolvers.context import Context
from resolvers.fields import query
from schema.trace import AiTrace
from schema.usage import AiRequest
from services import traces

RequestId = Annotated[
    strawberry.ID,
    strawberry.argument(
        description="The request: its `id` in `aiRequests`, which is the `requestId` that an answer came with."
    ),
]


@query(Permission.AI_MANAGE)
async def ai_trace(context: Context, request_id: RequestId) -> AiTrace | None:
    """What was sent to models for a request and what they answered, in masked form; null when that is not kept, or not
    any more. While the document store is away it fails with UNAVAILABLE.
    """
    wanted = _key_of(request_id)
    found = None if wanted is None else await traces.find(context.ground, context.actor, wanted)
    return None if found is None else AiTrace.of(found)


class TraceQueries(Root):
    """Queries about single requests to models."""

    ai_trace: AiTrace | None = ai_trace


def _key_of(request_id: str) -> UUID | None:
    """Read an id in either form; None when it is no request's."""
    try:
        return AiRequest.key_of(request_id)
    except NotFound:
        try:
            return UUID(request_id)
        except ValueError:
            return None
