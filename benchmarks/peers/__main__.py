"""`python -m benchmarks.peers [DATABASE_URL] [--quick] [--only NAME ...] [--write]`: our server beside others.

One core for the server, one for the database and the load; rounds are interleaved, and medians are shown. Without an
address, PostgreSQL on its usual port of this machine is used if it lets in `postgres`, and an embedded one otherwise.
"""

import argparse
import sys
import time

import uvloop

from benchmarks.peers import stage
from benchmarks.peers.measuring import Load, keep_to_stores_core
from benchmarks.peers.rounds import Pace, Run
from benchmarks.peers.servers import on_node, on_python

_WHOLE = Pace(rounds=3, warm=0.7, measure=1.6, slow=4.0, curve=0.8, contacts=20_000)
_QUICK = Pace(rounds=1, warm=0.5, measure=1.0, slow=2.0, curve=0.0, contacts=2_000)
_SESSIONS = 100


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
    for (name, point), readings in run.findings.readings.items():
        for r in readings:
            print(name, point.operation, point.connections, point.size, f"{r.per_second:.0f}/s p50 {r.p50:.1f} p99 {r.p99:.1f} cpu {r.server:.2f}+{r.database:.2f}+{r.redis:.2f} faults {r.faults} n {r.answers} size {r.size:.0f}")
    print(run.findings.peaks, missing, time.monotonic() - began)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="Measure our server beside others.")
    parser.add_argument("database", nargs="?", help="address of a PostgreSQL whose login may create databases")
    parser.add_argument("--quick", action="store_true", help="one short round without curves")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="beside ours, only these")
    parser.add_argument("--write", action="store_true", help="put the tables and the plot into docs/")
    uvloop.run(main(parser.parse_args()))
