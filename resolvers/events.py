"""The subscription to all that happens in a workspace."""

from collections.abc import AsyncIterator, Mapping
from functools import partial
from typing import Annotated, Any, Final, cast
from uuid import UUID

import strawberry

from core.ids import encode
from models import EVENT_READERS, EventType, Permission
from resolvers.context import Context
from resolvers.fields import subscription
from resolvers.listening import After, heard, resync
from resolvers.moments import Moment
from schema import audited
from schema.audit import subject_id
from schema.event import ResyncRequired, WorkspaceEvent, WorkspaceEventResult
from schema.scalars import JSON
from services import feed_cursor
from services.feed import Notice
from services.feed import ResyncRequired as Gap

Types = Annotated[list[EventType] | None, strawberry.argument(description="Only events of these types.")]

_SUBJECTS: Final = {
    "contact": "Contact",
    "label": "Label",
    "custom_field": "CustomField",
    "member": "User",
    "invite": "WorkspaceInvite",
    "session": "User",
    "settings": "Workspace",
    "credits": "Workspace",
    "workspace": "Workspace",
}


@subscription(Permission.EVENTS_READ, WorkspaceEventResult)
async def workspace_events(
    context: Context, after: After = None, types: Types = None
) -> AsyncIterator[Moment | ResyncRequired]:
    """What happens in the workspace, as far as one may know of it. Give the last event's `cursor` as `after` to miss
    nothing; `types` narrows it down.
    """
    try:
        async for notice in heard(context, context.place(after)):
            if context.actor.may(EVENT_READERS[notice.type]) and (not types or notice.type in types):
                yield Moment(seq=notice.seq, show=partial(_event, context, notice))
    except Gap as gap:
        yield resync(context, gap)


def _event(context: Context, notice: Notice) -> list[WorkspaceEvent]:
    subject = _SUBJECTS[notice.type.partition(".")[0]]
    ids = [subject_id(subject, each) for each in notice.subject_ids]
    event = WorkspaceEvent(
        seq=str(notice.seq),
        cursor=feed_cursor.encode(context.actor.workspace_id, notice.seq),
        type=notice.type,
        subject_ids=[each for each in ids if each is not None],
        actor_id=notice.actor_id,
        at=notice.at,
        payload=_payload(notice.payload),
    )
    return [event]


def _payload(stored: Mapping[str, Any]) -> JSON:
    """Show what an event holds; ids in it are written as everywhere in the API."""
    shown = dict(stored)
    if shown.get("invited_by") is not None:
        shown["invited_by"] = encode("user", UUID(shown["invited_by"]))
    if "assigned" in shown:
        shown["assigned"] = {
            encode("user", UUID(owner)): [encode("contact", UUID(each)) for each in ids]
            for owner, ids in shown["assigned"].items()
        }
    if "changed" in shown:
        shown["changed"] = [audited.spelled(each) for each in shown["changed"]]
    return cast("JSON", shown)


SUBSCRIPTIONS = (workspace_events,)
