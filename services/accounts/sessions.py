"""Sessions: one sign-in on one device. How a request is recognised, and how a session ends.

What a session and a membership allow is remembered for a few seconds in this process, and forgotten at once when it is
changed here; another process notices when its memory has run out.
"""

import time
from collections import OrderedDict
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import ColumnElement, Uuid, bindparam, select, update

from core import clock
from core.database.texts import Prepared
from core.errors import NotFound, Unauthenticated
from core.ground import Ground
from core.ids import UserId, WorkspaceId
from core.security.tokens import Claims
from models import EventType, Permission, Role, Session, User, Workspace, WorkspaceMember, effective
from services.access import Actor, Identity, Origin
from services.transaction import SystemTransaction, begin_system

FRESH_FOR: Final = 4.0
_SETTLED_AFTER: Final = 5.0
_REMEMBERED: Final = 10_000
LISTED: Final = 100
_TOLD: Final = 100


class SessionEnded(Unauthenticated):
    """This session has ended: sign in again."""

    code = "SESSION_ENDED"


class SessionUnknown(NotFound):
    """There is no such session of yours."""


_Key: TypeAlias = tuple[int, Claims]
"""A ground, by its identity, and what a token says."""

_person, _place, _seat = User.__table__, Workspace.__table__, WorkspaceMember.__table__
_session = Session.__table__
_STANDING: Final = Prepared(
    select(
        *(_session.c.revoked_at, _session.c.expires_at, _person.c.is_active),
        *(_seat.c.role, _seat.c.granted, _seat.c.revoked),
    )
    .select_from(_session)
    .join(_person, _person.c.id == _session.c.user_id)
    .outerjoin(_place, (_place.c.id == bindparam("workspace", type_=Uuid())) & _place.c.deleted_at.is_(None))
    .outerjoin(_seat, (_seat.c.workspace_id == _place.c.id) & (_seat.c.user_id == _session.c.user_id))
    .where(
        _session.c.id == bindparam("session", type_=Uuid()),
        _session.c.user_id == bindparam("user", type_=Uuid()),
    ),
    ("workspace", "session", "user"),
)
"""A session with its person, and their membership. A workspace that was deleted, or left, gives no membership."""


class _Memory:
    """What was found lately, oldest first; bounded.

    Whoever is forgotten is not remembered for some seconds more: what changed may not be committed yet, and a look at
    it would bring back what was true before.
    """

    def __init__(self) -> None:
        self._found: OrderedDict[_Key, tuple[float, Identity]] = OrderedDict()
        self._unsettled: OrderedDict[UUID, float] = OrderedDict()

    def recall(self, key: _Key) -> Identity | None:
        found = self._found.get(key)
        return None if found is None or time.monotonic() - found[0] >= FRESH_FOR else found[1]

    def keep(self, key: _Key, identity: Identity) -> None:
        now = time.monotonic()
        while self._unsettled and next(iter(self._unsettled.values())) < now - _SETTLED_AFTER:
            self._unsettled.popitem(last=False)
        _, claims = key
        if claims.user_id in self._unsettled or claims.workspace_id in self._unsettled:
            return
        self._found[key] = (now, identity)
        self._found.move_to_end(key)
        while len(self._found) > _REMEMBERED:
            self._found.popitem(last=False)

    def forget(self, id: UUID) -> None:
        self._unsettled[id] = time.monotonic()
        self._unsettled.move_to_end(id)
        for key in [key for key in self._found if id in (key[1].user_id, key[1].workspace_id)]:
            del self._found[key]


_memory = _Memory()


async def authenticate(ground: Ground, token: str) -> Identity:
    """Recognise who sends an access token, and what they may do at this moment.

    Raises:
        TokenInvalid, TokenExpired: the token is not good.
        SessionEnded: its session was ended, or the account was closed.
    """
    return recall(ground, token) or await _looked_up(ground, (id(ground), ground.tokens.read(token)))


def recall(ground: Ground, token: str) -> Identity | None:
    """Recognise who sends an access token, if they were looked up lately.

    Raises:
        TokenInvalid, TokenExpired: the token is not good.
    """
    return _memory.recall((id(ground), ground.tokens.read(token)))


async def still_valid(ground: Ground, identity: Identity) -> Identity:
    """Look again at who signed in a while ago; a socket outlives its first access token as long as the session stands.

    Raises:
        SessionEnded: the session was ended.
    """
    claims = Claims(
        user_id=identity.user_id,
        session_id=identity.session_id,
        workspace_id=identity.actor.workspace_id if identity.actor is not None else None,
        expires_at=identity.expires_at,
    )
    key = (id(ground), claims)
    return _memory.recall(key) or await _looked_up(ground, key)


def forget(*ids: UUID) -> None:
    """Look at the sessions and memberships of people, or of workspaces, afresh from the next request on."""
    for each in ids:
        _memory.forget(each)


