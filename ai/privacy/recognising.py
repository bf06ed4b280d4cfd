"""Everything personal in a text: all recognisers over one reading."""

from bisect import bisect_right
from collections.abc import Sequence
from itertools import chain

from ai.privacy import cues, numbers, patterns
from ai.privacy.labels import BLANK
from ai.privacy.people import People
from ai.privacy.reading import Reading, read
from ai.privacy.spans import Span, settled


def recognise(text: str, people: Sequence[People] = (), *, with_cues: bool = True) -> list[Span]:
    """Return what is personal in a text, in its order, without overlaps; offsets are of the text as it was given.

    Without cues, names that nobody knows are left out: instructions introduce assistants too.
    """
    reading = read(text)
    spans = chain(
        numbers.find(reading),
        patterns.find(reading),
        *(each.find(reading) for each in people),
        cues.find(reading) if with_cues else (),
    )
    return settled([_written(reading, span) for span in spans])


def recognise_more(text: str, people: Sequence[People], known: Sequence[Span]) -> list[Span]:
    """Return what is personal in a text beside the spans that are known, which neither hide nor label anything."""
    if not known:
        return recognise(text, people)
    plain, starts = _blanked(text, known)
    return [_moved(span, known, starts) for span in recognise(plain, people)]


def _blanked(text: str, spans: Sequence[Span]) -> tuple[str, list[int]]:
    """Return a text in which each span is a blank, and where the pieces between the blanks begin in it."""
    parts: list[str] = []
    starts: list[int] = []
    done = size = 0
    for span in spans:
        starts.append(size)
        parts += (text[done : span.start], BLANK)
        size += span.start - done + len(BLANK)
        done = span.end
    return "".join([*parts, text[done:]]), [*starts, size]


def _moved(span: Span, spans: Sequence[Span], starts: Sequence[int]) -> Span:
    piece = bisect_right(starts, span.start) - 1
    shift = (spans[piece - 1].end if piece else 0) - starts[piece]
    return Span(
        start=span.start + shift, end=span.end + shift, kind=span.kind, confidence=span.confidence, key=span.key
    )


def _written(reading: Reading, span: Span) -> Span:
    start, end = reading.written(span.start, span.end)
    if start == span.start and end == span.end:
        return span
    return Span(start=start, end=end, kind=span.kind, confidence=span.confidence, key=span.key)
