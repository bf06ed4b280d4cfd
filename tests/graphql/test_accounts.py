"""Accounts through the door: register, sign in, the proven address, the profile."""

import asyncio
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, text, update

from core import clock
from core.ground import Ground
from core.ids import decode, encode, uuid7
from models import TokenPurpose, User, Workspace
from tests.fixtures.door import Door
from tests.fixtures.people import (
    LOGIN,
    ME,
    OTHER_PASSWORD,
    PASSWORD,
    REGISTER,
    act,
    link_of,
    log_in,
    make_person,
    refusals,
)


def somebody(**more: Any) -> dict[str, Any]:
    return {"email": f"bia.{uuid7().hex}@example.com", "password": PASSWORD, "name": "Bia Souza", **more}


async def users_with(ground: Ground, email: str) -> int:
    async with ground.database.system() as session:
        return await session.scalar(select(func.count()).where(User.email == email.lower())) or 0


# Registration.


async def test_registering_makes_an_account_with_a_workspace_and_signs_in(door: Door) -> None:
    given = somebody(workspaceName="Padaria São José", language="en", timezone="Europe/Lisbon")

    payload = await door.mutate(REGISTER, {"input": given})

    assert payload["userErrors"] == []
    me = (await door.with_token(payload["accessToken"]).execute(ME)).data["me"]
    assert me["user"] == {"id": payload["user"]["id"], "name": "Bia Souza", "email": given["email"]}
    assert (me["role"], me["workspace"]["name"]) == ("OWNER", "Padaria São José")
    assert me["emailVerifiedAt"] is None


async def test_registering_without_a_workspace_leaves_one_in_none(door: Door) -> None:
    payload = await door.mutate(REGISTER, {"input": somebody()})

    mine = door.with_token(payload["accessToken"])
    assert payload["workspaceId"] is None
    assert (await mine.execute(ME)).data["me"]["workspace"] is None
    assert (await mine.execute("{ workspaceUsage { members } }")).code == "NOT_WORKSPACE_MEMBER"


async def test_registering_tells_of_every_bad_value_at_once_and_writes_nothing(door: Door, ground: Ground) -> None:
    given = somebody(name=" ", workspaceName="x" * 101, language="Portuguese!", timezone="Mars/Olympus")

    payload = await door.mutate(REGISTER, {"input": {**given, "password": "password12"}})

    assert refusals(payload) == [
        ("REQUIRED", ["name"]),
        ("TOO_LONG", ["workspaceName"]),
        ("LANGUAGE_UNKNOWN", ["language"]),
        ("TIMEZONE_UNKNOWN", ["timezone"]),
        ("PASSWORD_WEAK", ["password"]),
    ]
    assert payload["accessToken"] is None
    assert await users_with(ground, given["email"]) == 0


@pytest.mark.parametrize(
    "email", ["", "ana", "ana@", "@example.com", "a b@example.com", "ana@example.com\x00", "a" * 255]
)
async def test_what_is_no_address_is_refused(door: Door, email: str) -> None:
    payload = await door.mutate(REGISTER, {"input": somebody(email=email)})

    assert refusals(payload) == [("EMAIL_INVALID", ["email"])]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("", "REQUIRED"),
        ("   ", "REQUIRED"),
        ("x" * 1_000, "TOO_LONG"),
        ("Ana\x00", "TEXT_INVALID"),
        ("Ana\x1b[31m", "TEXT_INVALID"),
        ("ana\u202eanA", "TEXT_INVALID"),
    ],
)
async def test_a_name_that_deceives_or_does_not_fit_is_refused(door: Door, name: str, code: str) -> None:
    payload = await door.mutate(REGISTER, {"input": somebody(name=name)})

    assert refusals(payload) == [(code, ["name"])]


@pytest.mark.parametrize("name", ["محمد عبد الله", "שרה לוי", "👩‍👩‍👧 Família", "Nguyễn Thị Ánh", "李小龍", "x" * 100])
async def test_names_of_the_whole_world_are_kept_as_they_are(door: Door, name: str) -> None:
    payload = await door.mutate(REGISTER, {"input": somebody(name=name)})

    assert payload["user"]["name"] == name


@pytest.mark.parametrize(
    "password", ["", "short", "password12", "1234567890", "qwertyuiop", "aaaaaaaaaaaa", "x" * 1_000]
)
async def test_common_short_and_endless_passwords_are_refused(door: Door, password: str) -> None:
    payload = await door.mutate(REGISTER, {"input": somebody(password=password)})

    assert refusals(payload) == [("PASSWORD_WEAK", ["password"])]


