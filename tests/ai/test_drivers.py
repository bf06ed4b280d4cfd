"""Every driver against every behaviour of its provider's real format, over real sockets."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from dataclasses import replace

import httpx
import pytest
from pydantic import SecretStr

from ai.catalogue import catalogue
from ai.drivers.openai_shaped import DIALECTS, OpenAiShaped, local_models
from ai.errors import FailureKind, ProviderFailed, wait_of
from ai.messages import Delta, End, FinishReason, Means, Message, Request, Role, Shape
from ai.provider import Credential, Patience, Provider, complete
from ai.providers import make_provider
from tests.fakes.providers.server import Behaviour, Mood, ProviderServer
from tests.fakes.providers.wire import WIRES, Answer
from tests.fixtures.patience import QUICK, patience_for
from tests.fixtures.waiting import until

SECRET = "sk-do-not-tell-anybody"
PROVIDERS = tuple(WIRES)
QUESTION = Request(
    messages=(
        Message(role=Role.SYSTEM, text="Você é breve."),
        Message(role=Role.USER, text="Tem açaí? do-not-repeat"),
        Message(role=Role.ASSISTANT, text="Sim."),
        Message(role=Role.USER, text="Quanto?"),
    ),
    model=catalogue().models[0],
    max_tokens=64,
)
SHAPE = Shape(
    name="price",
    json_schema={"type": "object", "properties": {"price": {"type": "integer"}}, "required": ["price"]},
)


@asynccontextmanager
async def asked(
    name: str, client: httpx.AsyncClient, *behaviours: Behaviour, patience: Patience | None = None
) -> AsyncIterator[tuple[ProviderServer, Provider, Request]]:
    """Run a provider's server, with a driver of it and a question to its first model."""
    async with ProviderServer(WIRES[name], behaviours).running() as server:
        known = patience or patience_for(*behaviours)
        yield server, driver(name, server.url, client, known), QUESTION.to(catalogue().of(name)[0])


def driver(name: str, url: str, client: httpx.AsyncClient, patience: Patience) -> Provider:
    credential = Credential(secret=SecretStr(SECRET), address=url)
    return make_provider(name, credential, client, patience)


async def failure(provider: Provider, request: Request) -> tuple[ProviderFailed, list[str]]:
    """Return how a stream fails, and the texts that came before."""
    texts: list[str] = []

    async def read() -> None:
        async with aclosing(provider.stream(request)) as stream:
            async for each in stream:
                assert isinstance(each, Delta)
                texts.append(each.text)

    with pytest.raises(ProviderFailed) as caught:
        await read()
    error = caught.value
    assert (error.provider, error.model) == (provider.name, request.model.name)
    assert SECRET not in str(error)
    assert "do-not" not in repr(error)
    return error, texts


@pytest.mark.parametrize("name", PROVIDERS)
async def test_an_answer_comes_in_pieces_and_is_counted_and_priced(name: str, client: httpx.AsyncClient) -> None:
    async with asked(name, client) as (server, provider, request), aclosing(provider.stream(request)) as stream:
        *deltas, end = [each async for each in stream]

    assert isinstance(end, End)
    assert [each.text for each in deltas if isinstance(each, Delta)] == list(Answer().pieces)
    assert end.finish is FinishReason.STOP
    assert (end.usage.input_tokens, end.usage.output_tokens, end.usage.is_estimated) == (12, 5, False)
    assert end.usage.micro_usd == request.model.cost(12, 5)
    [received] = server.received
    assert SECRET in str(received.headers)
    assert SECRET not in received.path
    assert "Tem açaí?" in str(received.body)


@pytest.mark.parametrize("name", PROVIDERS)
async def test_pieces_may_be_torn_anywhere(name: str, client: httpx.AsyncClient) -> None:
    async with asked(name, client, Behaviour(torn=True)) as (_, provider, request):
        completion = await complete(provider, request)

    assert completion.text == Answer().text
    assert completion.usage.output_tokens == 5


