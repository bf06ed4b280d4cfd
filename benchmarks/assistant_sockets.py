"""The copilot over sockets: 20 and 50 suggestions at once, 60 pieces a second each, from the provider to the clients.

The product runs in a process of its own, with all walls, limits and stores. Beside it the same load is read by bare
clients in this process. A piece is late by the time between the provider's writing it and the client's reading it. The
first piece of a stream counts from the moment when it is asked for; streams begin one after the other.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any, Final
from uuid import uuid4

import openai
import orjson
import websockets

from ai.messages import Delta, Message, Request, Role
from benchmarks.assistants import Bench, percentile, say
from benchmarks.model_server import moments
from benchmarks.processes import product, serving

PEOPLE: Final = (4, 10)
EACH: Final = 5
RATE: Final = 60
BEGINNING: Final = 5.0
"""Seconds in which the streams begin, one after the other."""
LOOK: Final = 5.0
ROUNDS: Final = 2
_SETTLE: Final = 1.0
_PIECES: Final = round(RATE * (BEGINNING + _SETTLE + LOOK + 1))
_WAIT: Final = 60.0
_MODEL: Final = "gpt-4o-mini"
_QUESTION: Final = f"Vocês entregam amanhã cedo? pieces={_PIECES} rate={RATE}"
_PROTOCOL: Final = websockets.Subprotocol("graphql-transport-ws")
_STREAM: Final = """subscription ($input: CopilotInput!) { copilotStream(input: $input) {
  ... on CopilotEvent { seq } ... on CopilotDelta { text } ... on CopilotFailed { code message } } }"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """The share of a core that the streams took while all of them ran, and what came meanwhile."""

    share: float
    late: Sequence[float]
    first: Sequence[float]
    deltas: float
    failed: int


class _Heard:
    """What is heard of the streams of a round: of each stamp in a text, how many milliseconds late it came, and after
    how many a stream's first text did.
    """

    def __init__(self) -> None:
        self.late: list[float] = []
        self.first: list[float] = []
        self.deltas = self.failed = 0
        self._asked: dict[str, float] = {}

    def asked(self, stream: str) -> None:
        """Note that a stream is asked for now."""
        self._asked[stream] = time.perf_counter()

    def note(self, stream: str, text: str) -> None:
        """Note a text of a stream that came just now."""
        self.deltas += 1
        if (began := self._asked.pop(stream, None)) is not None:
            self.first.append((time.perf_counter() - began) * 1_000)
        if "⌁" in text:
            now = time.monotonic_ns() // 1_000
            self.late += [(now - each) / 1_000 for each in moments(text)]


Load = Callable[[_Heard], Awaitable[None]]


async def measure(bench: Bench) -> None:
    """Measure, and print a table."""
    command, environ = product(Path(bench.environ["DATA_DIR"]))
    tokens = [await bench.token() for _ in range(max(PEOPLE))]
    async with serving(command, "/health/ready", **{**environ, **bench.environ}) as served:
        # the first suggestion of a process waits until what works without a provider is loaded
        await _over_sockets(served.address, tokens[:1], _Heard())
        for people in PEOPLE:
            found: dict[str, list[_Round]] = {}
            kinds: dict[str, Load] = {
                "copilotStream over sockets": partial(_over_sockets, served.address, tokens[:people]),
                "openai's client": partial(_bare, bench, people * EACH),
                "our driver": partial(_driver, bench, people * EACH),
            }
            for _ in range(ROUNDS):
                for name, load in kinds.items():
                    cpu = (lambda: served.usage().cpu) if name.startswith("copilot") else time.process_time
                    found.setdefault(name, []).append(await _round(load, cpu))
            _report(people * EACH, found)


async def _round(load: Load, cpu: Callable[[], float]) -> _Round:
    """Begin the streams one by one, and look at them while all run."""
    heard = _Heard()
    loading = asyncio.ensure_future(load(heard))
    await asyncio.wait({loading}, timeout=BEGINNING + _SETTLE)
    heard.late.clear()
    before, began, deltas = cpu(), time.perf_counter(), heard.deltas
    await asyncio.wait({loading}, timeout=LOOK)
    took = time.perf_counter() - began
    got = _Round(
        share=(cpu() - before) / took,
        late=tuple(heard.late),
        first=(),
        deltas=(heard.deltas - deltas) / took,
        failed=0,
    )
    async with asyncio.timeout(_WAIT):
        await loading
    return replace(got, failed=heard.failed, first=tuple(heard.first))


async def _over_sockets(address: str, tokens: Sequence[str], heard: _Heard) -> None:
    async with AsyncExitStack() as stack:
        url = f"{address}/graphql".replace("http", "ws", 1)
        lines = [
            await stack.enter_async_context(websockets.connect(url, subprotocols=[_PROTOCOL], compression=None))
            for _ in tokens
        ]
        for line, token in zip(lines, tokens, strict=True):
            await _say(line, type="connection_init", payload={"authorization": f"Bearer {token}"})
            await line.recv()
        await asyncio.gather(*(_follow(line, place / len(lines), heard) for place, line in enumerate(lines)))


async def _follow(line: websockets.ClientConnection, place: float, heard: _Heard) -> None:
    """Follow a person's suggestions on one socket."""
    asking = asyncio.create_task(_ask(line, place, heard))
    ended = 0
    while ended < EACH:
        message: dict[str, Any] = orjson.loads(await line.recv())
        if message["type"] == "next":
            event = message["payload"]["data"]["copilotStream"]
            heard.failed += "code" in event
            if "text" in event:
                heard.note(f"{place} {message['id']}", event["text"])
        elif message["type"] == "ping":
            await _say(line, type="pong")
        elif message["type"] == "error":
            raise RuntimeError(message["payload"])
        else:
            ended += 1
    await asking


