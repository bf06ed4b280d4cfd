"""Signing in takes the same work for the known and the unknown, and mends what was kept at another cost."""

import time
from collections.abc import AsyncIterator
from dataclasses import replace
from statistics import median

import bcrypt
import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import undefer_group

from core.errors import RateLimited
from core.ground import Ground
from core.ids import uuid7
from core.security.passwords import Passwords
from models import User
from services.access import Origin
from services.accounts import limits, login
from services.accounts.errors import CredentialsInvalid
from services.accounts.login import LoginDraft
from tests.fixtures.people import OTHER_PASSWORD, PASSWORD, make_person

TRIES = 7


@pytest.fixture
async def slow(ground: Ground) -> AsyncIterator[Ground]:
    """A ground whose passwords cost enough to be measured."""
    await ground.redis.flushdb()
    passwords = Passwords(rounds=9)
    yield replace(ground, passwords=passwords)
    passwords.close()


async def seconds_of(ground: Ground, email: str) -> float:
    began = time.perf_counter()
    with pytest.raises(CredentialsInvalid):
        await login.login(ground, Origin(), LoginDraft(email=email, password=OTHER_PASSWORD))
    return time.perf_counter() - began


async def test_the_unknown_and_the_closed_take_as_long_as_the_known(slow: Ground) -> None:
    known, closed = await make_person(slow), await make_person(slow)
    async with slow.database.system() as session:
        await session.execute(update(User).where(User.id == closed.user.id).values(is_active=False))
    who = {"known": known.email, "closed": closed.email, "unknown": "nobody@example.com", "no address": "nobody"}

    taken: dict[str, list[float]] = {name: [] for name in who}
    for _ in range(TRIES):
        for name, email in who.items():
            taken[name].append(await seconds_of(slow, email))

    ratios = {name: median(each) / median(taken["known"]) for name, each in taken.items()}
    assert all(0.5 < each < 2.0 for each in ratios.values()), ratios


async def test_a_hash_of_another_cost_is_replaced_when_its_owner_signs_in(slow: Ground, ground: Ground) -> None:
    person = await make_person(ground)

    await login.login(slow, Origin(), LoginDraft(email=person.email, password=PASSWORD))

    async with slow.database.system() as session:
        statement = select(User).where(User.id == person.user.id).options(undefer_group("secrets"))
        kept = (await session.scalars(statement)).one().password_hash
    assert kept.startswith(b"$2b$09$")
    assert not kept.startswith(bcrypt.gensalt(4)[:7])
    assert await slow.passwords.verify(PASSWORD, kept)


@pytest.mark.parametrize(
    ("first", "second", "is_shared"),
    [
        ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", True),
        ("2001:db8:1:2::1", "2001:db8:1:3::1", False),
        ("::ffff:192.0.2.1", "192.0.2.1", True),
        ("192.0.2.1", "192.0.2.2", False),
        (None, "", True),
        ("unix", "testclient", False),
    ],
)
async def test_a_site_counts_as_one_address(ground: Ground, first: str | None, second: str, is_shared: bool) -> None:
    limit = replace(limits.REGISTER_BY_ADDRESS, name=uuid7().hex)
    for _ in range(limit.quota.limit):
        await limits.spend_at(ground, limit, Origin(ip=first))

    try:
        await limits.spend_at(ground, limit, Origin(ip=second))
        refused = False
    except RateLimited:
        refused = True

    assert refused is is_shared
