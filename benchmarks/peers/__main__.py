"""`python -m benchmarks.peers [DATABASE_URL] [--quick] [--only NAME ...] [--write]`: our server beside others.

One core for the server, one for the database and the load; rounds are interleaved, and medians are shown. Without an
address, PostgreSQL on its usual port of this machine is used if it lets in `postgres`, and an embedded one otherwise.
"""

import argparse
import sys
import time
from typing import Final

import uvloop

from benchmarks.peers import plot, report, stage
from benchmarks.peers.measuring import Load, keep_to_stores_core
from benchmarks.peers.rounds import Pace, Run
from benchmarks.peers.servers import on_node, on_python

_WHOLE: Final = Pace(rounds=3, budget=540, warm=0.7, measure=1.6, slow=3.0, curve=0.8, contacts=20_000)
_QUICK: Final = Pace(rounds=1, budget=120, warm=0.4, measure=0.8, slow=1.2, curve=0.0, contacts=2_000)
_SESSIONS: Final = 64


async def main(options: argparse.Namespace) -> None:
    """Measure, and print tables."""
    began = time.monotonic()
    keep_to_stores_core()
    on_python_, (nodes, missing) = on_python(), on_node()
    servers = [on_python_[0], *nodes, *on_python_[1:]]
    if options.only:
        servers = [each for each in servers if each.is_ours or any(word in each.name for word in options.only)]
    pace = _QUICK if options.quick else _WHOLE
    async with stage.set_up(options.database, pace.contacts, _SESSIONS) as place, Load.started() as load:
        sys.stderr.write(f"  set up after {time.monotonic() - began:.0f} s\n")
        run = Run(stage=place, load=load, pace=pace, servers=servers)
        await run.go()
        seconds = time.monotonic() - began
    told = report.Told(findings=run.findings, stage=place, missing=missing, seconds=seconds)
    text = report.written(told)
    sys.stdout.write(text)
    if options.write:
        report.put_into_docs(text, plot.drawn(run.findings))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="Measure our server beside others.")
    parser.add_argument("database", nargs="?", help="address of a PostgreSQL whose login may create databases")
    parser.add_argument("--quick", action="store_true", help="one short round without curves")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="beside ours, only these")
    parser.add_argument("--write", action="store_true", help="put the tables and the plot into docs/")
    uvloop.run(main(parser.parse_args()))
