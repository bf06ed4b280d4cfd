"""What models cost, with a hundred calls at once, with processes that are killed, and with a workspace's own keys."""

import asyncio
from datetime import timedelta
from typing import Final

from sqlalchemy import update

from ai.catalogue import ModelProvider
from core import clock
from core.ground import Ground
from core.ids import uuid7
from models import CreditAccount, CreditHold, Outcome
from services import provider_keys
from services.assistant import judging
from services.assistant.copilot.events import Completed, Delta, Failed
from services.crediting import TRIAL, CreditsSpent, ReleaseHolds
from services.transaction import begin
from tests.fakes.providers.server import Behaviour, Mood
from tests.fixtures.fleets import fleeted, ledger, says
from tests.fixtures.suggesting import asked_as, suggesting
from tests.fixtures.tenants import Tenant
from tests.services.assistant.engines import ENGINES, TEXT, followed, last_of
from tests.services.assistant.following import asked_of, kinds_of
from workers.crediting import release_holds

READ, SAID = 1_200, 90
GOOD: Final = says(ENGINES["sentiment"].answer, input_tokens=READ, output_tokens=SAID)
TOLD: Final = says(ENGINES["copilot"].answer, input_tokens=READ, output_tokens=SAID)


async def test_a_hundred_questions_at_once_never_spend_more_than_there_is(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    async with ground.database.system() as session:
        own = CreditAccount.workspace_id == tenant.workspace_id
        await session.execute(update(CreditAccount).where(own).values(balance=50))

    async with fleeted(ground, redis_url, {"openai": GOOD}) as shown:
        wished = shown.first("openai")
        calls = (judging.sentiment(shown.assistant, tenant.owner, TEXT, wished) for _ in range(100))
        found = await asyncio.gather(*calls, return_exceptions=True)
        asked = shown.asked["openai"]

    answered = [each for each in found if not isinstance(each, BaseException)]
    books = await ledger(ground, tenant.workspace_id)
    assert {type(each) for each in found if isinstance(each, BaseException)} == {CreditsSpent}
    assert 0 < len(answered) == asked == len(books.charges) < 100
    assert {each.result.provider for each in answered} == {"openai"}
    assert books.balance == 50 - sum(cost for _, cost in books.charges) >= 0
    assert (books.held, books.open_holds) == (0, 0)


async def test_a_process_that_is_killed_leaves_no_credit_held_after_the_lease(
    ground: Ground, database_url: str, redis_url: str, tenant: Tenant
) -> None:
    request = uuid7().hex
    slow = says("palavra " * 400, parts=400, between=0.05)

    async with fleeted(ground, redis_url, {"openai": slow}) as shown:
        given = (shown.servers["openai"].url, str(tenant.workspace_id), str(tenant.owner.user_id), request)
        with suggesting(database_url, redis_url, *given) as process:
            assert process.stdout is not None
            lines = process.stdout
            while await asyncio.wait_for(asyncio.to_thread(lines.readline), 60) != "delta\n":
                pass
            await asyncio.sleep(0.5)
            running = await ledger(ground, tenant.workspace_id)
            process.kill()
            await asyncio.to_thread(process.wait, 5)
            dead = await ledger(ground, tenant.workspace_id)
        events = await followed(shown.assistant, tenant.owner, asked_as(request))
    await release_holds(ground, ReleaseHolds())
    within = await ledger(ground, tenant.workspace_id)
    async with ground.database.system() as session:
        own = CreditHold.workspace_id == tenant.workspace_id
        await session.execute(update(CreditHold).where(own).values(expires_at=clock.now() - timedelta(seconds=1)))
    await release_holds(ground, ReleaseHolds())

    assert running.held == dead.held == within.held > 0
    assert (dead.open_holds, dead.balance) == (1, TRIAL)
    last = last_of(events)
    assert isinstance(last, Failed)
    assert (last.code, Delta in kinds_of(events)) == ("STREAM_LOST", True)
    books = await ledger(ground, tenant.workspace_id)
    assert (books.balance, books.held, books.open_holds, books.charges, books.usage) == (TRIAL, 0, 0, (), ())


async def put_key(ground: Ground, tenant: Tenant, provider: ModelProvider) -> str:
    """Give a workspace a key of its own; return it."""
    key = f"sk-{uuid7().hex}"
    async with begin(ground, tenant.owner) as tx:
        await provider_keys.put(tx, provider, key)
    return key


async def test_a_workspace_with_its_own_key_pays_no_credits(
    ground: Ground, redis_url: str, tenant: Tenant, other_tenant: Tenant
) -> None:
    key = await put_key(ground, tenant, ModelProvider.OPENAI)

    async with fleeted(ground, redis_url, {"openai": [GOOD, TOLD]}, keyed=False) as shown:
        wished = shown.first("openai")
        found = await judging.sentiment(shown.assistant, tenant.owner, TEXT, wished)
        events = await followed(shown.assistant, tenant.owner, asked_of())
        stranger = await judging.sentiment(shown.assistant, other_tenant.owner, TEXT, wished)
        received = shown.servers["openai"].received

    assert (found.result.provider, found.paid is not None and found.paid.credits) == ("openai", 0)
    assert isinstance(last_of(events), Completed)
    assert stranger.result.provider == "local"
    assert [each.headers["authorization"] for each in received] == [f"Bearer {key}"] * 2
    books = await ledger(ground, tenant.workspace_id)
    assert {(each.is_own_key, each.credits, each.micro_usd > 0) for each in books.usage} == {(True, 0, True)}
    assert (books.balance, books.held, books.charges) == (TRIAL, 0, ())


async def test_alternatives_cost_what_was_not_asked_with_the_workspaces_own_key(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    await put_key(ground, tenant, ModelProvider.OPENAI)
    async with fleeted(ground, redis_url, {"openai": TOLD}, keyed=False) as shown:
        events = await followed(shown.assistant, tenant.owner, asked_of(alternatives=2))

    assert isinstance(last_of(events), Completed)
    assert (await ledger(ground, tenant.workspace_id)).charges == ()


async def test_a_question_that_is_asked_again_is_paid_for_once_with_both_answers(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    nonsense = says('{"label": "purple"}', input_tokens=READ, output_tokens=SAID)
    async with fleeted(ground, redis_url, {"openai": [nonsense, GOOD]}) as shown:
        found = await judging.sentiment(shown.assistant, tenant.owner, TEXT, shown.first("openai"))
        cost = shown.model("openai").cost(2 * READ, 2 * SAID)

    books = await ledger(ground, tenant.workspace_id)
    assert found.result.provider == "openai"
    assert (books.only.attempts, books.only.micro_usd) == (2, cost)
    assert books.charges == ((books.only.id, -(-cost // 1_000)),)
    assert (books.held, books.open_holds) == (0, 0)


async def test_a_model_that_never_answers_in_shape_is_not_paid(ground: Ground, redis_url: str, tenant: Tenant) -> None:
    async with fleeted(ground, redis_url, {"openai": says("Não sei.")}) as shown:
        found = await judging.sentiment(shown.assistant, tenant.owner, TEXT, shown.first("openai"))
        asked = shown.asked

    books = await ledger(ground, tenant.workspace_id)
    assert (found.result.provider, asked) == ("local", {"openai": 2})
    assert (books.only.outcome, books.only.failure) == (Outcome.FAILED, "garbled")
    assert (books.balance, books.held, books.charges) == (TRIAL, 0, ())


async def test_who_hangs_up_while_a_model_thinks_pays_nothing(ground: Ground, redis_url: str, tenant: Tenant) -> None:
    async with fleeted(ground, redis_url, {"openai": Behaviour(mood=Mood.HANGS)}) as shown:
        wished = shown.first("openai")
        asking = asyncio.create_task(judging.sentiment(shown.assistant, tenant.owner, TEXT, wished))
        async with asyncio.timeout(8):
            while shown.servers["openai"].streaming == 0:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)

        assert shown.servers["openai"].abandoned == 1
    books = await ledger(ground, tenant.workspace_id)
    assert (books.only.outcome, books.balance, books.held, books.charges) == (Outcome.CANCELLED, TRIAL, 0, ())


async def test_who_has_one_credit_left_is_answered_by_what_it_pays_for(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    async with ground.database.system() as session:
        own = CreditAccount.workspace_id == tenant.workspace_id
        await session.execute(update(CreditAccount).where(own).values(balance=1))

    async with fleeted(ground, redis_url, {"openai": GOOD, "groq": GOOD}) as shown:
        found = await judging.sentiment(shown.assistant, tenant.owner, TEXT, shown.first("openai"))
        asked = dict(shown.asked)

    assert found.result.provider == "groq"
    assert (asked["openai"], asked["groq"]) == (0, 1)
    assert (await ledger(ground, tenant.workspace_id)).balance == 0
