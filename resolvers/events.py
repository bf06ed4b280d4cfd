"""Subscriptions to what happens in a workspace, resumable by cursor."""

from collections.abc import AsyncGenerator, AsyncIterator
from functools import partial
from typing import Annotated, Final, cast

import strawberry

from core.ids import encode
from graph.filters import read_filter
from models import EVENT_READERS, EventType, Permission
from resolvers.context import Context
from resolvers.fields import subscription
from resolvers.moments import Moment
from schema.audit import subject_id
from schema.contact import Contact, ContactFilter
from schema.event import ContactChanged, ContactChangedResult, ResyncRequired, WorkspaceEvent, WorkspaceEventResult
from schema.scalars import JSON
from services import feed_cursor
from services.accounts import sessions
from services.contacts import reading
from services.feed import Notice
from services.feed import ResyncRequired as Gap

After = Annotated[
    str | None,
    strawberry.argument(description="The cursor of the last event that was seen; what came behind it is sent first."),
]
Types = Annotated[list[EventType] | None, strawberry.argument(description="Only events of these types.")]
Contacts = Annotated[
    ContactFilter | None, strawberry.argument(description="Only contacts that match, or did before the change.")
]

_QUIET: Final = 15.0
_SUBJECTS: Final = {
    "contact": "Contact",
    "label": "Label",
    "custom_field": "CustomField",
    "member": "User",
    "invite": "WorkspaceInvite",
    "session": "User",
    "settings": "Workspace",
    "workspace": "Workspace",
}
_CONTACT_EVENTS: Final = frozenset(each for each in EventType if each.value.startswith("contact."))
_TOUCHES_RIGHTS: Final = frozenset(
    {
        EventType.MEMBER_ROLE_CHANGED,
        EventType.MEMBER_REMOVED,
        EventType.SESSION_REVOKED,
        EventType.WORKSPACE_DELETED,
    }
)


async def heard(context: Context, after: str | None) -> AsyncGenerator[Notice]:
    """Yield what happens in the actor's workspace, from behind a cursor on, as long as the actor may listen.

    Session and membership are looked at when an event says that they changed, and now and then in any case: by a
    socket for all that is followed on it, else here.
    """
    workspace_id = context.actor.workspace_id
    start = None if after is None else feed_cursor.decode(workspace_id, after)
    async with await context.feed.subscribe(workspace_id, start) as place:
        while True:
            notice = await (anext(place) if context.is_watched else place.get(_QUIET))
            if notice is None or _touches(context, notice):
                await context.recheck(now=notice is not None)
                context.actor.require(Permission.EVENTS_READ)
            if notice is not None and context.actor.may(EVENT_READERS[notice.type]):
                yield notice


def _touches(context: Context, notice: Notice) -> bool:
    """Tell whether the rights of the one who listens changed, perhaps in another process, and forget what they were."""
    if notice.type not in _TOUCHES_RIGHTS:
        return False
    sessions.forget(*notice.subject_ids)
    return notice.type is EventType.WORKSPACE_DELETED or context.identity.user_id in notice.subject_ids


@subscription(Permission.EVENTS_READ, WorkspaceEventResult)
async def workspace_events(
    context: Context, after: After = None, types: Types = None
) -> AsyncIterator[Moment | ResyncRequired]:
    """What happens in the workspace, as far as one may know of it. Give the last event's `cursor` as `after` to miss
    nothing; `types` narrows it down.
    """
    try:
        async for notice in heard(context, context.place(after)):
            if not types or notice.type in types:
                yield Moment(seq=notice.seq, show=partial(_event, context, notice))
    except Gap as gap:
        yield _resync(context, gap)


@subscription(Permission.CONTACTS_READ, ContactChangedResult)
async def contact_changed(
    context: Context, after: After = None, filter: Contacts = None
) -> AsyncIterator[Moment | ResyncRequired]:
    """Changes of contacts that match a filter, or did not any more after the change."""
    for each in read_filter(filter).permissions:
        context.actor.require(Permission(each))
    place = context.place(after)
    seq, told = (0, 0) if place is None else feed_cursor.decode_within(context.actor.workspace_id, place)
    try:
        async for notice in heard(context, place):
            if notice.type in _CONTACT_EVENTS:
                seen = told if notice.seq == seq + 1 else 0
                yield Moment(seq=notice.seq, show=partial(_changes, context, notice, filter), seen=seen)
    except Gap as gap:
        yield _resync(context, gap)


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
        payload=cast("JSON", dict(notice.payload)),
    )
    return [event]


async def _changes(context: Context, notice: Notice, filter: ContactFilter | None) -> list[ContactChanged]:
    found = await reading.matching(context.ground, context.actor, notice.subject_ids, read_filter(filter).condition)
    return [
        ContactChanged(
            seq=str(notice.seq),
            cursor=cursor,
            type=notice.type,
            contact_id=strawberry.ID(encode(cast("str", Contact.prefix), each)),
            contact=Contact.of(found[each]) if each in found else None,
            at=notice.at,
        )
        for each, cursor in zip(notice.subject_ids, _cursors(context, notice), strict=True)
    ]


def _cursors(context: Context, notice: Notice) -> list[str]:
    """One event tells of many contacts: only behind the last of them does it lie behind a reader as a whole."""
    workspace_id, last = context.actor.workspace_id, len(notice.subject_ids)
    within = [feed_cursor.encode(workspace_id, notice.seq - 1, each) for each in range(1, last)]
    return [*within, feed_cursor.encode(workspace_id, notice.seq)][:last]


def _resync(context: Context, gap: Gap) -> ResyncRequired:
    return ResyncRequired(cursor=feed_cursor.encode(context.actor.workspace_id, gap.newest), reason=gap.message)


SUBSCRIPTIONS = (workspace_events, contact_changed)
