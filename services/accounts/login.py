"""Signing in. Whoever has no account, a wrong password or a closed account gets one answer, after the same time."""

from dataclasses import dataclass
from typing import Final

from sqlalchemy import select
from sqlalchemy.orm import undefer_group

from core import clock, text
from core.errors import Invalid
from core.ground import Ground
from core.ids import UserId, WorkspaceId
from core.security.vault import Vault
from models import User
from services.access import Actor, Origin
from services.accounts import grants, limits, second_factor
from services.accounts.errors import CredentialsInvalid
from services.accounts.grants import Grant
from services.accounts.homes import home_of
from services.transaction import begin_system

PASSWORD_LONGEST: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginDraft:
    """What a person types. `code` is of the second factor: six digits, or a recovery code."""

    email: str
    password: str
    code: str | None = None


async def login(ground: Ground, origin: Origin, draft: LoginDraft) -> Grant:
    """Check a person's password and second factor, and open a session.

    Raises:
        CredentialsInvalid: the address or the password is not right, or the account is closed.
        SecondFactorRequired, SecondFactorInvalid: the account asks for a code.
        RateLimited: too many tries.
    """
    address = _read(draft.email)
    # the narrow limits first: what they refuse must not use up what all share
    await limits.spend_at(ground, limits.LOGIN_BY_ADDRESS, origin)
    await limits.spend(ground, limits.LOGIN_BY_ACCOUNT, address)
    await limits.spend(ground, limits.LOGIN_IN_ALL)
    user = await _find(ground, address)
    stored = user.password_hash if user is not None and user.is_active else None
    is_right = len(draft.password) <= PASSWORD_LONGEST and await ground.passwords.verify(draft.password, stored)
    if user is None or not is_right:
        raise CredentialsInvalid
    await second_factor.require(ground, user, draft.code)
    await limits.clear(ground, limits.LOGIN_BY_ACCOUNT, address)
    again = await ground.passwords.hash(draft.password) if ground.passwords.needs_rehash(user.password_hash) else None
    return await _open(ground, origin, user, again)


async def _open(ground: Ground, origin: Origin, user: User, rehashed: bytes | None) -> Grant:
    async with begin_system(ground) as tx:
        current = (await tx.session.scalars(select(User).where(User.id == user.id).with_for_update())).one()
        current.last_login_at = clock.now()
        if rehashed is not None:
            current.password_hash = rehashed
        session, token = await grants.open_session(tx, current, origin, await home_of(tx, user.id, None))
        if session.workspace_id is not None:
            actor = Actor.of_account(WorkspaceId(session.workspace_id), UserId(user.id), origin)
            tx.within(actor).audit("account.login", current, changes={"session": {"before": None, "after": session.id}})
    return grants.granted(ground, current, session, token)


async def _find(ground: Ground, address: str) -> User | None:
    statement = select(User).where(User.email == address).options(undefer_group("secrets"))
    async with ground.database.system() as session:
        return await session.scalar(statement)


def _read(email: str) -> str:
    """Read an address; what is none is nobody's, and is answered and counted like every other unknown one."""
    try:
        return text.email(email)
    except Invalid:
        return f"no address {Vault.digest(email).hex()}"
