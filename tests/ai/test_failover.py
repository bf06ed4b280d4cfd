"""A question goes down its ranking over real sockets: every way to fail, once and for all, and nothing is left open."""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import pytest

from ai.breaker import Breaker
from ai.catalogue import Model, catalogue
from ai.circuits import State, Target
from ai.errors import FailureKind, ProviderFailed
from ai.failover import Failover
from ai.health import Health, Measured
from ai.messages import Delta, Message, Request, Role
from ai.outcomes import Chosen, Completed, Event, Failed, FailedOver, NoAnswer
from ai.provider import Credential, Patience, Provider
from ai.providers import make_provider
from ai.routing import Ranking, Wish, rank
from ai.run import Limits, Run, target_of
from core.ground import Ground
from core.ids import uuid7
from core.settings import Strategy
from core.voice import Voice
from tests.fakes.providers.server import Behaviour, Mood, ProviderServer
from tests.fakes.providers.wire import WIRES, Answer
from tests.fixtures.patience import QUICK, patience_for
from tests.fixtures.waiting import until

QUESTION = Request(messages=(Message(role=Role.USER, text="Olá?"),), model=catalogue().models[0], max_tokens=50)
LONG = Behaviour(answer=Answer(pieces=["a "] * 200), between=0.02)
LIMITED = Behaviour(mood=Mood.FAILS, status=429, retry_after="30")
BROKEN = Behaviour(mood=Mood.FAILS, status=500)
HANGING = Behaviour(mood=Mood.HANGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Providers in the order in which they are asked, each with its server."""

    desk: Failover
    servers: dict[str, ProviderServer]
    providers: dict[str, Provider]
    ranking: Ranking

    def run(self) -> Run:
        return self.desk.run(QUESTION, self.ranking, self.providers)

    def target(self, name: str) -> Target:
        [model] = [each.model for each in self.ranking.candidates if each.model.provider == name]
        return target_of(self.providers[name], model)

    def breaker_state(self, name: str) -> State:
        return self.desk.breaker.state(self.target(name))

    def measured(self, name: str) -> Measured:
        return self.desk.health.measured(self.target(name).measured_as)

    @property
    def asked(self) -> list[str]:
        return [name for name, server in self.servers.items() for _ in server.received]


@pytest.fixture
async def breaker(ground: Ground, redis_url: str) -> AsyncIterator[Breaker]:
    opened = Breaker(ground.redis, Voice(redis_url, f"test:{uuid7().hex}"))
    await opened.start()
    yield opened
    await opened.stop()


@asynccontextmanager
async def stage(
    breaker: Breaker,
    client: httpx.AsyncClient,
    behaviours: dict[str, Behaviour | Sequence[Behaviour]],
    *,
    limits: Limits | None = None,
    patience: Patience | None = None,
) -> AsyncIterator[Stage]:
    async with AsyncExitStack() as stack:
        servers: dict[str, ProviderServer] = {}
        for name, given in behaviours.items():
            server = ProviderServer(WIRES[name], [given] if isinstance(given, Behaviour) else given)
            servers[name] = await stack.enter_async_context(server.running())
        known = patience or patience_for(*(each for each in behaviours.values() if isinstance(each, Behaviour)))
        providers = {
            name: make_provider(name, Credential(address=server.url), client, known) for name, server in servers.items()
        }
        # names of their own: circuits and measurements of one test are none of another's
        models = [replace(catalogue().of(each)[0], name=f"m-{uuid7().hex}") for each in behaviours]
        ranking = rank(models, frozenset(providers), Wish(strategy=Strategy.FAILOVER), {})
        desk = Failover(breaker, Health(breaker._redis), limits)
        yield Stage(desk=desk, servers=servers, providers=providers, ranking=ranking)
        await desk.stop()
        for server in servers.values():
            await until(lambda server=server: server.streaming == 0, seconds=2)


async def events_of(run: Run) -> list[Event]:
    return [each async for each in run.events()]


def text_of(events: list[Event]) -> str:
    return "".join(each.text for each in events if isinstance(each, Delta))


def models_of(shown: Stage) -> list[Model]:
    return [each.model for each in shown.ranking.candidates]


async def test_the_first_of_the_ranking_answers(breaker: Breaker, client: httpx.AsyncClient) -> None:
    async with stage(breaker, client, {"openai": Behaviour(), "groq": Behaviour()}) as shown:
        run = shown.run()
        events = await events_of(run)

        chosen, *deltas, completed = events
        assert isinstance(chosen, Chosen)
        assert chosen.model == models_of(shown)[0]
        assert text_of(deltas) == Answer().text
        assert isinstance(completed, Completed)
        assert completed.usage == run.usage
        assert run.usage.micro_usd == chosen.model.cost(12, 5)
        assert shown.asked == ["openai"]
        assert shown.measured("openai").first_token_ms == pytest.approx(chosen.first_token_ms)


@pytest.mark.parametrize("first", ["openai", "anthropic", "google", "cohere"])
async def test_what_no_store_takes_is_no_part_of_an_answer(
    breaker: Breaker, client: httpx.AsyncClient, first: str
) -> None:
    said = Answer(pieces=["\x00", "Ol\x00á", "\x1b", "\u202e 🙂\n"])
    async with stage(breaker, client, {first: Behaviour(answer=said)}) as shown:
        events = await events_of(shown.run())

        assert isinstance(events[-1], Completed)
        assert [each.text for each in events if isinstance(each, Delta)] == ["Olá", " 🙂\n"]


@pytest.mark.parametrize(
    ("behaviour", "kind"),
    [
        (LIMITED, FailureKind.RATE_LIMITED),
        (BROKEN, FailureKind.OVERLOADED),
        (Behaviour(mood=Mood.FAILS, status=401), FailureKind.AUTH),
        (Behaviour(mood=Mood.FAILS, status=400), FailureKind.REFUSED),
        (HANGING, FailureKind.TIMEOUT),
        (Behaviour(mood=Mood.DROPS), FailureKind.CUT),
        (Behaviour(mood=Mood.GARBAGE), FailureKind.GARBLED),
        (Behaviour(mood=Mood.PAGE), FailureKind.GARBLED),
    ],
)
@pytest.mark.parametrize("first", ["openai", "anthropic", "google", "cohere"])
async def test_before_the_first_token_the_next_one_is_asked_with_its_own_model(
    breaker: Breaker, client: httpx.AsyncClient, behaviour: Behaviour, kind: FailureKind, first: str
) -> None:
    async with stage(breaker, client, {first: behaviour, "mistral": Behaviour()}) as shown:
        run = shown.run()
        events = await events_of(run)

        assert isinstance(events[0], FailedOver)
        assert events[0].failed.failure is kind
        assert events[0].to.provider == "mistral"
        assert isinstance(events[-1], Completed)
        assert text_of(events) == Answer().text
        [received] = shown.servers["mistral"].received
        assert received.body["model"] == models_of(shown)[1].name
        assert [each.failure for each in run.attempts] == [kind, None]
        assert run.usage.micro_usd == models_of(shown)[1].cost(12, 5)


async def test_the_next_one_is_asked_within_fifty_milliseconds(breaker: Breaker, client: httpx.AsyncClient) -> None:
    took: list[float] = []
    for number in range(20):
        async with stage(breaker, client, {"openai": BROKEN, "groq": Behaviour()}) as shown:
            if number % 2:
                await events_of(shown.run())
            began = time.perf_counter()
            await events_of(shown.run())
            first, second = (shown.servers[each].received[-1].at for each in ("openai", "groq"))
            assert began < first
            took.append(second - first)

    took.sort()
    print(f"failover: p50 {took[10] * 1e3:.1f} ms, p95 {took[18] * 1e3:.1f} ms")  # noqa: T201
    assert took[18] < 0.05


@pytest.mark.parametrize(
    ("mood", "kind"),
    [
        (Mood.CUTS, FailureKind.CUT),
        (Mood.STOPS_SHORT, FailureKind.CUT),
        (Mood.STALLS, FailureKind.TIMEOUT),
        (Mood.GARBAGE_LATER, FailureKind.GARBLED),
    ],
)
@pytest.mark.parametrize("first", ["openai", "anthropic", "google", "cohere"])
async def test_after_the_first_token_the_stream_ends_and_nobody_else_is_asked(
    breaker: Breaker, client: httpx.AsyncClient, mood: Mood, kind: FailureKind, first: str
) -> None:
    behaviours = {first: Behaviour(mood=mood, between=0.03), "groq": Behaviour()}
    async with stage(breaker, client, behaviours) as shown:
        run = shown.run()
        events = await events_of(run)

        failed = events[-1]
        assert isinstance(failed, Failed)
        assert (failed.kind, failed.is_partial) == (kind, True)
        assert Answer().text.startswith(text_of(events))
        assert shown.asked == [first]
        assert run.usage.is_estimated
        assert run.usage.output_tokens >= 1
        assert run.usage == failed.usage


@pytest.mark.parametrize(
    ("status", "order"),
    [
        (401, ["openai", "groq"]),
        (500, ["openai", "groq", "openai"]),
        (404, ["openai", "openai", "groq"]),
    ],
)
async def test_what_else_a_failing_provider_has_is_asked_last_and_not_at_all_with_a_bad_key(
    breaker: Breaker, client: httpx.AsyncClient, status: int, order: list[str]
) -> None:
    failing = Behaviour(mood=Mood.FAILS, status=status)
    async with stage(breaker, client, {"openai": failing, "groq": failing}) as shown:
        first, other = models_of(shown)
        models = [first, replace(first, name=f"m-{uuid7().hex}"), other]
        ranking = rank(models, frozenset(shown.providers), Wish(strategy=Strategy.FAILOVER), {})

        run = shown.desk.run(QUESTION, ranking, shown.providers)
        await events_of(run)

        assert [each.model.provider for each in run.attempts] == order


async def test_slow_tokens_are_no_failure(breaker: Breaker, client: httpx.AsyncClient) -> None:
    async with stage(breaker, client, {"openai": Behaviour(between=0.2), "groq": Behaviour()}, patience=QUICK) as shown:
        events = await events_of(shown.run())

    assert isinstance(events[-1], Completed)


async def test_when_all_fail_the_stream_says_so_and_as_many_are_asked_as_may_be(
    breaker: Breaker, client: httpx.AsyncClient
) -> None:
    everybody = dict.fromkeys(("openai", "groq", "mistral", "together", "ollama"), BROKEN)
    async with stage(breaker, client, everybody, limits=Limits(attempts=3)) as shown:
        run = shown.run()
        events = await events_of(run)

        assert [type(each) for each in events] == [FailedOver, FailedOver, Failed]
        assert shown.asked == ["openai", "groq", "mistral"]
        assert isinstance(events[-1], Failed)
        assert (events[-1].kind, events[-1].is_partial) == (FailureKind.OVERLOADED, False)
        assert run.usage.micro_usd == 0
        with pytest.raises(NoAnswer) as caught:
            await shown.desk.complete(QUESTION, shown.ranking, shown.providers)
        assert len(caught.value.attempts) == 3


async def test_with_nobody_to_ask_the_stream_says_so(breaker: Breaker, client: httpx.AsyncClient) -> None:
    async with stage(breaker, client, {}) as shown:
        assert await events_of(shown.run()) == [Failed(kind=None, is_partial=False, usage=shown.run().usage)]


async def test_a_limited_provider_is_not_asked_again(breaker: Breaker, client: httpx.AsyncClient) -> None:
    async with stage(breaker, client, {"openai": LIMITED, "groq": Behaviour()}) as shown:
        await events_of(shown.run())
        await until(lambda: breaker.state(shown.target("openai")) is State.OPEN)

        events = await events_of(shown.run())

        assert isinstance(events[0], Chosen)
        assert shown.asked == ["openai", "groq", "groq"]


async def test_a_failing_provider_opens_is_probed_once_and_closes(breaker: Breaker, client: httpx.AsyncClient) -> None:
    brief = Behaviour(mood=Mood.FAILS, status=429, retry_after="0.3")
    async with stage(breaker, client, {"openai": (brief, Behaviour(delay=0.2)), "groq": Behaviour()}) as shown:
        await events_of(shown.run())
        await until(lambda: breaker.state(shown.target("openai")) is State.HALF_OPEN)
        await asyncio.sleep(0.02)

        await asyncio.gather(*(events_of(shown.run()) for _ in range(5)))

        assert len(shown.servers["openai"].received) == 2
        await until(lambda: breaker.state(shown.target("openai")) is State.CLOSED)
        assert isinstance((await events_of(shown.run()))[0], Chosen)
        assert len(shown.servers["openai"].received) == 3


async def test_what_calls_find_out_changes_the_next_ranking(breaker: Breaker, client: httpx.AsyncClient) -> None:
    async with stage(breaker, client, {"openai": LIMITED, "groq": BROKEN, "mistral": Behaviour()}) as shown:
        wish = Wish(strategy=Strategy.FAILOVER)
        before = shown.desk.rank(models_of(shown), wish, shown.providers)
        for _ in range(3):
            await events_of(shown.desk.run(QUESTION, before, shown.providers))
        await shown.desk.stop()

        after = shown.desk.rank(models_of(shown), wish, shown.providers)

        assert [each.model.provider for each in before.candidates] == ["openai", "groq", "mistral"]
        assert [each.model.provider for each in after.candidates] == ["mistral", "openai", "groq"]
        assert [each.is_open for each in after.candidates] == [False, True, True]
        assert after.candidates[2].vitals.error_rate == pytest.approx(1.0)
        assert after.candidates[0].vitals.first_token_ms is not None


async def test_when_all_are_open_the_least_bad_is_asked(breaker: Breaker, client: httpx.AsyncClient) -> None:
    async with stage(breaker, client, {"openai": (LIMITED, Behaviour()), "groq": LIMITED}) as shown:
        await events_of(shown.run())
        await until(lambda: all(breaker.state(shown.target(each)) is State.OPEN for each in shown.servers))

        events = await events_of(shown.run())

        assert isinstance(events[-1], Completed)
        assert shown.asked == ["openai", "openai", "groq"]
        await until(lambda: breaker.state(shown.target("openai")) is State.CLOSED)


async def test_who_closes_the_stream_closes_it_at_the_provider(breaker: Breaker, client: httpx.AsyncClient) -> None:
    async with stage(breaker, client, {"openai": LONG}) as shown:
        run = shown.run()
        events = run.events()
        async for each in events:
            if isinstance(each, Delta):
                break
        began = time.perf_counter()
        await events.aclose()
        await until(lambda: shown.servers["openai"].abandoned == 1, seconds=1)

        assert shown.servers["openai"].abandoned_at - began < 0.2
        assert run.usage.is_estimated
        assert run.attempts[-1].is_dropped
        assert breaker.state(shown.target("openai")) is State.CLOSED


@pytest.mark.parametrize("behaviour", [HANGING, LONG], ids=["before the first token", "amid tokens"])
@pytest.mark.parametrize("name", ["openai", "anthropic"])
async def test_who_is_cancelled_leaves_nothing_open(
    breaker: Breaker, client: httpx.AsyncClient, behaviour: Behaviour, name: str
) -> None:
    async with stage(breaker, client, {name: behaviour}, patience=Patience()) as shown:
        seen: list[Event] = []

        async def read() -> None:
            async for each in shown.run().events():
                seen.append(each)  # noqa: PERF401  (what came must be seen while it comes)

        reading = asyncio.create_task(read())
        server = shown.servers[name]
        await until(lambda: server.streaming == 1 and (behaviour is HANGING or len(seen) > 2))
        reading.cancel()
        await asyncio.wait({reading}, timeout=2)
        await until(lambda: server.abandoned == 1, seconds=1)

        assert reading.cancelled()
        assert breaker.state(shown.target(name)) is State.CLOSED


async def test_the_whole_call_has_an_end(breaker: Breaker, client: httpx.AsyncClient) -> None:
    patient = Patience(first=30)
    limits = Limits(whole=0.4)
    async with stage(
        breaker, client, {"openai": HANGING, "groq": Behaviour()}, limits=limits, patience=patient
    ) as shown:
        [failed] = await events_of(shown.run())

        assert isinstance(failed, Failed)
        assert failed.kind is FailureKind.TIMEOUT
        assert shown.asked == ["openai"]
    async with stage(breaker, client, {"openai": LONG}, limits=limits, patience=patient) as shown:
        failed = (await events_of(shown.run()))[-1]

        assert isinstance(failed, Failed)
        assert failed.is_partial
        await shown.desk.stop()
        assert shown.measured("openai").error_rate == 0


async def test_a_bug_in_a_driver_is_no_failure_of_a_provider(breaker: Breaker, client: httpx.AsyncClient) -> None:
    class Buggy:
        name, scope, is_shared = "openai", "ours", False

        async def stream(self, request: Request) -> Any:
            if request:
                raise ZeroDivisionError
            yield

    async with stage(breaker, client, {"openai": Behaviour(), "groq": Behaviour()}) as shown:
        run = shown.desk.run(QUESTION, shown.ranking, {**shown.providers, "openai": Buggy()})

        with pytest.raises(ZeroDivisionError):
            await events_of(run)
        assert shown.asked == []


HEDGED = Limits(hedge_after=0.1, hedge_share=1.0)


async def test_a_hedge_is_asked_when_the_first_is_silent_and_the_faster_answers(
    breaker: Breaker, client: httpx.AsyncClient
) -> None:
    behaviours = {"openai": Behaviour(delay=5), "groq": Behaviour()}
    async with stage(breaker, client, behaviours, limits=HEDGED, patience=Patience()) as shown:
        run = shown.run()
        began = time.perf_counter()
        events = await events_of(run)

        assert time.perf_counter() - began < 1
        assert isinstance(events[0], Chosen)
        assert events[0].model.provider == "groq"
        assert isinstance(events[-1], Completed)
        assert [(each.is_hedge, each.is_dropped) for each in run.attempts] == [(False, True), (True, False)]
        assert run.wasted.micro_usd > 0
        assert run.wasted.is_estimated
        assert (shown.measured("openai").first_token_ms or 0) >= 100
        await until(lambda: shown.servers["openai"].abandoned == 1, seconds=1)


async def test_a_hedge_that_is_slower_is_dropped(breaker: Breaker, client: httpx.AsyncClient) -> None:
    behaviours = {"openai": Behaviour(delay=0.25), "groq": Behaviour(delay=5)}
    async with stage(breaker, client, behaviours, limits=HEDGED, patience=Patience()) as shown:
        events = await events_of(shown.run())

        assert isinstance(events[0], Chosen)
        assert events[0].model.provider == "openai"
        await until(lambda: shown.servers["groq"].abandoned == 1, seconds=1)


async def test_a_hedge_takes_over_when_the_first_fails_after_all(breaker: Breaker, client: httpx.AsyncClient) -> None:
    late = Behaviour(mood=Mood.FAILS, status=500, delay=0.2)
    behaviours = {"openai": late, "groq": Behaviour(delay=0.4)}
    async with stage(breaker, client, behaviours, limits=HEDGED, patience=Patience()) as shown:
        events = await events_of(shown.run())

        assert isinstance(events[0], FailedOver)
        assert events[0].to.provider == "groq"
        assert isinstance(events[-1], Completed)
        assert shown.asked == ["openai", "groq"]


async def test_at_most_one_call_in_twenty_is_hedged_and_none_by_default(
    breaker: Breaker, client: httpx.AsyncClient
) -> None:
    slow = Behaviour(delay=0.05)
    for limits, hedged in ((Limits(hedge_after=0.01), 2), (Limits(), 0)):
        async with stage(breaker, client, {"openai": slow, "groq": slow}, limits=limits) as shown:
            for _ in range(40):
                await events_of(shown.run())

            assert shown.asked.count("groq") == hedged


async def test_calls_do_not_wait_for_a_redis_that_hangs(client: httpx.AsyncClient) -> None:
    class Hanging:
        def __getattr__(self, _: str) -> Any:
            async def never(*_: object, **__: object) -> None:
                await asyncio.sleep(3600)

            return never

    redis: Any = Hanging()
    alone = Breaker(redis, Voice("redis://127.0.0.1:1/0"))
    async with stage(alone, client, {"openai": BROKEN, "groq": Behaviour()}) as shown:
        for _ in range(4):
            began = time.perf_counter()
            events = await events_of(shown.run())
            assert isinstance(events[-1], Completed)
            assert time.perf_counter() - began < 0.2
        await shown.desk.stop()
        assert alone.state(shown.target("openai")) is State.OPEN


def test_a_failures_text_names_the_provider_and_nothing_else() -> None:
    assert str(ProviderFailed(FailureKind.AUTH, provider="groq", model="m")) == "groq did not answer: auth"


async def test_whoever_waits_for_the_whole_answer_hears_nothing_of_one_that_broke_off(
    breaker: Breaker, client: httpx.AsyncClient
) -> None:
    cut, good = Behaviour(mood=Mood.CUTS), Behaviour()

    async with stage(breaker, client, {"openai": [cut], "groq": [good]}) as shown:
        answer = await shown.desk.complete(QUESTION, shown.ranking, shown.providers)

    assert answer.completion.text == good.answer.text
    assert [(each.model.provider, each.failure) for each in answer.attempts] == [
        ("openai", FailureKind.CUT),
        ("groq", None),
    ]
    assert answer.spent.micro_usd > answer.completion.usage.micro_usd


async def test_a_call_may_have_less_time_than_usual(breaker: Breaker, client: httpx.AsyncClient) -> None:
    async with stage(breaker, client, {"openai": [HANGING], "groq": [Behaviour()]}) as shown:
        began = time.monotonic()
        with pytest.raises(NoAnswer) as caught:
            await shown.desk.complete(QUESTION, shown.ranking, shown.providers, whole=0.3)

    assert time.monotonic() - began < 2
    assert caught.value.kind is FailureKind.TIMEOUT


async def test_nobody_waits_long_for_a_first_word_though_an_answer_may_take_its_time(
    breaker: Breaker, client: httpx.AsyncClient
) -> None:
    limits, patience = Limits(silence=0.5), Patience()
    slow = Behaviour(answer=Answer(pieces=["a "] * 8), between=0.1)

    async with stage(breaker, client, {"openai": HANGING, "groq": HANGING}, limits=limits, patience=patience) as shown:
        began = time.monotonic()
        events = await events_of(shown.run())
        waited = time.monotonic() - began
    async with stage(breaker, client, {"openai": slow}, limits=limits, patience=patience) as shown:
        whole = await events_of(shown.run())

    assert isinstance(events[-1], Failed)
    assert (events[-1].kind, waited < 3) == (FailureKind.TIMEOUT, True)
    assert isinstance(whole[-1], Completed)
    assert text_of(whole) == slow.answer.text


async def test_who_hangs_leaves_the_next_one_its_time(breaker: Breaker, client: httpx.AsyncClient) -> None:
    limits, patience = Limits(whole=5.0, first=0.5), Patience()
    behaviours = {"openai": HANGING, "groq": HANGING, "mistral": Behaviour()}

    async with stage(breaker, client, behaviours, limits=limits, patience=patience) as shown:
        run = shown.run()
        began = time.monotonic()
        events = await events_of(run)
        took = time.monotonic() - began
        for _ in range(2):
            await events_of(shown.run())
        await shown.desk.stop()
        states = [shown.breaker_state(each) for each in behaviours]
        asked = shown.asked
        await until(lambda: shown.servers["openai"].abandoned == 3, seconds=2)

    assert [type(each) for each in events[:3]] == [FailedOver, FailedOver, Chosen]
    assert isinstance(events[-1], Completed)
    assert 1.0 <= took < 3
    assert [(each.model.provider, each.failure) for each in run.attempts] == [
        ("openai", FailureKind.TIMEOUT),
        ("groq", FailureKind.TIMEOUT),
        ("mistral", None),
    ]
    assert states == [State.OPEN, State.OPEN, State.CLOSED]
    assert asked == ["openai"] * 3 + ["groq"] * 3 + ["mistral"] * 3


async def test_who_is_the_last_to_ask_is_waited_for(breaker: Breaker, client: httpx.AsyncClient) -> None:
    limits, patience = Limits(attempts=2, first=0.3), Patience()
    behaviours = {"openai": HANGING, "groq": Behaviour(delay=1.0), "mistral": Behaviour()}

    async with stage(breaker, client, behaviours, limits=limits, patience=patience) as shown:
        events = await events_of(shown.run())

        assert isinstance(events[-1], Completed)
        assert shown.asked == ["openai", "groq"]


async def test_an_answer_that_falls_silent_ends_with_the_time_for_the_whole_call(
    breaker: Breaker, client: httpx.AsyncClient
) -> None:
    limits, patience = Limits(whole=1.0), Patience()
    async with stage(
        breaker, client, {"openai": Behaviour(mood=Mood.STALLS)}, limits=limits, patience=patience
    ) as shown:
        began = time.monotonic()
        failed = (await events_of(shown.run()))[-1]
        took = time.monotonic() - began

        assert isinstance(failed, Failed)
        assert (failed.kind, failed.is_partial, took < 3) == (FailureKind.TIMEOUT, True, True)
        await shown.desk.stop()
        assert shown.measured("openai").error_rate == 0