async def test_ones_own_name_and_address_are_no_password(door: Door) -> None:
    given = somebody(name="Maximiliana Quixabeira")

    for password in ("maximiliana quixabeira", given["email"], given["email"].upper()):
        payload = await door.mutate(REGISTER, {"input": {**given, "password": password}})

        assert refusals(payload) == [("PASSWORD_WEAK", ["password"])]


@pytest.mark.parametrize(
    "password", ["\x00\x01\x02 heron lantern 77", "пароль из цапли и лампы", "🦩🏮🍊 heron lantern", "y7$" * 85]
)
async def test_any_characters_make_a_password(door: Door, password: str) -> None:
    given = somebody(password=password)

    payload = await door.mutate(REGISTER, {"input": given})

    assert payload["userErrors"] == []
    again = await door.mutate(LOGIN, {"input": {"email": given["email"], "password": password}})
    assert again["userErrors"] == []


async def test_an_address_is_taken_however_it_is_written(door: Door) -> None:
    given = somebody()
    await door.mutate(REGISTER, {"input": given})

    payload = await door.mutate(REGISTER, {"input": {**given, "email": f" {given['email'].upper()} "}})

    assert refusals(payload) == [("EMAIL_TAKEN", ["email"])]


async def test_two_who_register_one_address_at_once_make_one_account(door: Door, ground: Ground) -> None:
    given = somebody(workspaceName="Padaria")

    payloads = await asyncio.gather(*(door.mutate(REGISTER, {"input": given}) for _ in range(2)))

    assert sorted(map(str, map(refusals, payloads))) == ["[('EMAIL_TAKEN', ['email'])]", "[]"]
    assert await users_with(ground, given["email"]) == 1


async def test_lone_surrogates_are_refused(door: Door, ground: Ground) -> None:
    given = somebody(name="BROKEN")
    escaped = b'{"query": "mutation ($i: RegisterInput!) { register(input: $i) { accessToken } }", "variables": {"i": '
    fields = f'{{"email": "{given["email"]}", "password": "{PASSWORD}", "name": "\\ud800"}}'

    in_json = await door.post(escaped + fields.encode() + b"}}")
    inline = await door.execute(
        f'mutation {{ register(input: {{email: "{given["email"]}", password: "{PASSWORD}", name: "\\uD800"}})'
        " { accessToken userErrors { code } } }"
    )

    assert in_json.json()["data"]["register"]["accessToken"] is None
    assert inline.code in ("GRAPHQL_PARSE_FAILED", None)
    assert inline.status < 500
    assert await users_with(ground, given["email"]) == 0


# Signing in.


async def test_signing_in_answers_with_tokens_and_the_person(door: Door, ground: Ground) -> None:
    person = await make_person(ground)

    signed = await log_in(door, person)

    assert signed.payload["user"]["id"] == encode("user", person.user.id)
    assert signed.payload["workspaceId"] == encode("workspace", person.workspace_id)
    assert signed.payload["expiresAt"].startswith(f"{clock.now() + timedelta(minutes=10):%Y-%m-%dT%H}")
    assert (await signed.door.execute(ME)).data["me"]["user"]["email"] == person.email


async def test_the_unknown_the_mistaken_and_the_closed_get_one_answer(door: Door, ground: Ground) -> None:
    person, closed = await make_person(ground), await make_person(ground)
    async with ground.database.system() as session:
        await session.execute(update(User).where(User.id == closed.user.id).values(is_active=False))
    tries = [
        {"email": person.email, "password": OTHER_PASSWORD},
        {"email": person.email, "password": ""},
        {"email": person.email, "password": "x" * 1_000},
        {"email": "nobody@example.com", "password": PASSWORD},
        {"email": "no address", "password": PASSWORD},
        {"email": "", "password": PASSWORD},
        {"email": "\x00' OR 1=1 --", "password": PASSWORD},
        dict(closed.credentials),
    ]

    answers = [await door.mutate(LOGIN, {"input": each}) for each in tries]

    assert refusals(answers[0]) == [("INVALID_CREDENTIALS", [])]
    assert all(each == answers[0] for each in answers)


async def test_the_same_keys_give_the_same_password_on_every_system(door: Door, ground: Ground) -> None:
    given = somebody(password="cafe\u0301 heron lantern")
    await door.mutate(REGISTER, {"input": given})

    payload = await door.mutate(LOGIN, {"input": {"email": given["email"], "password": "caf\u00e9 heron lantern"}})

    assert payload["userErrors"] == []


# The address.


async def verify(door: Door, token: str) -> Any:
    return await act(door, "emailVerify", "EmailVerifyInput", "done", token=token)


