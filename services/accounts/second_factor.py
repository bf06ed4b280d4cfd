"""The second factor of a sign-in: codes of an app (TOTP), and recovery codes. Each works once."""

from dataclasses import dataclass

import structlog
from sqlalchemy import delete, or_, select, update
from sqlalchemy.orm import undefer_group

from core import clock
from core.ground import Ground
from core.security import totp
from core.security.vault import SealBroken
from models import RecoveryCode, User
from services.access import Identity
from services.accounts import limits, trail
from services.accounts.errors import (
    AccountMissing,
    SecondFactorEnabled,
    SecondFactorInvalid,
    SecondFactorMissing,
    SecondFactorRequired,
)
from services.accounts.passwords import retyped
from services.transaction import SystemTransaction, begin_system

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What an app needs: the address behind the QR code, or the secret typed by hand."""

    uri: str
    secret: str


async def require(ground: Ground, user: User, code: str | None) -> None:
    """Check the code of a sign-in, when the account asks for one.

    Raises:
        SecondFactorRequired: there is none.
        SecondFactorInvalid: it is wrong, or was used before.
        RateLimited: too many were tried.
    """
    if user.totp_enabled_at is None:
        return
    if not code:
        raise SecondFactorRequired(field=("code",))
    await limits.spend(ground, limits.SECOND_FACTOR, user.id.hex)
    async with begin_system(ground) as tx:
        is_good = await _use_step(tx, ground, user, code) or await _use_recovery(tx, user, code)
    if not is_good:
        raise SecondFactorInvalid(field=("code",))
    await limits.clear(ground, limits.SECOND_FACTOR, user.id.hex)


async def enroll(ground: Ground, identity: Identity, password: str) -> Enrolment:
    """Make a secret for a person's app. Nothing is asked of them until it is confirmed.

    Raises:
        CredentialsInvalid: the password is not right.
        SecondFactorEnabled: a second factor is on.
    """
    user = await retyped(ground, identity, password)
    if user.totp_enabled_at is not None:
        raise SecondFactorEnabled
    secret = totp.new_secret()
    async with begin_system(ground) as tx:
        await tx.session.execute(
            update(User)
            .where(User.id == user.id, User.totp_enabled_at.is_(None))
            .values(totp_secret=ground.vault.seal(secret), totp_last_step=None)
        )
    return Enrolment(uri=totp.provisioning_uri(secret, user.email), secret=totp.spelled(secret))


async def confirm(ground: Ground, identity: Identity, code: str) -> list[str]:
    """Turn the second factor on with a first code; return ten recovery codes, which are shown this once.

    Raises:
        SecondFactorMissing: there was no enrolment.
        SecondFactorEnabled: it is on.
        SecondFactorInvalid: the code is not of the enrolled app.
    """
    await limits.spend(ground, limits.SECOND_FACTOR, identity.user_id.hex)
    async with begin_system(ground) as tx:
        user = await _locked(tx, identity)
        if user.totp_enabled_at is not None:
            raise SecondFactorEnabled
        if user.totp_secret is None:
            raise SecondFactorMissing
        if not await _use_step(tx, ground, user, code):
            raise SecondFactorInvalid(field=("code",))
        user.totp_enabled_at = clock.now()
        codes = await _renew(tx, user)
        trail.note(tx, identity, "account.second_factor_enable", user)
    await limits.clear(ground, limits.SECOND_FACTOR, identity.user_id.hex)
    return codes


async def disable(ground: Ground, identity: Identity, password: str) -> None:
    """Turn the second factor off.

    Raises:
        CredentialsInvalid: the password is not right.
        SecondFactorMissing: it is off.
    """
    await retyped(ground, identity, password)
    async with begin_system(ground) as tx:
        user = await _locked(tx, identity)
        if user.totp_enabled_at is None:
            raise SecondFactorMissing
        user.totp_enabled_at = user.totp_secret = user.totp_last_step = None
        await tx.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
        trail.note(tx, identity, "account.second_factor_disable", user)


async def renew_recovery_codes(ground: Ground, identity: Identity, password: str) -> list[str]:
    """Put ten new recovery codes in the place of the old ones; return them, this once."""
    await retyped(ground, identity, password)
    async with begin_system(ground) as tx:
        user = await _locked(tx, identity)
        if user.totp_enabled_at is None:
            raise SecondFactorMissing
        trail.note(tx, identity, "account.recovery_codes_renew", user)
        return await _renew(tx, user)


async def _locked(tx: SystemTransaction, identity: Identity) -> User:
    statement = select(User).where(User.id == identity.user_id).options(undefer_group("secrets")).with_for_update()
    user = await tx.session.scalar(statement)
    if user is None:
        raise AccountMissing
    return user


async def _use_step(tx: SystemTransaction, ground: Ground, user: User, code: str) -> bool:
    """Use up the time step of a code. The condition in the statement lets one of two racers win."""
    if user.totp_secret is None:
        return False
    try:
        secret = ground.vault.unseal(user.totp_secret)
    except SealBroken:
        # sealed with a secret of the server that was changed since: recovery codes still work
        log.warning("a second factor cannot be unsealed", user=user.id.hex)
        return False
    step = totp.matching_step(secret, code, clock.now())
    if step is None:
        return False
    statement = (
        update(User)
        .where(User.id == user.id, or_(User.totp_last_step.is_(None), User.totp_last_step < step))
        .values(totp_last_step=step)
        .returning(User.id)
    )
    return (await tx.session.execute(statement)).one_or_none() is not None


async def _use_recovery(tx: SystemTransaction, user: User, code: str) -> bool:
    statement = (
        update(RecoveryCode)
        .where(
            RecoveryCode.user_id == user.id,
            RecoveryCode.code_hash == totp.recovery_digest(code),
            RecoveryCode.used_at.is_(None),
        )
        .values(used_at=clock.now())
        .returning(RecoveryCode.id)
    )
    return (await tx.session.execute(statement)).first() is not None


async def _renew(tx: SystemTransaction, user: User) -> list[str]:
    codes = totp.new_recovery_codes()
    await tx.session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))
    tx.session.add_all(RecoveryCode(user_id=user.id, code_hash=totp.recovery_digest(code)) for code in codes)
    return codes
