"""How often signing in and its neighbours may be tried: by account, by address, and in all."""

from typing import Any

from core.ground import Ground
from core.ids import uuid7
from services.accounts import limits
from tests.fixtures.door import Door
from tests.fixtures.people import (
    LOGIN,
    OTHER_PASSWORD,
    PASSWORD,
    REGISTER,
    log_in,
    make_person,
    refusals,
)


def somebody(**more: Any) -> dict[str, Any]:
    return {"email": f"bia.{uuid7().hex}@example.com", "password": PASSWORD, "name": "Bia Souza", **more}


async def test_an_account_may_be_tried_ten_times_and_then_must_wait(door: Door, ground: Ground) -> None:
    person, other = await make_person(ground), await make_person(ground)
    wrong = {"input": {"email": person.email, "password": OTHER_PASSWORD}}
    first = [refusals(await door.mutate(LOGIN, wrong)) for _ in range(10)]

    limited = await door.execute(LOGIN, {"input": person.credentials})

    assert first == [[("INVALID_CREDENTIALS", [])]] * 10
    assert limited.code == "RATE_LIMITED"
    assert 0 < limited.errors[0]["extensions"]["retryAfter"] <= 90
    assert (await log_in(door, other)).payload["userErrors"] == []


async def test_the_unknown_are_counted_like_the_known(door: Door) -> None:
    nobody = {"input": {"email": f"{uuid7().hex}@example.com", "password": PASSWORD}}
    for _ in range(10):
        await door.mutate(LOGIN, nobody)

    assert (await door.execute(LOGIN, nobody)).code == "RATE_LIMITED"


async def test_each_alias_of_a_batch_is_a_try_of_its_own(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    tries = " ".join(f"a{n}: login(input: $input) {{ accessToken userErrors {{ code }} }}" for n in range(11))

    reply = await door.execute(
        f"mutation ($input: LoginInput!) {{ {tries} }}",
        {"input": {"email": person.email, "password": OTHER_PASSWORD}},
    )

    assert reply.code == "RATE_LIMITED"
    assert reply.errors[0]["path"] == ["a10"]
    assert (await door.execute(LOGIN, {"input": person.credentials})).code == "RATE_LIMITED"


async def test_an_address_may_try_sixty_accounts_and_then_must_wait(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    for batch in range(3):
        tries = " ".join(
            f'a{n}: login(input: {{email: "{batch}.{n}@example.com", password: "wrong"}}) {{ accessToken }}'
            for n in range(20)
        )
        assert (await door.execute(f"mutation {{ {tries} }}")).errors == []

    assert (await door.execute(LOGIN, {"input": person.credentials})).code == "RATE_LIMITED"


async def test_all_sign_ins_together_have_a_limit(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    limit = limits.LOGIN_IN_ALL
    await ground.throttle.spend(f"{limit.name}:", limit.quota, cost=limit.quota.limit)

    assert (await door.execute(LOGIN, {"input": person.credentials})).code == "RATE_LIMITED"


async def test_tries_that_are_refused_do_not_use_up_what_all_share(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    limit = limits.LOGIN_IN_ALL
    await ground.throttle.spend(f"{limit.name}:", limit.quota, cost=limit.quota.limit - 12)
    wrong = {"input": {"email": "victim@example.com", "password": PASSWORD}}

    for _ in range(30):
        await door.execute(LOGIN, wrong)

    assert (await door.execute(LOGIN, {"input": person.credentials})).code is None


async def test_signing_in_forgets_the_tries_before(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    wrong = {"input": {"email": person.email, "password": OTHER_PASSWORD}}
    for _ in range(9):
        await door.mutate(LOGIN, wrong)
    await log_in(door, person)

    again = [refusals(await door.mutate(LOGIN, wrong)) for _ in range(9)]

    assert again == [[("INVALID_CREDENTIALS", [])]] * 9


async def test_registrations_from_one_address_have_a_limit(door: Door) -> None:
    tries = " ".join(f"a{n}: register(input: $input) {{ accessToken }}" for n in range(20))
    query = f"mutation ($input: RegisterInput!) {{ {tries} }}"
    await door.execute(query, {"input": somebody(password="short")})

    assert (await door.execute(REGISTER, {"input": somebody()})).code == "RATE_LIMITED"


async def test_a_person_is_mailed_three_links_an_hour(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    query = "mutation ($input: PasswordResetRequestInput!) { passwordResetRequest(input: $input) { done } }"
    given = {"input": {"email": person.email}}
    for _ in range(3):
        await door.mutate(query, given)

    limited = await door.execute(query, given)
    nobody = [await door.execute(query, {"input": {"email": "nobody@example.com"}}) for _ in range(4)]

    assert limited.code == "RATE_LIMITED"
    assert [each.code for each in nobody] == [None, None, None, "RATE_LIMITED"]
