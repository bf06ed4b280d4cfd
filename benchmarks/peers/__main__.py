"""`python -m benchmarks.peers [DATABASE_URL] [--quick] [--minutes N] [--only NAME ...] [--write]`: ours beside others.

One core for the server, one for the database and the load; rounds are interleaved, and medians are shown. Without an
address, PostgreSQL on its usual port of this machine is used if it lets in `postgres`, and an embedded one otherwise.
"""

import argparse
from dataclasses import replace

import uvloop

from benchmarks.peers.comparison import QUICK, WHOLE, Options, compare

if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m benchmarks.peers", description="Measure our server beside others.")
    parser.add_argument("database", nargs="?", help="address of a PostgreSQL whose login may create databases")
    parser.add_argument("--quick", action="store_true", help="one short round without curves")
    parser.add_argument("--minutes", type=float, help="begin no round that would end later; one is made in any case")
    parser.add_argument("--only", nargs="+", default=(), metavar="NAME", help="beside ours, only these")
    parser.add_argument("--write", action="store_true", help="put the tables and the plot into docs/")
    given = parser.parse_args()
    pace = QUICK if given.quick else WHOLE
    if given.minutes:
        pace = replace(pace, budget=given.minutes * 60)
    uvloop.run(compare(Options(database=given.database, pace=pace, only=given.only, write=given.write)))
