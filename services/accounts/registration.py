"""How a person gets an account, and their first workspace with it."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import undefer_group

from core import clock, text
from core.database import constraint_of
from core.errors import Problems
from core.ground import Ground
from core.ids import UserId, uuid7
from models import User
from services import idempotency
from services.access import Origin
from services.accounts import grants, limits, links
from services.accounts.errors import EmailTaken
from services.accounts.grants import Grant
from services.accounts.homes import home_of
from services.accounts.passwords import require_strength
from services.idempotency import Asked
from services.transaction import SystemTransaction, begin_system
from services.workspaces.founding import NAME_LONGEST as WORKSPACE_NAME_LONGEST
from services.workspaces.founding import found

NAME_LONGEST: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Registration:
    """What a new person gives. Without a workspace's name they have none, and accept an invitation."""

    email: str
    password: str
    name: str
    workspace_name: str | None = None
    language: str | None = None
    timezone: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """The sign-in of an account, and whether it was made just now."""

    grant: Grant
    is_new: bool = True


async def register(ground: Ground, origin: Origin, given: Registration, asked: Asked | None = None) -> Registered:
    """Make an account, perhaps with a workspace that it owns, and sign in. Whoever did so under this key is signed in
    to that account.

    Raises:
        Invalid: values are not acceptable; all are told at once.
        EmailTaken: there is an account with this address.
        IdempotencyKeyReused: the key was taken for something else.
        RateLimited: too many accounts were made from one place.
    """
    await limits.spend_at(ground, limits.REGISTER_BY_ADDRESS, origin)
    user = await _checked(ground, given)
    try:
        async with begin_system(ground) as tx:
            tx.session.add(user)
            await tx.session.flush()
            if asked is not None:
                await idempotency.claim(idempotency.of_person(tx, user.id), asked)
            workspace_id = await _first_workspace(tx, user, origin, given.workspace_name)
            await links.offer_verification(tx, user)
            session, token = await grants.open_session(tx, user, origin, workspace_id)
    except IntegrityError as error:
        if constraint_of(error) == "uq_users_email":
            return await _again(ground, origin, given, asked)
        raise
    return Registered(grant=grants.granted(ground, user, session, token))


async def _again(ground: Ground, origin: Origin, given: Registration, asked: Asked | None) -> Registered:
    """Sign in to an account that was made under the same key, if the password is still the account's only guard."""
    if asked is None:
        raise EmailTaken(field=("email",))
    named = select(User).where(User.email == text.email(given.email)).options(undefer_group("secrets"))
    async with ground.database.system() as reading:
        user = (await reading.scalars(named)).one()
    is_guarded = user.totp_enabled_at is not None or not user.is_active
    if is_guarded or not await ground.passwords.verify(given.password, user.password_hash):
        raise EmailTaken(field=("email",))
    async with begin_system(ground) as tx:
        if await idempotency.claim(idempotency.of_person(tx, user.id), asked) is None:
            raise EmailTaken(field=("email",))
        session, token = await grants.open_session(tx, user, origin, await home_of(tx, user.id, None))
    return Registered(grant=grants.granted(ground, user, session, token), is_new=False)


async def _first_workspace(tx: SystemTransaction, user: User, origin: Origin, name: str | None) -> UUID | None:
    if name is None:
        return None
    return (await found(tx, founder=UserId(user.id), origin=origin, name=name)).id


async def _checked(ground: Ground, given: Registration) -> User:
    """Check everything that was given, and hash the password."""
    problems = Problems()
    user = User(id=uuid7(), last_login_at=clock.now())
    with problems.noting():
        user.email = text.email(given.email)
    with problems.noting():
        user.name = text.clean_line(given.name, field=("name",), most=NAME_LONGEST)
    with problems.noting():
        if given.workspace_name is not None:
            text.clean_line(given.workspace_name, field=("workspace_name",), most=WORKSPACE_NAME_LONGEST)
    with problems.noting():
        if given.language is not None:
            user.language = text.language(given.language)
    with problems.noting():
        if given.timezone is not None:
            user.timezone = text.timezone(given.timezone)
    with problems.noting():
        await require_strength(ground, given.password, (given.email[:200], given.name[:200]))
    problems.raise_any()
    user.password_hash = await ground.passwords.hash(given.password)
    return user
