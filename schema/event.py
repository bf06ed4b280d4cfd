"""What subscriptions say."""

from datetime import datetime
from typing import Annotated, Any, TypeAlias
from uuid import UUID

import strawberry

import models
from schema.contact import Contact
from schema.enums import EventType, NotificationKind
from schema.scalars import JSON
from schema.user import User


async def _actor(root: strawberry.Parent[Any], info: strawberry.Info) -> User | None:
    return None if root.actor_id is None else await info.context.graph.find(User.source, models.User.id, root.actor_id)


async def _contact(root: strawberry.Parent[Any], info: strawberry.Info) -> Contact | None:
    found = root.about_id
    return None if found is None else await info.context.graph.find(Contact.source, models.Contact.id, found)


@strawberry.type(description="One thing that happened in the workspace.")
class WorkspaceEvent:
    seq: str = strawberry.field(description="Its number in the workspace, without gaps.")
    cursor: str = strawberry.field(description="Give it as `after` to go on behind this event.")
    type: EventType = strawberry.field(description="What happened.")
    subject_ids: list[strawberry.ID] = strawberry.field(description="What it happened to: ids of one type.")
    actor_id: strawberry.Private[UUID | None]
    actor: User | None = strawberry.field(
        resolver=_actor,
        description="Who did it; null for the system, and for people who are not in the workspace any more.",
    )
    at: datetime = strawberry.field(description="When.")
    payload: JSON = strawberry.field(description="What more there is to tell, by type.")


@strawberry.type(description="A change of one contact.")
class ContactChanged:
    seq: str = strawberry.field(description="The number of the event in the workspace. It may change several contacts.")
    cursor: str = strawberry.field(description="Give it as `after` to go on behind this change.")
    type: EventType = strawberry.field(description="What happened.")
    contact_id: strawberry.ID = strawberry.field(description="Which contact.")
    contact: Contact | None = strawberry.field(
        description="The contact as it is now; null when it was deleted, or does not match the filter (any more)."
    )
    at: datetime = strawberry.field(description="When.")


@strawberry.type(description="Something that somebody else did, and that concerns the person who asks.")
class Notification:
    seq: str = strawberry.field(description="The number of the event in the workspace. It may hold several of these.")
    cursor: str = strawberry.field(description="Give it as `after` to go on behind this.")
    kind: NotificationKind = strawberry.field(description="Why they are told.")
    at: datetime = strawberry.field(description="When it happened.")
    actor_id: strawberry.Private[UUID | None]
    actor: User | None = strawberry.field(
        resolver=_actor,
        description="Who did it; null for the system, and for people who are not in the workspace any more.",
    )
    about_id: strawberry.Private[UUID | None]
    contact: Contact | None = strawberry.field(
        resolver=_contact,
        description="The contact that it is about, as it is now; null when it is about none, or it was deleted.",
    )


@strawberry.type(
    description="Events after the given cursor are gone. Load the current state, then subscribe after this cursor."
)
class ResyncRequired:
    cursor: str = strawberry.field(description="The newest place in the log.")
    reason: str = strawberry.field(description="What happened, in a sentence.")


WorkspaceEventResult: TypeAlias = Annotated[
    WorkspaceEvent | ResyncRequired,
    strawberry.union("WorkspaceEventResult", description="An event, or word that some were missed."),
]

ContactChangedResult: TypeAlias = Annotated[
    ContactChanged | ResyncRequired,
    strawberry.union("ContactChangedResult", description="A change, or word that some were missed."),
]

NotificationResult: TypeAlias = Annotated[
    Notification | ResyncRequired,
    strawberry.union("NotificationResult", description="A notification, or word that some were missed."),
]
