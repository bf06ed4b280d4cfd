"""The whole comparison: stores, servers, rounds, report."""

import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.peers import plot, report, stage
from benchmarks.peers.measuring import Load, keep_to_stores_core
from benchmarks.peers.rounds import Pace, Run
from benchmarks.peers.servers import Server, on_node, on_python

WHOLE: Final = Pace(rounds=3, budget=540, warm=0.7, measure=1.6, slow=3.0, curve=0.8, contacts=20_000)
QUICK: Final = Pace(rounds=1, budget=120, warm=0.4, measure=0.8, slow=1.2, curve=0.0, contacts=2_000)
# points are given to each person, and 32 connections of one would soon have spent theirs
_SESSIONS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What to compare: beside ours all servers, or those whose names hold a word of `only`."""

    database: str | None = None
    pace: Pace = WHOLE
    only: Sequence[str] = ()
    write: bool = False


async def compare(options: Options) -> None:
    """Measure, print tables, and put them into the documents if that is wished.

    Raises:
        Unequal: two servers answer the same question differently.
    """
    began = time.monotonic()
    keep_to_stores_core()
    servers, missing = _servers(options.only)
    pace = options.pace
    async with stage.set_up(options.database, pace.contacts, _SESSIONS) as place, Load.started() as load:
        sys.stderr.write(f"  set up after {time.monotonic() - began:.0f} s\n")
        run = Run(stage=place, load=load, pace=pace, servers=servers, began=began)
        await run.go()
    seconds = time.monotonic() - began
    text = report.written(report.Told(findings=run.findings, stage=place, missing=missing, seconds=seconds))
    sys.stdout.write(text)
    if options.write:
        report.put_into_docs(text, plot.drawn(run.findings))


def _servers(only: Sequence[str]) -> tuple[list[Server], list[str]]:
    """Return the servers, ours first: the others are held against what it answers."""
    ours, *others = on_python()
    nodes, missing = on_node()
    wanted = [each for each in (*nodes, *others) if not only or any(word in each.name for word in only)]
    return [ours, *wanted], missing