@pytest.mark.parametrize("name", PROVIDERS)
async def test_an_answer_that_was_too_long_says_so(name: str, client: httpx.AsyncClient) -> None:
    async with asked(name, client, Behaviour(answer=Answer(finish="length"))) as (_, provider, request):
        completion = await complete(provider, request)

    assert completion.finish is FinishReason.LENGTH


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, FailureKind.REFUSED),
        (401, FailureKind.AUTH),
        (403, FailureKind.AUTH),
        (404, FailureKind.MISSING),
        (429, FailureKind.RATE_LIMITED),
        (500, FailureKind.OVERLOADED),
        (503, FailureKind.OVERLOADED),
    ],
)
@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_status_tells_the_kind_of_failure(
    name: str, status: int, kind: FailureKind, client: httpx.AsyncClient
) -> None:
    behaviour = Behaviour(mood=Mood.FAILS, status=status, retry_after="7" if status == 429 else None)
    async with asked(name, client, behaviour) as (server, provider, request):
        error, texts = await failure(provider, request)

    assert (error.kind, error.status, texts) == (kind, status, [])
    assert error.retry_after == (7.0 if status == 429 else None)
    assert len(server.received) == 1


@pytest.mark.parametrize(
    ("mood", "kind", "came"),
    [
        (Mood.HANGS, FailureKind.TIMEOUT, False),
        (Mood.STALLS, FailureKind.TIMEOUT, True),
        (Mood.CUTS, FailureKind.CUT, True),
        (Mood.DROPS, FailureKind.CUT, False),
        (Mood.STOPS_SHORT, FailureKind.CUT, True),
        (Mood.GARBAGE, FailureKind.GARBLED, False),
        (Mood.GARBAGE_LATER, FailureKind.GARBLED, True),
        (Mood.PAGE, FailureKind.GARBLED, False),
    ],
)
@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_bad_stream_ends_with_its_kind_of_failure(
    name: str, mood: Mood, kind: FailureKind, came: bool, client: httpx.AsyncClient
) -> None:
    async with asked(name, client, Behaviour(mood=mood, between=0.03)) as (server, provider, request):
        error, texts = await failure(provider, request)
        await until(lambda: server.streaming == 0, seconds=1)

    assert error.kind is kind
    assert bool(texts) == came


@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_failure_that_is_told_in_the_stream_is_one(name: str, client: httpx.AsyncClient) -> None:
    async with asked(name, client, Behaviour(mood=Mood.SAYS_SO_LATER, between=0.03)) as (_, provider, request):
        error, texts = await failure(provider, request)

    assert error.kind in (FailureKind.OVERLOADED, FailureKind.CUT)
    assert texts


@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_server_that_is_not_there_is_unreachable(name: str, client: httpx.AsyncClient) -> None:
    async with asked(name, client) as (_, provider, request):
        pass

    error, _ = await failure(provider, request)

    assert error.kind is FailureKind.UNREACHABLE


@pytest.mark.parametrize("name", PROVIDERS)
async def test_slow_tokens_are_waited_for_each(name: str, client: httpx.AsyncClient) -> None:
    pieces = [f"{number} " for number in range(8)]
    behaviour = Behaviour(between=0.15, answer=Answer(pieces=pieces))
    async with asked(name, client, behaviour, patience=QUICK) as (_, provider, request):
        began = time.perf_counter()
        completion = await complete(provider, request)

    assert completion.text == "".join(pieces)
    assert time.perf_counter() - began > QUICK.first + QUICK.between


@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_slow_reader_is_no_slow_provider(name: str, client: httpx.AsyncClient) -> None:
    pieces = [f"{number} " for number in range(12)]
    behaviour = Behaviour(between=0.03, answer=Answer(pieces=pieces))
    async with asked(name, client, behaviour, patience=QUICK) as (_, provider, request):
        texts: list[str] = []
        async with aclosing(provider.stream(request)) as stream:
            async for each in stream:
                if isinstance(each, Delta):
                    texts.append(each.text)
                if len(texts) == 2:
                    await asyncio.sleep(QUICK.between + 0.2)

    assert texts == pieces


@pytest.mark.parametrize("name", PROVIDERS)
async def test_to_close_a_stream_closes_it_at_the_provider_at_once(name: str, client: httpx.AsyncClient) -> None:
    behaviour = Behaviour(between=0.05, answer=Answer(pieces=["a "] * 100))
    async with asked(name, client, behaviour) as (server, provider, request):
        stream = provider.stream(request)
        await anext(stream)
        began = time.perf_counter()
        await stream.aclose()
        await until(lambda: server.abandoned == 1, seconds=1)

    assert server.abandoned_at - began < 0.2


