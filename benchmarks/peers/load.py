"""The load: some connections that each send the next request when they have their answer, for some seconds.

A process of its own on the second core: reads one order a line (JSON), answers one line. It costs about as little as a
client in Python can: requests are written beforehand, answers are read by httptools. It ends with its input.
"""

import asyncio
import json
import statistics
import sys
import time
from itertools import cycle
from typing import Any, Final

import httptools
import uvloop

from benchmarks.peers.operations import MARK

_DRAIN: Final = 20.0
_LOOKED_AT: Final = 400
_FAULTS: Final = (b'"errors":[', b'"contact":null', b'"data":null')
_OK: Final = 200


class Requests:
    """The requests of one order, in turn, without end. Marks in them are replaced by numbers that no other has."""

    def __init__(self, order: dict[str, Any]) -> None:
        tokens = order["tokens"] or [None]
        self._texts = cycle([_written(body, tokens[n % len(tokens)]) for n, body in enumerate(order["bodies"])])
        self._is_marked = MARK in order["bodies"][0]
        self._number = order["number"]

    def next(self) -> bytes:
        """Return the bytes of one request."""
        text = next(self._texts)
        if self._is_marked:
            self._number += 1
            text = text.replace(MARK.encode(), b"%08d" % self._number)
        return text

    @property
    def number(self) -> int:
        """The last number that was used."""
        return self._number


class Tally:
    """What came back: seconds that each answer took, in order of coming; when the last one came; faults; bytes."""

    def __init__(self) -> None:
        self.taken: list[float] = []
        self.last = 0.0
        self.faults = 0
        self.example = ""
        self.size = 0

    def fault(self, words: str) -> None:
        """Count an answer that is none."""
        self.faults += 1
        self.example = self.example or words[:600]


class Client(asyncio.Protocol):
    """One connection."""

    def __init__(self, requests: Requests, tally: Tally, until: float) -> None:
        self._requests = requests
        self._tally = tally
        self._until = until
        self._parts: list[bytes] = []
        self._began = 0.0
        self._transport: Any = None
        self._parser: Any = None
        self.ended = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        """Read on."""
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        """Keep a part of the answer."""
        self._parts.append(body)

    def on_message_complete(self) -> None:
        """Look at an answer, and go on."""
        now = time.perf_counter()
        tally, body = self._tally, self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
        tally.size += len(body)
        tally.taken.append(now - self._began)
        tally.last = now
        status = self._parser.get_status_code()
        if status != _OK or _is_faulty(body):
            tally.fault(f"{status} {body[:500].decode(errors='replace')}")
        if now < self._until:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        """End; a server that hangs up too early is a fault."""
        if time.perf_counter() < self._until:
            self._tally.fault(f"hung up: {exc}")
        if not self.ended.done():
            self.ended.set_result(None)

    def _send(self) -> None:
        self._parts = []
        self._parser = httptools.HttpResponseParser(self)
        self._began = time.perf_counter()
        self._transport.write(self._requests.next())


def _written(body: str, token: str | None) -> bytes:
    content = body.encode()
    lines = ["POST /graphql HTTP/1.1", "host: 127.0.0.1", "content-type: application/json", "accept: application/json"]
    lines += [f"content-length: {len(content)}"] + ([f"authorization: Bearer {token}"] if token else [])
    return "\r\n".join([*lines, "", ""]).encode() + content


def _is_faulty(body: bytes) -> bool:
    seen = body if len(body) <= 2 * _LOOKED_AT else body[:_LOOKED_AT] + body[-_LOOKED_AT:]
    return any(each in seen for each in _FAULTS)


async def put(order: dict[str, Any]) -> dict[str, Any]:
    """Put load on a server, until all that was asked in time is answered: a slow server is not counted out."""
    requests, tally = Requests(order), Tally()
    loop = asyncio.get_running_loop()
    began = time.perf_counter()
    until = began + order["seconds"]
    clients = [
        (await loop.create_connection(lambda: Client(requests, tally, until), "127.0.0.1", order["port"]))[1]
        for _ in range(order["connections"])
    ]
    _, hanging = await asyncio.wait([each.ended for each in clients], timeout=order["seconds"] + _DRAIN)
    for _ in hanging:
        tally.fault("no answer")
    answers = len(tally.taken)
    cuts = statistics.quantiles(tally.taken, n=100) if len(tally.taken) > 1 else [float("nan")] * 99
    return {
        "answers": answers,
        "perSecond": answers / (max(tally.last, until) - began),
        **{f"p{each}": cuts[each - 1] * 1e3 for each in (50, 95, 99)},
        "size": tally.size / max(1, answers),
        "faults": tally.faults,
        "example": tally.example,
        "number": requests.number,
    }


def main() -> None:
    """Take orders until the input ends."""
    for line in sys.stdin:
        answer = uvloop.run(put(json.loads(line)))
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
