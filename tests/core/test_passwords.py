"""Passwords: hashed slowly off the loop, in a bounded queue, and judged before they are taken."""

import asyncio
import time
from collections.abc import Iterator

import bcrypt
import pytest

from core.security.passwords import Passwords, PasswordsBusy


@pytest.fixture
def passwords() -> Iterator[Passwords]:
    made = Passwords(rounds=4)
    yield made
    made.close()


async def test_a_password_is_recognised_and_no_other(passwords: Passwords) -> None:
    kept = await passwords.hash("marmalade heron lantern")

    assert kept.startswith(b"$2b$04$")
    assert await passwords.verify("marmalade heron lantern", kept)
    assert not await passwords.verify("marmalade heron lanterm", kept)
    assert not await passwords.verify("", kept)


async def test_what_comes_behind_the_72nd_byte_counts(passwords: Passwords) -> None:
    kept = await passwords.hash("x" * 100 + "a")

    assert not await passwords.verify("x" * 100 + "b", kept)


async def test_what_comes_behind_a_zero_counts(passwords: Passwords) -> None:
    kept = await passwords.hash("marmalade\x00heron")

    assert not await passwords.verify("marmalade\x00stork", kept)


async def test_one_password_is_kept_differently_each_time(passwords: Passwords) -> None:
    assert await passwords.hash("marmalade heron") != await passwords.hash("marmalade heron")


@pytest.mark.parametrize("kept", [None, b"", b"no password", b"$2b$"])
async def test_who_has_no_password_is_not_recognised(passwords: Passwords, kept: bytes | None) -> None:
    assert not await passwords.verify("nobody has this password", kept)


@pytest.mark.parametrize("password", ["\ud800" * 12, "👻" * 50, "\x00" * 12, "x" * 100_000])
async def test_any_text_can_be_hashed(passwords: Passwords, password: str) -> None:
    assert await passwords.verify(password, await passwords.hash(password))


def test_a_hash_of_another_cost_is_made_again(passwords: Passwords) -> None:
    assert passwords.needs_rehash(bcrypt.hashpw(b"x", bcrypt.gensalt(5)))
    assert not passwords.needs_rehash(bcrypt.hashpw(b"x", bcrypt.gensalt(4)))


async def test_hashing_does_not_hold_up_the_loop() -> None:
    slow = Passwords(rounds=11)
    gaps: list[float] = []

    async def watch() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.001)
            gaps.append(time.monotonic() - began)

    watcher = asyncio.create_task(watch())
    began = time.monotonic()
    await slow.hash("marmalade heron lantern")
    taken = time.monotonic() - began
    watcher.cancel()
    slow.close()

    assert max(gaps) < taken / 2


async def test_a_queue_that_is_full_refuses_at_once() -> None:
    slow = Passwords(rounds=11, threads=1)
    waiting = [asyncio.create_task(slow.hash("marmalade heron")) for _ in range(64)]
    await asyncio.sleep(0)

    with pytest.raises(PasswordsBusy):
        await slow.hash("marmalade heron")

    for task in waiting:
        task.cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    slow.close()


@pytest.mark.parametrize(
    "password", ["password1234", "iloveyou12", "1q2w3e4r5t", "senha12345", "flamengo10", "\ud800" * 12]
)
async def test_what_is_easy_to_guess_is_refused_with_a_remedy(passwords: Passwords, password: str) -> None:
    assert "choose" in (await passwords.weakness(password) or "").lower()


@pytest.mark.parametrize("password", ["marmalade heron lantern", "kq7$vzR2!m", "пароль цапли и лампы"])
async def test_what_is_hard_to_guess_is_taken(passwords: Passwords, password: str) -> None:
    assert await passwords.weakness(password) is None


async def test_words_about_the_person_are_easy_to_guess(passwords: Passwords) -> None:
    about = ("maximiliana.quixabeira.de.albuquerque@example.com", "Maximiliana Quixabeira")

    assert await passwords.weakness("quixabeira", about) is not None
    assert await passwords.weakness(about[0], about) is not None
    assert await passwords.weakness(about[1], about) is not None


async def test_a_password_made_to_be_slow_is_judged_in_time(passwords: Passwords) -> None:
    slow = "4@8({[<369&#!1/|0$5+7%2" * 11

    async def work_of(password: str) -> float:
        began = time.process_time()
        await passwords.weakness(password)
        return time.process_time() - began

    judged, whole = await work_of(slow[:32]), await work_of(slow)

    assert whole < 2 * judged
    assert min(judged, whole) < 1.5
