"""The plot of a run, as SVG: bars for each operation, and how cost and speed go with sizes and crowds."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from benchmarks.peers import operations, report
from benchmarks.peers.operations import PAGE
from benchmarks.peers.rounds import BUSY, BY_ID, CROWDS, CURVED, SIZES, Findings, Point
from benchmarks.peers.servers import OURS

_COLOURS: Final = ("#1d4ed8", "#93c5fd", "#b45309", "#15803d", "#be185d", "#7c3aed", "#64748b", "#9ca3af")
_WIDTH: Final = 960
_PANEL: Final = 470
_MARGIN: Final = 10
_LABEL: Final = 175
_LINE: Final = 20
_GRAPH: Final = 260


@dataclass(frozen=True, slots=True, kw_only=True)
class Curve:
    """A panel of lines: for each server, its values at the places of the horizontal axis. Both axes are logarithmic."""

    heading: str
    places: Sequence[int]
    value: Callable[[str, int], float | None]


def drawn(findings: Findings) -> str:
    """Draw everything."""
    names = report.names(findings)
    colours = {name: _COLOURS[place % len(_COLOURS)] for place, name in enumerate(names)}
    panels: list[tuple[int, list[str]]] = [_bars(findings, each, colours) for each in operations.names()]
    panels += [_lines(each, colours) for each in _curves(findings)]
    parts: list[str] = []
    top = _MARGIN
    for start in range(0, len(panels), 2):
        pair = panels[start : start + 2]
        for place, (_, shapes) in enumerate(pair):
            parts.append(f'<g transform="translate({_MARGIN + place * (_PANEL + _MARGIN)},{top})">')
            parts += [*shapes, "</g>"]
        top += max(height for height, _ in pair) + 2 * _MARGIN
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {top}" width="{_WIDTH}" height="{top}"'
        ' font-family="sans-serif" font-size="11">'
    )
    return "\n".join([head, '<rect width="100%" height="100%" fill="#ffffff"/>', *parts, "</svg>"]) + "\n"


def _bars(findings: Findings, operation: str, colours: dict[str, str]) -> tuple[int, list[str]]:
    point = Point(operation=operation)
    rates = {each: report.middle(findings, each, point, lambda reading: reading.per_second) or 0.0 for each in colours}
    widest = max(*rates.values(), 1.0)
    room = _PANEL - _LABEL - 60
    shapes = [_text(0, 14, f"{report.title(operation)}: answers a second", weight="bold")]
    for place, (name, rate) in enumerate(rates.items()):
        y = 26 + place * _LINE
        width = max(1.0, rate / widest * room)
        shapes += [
            _text(_LABEL - 6, y + 12, name, anchor="end", weight="bold" if name == OURS else "normal"),
            f'<rect x="{_LABEL}" y="{y}" width="{width:.1f}" height="{_LINE - 5}" fill="{colours[name]}"/>',
            _text(_LABEL + width + 5, y + 12, f"{rate:,.0f}"),
        ]
    return 26 + len(rates) * _LINE, shapes


def _curves(findings: Findings) -> list[Curve]:
    if (OURS, Point(operation=CURVED, size=SIZES[0])) not in findings.readings:
        return []

    def cost(name: str, size: int) -> float | None:
        return report.middle(findings, name, Point(operation=CURVED, size=size), report.total_cpu)

    def rate(name: str, connections: int) -> float | None:
        point = Point(operation=CURVED, connections=connections)
        return report.middle(findings, name, point, lambda reading: reading.per_second)

    return [
        Curve(heading="CPU ms of a page, by its rows", places=sorted({*SIZES, PAGE}), value=cost),
        Curve(heading=f"pages of {PAGE} a second, by connections", places=sorted({*CROWDS, BUSY}), value=rate),
    ]


def _lines(curve: Curve, colours: dict[str, str]) -> tuple[int, list[str]]:
    lines = {name: [curve.value(name, each) for each in curve.places] for name in colours if name != BY_ID}
    known = [value for values in lines.values() for value in values if value]
    low, high = math.floor(math.log10(min(known))), math.ceil(math.log10(max(known)))
    left, right, top, bottom = 40.0, _PANEL - 10.0, 30.0, 30.0 + _GRAPH
    last = math.log10(curve.places[-1])

    def x(place: int) -> float:
        return left + (right - left) * math.log10(place) / last

    def y(value: float) -> float:
        return bottom - (bottom - top) * (math.log10(value) - low) / max(1, high - low)

    shapes = [_text(0, 14, curve.heading, weight="bold")]
    for power in range(low, high + 1):
        level = y(10**power)
        shapes.append(f'<line x1="{left}" x2="{right}" y1="{level:.1f}" y2="{level:.1f}" stroke="#e5e7eb"/>')
        shapes.append(_text(left - 4, level + 4, f"{10**power:g}", anchor="end"))
    shapes += [_text(x(each), bottom + 16, str(each), anchor="middle") for each in curve.places]
    for name, values in lines.items():
        points = [(x(place), y(value)) for place, value in zip(curve.places, values, strict=True) if value]
        width = 3 if name == OURS else 1.5
        path = " ".join(f"{across:.1f},{up:.1f}" for across, up in points)
        shapes.append(f'<polyline points="{path}" fill="none" stroke="{colours[name]}" stroke-width="{width}"/>')
        shapes += [f'<circle cx="{across:.1f}" cy="{up:.1f}" r="3" fill="{colours[name]}"/>' for across, up in points]
    return int(bottom) + 24, shapes


def _text(x: float, y: float, words: str, *, anchor: str = "start", weight: str = "normal") -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-weight="{weight}" fill="#111827">'
        f"{escape(words)}</text>"
    )
