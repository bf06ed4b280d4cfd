"""Every root field says what it asks for, and asks it of strangers, people without a workspace, and every role."""

from collections.abc import Awaitable, Callable

import pytest

from core.ground import Ground
from core.ids import UserId
from core.security.tokens import Claims
from models import GRANTS, Permission, Role
from services.access import Actor
from services.transaction import begin_system
from tests.fixtures.door import Door, Stream
from tests.fixtures.operations import RootField, root_fields, shuffled
from tests.fixtures.tenants import Tenant, make_user, sign_in_user

BY_READERS = {
    "memberRemove": Permission.MEMBERS_READ,  # whoever may see the members may leave
    "settingsUpdate": Permission.SETTINGS_READ,  # their own notifications
}
"""Mutations that ask for no more than a right to read, with the reason."""

Maker = Callable[[Tenant, Role], Awaitable[Actor]]


async def ask(door: Door, field: RootField) -> str | None:
    """Send a field's operation; return the code of its top-level error."""
    if field.kind == "subscription":
        async with door.subscribe(field.document(), field.variables()) as stream:
            return await _refusal(stream)
    return (await door.execute(field.document(), field.variables())).code


async def _refusal(stream: Stream) -> str | None:
    try:
        message = await stream.message(0.5)
    except TimeoutError:
        return None
    errors = message["payload"] if message["type"] == "error" else message["payload"].get("errors", [])
    return errors[0]["extensions"]["code"] if errors else None


def test_every_root_field_says_what_it_asks_for() -> None:
    silent = [each.name for each in root_fields() if each.permission is None]

    assert silent == ["node"], "node asks for the permission of the type it finds"


def test_what_changes_something_asks_for_more_than_the_right_to_read() -> None:
    asked = {each.name: each.needs for each in root_fields("mutation") if each.needs is not None}
    reading = {name: needs for name, needs in asked.items() if needs.name.endswith("_READ")}

    assert reading == BY_READERS


async def test_a_stranger_is_refused_everywhere_but_where_it_is_open(door: Door) -> None:
    codes = {each.name: await ask(door, each) for each in shuffled(root_fields()) if not each.is_open}

    assert {name: code for name, code in codes.items() if code != "UNAUTHENTICATED"} == {}


async def test_a_person_without_a_workspace_is_told_so(door: Door, ground: Ground) -> None:
    user = make_user()
    async with begin_system(ground) as tx:
        tx.session.add(user)
    session_id = await sign_in_user(ground, user.id)
    claims = Claims(user_id=UserId(user.id), session_id=session_id, workspace_id=None)
    nowhere = door.with_token(ground.tokens.issue(claims).token)

    codes = {each.name: await ask(nowhere, each) for each in shuffled(root_fields()) if each.needs is not None}

    assert {name: code for name, code in codes.items() if code != "NOT_WORKSPACE_MEMBER"} == {}


@pytest.mark.parametrize("role", list(Role))
async def test_a_role_may_what_it_is_granted_and_nothing_else(
    door: Door, tenant: Tenant, make_actor: Maker, role: Role
) -> None:
    actor = await make_actor(tenant, role)
    wrong: dict[str, str | None] = {}

    for each in shuffled([each for each in root_fields() if each.needs is not None]):
        code = await ask(await door.as_(actor), each)
        if (code == "FORBIDDEN") is (each.needs in GRANTS[role]) or code in ("UNAUTHENTICATED", "INTERNAL_ERROR"):
            wrong[each.name] = code

    assert wrong == {}


async def test_whoever_is_signed_in_may_what_only_asks_for_that(door: Door, tenant: Tenant, make_actor: Maker) -> None:
    actor = await make_actor(tenant, Role.VIEWER)
    signed_in = [each for each in root_fields() if each.permission is not None and each.needs is None]
    codes: dict[str, str | None] = {}

    for each in shuffled([each for each in signed_in if not each.is_open]):
        codes[each.name] = await ask(await door.as_(actor), each)

    assert {name: code for name, code in codes.items() if code is not None} == {}
