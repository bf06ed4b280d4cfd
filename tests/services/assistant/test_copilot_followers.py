"""Who may follow a suggestion: again, from elsewhere, instead of another, and how many at once."""

import asyncio
from dataclasses import replace
from typing import Any, Final

import pytest

from core.ground import Ground
from core.ids import uuid7
from models import Outcome
from services.assistant.copilot import claims, mirror
from services.assistant.copilot.events import (
    Completed,
    Delta,
    Failed,
    Numbered,
)
from services.assistant.copilot.streams import Pace
from services.assistant.errors import RequestReused, StreamGone, StreamsFull
from tests.fixtures.fleets import Fleeted, fleeted, ledger, says
from tests.fixtures.tenants import Tenant
from tests.fixtures.waiting import until
from tests.services.assistant.engines import followed, last_of
from tests.services.assistant.following import Follower, asked_of, elsewhere, kinds_of, text_of

READ, SAID = 1_200, 90
TEXT: Final = "O bolo de cenoura custa R$ 45,00 e fica pronto amanhã. Posso separar um para você?"
GOOD: Final = says(TEXT, parts=12, input_tokens=READ, output_tokens=SAID)


async def test_a_stream_is_taken_up_again_here_and_at_another_process(slow: Fleeted, tenant: Tenant) -> None:
    asked = asked_of(client_request_id=uuid7().hex)
    first = Follower(slow.assistant, tenant.owner, asked)
    await first.speaking(5)
    await first.drop()
    here = Follower(slow.assistant, tenant.owner, asked, after=first.seen[-1].seq)
    await here.speaking(5)
    await here.drop()

    there = Follower(elsewhere(slow), tenant.owner, asked, after=here.seen[-1].seq)
    await there.ended()

    seen = [*first.seen, *here.seen, *there.seen]
    assert isinstance(there.last, Completed)
    assert there.last.text == text_of(seen) == ("palavra " * 200).strip()
    assert slow.asked == {"openai": 1}


