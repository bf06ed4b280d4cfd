"""What concerns the person who asks. It is theirs alone, so nothing of it is shared between subscribers."""

from collections.abc import AsyncIterator

from models import Permission
from resolvers.context import Context
from resolvers.fields import subscription
from resolvers.listening import After, cursor_behind, heard, resync, told_before
from schema.event import Notification, NotificationResult, ResyncRequired
from services.feed import Notice
from services.feed import ResyncRequired as Gap
from services.notifications import Concern, concerns


@subscription(Permission.EVENTS_READ, NotificationResult)
async def notifications(context: Context, after: After = None) -> AsyncIterator[Notification | ResyncRequired]:
    """What others did that concerns the person who asks, as far as their settings want it, and that credits run out
    where they manage those. Give the last one's `cursor` as `after` to miss nothing.
    """
    place = context.place(after)
    told = told_before(context, place)
    try:
        async for notice in heard(context, place):
            for each in await concerns(context.ground, context.actor, notice):
                if each.place > told(notice):
                    yield _shown(context, notice, each)
    except Gap as gap:
        yield resync(context, gap)


def _shown(context: Context, notice: Notice, concern: Concern) -> Notification:
    return Notification(
        seq=str(notice.seq),
        cursor=cursor_behind(context, notice, concern.place),
        kind=concern.kind,
        at=notice.at,
        actor_id=notice.actor_id,
        about_id=concern.contact_id,
    )


SUBSCRIPTIONS = (notifications,)
