"""The copilot over sockets: 50 suggestions at once, at 60 pieces a second each, from the provider to the clients.

The product runs in a process of its own, with all walls, limits and stores. Beside it the same load is read by bare
clients in this process. A piece is late by the time between the provider's writing it and the client's reading it.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
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

PEOPLE: Final = 10
EACH: Final = 5
RATE: Final = 60
SECONDS: Final = 8
ROUNDS: Final = 2
_PIECES: Final = RATE * SECONDS
_WAIT: Final = 60.0
_MODEL: Final = "gpt-4o-mini"
_QUESTION: Final = f"Vocês entregam amanhã cedo? pieces={_PIECES} rate={RATE}"
_PROTOCOL: Final = websockets.Subprotocol("graphql-transport-ws")
_STREAM: Final = """subscription ($input: CopilotInput!) { copilotStream(input: $input) {
  ... on CopilotEvent { seq } ... on CopilotDelta { text } ... on CopilotFailed { code message } } }"""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Round:
    """CPU seconds for a second of all the streams, how late each piece was in milliseconds, how many deltas came."""

    share: float
    late: Sequence[float]
    deltas: int


Load = Callable[[list[float]], Awaitable[int]]


async def measure(bench: Bench) -> None:
    """Measure, and print a table."""
    command, environ = product(Path(bench.environ["DATA_DIR"]))
    tokens = [await bench.token() for _ in range(PEOPLE)]
    found: dict[str, list[_Round]] = {}
    async with serving(command, "/health/ready", **{**environ, **bench.environ}) as served:
        for _ in range(ROUNDS):
            over = await _round(lambda late: _over_sockets(served.address, tokens, late), lambda: served.usage().cpu)
            found.setdefault("copilotStream over sockets", []).append(over)
            found.setdefault("openai's client", []).append(await _round(lambda late: _bare(bench, late)))
            found.setdefault("our driver", []).append(await _round(lambda late: _driver(bench, late)))
    _report(found)


async def _round(load: Load, cpu: Callable[[], float] = time.process_time) -> _Round:
    late: list[float] = []
    before, began = cpu(), time.perf_counter()
    deltas = await load(late)
    return _Round(share=(cpu() - before) / (time.perf_counter() - began), late=late, deltas=deltas)


async def _over_sockets(address: str, tokens: Sequence[str], late: list[float]) -> int:
    async with AsyncExitStack() as stack:
        url = f"{address}/graphql".replace("http", "ws", 1)
        lines = [
            await stack.enter_async_context(websockets.connect(url, subprotocols=[_PROTOCOL], compression=None))
            for _ in tokens
        ]
        for line, token in zip(lines, tokens, strict=True):
            await _say(line, type="connection_init", payload={"authorization": f"Bearer {token}"})
            await line.recv()
        async with asyncio.timeout(_WAIT):
            return sum(await asyncio.gather(*(_follow(line, late) for line in lines)))


async def _follow(line: websockets.ClientConnection, late: list[float]) -> int:
    """Follow a person's suggestions on one socket; return how many deltas came."""
    for key in range(EACH):
        given = {"messages": [{"fromCustomer": True, "text": _QUESTION}], "clientRequestId": uuid4().hex}
        variables = {"input": {**given, "options": {"fresh": True}}}
        await _say(line, id=str(key), type="subscribe", payload={"query": _STREAM, "variables": variables})
    ended = deltas = 0
    while ended < EACH:
        message: dict[str, Any] = orjson.loads(await line.recv())
        if message["type"] == "next":
            event = message["payload"]["data"]["copilotStream"]
            if "code" in event:
                raise RuntimeError(f"{event['code']}: {event['message']}")
            _note(event.get("text", ""), late)
            deltas += "text" in event
        elif message["type"] == "ping":
            await _say(line, type="pong")
        else:
            if message["type"] == "error":
                raise RuntimeError(message["payload"])
            ended += 1
    return deltas


async def _say(line: websockets.ClientConnection, **message: Any) -> None:
    await line.send(orjson.dumps(message).decode())


async def _bare(bench: Bench, late: list[float]) -> int:
    async def read() -> int:
        messages: list[Any] = [{"role": "user", "content": _QUESTION}]
        count = 0
        async for each in await client.chat.completions.create(model=_MODEL, messages=messages, stream=True):
            if each.choices and (text := each.choices[0].delta.content):
                _note(text, late)
                count += 1
        return count

    async with openai.AsyncOpenAI(api_key="sk-bench", base_url=f"{bench.models}/v1", max_retries=0) as client:
        return sum(await asyncio.gather(*(read() for _ in range(PEOPLE * EACH))))


async def _driver(bench: Bench, late: list[float]) -> int:
    fleet = bench.assistant.fleet
    messages = (Message(role=Role.USER, text=_QUESTION),)
    request = Request(messages=messages, model=fleet.catalogue.get(_MODEL))

    async def read() -> int:
        count = 0
        async for each in fleet.shared["openai"].stream(request):
            if isinstance(each, Delta):
                _note(each.text, late)
                count += 1
        return count

    return sum(await asyncio.gather(*(read() for _ in range(PEOPLE * EACH))))


def _note(text: str, late: list[float]) -> None:
    if "⌁" in text:
        now = time.monotonic_ns() // 1_000
        late += [(now - each) / 1_000 for each in moments(text)]


def _report(found: dict[str, list[_Round]]) -> None:
    say(f"\n{PEOPLE * EACH} streams at {RATE} pieces/s for {SECONDS} s, {ROUNDS} interleaved rounds")
    say(f"{'':28}{'share of a core':>17}{'us a piece':>12}{'p50 ms late':>13}{'p95 ms late':>13}{'deltas':>9}")
    for name, rounds in found.items():
        best = min(rounds, key=lambda each: each.share)
        late = [each for one in rounds for each in one.late]
        each_us = best.share * 1e6 / (PEOPLE * EACH * RATE)
        figures = f"{percentile(late, 0.5):>13.2f}{percentile(late, 0.95):>13.2f}{best.deltas:>9,}"
        say(f"{name:28}{best.share:>17.2f}{each_us:>12.0f}{figures}")
