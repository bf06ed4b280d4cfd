"""Subscriptions: 1,000 listeners and 100 events, beside graphql-ws and Mercurius on Node; and idle sockets.

The product makes each event by a real mutation, with its audit entry, its row in the log and a hint over Redis; the
peers emit from memory. Rounds are interleaved, and the median is shown. The first line of figures is of the product.
"""

import asyncio
import json
import statistics
import sys
import tempfile
import urllib.request
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from functools import partial
from pathlib import Path
from typing import Any, Final

from benchmarks.processes import PEERS, Served, has_node, node, product, serving
from server import seed

CLIENTS: Final = 1_000
MESSAGES: Final = 100
IDLE: Final = 5_000
ROUNDS: Final = 3
_FIELDS: Final = "seq type subjectIds at cursor"
_OURS: Final = f"subscription {{ workspaceEvents(types: [LABEL_UPDATED]) {{ ... on WorkspaceEvent {{ {_FIELDS} }} }} }}"
_THEIRS: Final = f"subscription {{ events {{ {_FIELDS} }} }}"
_LOGIN: Final = "mutation ($input: LoginInput!) { login(input: $input) { accessToken } }"
_SETTLE: Final = 2.0

Serving = Callable[[], AbstractAsyncContextManager[Served]]


async def main() -> None:
    """Measure, and print tables."""
    if not has_node():
        sys.stdout.write("subscriptions: left out, they are measured by a client on Node\n")
        return
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        command, environ = product(Path(folder))
        ours = partial(serving, command, "/health/ready", **environ)
        found: dict[str, list[dict[str, Any]]] = {}
        for _ in range(ROUNDS):
            found.setdefault("WhatsHybrid", []).append(await _fanned_out(ours, is_ours=True))
            for kind in ("graphql-ws", "mercurius"):
                peer = partial(serving, ["node", str(PEERS / "subscription-server.mjs")], "/publish?count=0", KIND=kind)
                found.setdefault(kind, []).append(await _fanned_out(peer, is_ours=False))
        _report(found)
        await _weigh(ours)


async def _fanned_out(opened: Serving, *, is_ours: bool) -> dict[str, Any]:
    async with opened() as served:
        order: dict[str, Any] = {"url": f"{served.address}/graphql", "clients": CLIENTS, "messages": MESSAGES}
        if is_ours:
            order |= {"query": _OURS, "field": "workspaceEvents", "token": await _token(served)}
        else:
            order |= {"query": _THEIRS, "field": "events", "publish": f"{served.address}/publish?count={MESSAGES}"}
        answer = await node("subscribers.mjs", order)
        return {**answer, "peak": served.usage().peak // 1024}


async def _weigh(ours: Serving) -> None:
    async with ours() as served:
        order = {
            "url": f"{served.address}/graphql",
            "clients": IDLE,
            "messages": 0,
            "idle": 8,
            "token": await _token(served),
        }
        before = served.usage()
        holding = asyncio.create_task(node("subscribers.mjs", order))
        heaviest = before.resident
        while not holding.done():
            await asyncio.sleep(_SETTLE)
            heaviest = max(heaviest, served.usage().resident)
        await holding
        sys.stdout.write(f"\n{IDLE:,} idle sockets: {(heaviest - before.resident) / IDLE:.1f} kB each\n")


async def _token(served: Served) -> str:
    body = {"query": _LOGIN, "variables": {"input": {"email": seed.EMAIL, "password": seed.PASSWORD}}}
    request = urllib.request.Request(  # noqa: S310  (an address of this machine)
        f"{served.address}/graphql", json.dumps(body).encode(), {"content-type": "application/json"}
    )
    answer = await asyncio.to_thread(lambda: urllib.request.urlopen(request, timeout=20).read())  # noqa: S310
    return json.loads(answer)["data"]["login"]["accessToken"]


def _report(found: dict[str, list[dict[str, Any]]]) -> None:
    sys.stdout.write(f"\n{CLIENTS:,} subscribers, {MESSAGES} events\n")
    sys.stdout.write(f"{'':14}{'deliveries/s':>14}{'p50 ms':>9}{'p99 ms':>9}{'peak MB':>9}{'lost':>6}\n")
    for name, rounds in found.items():
        middle = {key: statistics.median(each[key] for each in rounds) for key in ("perSecond", "p50", "p99", "peak")}
        lost = sum(each["wanted"] - each["deliveries"] for each in rounds)
        figures = f"{middle['perSecond']:>14,.0f}{middle['p50']:>9.1f}{middle['p99']:>9.1f}{middle['peak']:>9.0f}"
        sys.stdout.write(f"{name:14}{figures}{lost:>6}\n")


if __name__ == "__main__":
    asyncio.run(main())
