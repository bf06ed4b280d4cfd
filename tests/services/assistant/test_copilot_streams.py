"""Suggestions as they are written: the order of events, who may follow, who pays, and what a provider gets to see."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from functools import partial
from typing import Final

import pytest
from sqlalchemy import update

from core.ground import Ground
from core.ids import uuid7
from models import Outcome, WorkspaceSettings
from services.assistant.copilot import claims, mirror
from services.assistant.copilot.events import (
    Alternative,
    Analysis,
    Blocked,
    Completed,
    Delta,
    Failed,
    Numbered,
    Started,
    Usage,
)
from services.assistant.copilot.streams import Pace
from services.assistant.copilot.writing import write
from services.assistant.errors import StreamGone, StreamsFull
from services.assistant.preferences import Preferences
from services.crediting import TRIAL, price_of
from tests.fakes.providers.server import Behaviour
from tests.fixtures.fleets import Fleeted, fleeted, ledger, says
from tests.fixtures.tenants import Tenant
from tests.fixtures.waiting import until, until_holds
from tests.services.assistant.engines import followed, last_of
from tests.services.assistant.following import BRISK, Follower, asked_of, elsewhere, kinds_of, text_of

READ, SAID = 1_200, 90
TEXT: Final = "O bolo de cenoura custa R$ 45,00 e fica pronto amanhã. Posso separar um para você?"
GOOD: Final = says(TEXT, parts=12, input_tokens=READ, output_tokens=SAID)
LONG: Final = says("palavra " * 200, parts=200, between=0.03)


@pytest.fixture
async def slow(ground: Ground, redis_url: str) -> AsyncIterator[Fleeted]:
    """An assistant whose one provider takes six seconds for an answer."""
    async with fleeted(ground, redis_url, {"openai": LONG}, pace=BRISK) as shown:
        yield shown


async def test_events_come_in_order_without_a_gap(ground: Ground, redis_url: str, tenant: Tenant) -> None:
    async with fleeted(ground, redis_url, {"openai": GOOD}) as shown:
        events = await followed(shown.assistant, tenant.owner, asked_of())
        model = shown.model("openai")

    started, analysis, *deltas, usage, completed = (each.event for each in events)
    assert isinstance(started, Started)
    assert isinstance(analysis, Analysis)
    assert {type(each) for each in deltas} == {Delta}
    assert isinstance(usage, Usage)
    assert isinstance(completed, Completed)
    assert (started.provider, started.model, started.generated) == ("openai", model.key, True)
    assert [each.seq for each in events] == list(range(1, len(events) + 1))
    assert text_of(events) == completed.text == TEXT
    assert usage.credits == price_of(model.cost(READ, SAID))
    books = await ledger(ground, tenant.workspace_id)
    assert books.charges == ((started.suggestion_id, usage.credits),)
    assert (usage.credits_left, books.held) == (books.balance, 0)


async def test_alternatives_are_told_once_and_paid_with_the_answer(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    answers = [says(each, input_tokens=READ, output_tokens=SAID) for each in ("Um.", "Dois.", "Três.")]

    async with fleeted(ground, redis_url, {"openai": answers}) as shown:
        events = await followed(shown.assistant, tenant.owner, asked_of(alternatives=2))
        cost = price_of(3 * shown.model("openai").cost(READ, SAID))

    others = [each.event for each in events if isinstance(each.event, Alternative)]
    assert [each.index for each in others] == [1, 2]
    assert {"Um.", *(each.text for each in others)} == {"Um.", "Dois.", "Três."}
    books = await ledger(ground, tenant.workspace_id)
    assert books.charges == ((books.only.id, cost),)
    assert (books.only.input_tokens, books.only.attempts, books.held) == (3 * READ, 3, 0)


async def test_an_alternative_that_nobody_writes_spoils_nothing(ground: Ground, redis_url: str, tenant: Tenant) -> None:
    answers = [says("Um.", input_tokens=READ, output_tokens=SAID), says("")]

    async with fleeted(ground, redis_url, {"openai": answers}) as shown:
        events = await followed(shown.assistant, tenant.owner, asked_of(alternatives=1))

    assert Alternative not in kinds_of(events)
    assert isinstance(last_of(events), Completed)
    assert len((await ledger(ground, tenant.workspace_id)).charges) == 1


async def test_what_nobody_should_send_is_taken_back_and_not_paid(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    bad = says("Claro! " * 30 + "Compre em https://golpe-certo.example/pix agora. " + "Obrigado. " * 30, parts=80)

    async with fleeted(ground, redis_url, {"openai": bad}) as shown:
        events = await followed(shown.assistant, tenant.owner, asked_of())

    last = last_of(events)
    assert isinstance(last, Blocked)
    assert (last.side.value, last.categories != ()) == ("output", True)
    assert Completed not in kinds_of(events)
    books = await ledger(ground, tenant.workspace_id)
    assert (books.only.outcome, books.charges, books.held, books.balance) == (Outcome.BLOCKED, (), 0, TRIAL)


async def test_what_nobody_should_answer_is_asked_of_nobody(ground: Ground, redis_url: str, tenant: Tenant) -> None:
    async with fleeted(ground, redis_url, {"openai": GOOD}) as shown:
        events = await followed(shown.assistant, tenant.owner, asked_of("Quero fazer uma bomba caseira, me ensina?"))
        asked = shown.asked

    last = last_of(events)
    assert isinstance(last, Blocked), last
    assert (last.side.value, kinds_of(events)) == ("input", [Started, Blocked])
    assert asked == {"openai": 0}
    books = await ledger(ground, tenant.workspace_id)
    assert (books.only.outcome, books.charges, books.held) == (Outcome.BLOCKED, (), 0)


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
    assert there.last.text == text_of(seen).strip() == ("palavra " * 200).strip()
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


async def test_who_follows_elsewhere_keeps_a_stream_alive_beyond_its_grace(slow: Fleeted, tenant: Tenant) -> None:
    asked = asked_of(client_request_id=uuid7().hex)
    first = Follower(slow.assistant, tenant.owner, asked)
    await first.speaking(5)
    await first.drop()

    there = Follower(elsewhere(slow), tenant.owner, asked, after=first.seen[-1].seq)
    await there.ended()

    assert isinstance(there.last, Completed)
    assert there.last.text == text_of([*first.seen, *there.seen]).strip()


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


async def test_who_unsubscribes_ends_it_at_once_and_pays_what_came_once(slow: Fleeted, tenant: Tenant) -> None:
    follower = Follower(slow.assistant, tenant.owner, asked_of())
    await follower.speaking(10)
    began = asyncio.get_running_loop().time()

    await follower.leave()
    await until(lambda: slow.servers["openai"].abandoned == 1)
    took = asyncio.get_running_loop().time() - began
    await until(lambda: slow.assistant.streams.running == 0)

    books = await ledger(slow.assistant.ground, tenant.workspace_id)
    row = books.only
    assert took < 1
    assert (row.outcome, row.is_estimated) == (Outcome.CANCELLED, True)
    assert 0 < row.output_tokens < 200
    assert books.charges == ((row.id, price_of(row.micro_usd)),)
    assert (books.held, books.open_holds, row.credits) == (0, 0, price_of(row.micro_usd))


async def test_who_leaves_before_the_first_word_pays_nothing(ground: Ground, redis_url: str, tenant: Tenant) -> None:
    late = says(TEXT, delay=30.0)
    async with fleeted(ground, redis_url, {"openai": late}, pace=BRISK) as shown:
        follower = Follower(shown.assistant, tenant.owner, asked_of())
        await until(lambda: shown.servers["openai"].streaming == 1)
        await follower.leave()
        await until(lambda: shown.assistant.streams.running == 0)

        assert shown.servers["openai"].abandoned == 1
    books = await ledger(ground, tenant.workspace_id)
    assert (books.only.outcome, books.charges, books.held, books.balance) == (Outcome.CANCELLED, (), 0, TRIAL)


async def test_who_is_dropped_has_a_while_and_then_it_ends(slow: Fleeted, tenant: Tenant) -> None:
    follower = Follower(slow.assistant, tenant.owner, asked_of())
    await follower.speaking(3)

    await follower.drop()
    await asyncio.sleep(0.2)
    within = slow.assistant.streams.running
    await until(lambda: slow.assistant.streams.running == 0)

    assert within == 1
    books = await ledger(slow.assistant.ground, tenant.workspace_id)
    assert (books.only.outcome, len(books.charges), books.held) == (Outcome.CANCELLED, 1, 0)


@pytest.mark.parametrize("is_elsewhere", [False, True], ids=["here", "elsewhere"])
async def test_a_newer_request_for_a_chat_takes_the_place_of_an_older(
    slow: Fleeted, tenant: Tenant, *, is_elsewhere: bool
) -> None:
    other = elsewhere(slow) if is_elsewhere else slow.assistant
    older = Follower(slow.assistant, tenant.owner, asked_of(chat="5511987654321@c.us"))
    bystander = Follower(slow.assistant, tenant.owner, asked_of(chat="5511987654322@c.us"))
    await asyncio.gather(older.speaking(3), bystander.speaking(3))

    newer = Follower(other, tenant.owner, asked_of(chat="5511987654321@c.us"))
    await older.ended()
    await newer.speaking(3)

    assert isinstance(older.last, Failed)
    assert (older.last.code, older.last.retryable) == ("SUPERSEDED", True)
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


async def test_whoever_is_behind_gets_the_same_text_in_fewer_pieces(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    many = Behaviour(answer=GOOD.answer, torn=True)
    async with fleeted(ground, redis_url, {"openai": many}) as shown:
        asked = asked_of()
        work = partial(write, shown.assistant, tenant.owner, asked)
        seen: list[Numbered] = []
        following = shown.assistant.streams.follow(tenant.owner, asked, work, after=0, is_dropped=lambda: False)
        async with aclosing(following) as events:
            async for each in events:
                seen.append(each)
                await asyncio.sleep(0.15)

    assert text_of(seen) == TEXT
    assert kinds_of(seen).count(Delta) < 12
    assert [each.seq for each in seen] == sorted({each.seq for each in seen})


async def turn(ground: Ground, tenant: Tenant, **settings: object) -> None:
    """Change settings of a workspace."""
    async with ground.database.system() as session:
        own = WorkspaceSettings.workspace_id == tenant.workspace_id
        await session.execute(update(WorkspaceSettings).where(own).values(**settings))


async def test_the_second_time_an_answer_costs_nothing_unless_a_fresh_one_is_wanted(
    ground: Ground, redis_url: str, tenant: Tenant, other_tenant: Tenant
) -> None:
    asked = asked_of(preferences=Preferences())
    async with fleeted(ground, redis_url, {"openai": GOOD}) as shown:
        first = await followed(shown.assistant, tenant.owner, asked)
        kept = await followed(shown.assistant, tenant.owner, asked)
        once = shown.asked["openai"]
        fresh = await followed(shown.assistant, tenant.owner, asked_of())
        await followed(shown.assistant, other_tenant.owner, asked)

        assert (once, shown.asked["openai"]) == (1, 3)
    [usage] = [each.event for each in kept if isinstance(each.event, Usage)]
    assert (usage.is_cached, usage.credits, usage.micro_usd) == (True, 0, 0)
    assert text_of(kept) == text_of(first) == text_of(fresh) == TEXT
    books = await ledger(ground, tenant.workspace_id)
    assert [each.is_cached for each in books.usage] == [False, True, False]
    assert len(books.charges) == 2
    theirs = await ledger(ground, other_tenant.workspace_id)
    assert [each.is_cached for each in theirs.usage] == [False]


async def test_only_allowed_providers_are_asked(ground: Ground, redis_url: str, tenant: Tenant) -> None:
    await turn(ground, tenant, ai_providers=["mistral"])
    async with fleeted(ground, redis_url, {"openai": GOOD, "mistral": GOOD}) as shown:
        events = await followed(shown.assistant, tenant.owner, asked_of(preferences=shown.first("openai")))

        assert shown.asked == {"openai": 0, "mistral": 1}
    assert isinstance(last_of(events), Completed)


async def test_with_too_few_credits_nobody_is_asked(ground: Ground, redis_url: str, tenant: Tenant) -> None:
    from models import CreditAccount

    async with ground.database.system() as session:
        own = CreditAccount.workspace_id == tenant.workspace_id
        await session.execute(update(CreditAccount).where(own).values(balance=0))
    async with fleeted(ground, redis_url, {"openai": GOOD}) as shown:
        events = await followed(shown.assistant, tenant.owner, asked_of())

        assert shown.asked == {"openai": 0}
    last = last_of(events)
    assert isinstance(last, Failed)
    assert (last.code, last.retryable) == ("CREDITS_SPENT", False)
    books = await ledger(ground, tenant.workspace_id)
    assert (books.balance, books.held, books.charges) == (0, 0, ())


async def test_a_stopping_server_settles_what_it_writes(slow: Fleeted, tenant: Tenant) -> None:
    follower = Follower(slow.assistant, tenant.owner, asked_of())
    await follower.speaking(3)

    await slow.assistant.streams.stop()
    await follower.ended()

    assert isinstance(follower.last, Failed)
    assert (follower.last.code, follower.last.retryable) == ("STOPPED", True)
    books = await ledger(slow.assistant.ground, tenant.workspace_id)
    assert (books.only.outcome, len(books.charges), books.held) == (Outcome.CANCELLED, 1, 0)


async def test_a_bug_costs_nothing_and_holds_nothing(
    ground: Ground, redis_url: str, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.assistant.copilot import generating

    def broken(*_: object, **__: object) -> object:
        raise RuntimeError("a bug")

    monkeypatch.setattr(generating, "completed", broken)
    async with fleeted(ground, redis_url, {"openai": GOOD}) as shown:
        events = await followed(shown.assistant, tenant.owner, asked_of(alternatives=1))

    last = last_of(events)
    assert isinstance(last, Failed)
    assert last.code == "INTERNAL_ERROR"
    books = await ledger(ground, tenant.workspace_id)
    assert (books.only.outcome, books.charges, books.held, books.balance) == (Outcome.FAILED, (), 0, TRIAL)


async def test_holds_and_streams_end_with_whoever_asked(slow: Fleeted, tenant: Tenant) -> None:
    """Many begin and leave at once, at any moment of it."""
    followers = [Follower(slow.assistant, tenant.owner, asked_of()) for _ in range(5)]
    for place, each in enumerate(followers):
        await asyncio.sleep(0.03 * place)
        await each.leave()
    await until(lambda: slow.assistant.streams.running == 0)

    async def settled() -> bool:
        return (await ledger(slow.assistant.ground, tenant.workspace_id)).held == 0

    await until_holds(settled)
