"""Links that are mailed: to reset a password, and to prove an e-mail address. Single use, short-lived, kept as hashes.

A link's token is derived from its row's id, so the job that mails it holds no secret.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import ColumnElement, select, update

from core import clock
from core.ground import Ground
from core.ids import uuid7
from core.security.vault import Vault
from models import OneTimeToken, TokenPurpose, User
from services import idempotency, mails
from services.access import Identity, Origin
from services.accounts import limits, trail
from services.accounts.errors import AccountMissing, LinkInvalid
from services.idempotency import Asked
from services.jobs import Job
from services.transaction import SystemTransaction, begin_system

VERIFY_LIFETIME: Final = timedelta(hours=48)


@dataclass(frozen=True, slots=True, kw_only=True)
class MailLink(Job):
    """Mail a link to the person that it is for."""

    token_id: UUID


async def request_verification(ground: Ground, identity: Identity, asked: Asked | None = None) -> None:
    """Mail a link that proves a person's e-mail address, unless it is proven, or was asked for under this key."""
    await limits.spend(ground, limits.RESET_BY_ACCOUNT, identity.user_id.hex)
    async with begin_system(ground) as tx:
        user = await tx.session.get(User, identity.user_id)
        if user is None:
            raise AccountMissing
        if user.email_verified_at is None and not await was_asked(tx, user, asked):
            await offer_verification(tx, user)


async def offer_verification(tx: SystemTransaction, user: User) -> None:
    """Mail a link that proves an e-mail address, when this commits."""
    await offer(tx, user, TokenPurpose.EMAIL_VERIFY, VERIFY_LIFETIME)


async def verify_email(ground: Ground, origin: Origin, token: str) -> User:
    """Take a person's e-mail address as proven."""
    await limits.spend_at(ground, limits.LINK_BY_ADDRESS, origin)
    async with begin_system(ground) as tx:
        user = await redeem(tx, token, TokenPurpose.EMAIL_VERIFY)
        await trail.note_at_home(tx, origin, "account.email_verify", user)
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


async def was_asked(tx: SystemTransaction, user: User, asked: Asked | None) -> bool:
    """Tell whether a person's mail was asked for under a key before; from now on it was.

    Raises:
        IdempotencyKeyReused: the key was taken for something else.
    """
    return asked is not None and await idempotency.claim(idempotency.of_person(tx, user.id), asked) is not None


async def offer(tx: SystemTransaction, user: User, purpose: TokenPurpose, lifetime: timedelta) -> None:
    """Make a link, and mail it when this commits; older ones of its kind stop working."""
    now = clock.now()
    await close(tx, user.id, purpose)
    token_id = uuid7()
    tx.session.add(
        OneTimeToken(
            id=token_id,
            user_id=user.id,
            purpose=purpose,
            token_hash=Vault.digest(tx.ground.vault.derive(purpose.value, token_id)),
            created_at=now,
            expires_at=now + lifetime,
        )
    )
    tx.enqueue(MailLink(token_id=token_id))


async def close(tx: SystemTransaction, user_id: UUID, purpose: TokenPurpose) -> None:
    """Let a person's open links of a kind stop working."""
    open_ones = update(OneTimeToken).where(
        OneTimeToken.user_id == user_id, OneTimeToken.purpose == purpose, OneTimeToken.used_at.is_(None)
    )
    await tx.session.execute(open_ones.values(used_at=clock.now()))


async def holder(ground: Ground, token: str, purpose: TokenPurpose) -> User:
    """Return whose link this is, without using it up.

    Raises:
        LinkInvalid: it is unknown, used, replaced by a newer one, or too old.
    """
    statement = select(User).join(OneTimeToken, OneTimeToken.user_id == User.id).where(*_good(token, purpose))
    async with ground.database.system() as session:
        user = await session.scalar(statement)
    if user is None or not user.is_active:
        raise LinkInvalid(field=("token",))
    return user


async def redeem(tx: SystemTransaction, token: str, purpose: TokenPurpose) -> User:
    """Use up a link, and return whose it is. The condition in the statement lets one of two racers win.

    Raises:
        LinkInvalid: it is unknown, used, replaced by a newer one, or too old.
    """
    used = update(OneTimeToken).where(*_good(token, purpose)).values(used_at=clock.now())
    statement = used.returning(OneTimeToken.user_id)
    user_id = (await tx.session.execute(statement)).scalar_one_or_none()
    user = await tx.session.get(User, user_id) if user_id is not None else None
    if user is None or not user.is_active:
        raise LinkInvalid(field=("token",))
    return user


def _good(token: str, purpose: TokenPurpose) -> tuple[ColumnElement[bool], ...]:
    """The conditions of a link that can be used."""
    return (
        OneTimeToken.token_hash == Vault.digest(token),
        OneTimeToken.purpose == purpose,
        OneTimeToken.used_at.is_(None),
        OneTimeToken.expires_at > clock.now(),
    )
