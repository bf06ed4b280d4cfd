"""Who is at a contact right now."""

from enum import StrEnum
from typing import Any
from uuid import UUID

import strawberry

import models
from schema.enums import described
from schema.errors import MutationPayload
from schema.user import User


class PresenceState(StrEnum):
    """What somebody does at a contact."""

    VIEWING = "viewing"
    TYPING = "typing"


described(
    PresenceState,
    "What somebody does at a contact.",
    {"VIEWING": "They look at it.", "TYPING": "They write to it."},
)


async def _user(root: strawberry.Parent[Any], info: strawberry.Info) -> User | None:
    return await info.context.graph.find(User.source, models.User.id, root.user_id)


@strawberry.type(description="Somebody of the team who is at a contact.")
class Presence:
    user_id: strawberry.Private[UUID]
    user: User | None = strawberry.field(
        resolver=_user, description="Who; null when they are not in the workspace any more."
    )
    state: PresenceState = strawberry.field(description="What they do.")


@strawberry.type(description="Who is at a contact now. It is the whole of it, and replaces what was told before.")
class PresenceChanged:
    contact_id: strawberry.ID = strawberry.field(description="The contact.")
    people: list[Presence] = strawberry.field(
        description="All who are there, the one who asks among them, each once; fifty at most."
    )


@strawberry.input(description="Whether one writes to a contact.")
class TypingSetInput:
    contact_id: strawberry.ID = strawberry.field(description="The contact.")
    is_typing: bool = strawberry.field(
        default=True, description="False when one has stopped. True holds for some seconds: say it again meanwhile."
    )


@strawberry.type(description="The answer to `typingSet`.")
class TypingSetPayload(MutationPayload):
    holds_for: float | None = strawberry.field(
        default=None, description="In how many seconds it is over unless it is said again; 0 when one has stopped."
    )
