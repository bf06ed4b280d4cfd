"""Suggestions as they are written: the order of events, who may follow, who pays, and what a provider gets to see."""

import asyncio
from contextlib import aclosing
from functools import partial
from typing import Any, Final

import pytest
from sqlalchemy import update

from core.ground import Ground
from core.ids import uuid7
from models import Outcome, WorkspaceSettings
from services.assistant.copilot import mirror
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
from services.assistant.preferences import Preferences
from services.crediting import TRIAL, price_of
from tests.fakes.providers.server import Behaviour, Mood
from tests.fixtures.fleets import Fleeted, but, fleeted, ledger, says
from tests.fixtures.tenants import Tenant
from tests.fixtures.waiting import until, until_holds
from tests.services.assistant.engines import followed, last_of
from tests.services.assistant.following import BRISK, Follower, asked_of, kinds_of, text_of

READ, SAID = 1_200, 90
TEXT: Final = "O bolo de cenoura custa R$ 45,00 e fica pronto amanhã. Posso separar um para você?"
GOOD: Final = says(TEXT, parts=12, input_tokens=READ, output_tokens=SAID)


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


@pytest.mark.parametrize(
    ("said", "never"),
    [
        ("Claro! Acesse bit.ly/promo agora.", "bit.ly"),
        ("Se reclamar de novo eu vou te matar.", "matar"),
        ("Me mande a sua senha", "senha"),
    ],
)
async def test_of_a_short_answer_that_nobody_should_send_a_beginning_is_shown_at_most(
    ground: Ground, redis_url: str, tenant: Tenant, said: str, never: str
) -> None:
    async with fleeted(ground, redis_url, {"openai": says(said, parts=6)}) as shown:
        events = await followed(shown.assistant, tenant.owner, asked_of())

    assert isinstance(last_of(events), Blocked)
    told = "".join(each.event.text for each in events if isinstance(each.event, Delta))
    assert said.startswith(told)
    assert never not in told


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
    follower = Follower(slow.assistant, tenant.owner, asked_of(client_request_id=uuid7().hex))
    await follower.speaking(3)

    await follower.drop()
    await asyncio.sleep(0.2)
    within = slow.assistant.streams.running
    await until(lambda: slow.assistant.streams.running == 0)

    assert within == 1
    books = await ledger(slow.assistant.ground, tenant.workspace_id)
    assert (books.only.outcome, len(books.charges), books.held) == (Outcome.CANCELLED, 1, 0)


async def test_who_is_dropped_and_cannot_ask_for_it_by_name_pays_no_more_than_was_shown(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    tale = says("palavra " * 100, parts=100, between=0.03)
    async with fleeted(ground, redis_url, {"openai": tale}, pace=Pace(grace=60.0)) as shown:
        follower = Follower(shown.assistant, tenant.owner, asked_of())
        await follower.speaking(3)
        await follower.drop()
        await until(lambda: shown.assistant.streams.running == 0)

        assert shown.servers["openai"].abandoned == 1
    books = await ledger(ground, tenant.workspace_id)
    assert (books.only.outcome, len(books.charges), books.held) == (Outcome.CANCELLED, 1, 0)


async def test_who_leaves_while_a_broken_answer_is_settled_is_in_the_books(
    ground: Ground, redis_url: str, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    asking, told = asyncio.Event(), mirror.is_shown

    async def slowly(*of: Any) -> bool:
        asking.set()
        await asyncio.sleep(0.2)
        return await told(*of)

    monkeypatch.setattr(mirror, "is_shown", slowly)
    async with fleeted(ground, redis_url, {"openai": but(GOOD, mood=Mood.CUTS)}) as shown:
        follower = Follower(shown.assistant, tenant.owner, asked_of(is_whole=True))
        await asyncio.wait_for(asking.wait(), 10)
        await follower.leave()
        await until(lambda: shown.assistant.streams.running == 0)

    books = await ledger(ground, tenant.workspace_id)
    assert (books.only.credits, books.charges, books.held, books.balance) == (0, (), 0, TRIAL)


@pytest.mark.parametrize("parts", [1, 3, 40])
async def test_spaces_around_an_answer_are_in_no_piece(
    ground: Ground, redis_url: str, tenant: Tenant, parts: int
) -> None:
    spaced = says(f" \n\n{TEXT}\n\n- sim  \n- não \n ", parts=parts)
    async with fleeted(ground, redis_url, {"openai": spaced}) as shown:
        asked = asked_of(preferences=Preferences())
        events = await followed(shown.assistant, tenant.owner, asked)
        again = await followed(shown.assistant, tenant.owner, asked)

        assert shown.asked == {"openai": 1}
    for each in (events, again):
        whole = last_of(each)
        assert isinstance(whole, Completed)
        assert text_of(each) == whole.text == f"{TEXT}\n\n- sim  \n- não"


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
