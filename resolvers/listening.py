"""What subscriptions over the event log have in common, and the word for the changes of one noun: `changes_of`."""

from collections.abc import AsyncGenerator, AsyncIterator, Callable
from functools import partial
from typing import Annotated, Any, Final, cast
from uuid import UUID

import strawberry
from strawberry.types.field import StrawberryField

from core.errors import Unauthenticated
from core.ids import encode
from graph import Row
from graph.filters import Filter, Reading, read_filter
from graph.preparing import prepared
from models import EventType, Permission
from resolvers.context import Context
from resolvers.fields import subscription
from resolvers.moments import Moment
from schema.event import ResyncRequired
from services import feed_cursor, feed_rows
from services.accounts import sessions
from services.feed import Notice
from services.feed import ResyncRequired as Gap

After = Annotated[
    str | None,
    strawberry.argument(description="The cursor of the last event that was seen; what came behind it is sent first."),
]

_STAMP: Final = "updated_at"
_TOUCHES_RIGHTS: Final = frozenset(
    {
        EventType.MEMBER_ROLE_CHANGED,
        EventType.MEMBER_REMOVED,
        EventType.SESSION_REVOKED,
        EventType.WORKSPACE_DELETED,
    }
)


class RightsChanged(Unauthenticated):
    """What you may do in this workspace has changed: subscribe again."""

    code = "RIGHTS_CHANGED"


async def heard(
    context: Context, after: str | None, needs: Permission = Permission.EVENTS_READ
) -> AsyncGenerator[Notice]:
    """Yield what happens in the actor's workspace, from behind a cursor on, as long as the actor has the permission
    that this `needs`. Whether they may know of each thing is for the caller to look at.

    Session and membership are looked at when an event says that they changed. Now and then the socket or the stream
    looks in any case.

    Raises:
        RightsChanged, SessionEnded, NotWorkspaceMember: it is over.
    """
    workspace_id = context.actor.workspace_id
    start = None if after is None else feed_cursor.decode(workspace_id, after)
    async with await context.feed.subscribe(workspace_id, start) as place:
        while True:
            notice = await anext(place)
            if _touches(context, notice):
                before = context.actor.permissions
                await context.recheck(now=True)
                context.actor.require(needs)
                if context.actor.permissions != before:
                    raise RightsChanged
            yield notice


def _touches(context: Context, notice: Notice) -> bool:
    """Tell whether the rights of the one who listens changed, perhaps in another process, and forget what they were."""
    if notice.type not in _TOUCHES_RIGHTS:
        return False
    sessions.forget(*notice.subject_ids)
    return notice.type is EventType.WORKSPACE_DELETED or context.identity.user_id in notice.subject_ids


def told_before(context: Context, place: str | None) -> Callable[[Notice], int]:
    """Return what tells how many subjects of an event lie behind a reader who begins at a place."""
    seq, told = (0, 0) if place is None else feed_cursor.decode_within(context.actor.workspace_id, place)
    return lambda notice: told if notice.seq == seq + 1 else 0


def cursor_behind(context: Context, notice: Notice, told: int) -> str:
    """One event tells of many subjects: only behind the last of them does it lie behind a reader as a whole."""
    workspace_id = context.actor.workspace_id
    if told >= len(notice.subject_ids):
        return feed_cursor.encode(workspace_id, notice.seq)
    return feed_cursor.encode(workspace_id, notice.seq - 1, told)


def resync(context: Context, gap: Gap) -> ResyncRequired:
    """Show that events are gone."""
    return ResyncRequired(cursor=feed_cursor.encode(context.actor.workspace_id, gap.newest), reason=gap.message)


def _may_have_matched(notice: Notice, reading: Reading) -> bool:
    """Tell whether a row that does not match may have, before an event: not when it is new, nor when nothing changed
    that the filter reads.
    """
    if notice.type.endswith(".created"):
        return False
    changed = notice.payload.get("changed")
    if reading.reads is None or not isinstance(changed, list) or _STAMP in reading.reads:
        return True
    return not reading.reads.isdisjoint(cast("list[str]", changed))


class _Noun:
    """A noun whose changes are followed: its view, and the type of one change."""

    def __init__(self, view: type[Row[Any]], change: type[Any]) -> None:
        self.view = view
        self.change = change
        self.name = cast("str", view.prefix)
        self.permission = Permission(cast("str", view.permission))
        self.types = frozenset(each for each in EventType if each.value.partition(".")[0] == self.name)

    async def follow(self, context: Context, after: str | None, given: Filter | None) -> AsyncIterator[object]:
        """Yield a moment for each event about the noun."""
        given = await prepared(given, context.graph)
        for each in read_filter(given).permissions:
            context.actor.require(Permission(each))
        place = context.place(after)
        seen = told_before(context, place)
        try:
            async for notice in heard(context, place):
                if notice.type in self.types and context.actor.may(self.permission):
                    yield Moment(seq=notice.seq, show=partial(self._show, context, notice, given), seen=seen(notice))
        except Gap as gap:
            yield resync(context, gap)

    async def _show(self, context: Context, notice: Notice, given: Filter | None) -> list[Any]:
        """Make a change of each row that the event is about; None for one that neither matches nor can have matched."""
        model, reading = self.view.model, read_filter(given)
        rows = await feed_rows.matching(context.ground, context.actor, model, notice.subject_ids, reading.condition)
        behind = partial(cursor_behind, context, notice)
        common = {"seq": str(notice.seq), "type": notice.type, "at": notice.at}
        may_have_matched = reading.condition is None or _may_have_matched(notice, reading)
        return [
            self.change(cursor=behind(place), **common, **self._named(each, rows.get(each)))
            if each in rows or may_have_matched
            else None
            for place, each in enumerate(notice.subject_ids, 1)
        ]

    def _named(self, id: UUID, row: Any) -> dict[str, Any]:
        return {f"{self.name}_id": strawberry.ID(encode(self.name, id)), self.name: row}


def changes_of(view: type[Row[Any]], change: type[Any], result: object, *, filter: type[Filter]) -> StrawberryField:
    """Declare the subscription to the changes of one noun: `dealChanged` for the view `Deal`.

    Its events are those whose types begin with the view's prefix, and who may read the noun may listen. `change` is the
    type of one change: `seq`, `cursor`, `type`, `at`, and for a view `Deal` also `deal_id` and `deal`, which is null
    when it is gone or does not match the filter. `result` is the union of it and `ResyncRequired`.
    """
    noun = _Noun(view, change)

    def changed(context: Context, after: After = None, filter: Any = None) -> AsyncIterator[object]:
        return noun.follow(context, after, filter)

    words = "Only those that match, or may have matched before the change."
    changed.__annotations__["filter"] = Annotated[filter | None, strawberry.argument(description=words)]
    changed.__name__ = f"{noun.name}_changed"
    changed.__doc__ = f"""Each change of a {noun.name} that matches a filter, or does not any more: then it is null. A
    change of what the filter does not ask for is not told of a {noun.name} that does not match. What happens to things
    that it refers to is told by `workspaceEvents`."""
    return subscription(noun.permission, result)(changed)