async def own(ground: Ground, identity: Identity) -> list[Session]:
    """Return a person's open sessions, the last used first, up to a hundred."""
    now = clock.now()
    statement = (
        select(Session)
        .where(Session.user_id == identity.user_id, Session.revoked_at.is_(None), Session.expires_at > now)
        .order_by(Session.last_used_at.desc(), Session.id.desc())
        .limit(LISTED)
    )
    async with ground.database.system() as session:
        return list(await session.scalars(statement))


async def revoke(ground: Ground, identity: Identity, session_id: UUID) -> Session:
    """End one of a person's own sessions.

    Raises:
        SessionUnknown: they have no such open session.
    """
    async with begin_system(ground) as tx:
        ended = await revoke_all(tx, identity.user_id, Session.id == session_id, because="revoked")
        if not ended:
            raise SessionUnknown(field=("id",))
        _note(tx, identity, "account.session_revoke", ended)
        return ended[0]


async def logout(ground: Ground, identity: Identity) -> None:
    """End the session of this sign-in."""
    async with begin_system(ground) as tx:
        ended = await revoke_all(tx, identity.user_id, Session.id == identity.session_id, because="logout")
        _note(tx, identity, "account.logout", ended)


async def logout_everywhere(ground: Ground, identity: Identity) -> int:
    """End all of a person's sessions, this one included; return how many."""
    async with begin_system(ground) as tx:
        ended = await revoke_all(tx, identity.user_id, because="logout everywhere")
        _note(tx, identity, "account.logout_everywhere", ended)
        return len(ended)


async def revoke_all(tx: SystemTransaction, user_id: UUID, *which: ColumnElement[bool], because: str) -> list[Session]:
    """End a person's open sessions, or those of them for which conditions hold. Live subscriptions notice."""
    open_ones = update(Session).where(Session.user_id == user_id, Session.revoked_at.is_(None), *which)
    statement = open_ones.values(revoked_at=clock.now(), revoked_because=because).returning(Session)
    ended = list(await tx.session.scalars(statement))
    # a session moves between workspaces, and what it opened before stays open: all of them hear of its end
    told = {each.workspace_id for each in ended if each.workspace_id is not None}
    if ended:
        memberships = select(WorkspaceMember.workspace_id).where(WorkspaceMember.user_id == user_id)
        told.update(await tx.session.scalars(memberships.order_by(WorkspaceMember.workspace_id).limit(_TOLD)))
    for workspace_id in sorted(told):
        inner = tx.within(Actor.system(WorkspaceId(workspace_id)))
        inner.publish(EventType.SESSION_REVOKED, user_id)
    _memory.forget(user_id)
    return ended


def _note(tx: SystemTransaction, identity: Identity, action: str, ended: Sequence[Session]) -> None:
    """Note in the log of the person's workspace which of their sessions they ended."""
    if identity.actor is not None and ended:
        changes = {"session": {"before": [each.id for each in ended[:LISTED]], "after": None}}
        tx.within(identity.actor).audit(action, ended[0], changes=changes)


async def _looked_up(ground: Ground, key: _Key) -> Identity:
    """Read session and membership in one statement."""
    _, claims = key
    given = {"workspace": claims.workspace_id, "session": claims.session_id, "user": claims.user_id}
    async with ground.database.system() as session:
        rows = await session.fetch(_STANDING.sql, *_STANDING.arguments(given))
    row = rows[0] if rows else None
    if row is None or not row["is_active"] or _is_over(row["revoked_at"], row["expires_at"]):
        raise SessionEnded
    identity = Identity(
        user_id=claims.user_id,
        session_id=claims.session_id,
        actor=_seated(row, claims),
        expires_at=claims.expires_at or clock.now(),
    )
    _memory.keep(key, identity)
    return identity


def _seated(row: Any, claims: Claims) -> Actor | None:
    """Return a member as an actor, who gets an origin when they act."""
    if claims.workspace_id is None or row["role"] is None:
        return None
    role = Role(row["role"])
    return Actor(
        workspace_id=claims.workspace_id,
        user_id=claims.user_id,
        role=role,
        permissions=_permissions(role, tuple(row["granted"]), tuple(row["revoked"])),
        origin=Origin(),
    )


@lru_cache(_REMEMBERED)
def _permissions(role: Role, granted: tuple[str, ...], revoked: tuple[str, ...]) -> frozenset[Permission]:
    """Return the same set to all who may do the same: plans are found by it."""
    return effective(role, granted, revoked)


def _is_over(revoked_at: datetime | None, expires_at: datetime) -> bool:
    return revoked_at is not None or expires_at <= clock.now()


def actor_of(member: WorkspaceMember, origin: Origin) -> Actor:
    """Return a member as an actor, with the permissions of their role and their own exceptions."""
    return Actor(
        workspace_id=WorkspaceId(member.workspace_id),
        user_id=UserId(member.user_id),
        role=member.role,
        permissions=permissions_of(member),
        origin=origin,
    )


def permissions_of(member: WorkspaceMember) -> frozenset[Permission]:
    """Return what a member may do: what their role allows, and their own exceptions."""
    return effective(member.role, member.granted, member.revoked)
