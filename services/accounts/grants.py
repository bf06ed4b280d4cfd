"""What a sign-in hands out: an access token and a refresh token, and how the latter is exchanged for its successor.

A session is a family of refresh tokens (RFC 9700, section 4.14). Each works once. A spent one that comes back means
that somebody has a copy, so the family ends; but for ten seconds the direct predecessor is honoured, because a client
may have lost the answer.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, update

from core import clock
from core.ground import Ground
from core.ids import UserId, WorkspaceId, uuid7
from core.security.tokens import Claims
from core.security.vault import Vault
from models import RefreshToken, Session, User
from services.access import Origin
from services.accounts import limits, sessions
from services.accounts.errors import RefreshInvalid
from services.accounts.homes import home_of
from services.transaction import SystemTransaction, begin_system

SESSION_LIFETIME: Final = timedelta(days=30)
LEEWAY: Final = timedelta(seconds=10)
_PREFIX: Final = "wrt_"
_LONGEST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Proof of a sign-in, for the client to keep. `expires_at` is the access token's."""

    user: User
    session_id: UUID
    workspace_id: UUID | None
    access_token: str
    refresh_token: str
    expires_at: datetime


async def open_session(
    tx: SystemTransaction, user: User, origin: Origin, workspace_id: UUID | None
) -> tuple[Session, str]:
    """Begin a session; return it with its first refresh token."""
    now = clock.now()
    session = Session(
        id=uuid7(),
        user_id=user.id,
        workspace_id=workspace_id,
        ip=origin.ip,
        user_agent=origin.user_agent,
        created_at=now,
        last_used_at=now,
        expires_at=now + SESSION_LIFETIME,
    )
    tx.session.add(session)
    await tx.session.flush()
    return session, await next_token(tx, session)


def granted(ground: Ground, user: User, session: Session, refresh_token: str) -> Grant:
    """Sign an access token for a session, and hand out both."""
    workspace_id = session.workspace_id
    claims = Claims(
        user_id=UserId(user.id),
        session_id=session.id,
        workspace_id=None if workspace_id is None else WorkspaceId(workspace_id),
    )
    issued = ground.tokens.issue(claims)
    return Grant(
        user=user,
        session_id=session.id,
        workspace_id=workspace_id,
        access_token=issued.token,
        refresh_token=refresh_token,
        expires_at=issued.expires_at,
    )


async def refresh(ground: Ground, origin: Origin, token: str) -> Grant:
    """Exchange a refresh token for its successor and a fresh access token.

    Raises:
        RefreshInvalid: it is unknown, spent or revoked. A spent one ends the whole session.
    """
    await limits.spend_at(ground, limits.REFRESH_BY_ADDRESS, origin)
    if not token.startswith(_PREFIX) or len(token) > _LONGEST:
        raise RefreshInvalid(field=("refresh_token",))
    async with begin_system(ground) as tx:
        user, session, successor = await _exchange(tx, origin, token)
    if user is None or session is None or successor is None:
        raise RefreshInvalid(field=("refresh_token",))
    return granted(ground, user, session, successor)


async def replace_token(tx: SystemTransaction, session: Session) -> str:
    """Spend what is unspent of a session's family, and return its successor. The session is locked by the caller."""
    unspent = (
        update(RefreshToken)
        .where(RefreshToken.session_id == session.id, RefreshToken.used_at.is_(None))
        .values(used_at=clock.now())
        .returning(RefreshToken.id)
    )
    spent = (await tx.session.scalars(unspent)).all()
    return await next_token(tx, session, max(spent, default=None))


async def _exchange(
    tx: SystemTransaction, origin: Origin, token: str
) -> tuple[User | None, Session | None, str | None]:
    """Do it under a lock on the session, so that two exchanges of one token happen one after the other."""
    now = clock.now()
    found = await tx.session.scalar(select(RefreshToken).where(RefreshToken.token_hash == Vault.digest(token)))
    if found is None:
        return None, None, None
    locked = select(Session).where(Session.id == found.session_id).with_for_update()
    session = (await tx.session.scalars(locked)).one()
    await tx.session.refresh(found)
    user = await tx.session.get(User, session.user_id)
    if user is None or not user.is_active or session.revoked_at is not None or session.expires_at <= now:
        return None, None, None
    if found.used_at is not None and not await _is_forgivable(tx, found, now):
        await sessions.revoke_all(tx, session.user_id, Session.id == session.id, because="refresh token reused")
        return None, None, None
    found.used_at = found.used_at or now
    session.last_used_at, session.expires_at = now, now + SESSION_LIFETIME
    session.ip, session.user_agent = origin.ip, origin.user_agent
    session.workspace_id = await home_of(tx, user.id, session.workspace_id)
    return user, session, await next_token(tx, session, found.id)


async def _is_forgivable(tx: SystemTransaction, token: RefreshToken, now: datetime) -> bool:
    """Tell whether a spent token is the newest one's direct predecessor, spent a moment ago."""
    if token.used_at is None or now - token.used_at > LEEWAY:
        return False
    statement = (
        select(RefreshToken).where(RefreshToken.parent_id == token.id, RefreshToken.used_at.is_not(None)).limit(1)
    )
    return (await tx.session.scalar(statement)) is None


async def next_token(tx: SystemTransaction, session: Session, parent_id: UUID | None = None) -> str:
    """Add a refresh token to a session's family, and return it."""
    token = _PREFIX + Vault.opaque()
    tx.session.add(
        RefreshToken(session_id=session.id, parent_id=parent_id, token_hash=Vault.digest(token), created_at=clock.now())
    )
    await tx.session.flush()
    return token
