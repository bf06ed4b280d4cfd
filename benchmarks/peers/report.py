"""The tables of a run, in Markdown, and their place in the documents."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmarks.peers import operations
from benchmarks.peers.measuring import Reading
from benchmarks.peers.operations import PAGE
from benchmarks.peers.rounds import BUSY, BY_ID, CROWDS, CURVED, SIZES, Findings, Point
from benchmarks.peers.servers import LIMIT, OURS
from benchmarks.peers.stage import POOL, Stage

_DOCS: Final = Path(__file__).parents[2] / "docs"
_PAGE: Final = _DOCS / "performance.md"
_PLOT: Final = _DOCS / "peers.svg"
_BEGIN: Final = "<!-- figures of python -m benchmarks.peers --write -->"
_END: Final = "<!-- end of the figures -->"
_TITLES: Final = {
    "contact": "one contact",
    "contacts": f"page of {PAGE}",
    "labels": "20 labels × 20",
    "contact-create": "create",
}

Figure = Callable[[Reading], float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What a report tells of."""

    findings: Findings
    stage: Stage
    missing: Sequence[str]
    seconds: float


def title(operation: str) -> str:
    """Return an operation's heading."""
    return _TITLES.get(operation, operation)


def middle(findings: Findings, name: str, point: Point, figure: Figure) -> float | None:
    """Return the median of a figure over the rounds."""
    found = findings.readings.get((name, point))
    return None if found is None else statistics.median(figure(each) for each in found)


def names(findings: Findings) -> list[str]:
    """Name the servers in order of measuring: ours with its variant, peers, the limit."""
    return list(dict.fromkeys(name for name, _ in findings.readings))


def total_cpu(reading: Reading) -> float:
    """Return all CPU that an answer cost."""
    return reading.server + reading.database + reading.redis


def best_peer(
    findings: Findings, point: Point, figure: Figure, pick: Callable[[Iterable[float]], float]
) -> float | None:
    """Return the best figure of a peer; neither we nor the limit are one."""
    peers = [each for each in names(findings) if each not in (OURS, BY_ID, LIMIT)]
    found = [value for each in peers if (value := middle(findings, each, point, figure)) is not None]
    return pick(found) if found else None


def written(told: Told) -> str:
    """Write the whole report."""
    parts = [
        _circumstances(told),
        f"Answers a second at {BUSY} connections, and the largest resident memory of the server:",
        _rates(told.findings),
        "CPU milliseconds of an answer, server + database (ours with Redis):",
        _costs(told.findings),
        f"Milliseconds until the answer at {BUSY} connections, p50 / p95 / p99:",
        _percentiles(told.findings),
        "Ours beside the best peer of each line (over 1 is better for answers, under 1 for the rest):",
        _ratios(told.findings),
    ]
    if (OURS, Point(operation=CURVED, size=SIZES[0])) in told.findings.readings:
        heading = (
            f"CPU milliseconds of a page by its rows, at {BUSY} connections; pages of {PAGE} a second by connections:"
        )
        parts += [heading, _curves(told.findings)]
    return "\n\n".join(parts) + "\n"


def put_into_docs(text: str, drawing: str) -> None:
    """Put the tables between their marks, and the plot beside them."""
    page = _PAGE.read_text(encoding="utf-8")
    head, _, rest = page.partition(_BEGIN)
    _, _, tail = rest.partition(_END)
    _PAGE.write_text(f"{head}{_BEGIN}\n\n{text}\n{_END}{tail}", encoding="utf-8")
    _PLOT.write_text(drawing, encoding="utf-8")


def _circumstances(told: Told) -> str:
    readings = [each for found in told.findings.readings.values() for each in found]
    loads = [each.machine for each in readings]
    faults = sum(each.faults for each in readings)
    kind = "embedded" if told.stage.is_embedded else "of the machine"
    rounds = f"{told.findings.rounds} interleaved round{'s' if told.findings.rounds > 1 else ''}"
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}, PostgreSQL {told.stage.version} ({kind}), {rounds}, {told.seconds:.0f} s.",
        f"Medians; pools of {POOL} connections; load average of the machine {min(loads):.1f} to {max(loads):.1f}.",
        f"{sum(each.answers for each in readings):,} answers, {faults} of them faulty.",
    ]
    return " ".join([*lines, *told.missing])


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(each)} |" for each in lines)


def _head(first: str, *last: str) -> list[str]:
    return [first, *(title(each) for each in operations.names()), *last]


def _rates(findings: Findings) -> str:
    def row(name: str) -> list[str]:
        points = [Point(operation=each) for each in operations.names()]
        rates = [middle(findings, name, each, lambda reading: reading.per_second) for each in points]
        peaks = findings.peaks.get(name)
        return [name, *map(_whole, rates), "" if peaks is None else f"{max(peaks):.0f}"]

    return _table(_head("", "peak MB"), [row(each) for each in names(findings)])


def _costs(findings: Findings) -> str:
    def cell(name: str, operation: str) -> str:
        point = Point(operation=operation)
        server = middle(findings, name, point, lambda reading: reading.server)
        stores = middle(findings, name, point, lambda reading: reading.database + reading.redis)
        return "" if server is None or stores is None else f"{server:.2f} + {stores:.2f}"

    return _table(_head(""), [[n, *(cell(n, each) for each in operations.names())] for n in names(findings)])


def _percentiles(findings: Findings) -> str:
    figures: list[Figure] = [lambda reading: reading.p50, lambda reading: reading.p95, lambda reading: reading.p99]

    def cell(name: str, operation: str) -> str:
        values = [middle(findings, name, Point(operation=operation), each) for each in figures]
        return " / ".join(_short(each) for each in values)

    return _table(_head(""), [[n, *(cell(n, each) for each in operations.names())] for n in names(findings)])


def _ratios(findings: Findings) -> str:
    kinds: list[tuple[str, Figure, Callable[[Iterable[float]], float]]] = [
        ("answers a second", lambda reading: reading.per_second, max),
        ("CPU of the server", lambda reading: reading.server, min),
        ("CPU of server and stores", total_cpu, min),
        ("p99", lambda reading: reading.p99, min),
    ]

    def cell(operation: str, figure: Figure, pick: Callable[[Iterable[float]], float]) -> str:
        point = Point(operation=operation)
        ours, best = middle(findings, OURS, point, figure), best_peer(findings, point, figure, pick)
        return "" if ours is None or not best else f"{ours / best:.2f}"

    rows = [[name, *(cell(each, figure, pick) for each in operations.names())] for name, figure, pick in kinds]
    return _table(_head(""), rows)


def _curves(findings: Findings) -> str:
    sizes = sorted({*SIZES, PAGE})
    crowds = sorted({*CROWDS, BUSY})
    head = ["", *(f"{each} row{'s' if each > 1 else ''}" for each in sizes), *(f"{each} conn." for each in crowds)]

    def row(name: str) -> list[str]:
        costs = [middle(findings, name, Point(operation=CURVED, size=each), total_cpu) for each in sizes]
        rates = [
            middle(findings, name, Point(operation=CURVED, connections=each), lambda reading: reading.per_second)
            for each in crowds
        ]
        return [name, *map(_short, costs), *map(_whole, rates)]

    return _table(head, [row(each) for each in names(findings) if each != BY_ID])


def _whole(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"


def _short(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 100 else f"{value:.1f}" if value >= 10 else f"{value:.2f}"
