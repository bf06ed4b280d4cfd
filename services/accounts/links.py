"""Links that are mailed: to reset a password, and to prove an e-mail address. Single use, short-lived, kept as hashes.

A link's token is derived from its row's id, so the job that mails it holds no secret.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select, update

from core import clock, text
from core.errors import Invalid
from core.ground import Ground
from core.ids import uuid7
from core.security.vault import Vault
from models import OneTimeToken, TokenPurpose, User
from services import mails
from services.access import Identity, Origin
from services.accounts import limits, sessions
from services.accounts.errors import AccountMissing, LinkInvalid, PasswordWeak
from services.accounts.second_factor import checked
from services.jobs import Job
from services.transaction import SystemTransaction, begin_system

RESET_LIFETIME: Final = timedelta(minutes=30)
VERIFY_LIFETIME: Final = timedelta(hours=48)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailLink(Job):
    """Mail a link to the person that it is for."""

    token_id: UUID


async def request_reset(ground: Ground, origin: Origin, email: str) -> None:
    """Mail a link to reset a password, if there is such an account. The caller cannot tell.

    Raises:
        RateLimited: too many were asked for.
    """
    await limits.spend(ground, limits.RESET_BY_ADDRESS, origin.ip or "")
    try:
        address = text.email(email)
    except Invalid:
        return
    await limits.spend(ground, limits.RESET_BY_ACCOUNT, address)
    async with begin_system(ground) as tx:
        user = await tx.session.scalar(select(User).where(User.email == address, User.is_active))
        if user is not None:
            await _offer(tx, ground, user, TokenPurpose.PASSWORD_RESET, RESET_LIFETIME)


async def reset(ground: Ground, origin: Origin, token: str, password: str) -> None:
    """Set a new password with a mailed link. All sessions of the person end.

    Raises:
        LinkInvalid: the link is unknown, used, replaced by a newer one, or too old.
        PasswordWeak: the password is not acceptable; the link stays good.
    """
    await limits.spend(ground, limits.LINK_BY_ADDRESS, origin.ip or "")
    await _require_strength(ground, password, ())
    hashed = await ground.passwords.hash(password)
    async with begin_system(ground) as tx:
        user = await _redeem(tx, token, TokenPurpose.PASSWORD_RESET)
        user.password_hash = hashed
        # whoever read the mail owns the address
        user.email_verified_at = user.email_verified_at or clock.now()
        await sessions.revoke_all(tx, user.id, because="password reset")


async def change_password(ground: Ground, identity: Identity, current: str, new: str) -> None:
    """Set a new password after the current one was typed. All other sessions of the person end.

    Raises:
        CredentialsInvalid: the current password is not right.
        PasswordWeak: the new one is not acceptable.
    """
    user = await checked(ground, identity, current)
    await _require_strength(ground, new, (user.email, user.name))
    hashed = await ground.passwords.hash(new)
    async with begin_system(ground) as tx:
        await tx.session.execute(update(User).where(User.id == user.id).values(password_hash=hashed))
        await sessions.revoke_all(tx, user.id, spare=identity.session_id, because="password change")


async def request_verification(ground: Ground, identity: Identity) -> None:
    """Mail a link that proves a person's e-mail address, unless it is proven."""
    await limits.spend(ground, limits.RESET_BY_ACCOUNT, identity.user_id.hex)
    async with begin_system(ground) as tx:
        user = await tx.session.get(User, identity.user_id)
        if user is None:
            raise AccountMissing
        if user.email_verified_at is None:
            await offer_verification(tx, ground, user)


async def offer_verification(tx: SystemTransaction, ground: Ground, user: User) -> None:
    """Mail a link that proves an e-mail address, when this commits."""
    await _offer(tx, ground, user, TokenPurpose.EMAIL_VERIFY, VERIFY_LIFETIME)


async def verify_email(ground: Ground, origin: Origin, token: str) -> User:
    """Take a person's e-mail address as proven."""
    await limits.spend(ground, limits.LINK_BY_ADDRESS, origin.ip or "")
    async with begin_system(ground) as tx:
        user = await _redeem(tx, token, TokenPurpose.EMAIL_VERIFY)
        user.email_verified_at = user.email_verified_at or clock.now()
        return user


async def mail_link(ground: Ground, token_id: UUID) -> None:
    """Mail a link. One that was used or replaced meanwhile is not mailed."""
    statement = (
        select(OneTimeToken, User)
        .join(User, User.id == OneTimeToken.user_id)
        .where(OneTimeToken.id == token_id, OneTimeToken.used_at.is_(None), OneTimeToken.expires_at > clock.now())
    )
    async with ground.database.system() as session:
        row = (await session.execute(statement)).one_or_none()
    if row is None:
        return
    token = ground.vault.derive(row.OneTimeToken.purpose.value, row.OneTimeToken.id)
    write = mails.password_reset if row.OneTimeToken.purpose is TokenPurpose.PASSWORD_RESET else mails.email_verify
    await ground.mailer.send(write(row.User, ground.settings.server.public_url, token))


async def _offer(tx: SystemTransaction, ground: Ground, user: User, purpose: TokenPurpose, lifetime: timedelta) -> None:
    """Make a link; older ones of its kind stop working."""
    now = clock.now()
    older = update(OneTimeToken).where(
        OneTimeToken.user_id == user.id, OneTimeToken.purpose == purpose, OneTimeToken.used_at.is_(None)
    )
    await tx.session.execute(older.values(used_at=now))
    token_id = uuid7()
    tx.session.add(
        OneTimeToken(
            id=token_id,
            user_id=user.id,
            purpose=purpose,
            token_hash=Vault.digest(ground.vault.derive(purpose.value, token_id)),
            created_at=now,
            expires_at=now + lifetime,
        )
    )
    tx.enqueue(MailLink(token_id=token_id))


async def _redeem(tx: SystemTransaction, token: str, purpose: TokenPurpose) -> User:
    """Use up a link, and return whose it is. The condition in the statement lets one of two racers win."""
    now = clock.now()
    statement = (
        update(OneTimeToken)
        .where(
            OneTimeToken.token_hash == Vault.digest(token),
            OneTimeToken.purpose == purpose,
            OneTimeToken.used_at.is_(None),
            OneTimeToken.expires_at > now,
        )
        .values(used_at=now)
        .returning(OneTimeToken.user_id)
    )
    user_id = (await tx.session.execute(statement)).scalar_one_or_none()
    user = await tx.session.get(User, user_id) if user_id is not None else None
    if user is None or not user.is_active:
        raise LinkInvalid(field=("token",))
    return user


async def _require_strength(ground: Ground, password: str, about: tuple[str, ...]) -> None:
    weakness = await ground.passwords.weakness(password, about)
    if weakness is not None:
        raise PasswordWeak(weakness, field=("password",))