async def _ask(line: websockets.ClientConnection, place: float, heard: _Heard) -> None:
    for key in range(EACH):
        await asyncio.sleep(BEGINNING / EACH if key else BEGINNING / EACH * place)
        given = {"messages": [{"fromCustomer": True, "text": _QUESTION}], "clientRequestId": uuid4().hex}
        variables = {"input": {**given, "options": {"fresh": True}}}
        heard.asked(f"{place} {key}")
        await _say(line, id=str(key), type="subscribe", payload={"query": _STREAM, "variables": variables})


async def _say(line: websockets.ClientConnection, **message: Any) -> None:
    await line.send(orjson.dumps(message).decode())


async def _bare(bench: Bench, streams: int, heard: _Heard) -> None:
    async def read(place: int) -> None:
        await asyncio.sleep(BEGINNING / streams * place)
        messages: list[Any] = [{"role": "user", "content": _QUESTION}]
        heard.asked(str(place))
        async for each in await client.chat.completions.create(model=_MODEL, messages=messages, stream=True):
            if each.choices and (text := each.choices[0].delta.content):
                heard.note(str(place), text)

    async with openai.AsyncOpenAI(api_key="sk-bench", base_url=f"{bench.models}/v1", max_retries=0) as client:
        await asyncio.gather(*(read(place) for place in range(streams)))


async def _driver(bench: Bench, streams: int, heard: _Heard) -> None:
    fleet = bench.assistant.fleet
    messages = (Message(role=Role.USER, text=_QUESTION),)
    request = Request(messages=messages, model=fleet.catalogue.get(_MODEL))

    async def read(place: int) -> None:
        await asyncio.sleep(BEGINNING / streams * place)
        heard.asked(str(place))
        async for each in fleet.shared["openai"].stream(request):
            if isinstance(each, Delta):
                heard.note(str(place), each.text)

    await asyncio.gather(*(read(place) for place in range(streams)))


def _report(streams: int, found: dict[str, list[_Round]]) -> None:
    say(f"\n{streams} streams at {RATE} pieces/s, looked at for {LOOK:.0f} s, the best of {ROUNDS} interleaved rounds")
    columns = (
        f"{'share of a core':>17}{'us a piece':>12}{'p50 ms late':>13}{'p95 ms late':>13}{'first, p50':>12}{'p95':>8}"
        f"{'deltas/s':>10}{'failed':>8}"
    )
    say(f"{'':28}{columns}")
    for name, rounds in found.items():
        best = min(rounds, key=lambda each: each.share)
        each_us = best.share * 1e6 / (streams * RATE)
        late = f"{percentile(best.late, 0.5):>13.2f}{percentile(best.late, 0.95):>13.2f}"
        first = f"{percentile(best.first, 0.5):>12.1f}{percentile(best.first, 0.95):>8.1f}"
        say(f"{name:28}{best.share:>17.2f}{each_us:>12.0f}{late}{first}{best.deltas:>10,.0f}{best.failed:>8}")
