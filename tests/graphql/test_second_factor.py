"""The second factor through the door: an app's codes, recovery codes, and what guessing costs."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pyotp.totp import TOTP
from sqlalchemy import select, update
from sqlalchemy.orm import undefer_group

from core import clock
from core.ground import Ground
from core.security.totp import STEP_SECONDS
from models import RecoveryCode, User
from tests.fixtures.door import Door
from tests.fixtures.people import LOGIN, OTHER_PASSWORD, PASSWORD, Person, SignedIn, act, log_in, make_person, refusals


@dataclass(frozen=True, slots=True, kw_only=True)
class Guarded:
    """Somebody with a second factor, and their device."""

    person: Person
    here: SignedIn
    app: TOTP
    recovery_codes: Sequence[str]


async def enroll(door: Door, password: str = PASSWORD) -> Any:
    return await act(door, "totpEnroll", "PasswordConfirmation", "uri secret", password=password)


async def confirm(door: Door, code: str) -> Any:
    return await act(door, "totpConfirm", "TotpConfirmInput", "recoveryCodes", code=code)


async def guarded(door: Door, ground: Ground) -> Guarded:
    person = await make_person(ground)
    here = await log_in(door, person)
    app = TOTP((await enroll(here.door))["secret"])
    codes = (await confirm(here.door, code_of(app)))["recoveryCodes"]
    await forget_step(ground, person)
    return Guarded(person=person, here=here, app=app, recovery_codes=codes)


async def forget_step(ground: Ground, person: Person) -> None:
    """Let time pass: the last code that was used is of long ago."""
    async with ground.database.system() as session:
        await session.execute(update(User).where(User.id == person.user.id).values(totp_last_step=1))


def code_of(app: TOTP, steps: int = 0) -> str:
    return app.generate_otp(int(clock.now().timestamp()) // STEP_SECONDS + steps)


def wrong_code(app: TOTP) -> str:
    near = {code_of(app, steps) for steps in (-2, -1, 0, 1, 2)}
    return next(code for code in ("000000", "111111", "222222", "333333", "444444", "555555") if code not in near)


async def try_in(door: Door, person: Person, **more: str) -> list[tuple[str, list[str]]]:
    return refusals(await door.mutate(LOGIN, {"input": {**person.credentials, **more}}))


async def test_an_account_with_a_second_factor_asks_for_its_code(door: Door, ground: Ground) -> None:
    who = await guarded(door, ground)

    without, wrong = await try_in(door, who.person), await try_in(door, who.person, code=wrong_code(who.app))
    signed = await log_in(door, who.person, code=code_of(who.app))

    assert without == [("SECOND_FACTOR_REQUIRED", ["code"])]
    assert wrong == [("SECOND_FACTOR_INVALID", ["code"])]
    assert signed.payload["accessToken"]


async def test_nothing_is_asked_before_the_app_is_confirmed(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    here = await log_in(door, person)

    await enroll(here.door)

    assert await try_in(door, person) == []


async def test_a_wrong_password_says_nothing_of_the_second_factor(door: Door, ground: Ground) -> None:
    who = await guarded(door, ground)

    payload = await door.mutate(
        LOGIN, {"input": {"email": who.person.email, "password": OTHER_PASSWORD, "code": code_of(who.app)}}
    )

    assert refusals(payload) == [("INVALID_CREDENTIALS", [])]
    assert await try_in(door, who.person, code=code_of(who.app)) == []


async def test_a_code_works_once_and_none_before_it_works_after_it(door: Door, ground: Ground) -> None:
    who = await guarded(door, ground)
    newest, older = code_of(who.app), code_of(who.app, -1)
    await log_in(door, who.person, code=newest)

    replayed, before = await try_in(door, who.person, code=newest), await try_in(door, who.person, code=older)

    assert replayed == before == [("SECOND_FACTOR_INVALID", ["code"])]


async def test_two_sign_ins_with_one_code_at_once_let_one_in(door: Door, ground: Ground) -> None:
    who = await guarded(door, ground)
    code = code_of(who.app)

    both = await asyncio.gather(*(try_in(door, who.person, code=code) for _ in range(2)))

    assert sorted(map(str, both)) == ["[('SECOND_FACTOR_INVALID', ['code'])]", "[]"]


async def test_a_recovery_code_works_once_however_it_is_typed(door: Door, ground: Ground) -> None:
    who = await guarded(door, ground)
    typed = f" {who.recovery_codes[0].lower().replace('-', '')} "

    first, second = await try_in(door, who.person, code=typed), await try_in(door, who.person, code=typed)

    assert first == []
    assert second == [("SECOND_FACTOR_INVALID", ["code"])]
    assert await try_in(door, who.person, code=who.recovery_codes[1]) == []


async def test_ten_recovery_codes_are_shown_once_and_kept_as_hashes(door: Door, ground: Ground) -> None:
    who = await guarded(door, ground)

    async with ground.database.system() as session:
        own = RecoveryCode.user_id == who.person.user.id
        hashes = (await session.scalars(select(RecoveryCode.code_hash).where(own))).all()

    assert len(set(who.recovery_codes)) == len(set(hashes)) == 10
    assert not any(code.encode() in kept for code in who.recovery_codes for kept in hashes)


async def test_the_secret_is_kept_sealed(door: Door, ground: Ground) -> None:
    who = await guarded(door, ground)

    async with ground.database.system() as session:
        statement = select(User).where(User.id == who.person.user.id).options(undefer_group("secrets"))
        kept = (await session.scalars(statement)).one().totp_secret

    assert kept is not None
    assert who.app.byte_secret() not in kept
    assert who.app.secret.encode() not in kept
    assert ground.vault.unseal(kept) == who.app.byte_secret()


async def test_recovery_codes_outlive_a_change_of_the_servers_secret(door: Door, ground: Ground) -> None:
    who = await guarded(door, ground)
    async with ground.database.system() as session:
        other = update(User).where(User.id == who.person.user.id).values(totp_secret=b"sealed with another secret")
        await session.execute(other)

    assert await try_in(door, who.person, code=code_of(who.app)) == [("SECOND_FACTOR_INVALID", ["code"])]
    assert await try_in(door, who.person, code=who.recovery_codes[0]) == []


async def test_guessing_codes_has_a_limit_even_with_the_password(door: Door, ground: Ground) -> None:
    who = await guarded(door, ground)
    wrong = wrong_code(who.app)
    tries = [await try_in(door, who.person, code=wrong) for _ in range(5)]

    limited = await door.execute(LOGIN, {"input": {**who.person.credentials, "code": code_of(who.app)}})

    assert tries == [[("SECOND_FACTOR_INVALID", ["code"])]] * 5
    assert limited.code == "RATE_LIMITED"


async def test_guessing_the_first_code_has_a_limit(door: Door, ground: Ground) -> None:
    here = await log_in(door, await make_person(ground))
    app = TOTP((await enroll(here.door))["secret"])
    tries = " ".join(f"a{n}: totpConfirm(input: $input) {{ recoveryCodes }}" for n in range(6))

    reply = await here.door.execute(
        f"mutation ($input: TotpConfirmInput!) {{ {tries} }}", {"input": {"code": wrong_code(app)}}
    )

    assert reply.code == "RATE_LIMITED"
    assert reply.errors[0]["path"] == ["a5"]


async def test_codes_of_any_shape_are_refused_alike(door: Door, ground: Ground) -> None:
    here = await log_in(door, await make_person(ground))
    await enroll(here.door)
    for code in ("12345", "١٢٣٤٥٦", "👻" * 1_000):
        payload = await confirm(here.door, code)
        assert refusals(payload) == [("SECOND_FACTOR_INVALID", ["code"])], code
        assert payload["recoveryCodes"] == []


async def test_enrolling_asks_for_the_password(door: Door, ground: Ground) -> None:
    here = await log_in(door, await make_person(ground))

    refused = await enroll(here.door, OTHER_PASSWORD)

    assert refusals(refused) == [("INVALID_CREDENTIALS", ["password"])]
    assert refused["secret"] is None
    assert refusals(await confirm(here.door, "123456")) == [("SECOND_FACTOR_MISSING", [])]


async def test_what_is_on_is_not_turned_on_again(door: Door, ground: Ground) -> None:
    who = await guarded(door, ground)

    again, confirmed = await enroll(who.here.door), await confirm(who.here.door, code_of(who.app, 1))

    assert refusals(again) == [("SECOND_FACTOR_ENABLED", [])]
    assert refusals(confirmed) == [("SECOND_FACTOR_ENABLED", [])]


async def test_it_is_turned_off_with_the_password(door: Door, ground: Ground) -> None:
    who = await guarded(door, ground)

    async def disable(password: str) -> list[tuple[str, list[str]]]:
        return refusals(await act(who.here.door, "totpDisable", "PasswordConfirmation", password=password))

    assert await disable(OTHER_PASSWORD) == [("INVALID_CREDENTIALS", ["password"])]
    assert await try_in(door, who.person) == [("SECOND_FACTOR_REQUIRED", ["code"])]
    assert await disable(PASSWORD) == []
    assert await disable(PASSWORD) == [("SECOND_FACTOR_MISSING", [])]
    assert await try_in(door, who.person) == []


async def test_new_recovery_codes_replace_the_old(door: Door, ground: Ground) -> None:
    who = await guarded(door, ground)

    renewed = await act(who.here.door, "recoveryCodesRenew", "PasswordConfirmation", "recoveryCodes", password=PASSWORD)

    assert not set(renewed["recoveryCodes"]) & set(who.recovery_codes)
    assert await try_in(door, who.person, code=who.recovery_codes[0]) == [("SECOND_FACTOR_INVALID", ["code"])]
    assert await try_in(door, who.person, code=renewed["recoveryCodes"][0]) == []


async def test_who_changes_how_they_sign_in_leaves_that_in_the_audit_log(door: Door, ground: Ground) -> None:
    somebody = await guarded(door, ground)
    here = somebody.here.door

    await act(here, "passwordChange", "PasswordChangeInput", currentPassword=PASSWORD, password=OTHER_PASSWORD)
    await act(here, "recoveryCodesRenew", "PasswordConfirmation", "recoveryCodes", password=OTHER_PASSWORD)
    await act(here, "totpDisable", "PasswordConfirmation", password=OTHER_PASSWORD)

    document = "{ auditLog(first: 20) { nodes { action actor { id } } } }"
    entries = (await here.execute(document)).data["auditLog"]["nodes"]
    own = [each["action"] for each in entries if each["actor"] is not None]
    assert [each for each in own if each.startswith("account.")] == [
        "account.second_factor_disable",
        "account.recovery_codes_renew",
        "account.password_change",
        "account.second_factor_enable",
        "account.login",
    ]
    assert OTHER_PASSWORD not in str(entries)