@pytest.mark.parametrize("name", PROVIDERS)
@pytest.mark.parametrize("pieces", [0, 2], ids=["before the first token", "amid tokens"])
async def test_to_cancel_who_reads_closes_the_stream_too(name: str, pieces: int, client: httpx.AsyncClient) -> None:
    behaviour = Behaviour(answer=Answer(pieces=["a "] * 100), between=0.05, delay=0.0 if pieces else 0.3)
    async with asked(name, client, behaviour) as (server, provider, request):
        seen: list[Delta | End] = []

        async def read() -> None:
            async with aclosing(provider.stream(request)) as stream:
                async for each in stream:
                    seen.append(each)  # noqa: PERF401  (what came must be seen while it comes)

        reading = asyncio.create_task(read())
        await until(lambda: len(seen) >= pieces and server.streaming == 1, seconds=2)
        reading.cancel()
        await asyncio.gather(reading, return_exceptions=True)
        await until(lambda: server.abandoned == 1, seconds=1)

    assert reading.cancelled()


@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_shape_is_asked_for_natively(name: str, client: httpx.AsyncClient) -> None:
    answer = Answer(pieces=['{"pri', 'ce": 3', "}"])
    async with asked(name, client, Behaviour(answer=answer)) as (server, provider, request):
        completion = await complete(provider, replace(request, shape=SHAPE))

    assert completion.text == '{"price": 3}'
    assert "integer" in str(server.received[0].body)
    assert "tools" not in server.received[0].body


@pytest.mark.parametrize("name", PROVIDERS)
async def test_a_shape_is_asked_for_as_a_tools_arguments(name: str, client: httpx.AsyncClient) -> None:
    answer = Answer(pieces=['{"pri', 'ce": 3', "}"], is_tool_call=True)
    async with asked(name, client, Behaviour(answer=answer)) as (_, provider, request):
        completion = await complete(provider, replace(request, shape=replace(SHAPE, by=Means.TOOL)))

    assert completion.text.replace(" ", "") == '{"price":3}'
    assert completion.finish is FinishReason.STOP


@pytest.mark.parametrize("name", tuple(DIALECTS))
async def test_a_connection_is_used_again(name: str) -> None:
    async with (
        httpx.AsyncClient(limits=httpx.Limits(max_connections=1)) as one,
        asked(name, one) as (server, provider, request),
    ):
        for _ in range(3):
            await complete(provider, request)

        assert len(server.received) == 3
        assert server.connections == 1


async def test_an_answer_without_a_count_is_estimated(client: httpx.AsyncClient) -> None:
    async with ProviderServer(WIRES["openai"]).running() as server:
        silent = replace(DIALECTS["openai"], counts_on_demand=False)
        provider = OpenAiShaped(dialect=silent, client=client, credential=Credential(address=server.url))

        completion = await complete(provider, QUESTION)

    assert completion.usage.is_estimated
    assert completion.usage.input_tokens > 10
    assert completion.usage.micro_usd > 0


async def test_what_an_ollama_has_is_asked_and_one_that_does_not_answer_has_nothing(client: httpx.AsyncClient) -> None:
    async with ProviderServer(WIRES["ollama"]).running() as server:
        found = await local_models(client, server.url)

    assert found == ("llama3.2:latest", "qwen3:4b")
    assert await local_models(client, server.url) == ()


@pytest.mark.parametrize(
    ("line", "seconds"),
    [(None, None), ("7", 7.0), (" 1.5 ", 1.5), ("-3", 0.0), ("1e9", 3600.0), ("nan", None), ("soon", None)],
)
def test_how_long_to_wait_is_read_within_bounds(line: str | None, seconds: float | None) -> None:
    assert wait_of(line) == seconds


def test_how_long_to_wait_may_be_a_date() -> None:
    assert wait_of("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert wait_of("Wed, 21 Oct 2099 07:28:00 GMT") == 3600.0


def test_a_keys_name_tells_nothing_of_it_and_is_the_same_everywhere() -> None:
    one, same = Credential(secret=SecretStr(SECRET)), Credential(secret=SecretStr(SECRET))

    assert one.scope == same.scope
    assert one.scope != Credential(secret=SecretStr(SECRET + "2")).scope
    assert SECRET[3:9] not in one.scope
    assert SECRET not in repr(one)