async def test_a_mailed_link_proves_the_address_once(door: Door, ground: Ground) -> None:
    payload = await door.mutate(REGISTER, {"input": somebody()})
    mine = door.with_token(payload["accessToken"])
    user_id = decode("user", payload["user"]["id"])
    assert user_id is not None
    await mine.mutate("mutation { emailVerifyRequest { done } }")
    token = await link_of(ground, user_id, TokenPurpose.EMAIL_VERIFY)

    first, second = await verify(door, token), await verify(door, token)

    assert first == {"done": True, "userErrors": []}
    assert refusals(second) == [("LINK_INVALID", ["token"])]
    assert (await mine.execute(ME)).data["me"]["emailVerifiedAt"] is not None


# The profile.

_USER = "user { name avatarUrl language timezone }"


async def update_profile(door: Door, **given: Any) -> Mapping[str, Any]:
    return await act(door, "profileUpdate", "ProfileUpdateInput", _USER, **given)


async def test_a_profile_is_changed_where_something_is_given(door: Door, ground: Ground) -> None:
    mine = (await log_in(door, await make_person(ground))).door
    await update_profile(mine, phone="(11) 98765-4321", avatarUrl="https://example.com/a.png")

    payload = await update_profile(mine, name="  Ana   Maria ", language="en", avatarUrl=None)

    assert payload["user"] == {
        "name": "Ana Maria",
        "avatarUrl": None,
        "language": "en",
        "timezone": "America/Sao_Paulo",
    }
    assert (await mine.execute(ME)).data["me"]["phone"] == "+5511987654321"


async def test_a_profile_tells_of_every_bad_value_at_once_and_keeps_the_old(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    mine = (await log_in(door, person)).door

    payload = await update_profile(
        mine, name=None, phone="12", avatarUrl="javascript:alert(1)", language="xx_YY", timezone=None
    )

    assert refusals(payload) == [
        ("REQUIRED", ["name"]),
        ("PHONE_INVALID", ["phone"]),
        ("URL_INVALID", ["avatarUrl"]),
        ("LANGUAGE_UNKNOWN", ["language"]),
        ("REQUIRED", ["timezone"]),
    ]
    assert (await mine.execute(ME)).data["me"]["user"]["name"] == person.user.name


async def test_a_profile_cannot_be_given_what_it_does_not_take(door: Door, ground: Ground) -> None:
    mine = (await log_in(door, await make_person(ground))).door
    query = "mutation ($input: ProfileUpdateInput!) { profileUpdate(input: $input) { user { id } } }"

    codes = [
        (await mine.execute(query, {"input": {name: value}})).code
        for name, value in {"email": "x@example.com", "isActive": True, "passwordHash": "x", "role": "OWNER"}.items()
    ]

    assert codes == ["BAD_USER_INPUT"] * 4


# What is written down.


async def test_no_secret_reaches_the_audit_log_or_the_event_log(door: Door, ground: Ground) -> None:
    given = somebody(workspaceName="Padaria")
    payload = await door.mutate(REGISTER, {"input": given})
    signed = await door.mutate(LOGIN, {"input": {"email": given["email"], "password": PASSWORD}})
    mine, both = door.with_token(signed["accessToken"]), {"currentPassword": PASSWORD, "password": OTHER_PASSWORD}
    await act(mine, "passwordChange", "PasswordChangeInput", "done", **both)
    workspace_id = decode("workspace", payload["workspaceId"])

    async with ground.database.system() as session:
        here = {"id": workspace_id}
        written = "\n".join(
            [
                *await session.scalars(text("SELECT a::text FROM audit_entries a WHERE workspace_id = :id"), here),
                *await session.scalars(text("SELECT e::text FROM events e WHERE workspace_id = :id"), here),
            ]
        )
        found = await session.scalar(select(Workspace.name).where(Workspace.id == workspace_id))

    assert found == "Padaria"
    assert "account.login" in written
    handed_out = [each[name] for each in (payload, signed) for name in ("accessToken", "refreshToken")]
    assert [each for each in (PASSWORD, OTHER_PASSWORD, "$2b$", *handed_out) if each in written] == []


@pytest.mark.parametrize(
    "input",
    [
        {"email": "ana@example.com", "password": "MyS3cretPassw0rd", "remember": True},
        {"email": "ana@example.com", "passwort": "MyS3cretPassw0rd"},
        {"email": "ana@example.com", "password": ["MyS3cretPassw0rd"]},
        "MyS3cretPassw0rd",
    ],
    ids=["unknown field", "missing field", "wrong type", "no object"],
)
async def test_a_refused_value_is_not_repeated(door: Door, input: object) -> None:
    reply = await door.execute(
        "mutation ($input: LoginInput!) { login(input: $input) { accessToken } }", {"input": input}
    )

    assert reply.code == "BAD_USER_INPUT"
    assert "S3cret" not in str(reply.body)
