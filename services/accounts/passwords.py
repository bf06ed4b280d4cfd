"""How a password is chosen, changed, and reset by whoever reads the account's mail."""

from datetime import timedelta
from typing import Final

from sqlalchemy import select, update
from sqlalchemy.orm import undefer_group

from core import clock, text
from core.errors import Invalid
from core.ground import Ground
from models import Session, TokenPurpose, User
from services.access import Identity, Origin
from services.accounts import limits, links, sessions, trail
from services.accounts.errors import CredentialsInvalid, PasswordWeak
from services.idempotency import Asked, IdempotencyKeyReused
from services.transaction import begin_system

RESET_LIFETIME: Final = timedelta(minutes=30)


async def request_reset(ground: Ground, origin: Origin, email: str, asked: Asked | None = None) -> None:
    """Mail a link to reset a password, if there is such an account, unless it was asked for under this key. The caller
    cannot tell.

    Raises:
        RateLimited: too many were asked for.
    """
    await limits.spend_at(ground, limits.RESET_BY_ADDRESS, origin)
    try:
        address = text.email(email)
    except Invalid:
        return
    await limits.spend(ground, limits.RESET_BY_ACCOUNT, address)
    async with begin_system(ground) as tx:
        user = await tx.session.scalar(select(User).where(User.email == address, User.is_active))
        try:
            if user is None or await links.was_asked(tx, user, asked):
                return
        except IdempotencyKeyReused:
            return  # to tell would tell that there is an account
        await links.offer(tx, user, TokenPurpose.PASSWORD_RESET, RESET_LIFETIME)


async def reset(ground: Ground, origin: Origin, token: str, password: str) -> None:
    """Set a new password with a mailed link. All sessions of the person end.

    Raises:
        LinkInvalid: the link is unknown, used, replaced by a newer one, or too old.
        PasswordWeak: the password is not acceptable; the link stays good.
    """
    await limits.spend_at(ground, limits.LINK_BY_ADDRESS, origin)
    asking = await links.holder(ground, token, TokenPurpose.PASSWORD_RESET)
    await require_strength(ground, password, (asking.email, asking.name))
    hashed = await ground.passwords.hash(password)
    async with begin_system(ground) as tx:
        user = await links.redeem(tx, token, TokenPurpose.PASSWORD_RESET)
        await trail.note_at_home(tx, origin, "account.password_reset", user)
        user.password_hash = hashed
        # whoever read the mail owns the address
        user.email_verified_at = user.email_verified_at or clock.now()
        await sessions.revoke_all(tx, user.id, because="password reset")


async def change(ground: Ground, identity: Identity, current: str, new: str) -> None:
    """Set a new password after the current one was typed. All other sessions of the person end, and open links to
    reset it stop working.

    Raises:
        CredentialsInvalid: the current password is not right.
        PasswordWeak: the new one is not acceptable.
    """
    user = await retyped(ground, identity, current, field="current_password")
    await require_strength(ground, new, (user.email, user.name))
    hashed = await ground.passwords.hash(new)
    async with begin_system(ground) as tx:
        await tx.session.execute(update(User).where(User.id == user.id).values(password_hash=hashed))
        await links.close(tx, user.id, TokenPurpose.PASSWORD_RESET)
        await sessions.revoke_all(tx, user.id, Session.id != identity.session_id, because="password change")
        trail.note(tx, identity, "account.password_change", user)


async def require_strength(ground: Ground, password: str, about: tuple[str, ...] = ()) -> None:
    """Raise `PasswordWeak` unless a password is acceptable. `about` are words that people try first."""
    weakness = await ground.passwords.weakness(password, about)
    if weakness is not None:
        raise PasswordWeak(weakness, field=("password",))


async def retyped(ground: Ground, identity: Identity, password: str, *, field: str = "password") -> User:
    """Return a signed-in person's row after they typed their password once more.

    Raises:
        CredentialsInvalid: it is not right.
        RateLimited: too many were tried.
    """
    await limits.spend(ground, limits.PASSWORD_CHECK, identity.user_id.hex)
    statement = select(User).where(User.id == identity.user_id).options(undefer_group("secrets"))
    async with ground.database.system() as session:
        user = await session.scalar(statement)
    if user is None or not await ground.passwords.verify(password, user.password_hash):
        message = "The password is not right."
        raise CredentialsInvalid(message, field=(field,))
    await limits.clear(ground, limits.PASSWORD_CHECK, identity.user_id.hex)
    return user