async def test_who_comes_back_after_the_end_gets_the_rest_and_then_nothing(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    asked = asked_of(client_request_id=uuid7().hex)
    async with fleeted(ground, redis_url, {"openai": GOOD}) as shown:
        events = await followed(shown.assistant, tenant.owner, asked)
        again = await followed(shown.assistant, tenant.owner, asked, after=4)
        await until(lambda: shown.assistant.streams.running == 0)
        later = await followed(elsewhere(shown), tenant.owner, asked, after=4)
        nothing = await followed(elsewhere(shown), tenant.owner, asked, after=events[-1].seq)
        beyond = await followed(elsewhere(shown), tenant.owner, asked, after=2**70)

    assert again[-1] == later[-1] == events[-1]
    rest = "".join(each.event.text for each in events[4:] if isinstance(each.event, Delta))
    assert [each.event.text for each in later if isinstance(each.event, Delta)] == [rest]
    assert (nothing, beyond) == ([], [])
    assert len((await ledger(ground, tenant.workspace_id)).charges) == 1


async def test_a_stream_that_is_over_waits_for_nobody(ground: Ground, redis_url: str, tenant: Tenant) -> None:
    """Its last event was seen, and its process still tells others."""
    asked = asked_of(client_request_id=uuid7().hex)
    async with fleeted(ground, redis_url, {"openai": GOOD}, pace=Pace(flush=1.0)) as shown:
        events = await followed(shown.assistant, tenant.owner, asked)
        running = shown.assistant.streams.running
        nothing = await asyncio.wait_for(followed(shown.assistant, tenant.owner, asked, after=events[-1].seq), 3)

    assert (running, nothing) == (1, [])


async def test_what_is_over_takes_no_place_of_what_comes_next(ground: Ground, redis_url: str, tenant: Tenant) -> None:
    """However slowly other processes are told."""
    async with fleeted(ground, redis_url, {"openai": GOOD}, pace=Pace(flush=1.0, each=2)) as shown:
        seen = [await followed(shown.assistant, tenant.owner, asked_of()) for _ in range(5)]

    assert all(isinstance(last_of(each), Completed) for each in seen)


async def test_who_follows_elsewhere_keeps_a_stream_alive_beyond_its_grace(slow: Fleeted, tenant: Tenant) -> None:
    asked = asked_of(client_request_id=uuid7().hex)
    first = Follower(slow.assistant, tenant.owner, asked)
    await first.speaking(5)
    await first.drop()

    there = Follower(elsewhere(slow), tenant.owner, asked, after=first.seen[-1].seq)
    await there.ended()

    assert isinstance(there.last, Completed)
    assert there.last.text == text_of([*first.seen, *there.seen])


@pytest.mark.parametrize("is_elsewhere", [False, True], ids=["here", "elsewhere"])
async def test_the_name_of_a_request_is_not_good_for_another(
    slow: Fleeted, tenant: Tenant, *, is_elsewhere: bool
) -> None:
    name = uuid7().hex
    first = Follower(slow.assistant, tenant.owner, asked_of("Vocês abrem no Natal?", client_request_id=name))
    await first.speaking(2)

    other = asked_of("Quanto custa o bolo?", client_request_id=name)
    with pytest.raises(RequestReused):
        await followed(elsewhere(slow) if is_elsewhere else slow.assistant, tenant.owner, other)

    assert slow.asked == {"openai": 1}
    await first.leave()


async def test_no_phone_number_and_no_name_of_a_request_stands_in_redis(slow: Fleeted, tenant: Tenant) -> None:
    named = asked_of(chat="5511987654321@c.us", client_request_id="5511987654321-1")
    follower = Follower(slow.assistant, tenant.owner, named)
    await follower.speaking(2)

    redis: Any = slow.assistant.ground.redis
    keys: list[bytes] = await redis.keys()

    assert any(b":chat:" in each for each in keys)
    assert not [each for each in keys if b"5511987654321" in each]
    await follower.leave()


async def test_a_process_that_dies_is_told_of_elsewhere(slow: Fleeted, tenant: Tenant) -> None:
    asked = asked_of(client_request_id=uuid7().hex)
    ground = slow.assistant.ground
    claim = await claims.claim(ground.redis, tenant.owner, asked, stream_id := uuid7(), 5)
    told = mirror.Mirror(ground, tenant.owner, stream_id)
    await told.tell([Numbered(seq=1, event=Delta(text="Olá", offset=0))])
    await ground.redis.delete(claims.alive_of(tenant.owner, stream_id))

    events = await followed(elsewhere(slow), tenant.owner, asked)

    assert claim.before is None
    last = last_of(events)
    assert isinstance(last, Failed)
    assert (kinds_of(events), last.code, last.retryable) == ([Delta, Failed], "STREAM_LOST", True)


@pytest.mark.parametrize("spelt", ["5511987654321@c.us", "551187654321@s.whatsapp.net"])
@pytest.mark.parametrize("is_elsewhere", [False, True], ids=["here", "elsewhere"])
async def test_a_newer_request_for_a_chat_takes_the_place_of_an_older(
    slow: Fleeted, tenant: Tenant, spelt: str, *, is_elsewhere: bool
) -> None:
    other = elsewhere(slow) if is_elsewhere else slow.assistant
    older = Follower(slow.assistant, tenant.owner, asked_of(chat="5511987654321@c.us"))
    bystander = Follower(slow.assistant, tenant.owner, asked_of(chat="5511987654322@c.us"))
    await asyncio.gather(older.speaking(3), bystander.speaking(3))

    newer = Follower(other, tenant.owner, asked_of(chat=spelt))
    await older.ended()
    await newer.speaking(3)

    assert isinstance(older.last, Failed)
    assert (older.last.code, older.last.retryable) == ("SUPERSEDED", False)
    assert not newer.task.done()
    assert not bystander.task.done()
    await asyncio.gather(newer.leave(), bystander.leave())
    await other.streams.stop()


async def test_the_newest_of_many_requests_at_once_is_written(slow: Fleeted, tenant: Tenant) -> None:
    many = [Follower(slow.assistant, tenant.owner, asked_of(chat="5511987654321@c.us")) for _ in range(8)]

    await until(lambda: sum(not each.task.done() for each in many) == 1)
    [newest] = [each for each in many if not each.task.done()]
    await newest.speaking(1)
    await newest.leave()

    assert all(isinstance(each.last, Failed) and each.last.code == "SUPERSEDED" for each in many if each is not newest)
    await until(lambda: slow.assistant.streams.running == 0)
    assert (await ledger(slow.assistant.ground, tenant.workspace_id)).held == 0


async def test_the_same_request_is_begun_and_paid_once(ground: Ground, redis_url: str, tenant: Tenant) -> None:
    asked = asked_of(client_request_id=uuid7().hex)
    async with fleeted(ground, redis_url, {"openai": GOOD}) as shown:
        houses = [shown.assistant, elsewhere(shown), shown.assistant, elsewhere(shown)]
        found = await asyncio.gather(*(followed(each, tenant.owner, asked) for each in houses))
        count = shown.asked

    assert count == {"openai": 1}
    assert {last_of(events) == last_of(found[0]) for events in found} == {True}
    assert {text_of(events) for events in found} == {TEXT}
    assert len((await ledger(ground, tenant.workspace_id)).charges) == 1


async def test_a_request_is_of_one_person(ground: Ground, redis_url: str, tenant: Tenant, other_tenant: Tenant) -> None:
    asked = asked_of(client_request_id=uuid7().hex)
    async with fleeted(ground, redis_url, {"openai": GOOD}) as shown:
        await followed(shown.assistant, tenant.owner, asked)
        await followed(shown.assistant, other_tenant.owner, asked)

        assert shown.asked == {"openai": 2}


async def test_a_person_follows_a_few_at_once(slow: Fleeted, tenant: Tenant, other_tenant: Tenant) -> None:
    many = [Follower(slow.assistant, tenant.owner, asked_of()) for _ in range(5)]
    await until(lambda: slow.assistant.streams.running == 5)

    with pytest.raises(StreamsFull):
        await followed(slow.assistant, tenant.owner, asked_of())
    with pytest.raises(StreamsFull):
        await followed(elsewhere(slow), tenant.owner, asked_of())
    stranger = Follower(slow.assistant, other_tenant.owner, asked_of())
    await stranger.speaking()
    await many[0].leave()
    await until(lambda: slow.assistant.streams.running == 5)
    again = Follower(slow.assistant, tenant.owner, asked_of())
    await again.speaking()

    assert not again.task.done()
    await asyncio.gather(*(each.leave() for each in [*many, stranger, again]))


async def test_what_is_not_kept_any_more_is_gone(slow: Fleeted, tenant: Tenant) -> None:
    asked = asked_of(client_request_id=uuid7().hex)
    redis = slow.assistant.ground.redis
    await claims.claim(redis, tenant.owner, asked, stream_id := uuid7(), 5)
    await redis.delete(claims.alive_of(tenant.owner, stream_id))

    with pytest.raises(StreamGone):
        await followed(slow.assistant, tenant.owner, asked)


@pytest.mark.parametrize("shows", [True, False])
async def test_what_breaks_off_is_paid_when_somebody_saw_pieces_of_it_elsewhere(
    slow: Fleeted, tenant: Tenant, *, shows: bool
) -> None:
    whole = replace(asked_of(client_request_id=uuid7().hex), is_whole=True)
    first = Follower(slow.assistant, tenant.owner, whole)
    await first.speaking()
    there = Follower(elsewhere(slow), tenant.owner, replace(whole, is_whole=not shows))
    await there.speaking()

    await slow.assistant.streams.stop()
    await there.ended()

    books = await ledger(slow.assistant.ground, tenant.workspace_id)
    assert (books.only.outcome, bool(books.charges), books.held) == (Outcome.CANCELLED, shows, 0)
