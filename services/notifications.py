"""What of a workspace's log concerns one person: what others did to or for them, and credits that run out where they
manage those. Nobody hears of their own acts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import select

from core.ground import Ground
from models import SILENCED_BY, EventType, MemberSettings, NotificationKind, Permission
from services.access import Actor
from services.feed_log import Notice

_ASSIGNING: Final = frozenset({EventType.CONTACT_CREATED, EventType.CONTACT_UPDATED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """One thing that concerns a person. `place` is how many of the event's subjects lie behind whoever heard of it."""

    kind: NotificationKind
    place: int
    contact_id: UUID | None = None


async def concerns(ground: Ground, actor: Actor, notice: Notice) -> Sequence[Concern]:
    """Return what of an event the actor is to hear of, in the order of its subjects, as their settings are now."""
    found = _concerns(actor, notice)
    if not found:
        return ()
    setting = SILENCED_BY.get(found[0].kind)
    if setting is None:
        return found
    own = (MemberSettings.workspace_id == actor.workspace_id, MemberSettings.user_id == actor.user_id)
    async with ground.database.read(actor.workspace_id) as session:
        return found if await session.scalar(select(setting).where(*own)) else ()


def _concerns(actor: Actor, notice: Notice) -> Sequence[Concern]:
    """All of an event are of one kind."""
    me, last = actor.user_id, len(notice.subject_ids)
    if me is not None and notice.type is EventType.CREDITS_LOW and actor.may(Permission.AI_MANAGE):
        # whoever spent the last ones asked a question, and did not do that
        return [Concern(kind=NotificationKind.CREDITS_LOW, place=last)]
    if me is None or notice.actor_id == me:
        return ()
    if notice.type in _ASSIGNING and actor.may(Permission.CONTACTS_READ):
        mine = _assigned(notice, me)
        return [
            Concern(kind=NotificationKind.CONTACT_ASSIGNED, place=place, contact_id=each)
            for place, each in enumerate(notice.subject_ids, 1)
            if str(each) in mine
        ]
    if notice.type is EventType.MEMBER_ROLE_CHANGED and me in notice.subject_ids:
        return [Concern(kind=NotificationKind.ROLE_CHANGED, place=last)]
    if notice.type is EventType.MEMBER_JOINED and notice.payload.get("invited_by") == str(me):
        return [Concern(kind=NotificationKind.INVITE_ACCEPTED, place=last)]
    return ()


def _assigned(notice: Notice, user_id: UUID) -> frozenset[str]:
    """Return which of an event's contacts it gave to a person."""
    assigned = cast("dict[str, list[Any]]", notice.payload.get("assigned") or {})
    return frozenset(assigned.get(str(user_id), ()))
