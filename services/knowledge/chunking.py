"""Cuts a text into the parts that are searched: by headings, then paragraphs, then sentences. Offsets are kept.

A part has 1,000 characters at most (200 to 300 tokens) and begins with the last sentences of the one before it, up to
150 characters of them. It never goes over a heading. Of a FAQ each pair is a part, of a product list each product,
however long.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from models.documents import Pair, SourceKind, Span

LONGEST: Final = 1_000
OVERLAP: Final = 150
_HEADING_LONGEST: Final = 80
_BREAK: Final = re.compile(r"\n[ \t]*\n\s*")
_HEADING: Final = re.compile(r"#{1,6}[ \t]+(?P<title>\S.*)")
_ENDS: Final = re.compile(r"(?<=[.!?…])[\"”')\]]*\s+|\n+")
_SPACE: Final = re.compile(r"\s")
_PARAGRAPH: Final = "\n\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Characters `start` to `end` of a text, code points, and the heading they stand below."""

    start: int
    end: int
    heading: str = ""


@dataclass(frozen=True, slots=True)
class _Piece:
    start: int
    end: int

    @property
    def size(self) -> int:
        return self.end - self.start


def text_of(pairs: Sequence[Pair]) -> str:
    """Write the pairs of a FAQ as one text: a question, its answer, and an empty line."""
    return _PARAGRAPH.join(_written(each) for each in pairs)


def cut(kind: SourceKind, text: str, pairs: Sequence[Pair] = (), spans: Sequence[Span] = ()) -> list[Part]:
    """Return the parts of a text, in its order. What reading it found to be one piece (`spans`) is one part."""
    if spans:
        return [Part(start=each.start, end=each.end) for each in spans]
    match kind:
        case SourceKind.FAQ if pairs:
            return list(_by_pair(pairs))
        case SourceKind.CSV:
            return list(_by_row(text))
        case _:
            return list(_by_section(text))


def _written(pair: Pair) -> str:
    return f"{pair.question}\n{pair.answer}"


def _by_pair(pairs: Sequence[Pair]) -> Iterator[Part]:
    start = 0
    for each in pairs:
        end = start + len(_written(each))
        yield Part(start=start, end=end)
        start = end + len(_PARAGRAPH)


def _by_row(text: str) -> Iterator[Part]:
    """A product is a paragraph; where there are no paragraphs, a line."""
    is_apart = _BREAK.search(text) is not None
    for row in _pieces(text, _Piece(0, len(text)), _BREAK if is_apart else re.compile(r"\n")):
        yield from (Part(start=each.start, end=each.end) for each in _pack(_fitting(text, row)))


def _by_section(text: str) -> Iterator[Part]:
    for heading, section in _sections(text):
        sentences = [fit for each in _pieces(text, section, _ENDS) for fit in _fitting(text, each)]
        yield from (Part(start=each.start, end=each.end, heading=heading) for each in _pack(sentences))


def _sections(text: str) -> Iterator[tuple[str, _Piece]]:
    """Yield what stands below each heading, the heading's own line included."""
    heading, start = "", 0
    for line in _pieces(text, _Piece(0, len(text)), re.compile(r"\n")):
        title = _title(text, line)
        if title is not None:
            if text[start : line.start].strip():
                yield heading, _Piece(start, line.start)
            heading, start = title, line.start
    if text[start:].strip():
        yield heading, _Piece(start, len(text))


def _title(text: str, line: _Piece) -> str | None:
    """Return what a heading says: a line with `#` before it, or a short one that ends no sentence, alone in its
    paragraph or in capitals, and followed by more text.
    """
    words = text[line.start : line.end]
    marked = _HEADING.fullmatch(words)
    if marked is not None:
        return marked["title"].rstrip(" #")
    is_short = line.size <= _HEADING_LONGEST and words[-1] not in ".!?…;,-" and not words[0].isdigit()
    is_first = line.start == 0 or _BREAK.search(text[max(0, line.start - 3) : line.start]) is not None
    below = _BREAK.match(text[line.end : line.end + 200])
    is_alone = below is not None and line.end + below.end() < len(text) and "|" not in words
    return words.strip().rstrip(":") if is_short and is_first and (is_alone or _shouts(words)) else None


def _shouts(words: str) -> bool:
    return words.isupper() and any(each.isalpha() for each in words)


def _pieces(text: str, within: _Piece, ends: re.Pattern[str]) -> Iterator[_Piece]:
    """Yield what stands between the ends, without outer spaces."""
    start = within.start
    for end in ends.finditer(text, within.start, within.end):
        yield from _stripped(text, start, end.start())
        start = end.end()
    yield from _stripped(text, start, within.end)


def _stripped(text: str, start: int, end: int) -> Iterator[_Piece]:
    whole = text[start:end]
    bare = whole.strip()
    if bare:
        begin = start + len(whole) - len(whole.lstrip())
        yield _Piece(begin, begin + len(bare))


def _fitting(text: str, piece: _Piece) -> Iterator[_Piece]:
    """Yield a sentence, in parts at spaces when it is too long."""
    start = piece.start
    while piece.end - start > LONGEST:
        spaces = [each.start() for each in _SPACE.finditer(text, start + LONGEST // 2, start + LONGEST)]
        end = spaces[-1] if spaces else start + LONGEST
        yield from _stripped(text, start, end)
        start = end
    yield from _stripped(text, start, piece.end)


def _pack(sentences: Iterator[_Piece] | Sequence[_Piece]) -> Iterator[_Piece]:
    """Put sentences together as long as they fit, each part beginning with the end of the one before it."""
    held: list[_Piece] = []
    for each in sentences:
        if held and each.end - held[0].start > LONGEST:
            yield _Piece(held[0].start, held[-1].end)
            held = _tail(held, room=LONGEST - each.size)
        held.append(each)
    if held:
        yield _Piece(held[0].start, held[-1].end)


def _tail(held: Sequence[_Piece], room: int) -> list[_Piece]:
    kept: list[_Piece] = []
    for each in reversed(held):
        if held[-1].end - each.start > min(OVERLAP, room - 1):
            break
        kept.insert(0, each)
    return kept
