"""A forgotten password, and a new one: mailed links, the current password, and what ends."""

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, text, update

from core import clock
from core.ground import Ground
from core.ids import decode, uuid7
from models import OneTimeToken, TokenPurpose
from services.accounts import links
from tests.fixtures.door import Door
from tests.fixtures.people import (
    LOGIN,
    OTHER_PASSWORD,
    PASSWORD,
    REGISTER,
    act,
    is_in,
    link_of,
    log_in,
    make_person,
    refusals,
)


def somebody(**more: Any) -> dict[str, Any]:
    return {"email": f"bia.{uuid7().hex}@example.com", "password": PASSWORD, "name": "Bia Souza", **more}


async def request_reset(door: Door, email: str) -> Any:
    return await act(door, "passwordResetRequest", "PasswordResetRequestInput", "done", email=email)


async def reset(door: Door, token: str, password: str = OTHER_PASSWORD) -> Any:
    return await act(door, "passwordReset", "PasswordResetInput", "done", token=token, password=password)


# A forgotten password.


async def test_a_mailed_link_sets_a_new_password_and_ends_every_session(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    phone, laptop = await log_in(door, person), await log_in(door, person)
    await request_reset(door, person.email)
    token = await link_of(ground, person.user.id, TokenPurpose.PASSWORD_RESET)

    payload = await reset(door, token)

    assert payload == {"done": True, "userErrors": []}
    assert [await is_in(phone.door), await is_in(laptop.door)] == [False, False]
    assert refusals(await door.mutate(LOGIN, {"input": person.credentials})) == [("INVALID_CREDENTIALS", [])]
    assert (await door.mutate(LOGIN, {"input": {"email": person.email, "password": OTHER_PASSWORD}}))["accessToken"]


async def test_the_mail_holds_the_link_and_the_tables_do_not(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    await request_reset(door, person.email)
    async with ground.database.system() as session:
        row = (await session.scalars(select(OneTimeToken).where(OneTimeToken.user_id == person.user.id))).one()
        payloads = (await session.execute(text("SELECT convert_from(payload, 'UTF8') FROM pgqueuer"))).scalars().all()

    await links.mail_link(ground, row.id)

    token = await link_of(ground, person.user.id, TokenPurpose.PASSWORD_RESET)
    newest = await asyncio.to_thread(lambda: max(Path(ground.settings.server.data_dir, "mail").glob("*.eml")))
    mail = newest.read_text(encoding="utf-8").replace("=\n", "").replace("=3D", "=")
    assert f"To: {person.email}" in mail
    assert f"/reset-password#token={token}" in mail
    assert token.encode() not in row.token_hash
    assert any(row.id.hex in each.replace("-", "") for each in payloads)
    assert not any(token in each for each in payloads)


async def test_a_link_works_once(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    await request_reset(door, person.email)
    token = await link_of(ground, person.user.id, TokenPurpose.PASSWORD_RESET)

    payloads = await asyncio.gather(reset(door, token), reset(door, token))

    assert sorted(str(refusals(each)) for each in payloads) == ["[('LINK_INVALID', ['token'])]", "[]"]


async def test_a_link_works_for_half_an_hour(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    await request_reset(door, person.email)
    token = await link_of(ground, person.user.id, TokenPurpose.PASSWORD_RESET)
    async with ground.database.system() as session:
        own = OneTimeToken.user_id == person.user.id
        lifetime = await session.scalar(select(OneTimeToken.expires_at - OneTimeToken.created_at).where(own))
        await session.execute(update(OneTimeToken).where(own).values(expires_at=clock.now()))

    payload = await reset(door, token)

    assert lifetime == timedelta(minutes=30)
    assert refusals(payload) == [("LINK_INVALID", ["token"])]


async def test_a_newer_link_replaces_an_older_one(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    await request_reset(door, person.email)
    older = await link_of(ground, person.user.id, TokenPurpose.PASSWORD_RESET)
    await request_reset(door, person.email)
    newer = await link_of(ground, person.user.id, TokenPurpose.PASSWORD_RESET)

    assert refusals(await reset(door, older)) == [("LINK_INVALID", ["token"])]
    assert refusals(await reset(door, newer)) == []


async def test_a_weak_password_does_not_use_up_the_link(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    await request_reset(door, person.email)
    token = await link_of(ground, person.user.id, TokenPurpose.PASSWORD_RESET)

    refused = await reset(door, token, "password12")

    assert refusals(refused) == [("PASSWORD_WEAK", ["password"])]
    assert refusals(await reset(door, token)) == []


@pytest.mark.parametrize("token", ["", "x", "\x00", "x" * 5_000, "👻"])
async def test_what_was_never_a_link_is_refused(door: Door, token: str) -> None:
    assert refusals(await reset(door, token)) == [("LINK_INVALID", ["token"])]


async def test_asking_for_a_link_does_not_tell_who_has_an_account(door: Door, ground: Ground) -> None:
    person = await make_person(ground)

    answers = [await request_reset(door, each) for each in (person.email, "nobody@example.com", "no address", "")]

    assert answers == [{"done": True, "userErrors": []}] * 4


async def test_a_link_of_one_kind_does_not_do_for_the_other(door: Door, ground: Ground) -> None:
    payload = await door.mutate(REGISTER, {"input": somebody()})
    user_id = decode("user", payload["user"]["id"])
    assert user_id is not None
    token = await link_of(ground, user_id, TokenPurpose.EMAIL_VERIFY)

    assert refusals(await reset(door, token)) == [("LINK_INVALID", ["token"])]


# A new password.


async def change_password(door: Door, current: str, new: str) -> Any:
    given = {"currentPassword": current, "password": new}
    return await act(door, "passwordChange", "PasswordChangeInput", "done", **given)


async def test_a_new_password_ends_the_other_sessions_and_old_links(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    here, elsewhere = await log_in(door, person), await log_in(door, person)
    await request_reset(door, person.email)
    token = await link_of(ground, person.user.id, TokenPurpose.PASSWORD_RESET)

    payload = await change_password(here.door, PASSWORD, OTHER_PASSWORD)

    assert payload == {"done": True, "userErrors": []}
    assert [await is_in(here.door), await is_in(elsewhere.door)] == [True, False]
    assert refusals(await door.mutate(LOGIN, {"input": person.credentials})) == [("INVALID_CREDENTIALS", [])]
    assert refusals(await reset(door, token)) == [("LINK_INVALID", ["token"])]


async def test_the_current_password_is_asked_for(door: Door, ground: Ground) -> None:
    here = await log_in(door, await make_person(ground))

    payload = await change_password(here.door, OTHER_PASSWORD, OTHER_PASSWORD)

    assert refusals(payload) == [("INVALID_CREDENTIALS", ["currentPassword"])]


async def test_ones_own_address_is_no_password(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    await request_reset(door, person.email)
    token = await link_of(ground, person.user.id, TokenPurpose.PASSWORD_RESET)

    refused = await reset(door, token, person.email)

    assert refusals(refused) == [("PASSWORD_WEAK", ["password"])]


async def test_a_weak_new_password_changes_nothing(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    here, elsewhere = await log_in(door, person), await log_in(door, person)

    payload = await change_password(here.door, PASSWORD, f"{person.email}")

    assert refusals(payload) == [("PASSWORD_WEAK", ["password"])]
    assert await is_in(elsewhere.door)
    await log_in(door, person)


async def test_guessing_the_current_password_has_a_limit(door: Door, ground: Ground) -> None:
    here = await log_in(door, await make_person(ground))
    tries = " ".join(f"a{n}: passwordChange(input: $input) {{ done }}" for n in range(11))
    given = {"currentPassword": OTHER_PASSWORD, "password": OTHER_PASSWORD}

    reply = await here.door.execute(f"mutation ($input: PasswordChangeInput!) {{ {tries} }}", {"input": given})

    assert reply.code == "RATE_LIMITED"
    assert reply.errors[0]["path"] == ["a10"]
