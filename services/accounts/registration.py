"""How a person gets an account, and their first workspace with it."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from core import clock, text
from core.database import constraint_of
from core.errors import Problems
from core.ground import Ground
from core.ids import UserId, uuid7
from models import User
from services.access import Origin
from services.accounts import grants, limits, links
from services.accounts.errors import EmailTaken
from services.accounts.grants import Grant
from services.accounts.passwords import require_strength
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


async def register(ground: Ground, origin: Origin, given: Registration) -> Grant:
    """Make an account, perhaps with a workspace that it owns, and sign in.

    Raises:
        Invalid: values are not acceptable; all are told at once.
        EmailTaken: there is an account with this address.
        RateLimited: too many accounts were made from one place.
    """
    await limits.spend_at(ground, limits.REGISTER_BY_ADDRESS, origin)
    user = await _checked(ground, given)
    try:
        async with begin_system(ground) as tx:
            tx.session.add(user)
            await tx.session.flush()
            workspace_id = await _first_workspace(tx, user, origin, given.workspace_name)
            await links.offer_verification(tx, user)
            session, token = await grants.open_session(tx, user, origin, workspace_id)
    except IntegrityError as error:
        if constraint_of(error) == "uq_users_email":
            raise EmailTaken(field=("email",)) from error
        raise
    return grants.granted(ground, user, session, token)


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
