"""Providers that fail in every way: the next one answers, a circuit opens and closes, and nothing is paid twice."""

import asyncio
import time
from dataclasses import dataclass
from typing import Any, Final

import pytest

from ai.circuits import State
from ai.errors import FailureKind
from ai.provider import Patience
from ai.run import Limits
from core.ground import Ground
from models import Outcome
from services.assistant import judging
from services.assistant.copilot.events import Completed, Delta, Failed, Failover, Usage
from services.assistant.errors import ModelsFailed, ProviderNeeded
from services.assistant.preferences import Preferences
from services.crediting import TRIAL, price_of
from tests.fakes.providers.server import Behaviour, Mood
from tests.fakes.providers.wire import WIRES
from tests.fixtures.fleets import Fleeted, but, fleeted, ledger, says
from tests.fixtures.patience import QUICK, STALLING
from tests.fixtures.tenants import Tenant
from tests.fixtures.waiting import until
from tests.services.assistant.engines import ENGINES, TEXT, last_of, suggestion

READ, SAID = 1_200, 90
GOOD: Final = says(ENGINES["sentiment"].answer, input_tokens=READ, output_tokens=SAID)
TOLD: Final = says(ENGINES["copilot"].answer, input_tokens=READ, output_tokens=SAID)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """A way to fail: what it is called, after how many of it a circuit opens, and whether words come before it."""

    behaviour: Behaviour
    kind: FailureKind
    threshold: int = 3
    is_late: bool = False
    patience: Patience | None = None


FAULTS: Final = {
    "429": Fault(
        behaviour=Behaviour(mood=Mood.FAILS, status=429, retry_after="30"), kind=FailureKind.RATE_LIMITED, threshold=1
    ),
    "500": Fault(behaviour=Behaviour(mood=Mood.FAILS, status=500), kind=FailureKind.OVERLOADED),
    "hang": Fault(behaviour=Behaviour(mood=Mood.HANGS), kind=FailureKind.TIMEOUT, patience=QUICK),
    "cut": Fault(behaviour=but(GOOD, mood=Mood.CUTS), kind=FailureKind.CUT, is_late=True),
    "silence": Fault(
        behaviour=but(GOOD, mood=Mood.STALLS), kind=FailureKind.TIMEOUT, is_late=True, patience=STALLING
    ),
    "garbage": Fault(behaviour=Behaviour(mood=Mood.GARBAGE), kind=FailureKind.GARBLED),
    "late garbage": Fault(behaviour=but(GOOD, mood=Mood.GARBAGE_LATER), kind=FailureKind.GARBLED, is_late=True),
}  # fmt: skip
EACH_FAULT: Final = pytest.mark.parametrize("how", tuple(FAULTS))
EACH_PROVIDER: Final = pytest.mark.parametrize("bad", tuple(WIRES))


def other_than(bad: str) -> str:
    return "openai" if bad != "openai" else "mistral"


async def ask(shown: Fleeted, tenant: Tenant, first: str) -> Any:
    return await judging.sentiment(shown.assistant, tenant.owner, TEXT, shown.first(first))


@EACH_FAULT
@EACH_PROVIDER
async def test_another_answers_once_paid_until_the_circuit_closes_by_one_probe(
    how: str, bad: str, ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    fault, good = FAULTS[how], other_than(bad)

    async with fleeted(ground, redis_url, {bad: fault.behaviour, good: GOOD}, patience=fault.patience) as shown:
        found = await asyncio.gather(*(ask(shown, tenant, bad) for _ in range(fault.threshold)))
        await until(lambda: shown.state(bad) is State.OPEN)
        asked = shown.asked
        found.append(await ask(shown, tenant, bad))
        passed_over = shown.asked
        await shown.let_time_pass(bad)
        half_open = shown.state(bad)
        shown.servers[bad].behave(but(GOOD, delay=0.1))
        probed = await asyncio.gather(*(ask(shown, tenant, bad) for _ in range(3)))
        await until(lambda: shown.state(bad) is State.CLOSED)
        by_probe = shown.asked[bad] - asked[bad]

        model, first = shown.model(good), shown.model(bad)
    assert {each.result.provider for each in found} == {good}
    assert asked == {bad: fault.threshold, good: fault.threshold}
    assert passed_over == {bad: fault.threshold, good: fault.threshold + 1}
    assert (half_open, by_probe) == (State.HALF_OPEN, 1)
    assert sorted(each.result.provider for each in probed) == sorted([bad, good, good])
    books = await ledger(ground, tenant.workspace_id)
    prices = {model.key: price_of(model.cost(READ, SAID)), first.key: _price(first.cost(READ, SAID))}
    paid = {each.id: prices[each.model or ""] for each in books.usage}
    assert {each.outcome for each in books.usage} == {Outcome.COMPLETED}
    assert dict(books.charges) == {key: each for key, each in paid.items() if each}
    assert len(books.charges) == len(dict(books.charges))
    assert (books.balance, books.held, books.open_holds) == (TRIAL - sum(paid.values()), 0, 0)
    assert [each.attempts for each in books.usage].count(2) == fault.threshold


def _price(micro_usd: int) -> int:
    return price_of(micro_usd) if micro_usd else 0


@EACH_FAULT
@EACH_PROVIDER
async def test_with_nobody_else_nothing_is_paid_and_engines_do_without(
    how: str, bad: str, ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    fault = FAULTS[how]

    async with fleeted(ground, redis_url, {bad: fault.behaviour}, patience=fault.patience) as shown:
        found, refused = await asyncio.gather(
            ask(shown, tenant, bad),
            ENGINES["correction"].ask(shown.assistant, tenant.owner, shown.first(bad)),
            return_exceptions=True,
        )

    assert isinstance(refused, ModelsFailed), refused
    assert not isinstance(found, BaseException), found
    assert (found.result.provider, found.result.generated, found.paid) == ("local", False, None)
    books = await ledger(ground, tenant.workspace_id)
    assert (books.balance, books.held, books.open_holds, books.charges) == (TRIAL, 0, 0, ())
    assert {(each.outcome, each.failure) for each in books.usage} == {(Outcome.FAILED, fault.kind.value)}
    assert {each.credits for each in books.usage} == {0}


@EACH_FAULT
@EACH_PROVIDER
async def test_a_suggestion_goes_on_elsewhere_until_its_first_word_and_breaks_off_after_it(
    how: str, bad: str, ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    fault, good = FAULTS[how], other_than(bad)
    # words of a reply: text without spaces is shown when it is whole
    behaviour = but(TOLD, mood=fault.behaviour.mood) if fault.is_late else fault.behaviour

    async with fleeted(ground, redis_url, {bad: behaviour, good: TOLD}, patience=fault.patience) as shown:
        events = await suggestion(shown.assistant, tenant.owner, shown.first(bad))
        asked, first, second = shown.asked, shown.model(bad), shown.model(good)

    books = await ledger(ground, tenant.workspace_id)
    kinds = [type(each.event) for each in events]
    assert [each.seq for each in events] == list(range(1, len(events) + 1))
    if fault.is_late:
        last = last_of(events)
        assert isinstance(last, Failed)
        assert (last.code, last.retryable) == ("AI_UNAVAILABLE", True)
        assert Failover not in kinds
        assert Delta in kinds
        assert asked == {bad: 1, good: 0}
        assert (books.only.outcome, books.only.failure) == (Outcome.PARTIAL, fault.kind.value)
        assert kinds[-2:] == [Usage, Failed]
        cost = _price(books.only.micro_usd)
        assert books.only.is_estimated
        assert 0 < books.only.output_tokens < SAID
        assert dict(books.charges) == ({books.only.id: cost} if cost else {})
        assert (books.balance, books.held, books.open_holds) == (TRIAL - cost, 0, 0)
        [usage] = [each.event for each in events if isinstance(each.event, Usage)]
        assert (usage.model, usage.credits, usage.credits_left) == (first.key, cost, TRIAL - cost)
        return
    [failover] = [each.event for each in events if isinstance(each.event, Failover)]
    assert (failover.failed, failover.to, failover.reason) == (first.key, second.key, fault.kind.value)
    [usage] = [each.event for each in events if isinstance(each.event, Usage)]
    cost = price_of(second.cost(READ, SAID))
    assert isinstance(last_of(events), Completed)
    assert (usage.model, usage.credits, usage.credits_left) == (second.key, cost, TRIAL - cost)
    assert asked == {bad: 1, good: 1}
    assert books.charges == ((books.only.id, cost),)
    assert (books.balance, books.held, books.open_holds) == (TRIAL - cost, 0, 0)


@EACH_PROVIDER
async def test_slow_words_are_waited_for_and_paid_once(
    bad: str, ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    slow = but(GOOD, between=0.15)

    async with fleeted(ground, redis_url, {bad: slow, other_than(bad): GOOD}, patience=QUICK) as shown:
        found = await ask(shown, tenant, bad)
        asked, state, model = shown.asked, shown.state(bad), shown.model(bad)

    books = await ledger(ground, tenant.workspace_id)
    cost = _price(model.cost(READ, SAID))
    assert found.result.provider == bad
    assert asked == {bad: 1, other_than(bad): 0}
    assert state is State.CLOSED
    assert dict(books.charges) == ({books.only.id: cost} if cost else {})
    assert (books.balance, books.held) == (TRIAL - cost, 0)


@EACH_PROVIDER
async def test_a_suggestion_in_slow_words_is_followed_to_its_end_and_paid_once(
    bad: str, ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    slow = but(TOLD, between=0.12)

    async with fleeted(ground, redis_url, {bad: slow, other_than(bad): TOLD}, patience=QUICK) as shown:
        events = await suggestion(shown.assistant, tenant.owner, shown.first(bad))
        asked, model = shown.asked, shown.model(bad)

    books = await ledger(ground, tenant.workspace_id)
    cost = _price(model.cost(READ, SAID))
    last = last_of(events)
    assert isinstance(last, Completed)
    assert (last.text, last.model) == (ENGINES["copilot"].answer, model.key)
    assert asked == {bad: 1, other_than(bad): 0}
    assert dict(books.charges) == ({books.only.id: cost} if cost else {})
    assert (books.balance, books.held, books.open_holds) == (TRIAL - cost, 0, 0)


async def test_a_suggestion_with_what_no_store_takes_is_kept_and_paid(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    spoiled = says("Bom\x00 dia!\x00", input_tokens=READ, output_tokens=SAID)

    async with fleeted(ground, redis_url, {"openai": spoiled}) as shown:
        events = await suggestion(shown.assistant, tenant.owner, shown.first("openai"))

    end = last_of(events)
    assert isinstance(end, Completed), end
    assert end.text == "Bom dia!"
    books = await ledger(ground, tenant.workspace_id)
    assert [each.outcome for each in books.usage] == [Outcome.COMPLETED]
    assert (len(books.charges), books.held, books.open_holds) == (1, 0, 0)


async def test_who_is_asked_again_is_who_answered_though_another_hangs(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    nonsense, limits = says('{"label": "purple"}', input_tokens=READ, output_tokens=SAID), Limits(first=0.5)
    behaviours = {"openai": Behaviour(mood=Mood.HANGS), "mistral": [nonsense, GOOD]}

    async with fleeted(ground, redis_url, behaviours, limits=limits) as shown:
        began = time.monotonic()
        found = await ask(shown, tenant, "openai")
        took = time.monotonic() - began
        asked = shown.asked

    books = await ledger(ground, tenant.workspace_id)
    assert (found.result.provider, asked, took < 4) == ("mistral", {"openai": 1, "mistral": 2}, True)
    assert (books.only.outcome, books.only.attempts, len(books.charges)) == (Outcome.COMPLETED, 3, 1)


@pytest.mark.parametrize("name", ["ollama/llama3.2:latest", "ollama/llama3.2", "llama3.2", "ollama"])
async def test_a_local_server_that_went_away_is_gone_on_from_by_each_of_its_names(
    name: str, ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    wished = Preferences(model=name, fresh=True)

    async with fleeted(ground, redis_url, {"ollama": GOOD, "mistral": GOOD}) as shown:
        here = await judging.sentiment(shown.assistant, tenant.owner, TEXT, wished)
        await shown.servers["ollama"].leave()
        late = await judging.sentiment(shown.assistant, tenant.owner, TEXT, wished)
        await shown.assistant.fleet.look()
        gone = await judging.sentiment(shown.assistant, tenant.owner, TEXT, wished)

    assert [each.result.provider for each in (here, late, gone)] == ["ollama", "mistral", "mistral"]
    assert [each.attempts for each in (await ledger(ground, tenant.workspace_id)).usage] == [1, 2, 1]


async def test_what_only_a_local_server_could_do_says_that_it_does_not_answer(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    async with fleeted(ground, redis_url, {"ollama": GOOD}) as shown:
        await shown.servers["ollama"].leave()
        await shown.assistant.fleet.look()
        with pytest.raises(ProviderNeeded, match="ollama does not answer"):
            await ENGINES["translation"].ask(shown.assistant, tenant.owner, Preferences())
