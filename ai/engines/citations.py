"""Citations in an answer, checked: `[1]` names the first passage that the model was given.

A marker that names no passage is dropped. Markers leave the text, which then can be sent as it is, and are told as
places in it; the spaces before them go too, or those behind one that begins a line.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ai.engines.material import readable
from ai.passages import Passage
from ai.results import Citation

_SPACES: Final = " \t"
_MARKER: Final = re.compile(r"[ \t]{0,8}\[ ?(\d{1,3}(?: ?[,;] ?\d{1,3}){0,4}) ?\]", re.ASCII)
_UNFINISHED: Final = re.compile(r"[ \t]{0,8}(?:\[[0-9,; ]{0,29})?\Z")
"""What could still become a marker; 29 characters are the most that one has inside."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """A text without its markers, and where it cites what."""

    text: str
    citations: tuple[Citation, ...]

    @property
    def sources(self) -> tuple[Passage, ...]:
        """The passages that are cited, each once, in the order of their first mention."""
        return tuple({each.number: each.passage for each in self.citations}.values())


class CitationStream:
    """Takes the markers out of a stream as it comes. Only what may become a marker is held back, with the spaces before
    it. Feed it unmasked text: a token of the mask is no marker, but what it stands for could change the places.
    """

    __slots__ = ("_found", "_held", "_is_skipping", "_passages", "_said", "_starts_line")

    def __init__(self, passages: Sequence[Passage]) -> None:
        self._passages = readable(passages)
        self._found: list[Citation] = []
        self._held = ""
        self._said = 0
        self._starts_line = True
        self._is_skipping = False

    @property
    def citations(self) -> tuple[Citation, ...]:
        """What was cited until now; places are those of the text that came out."""
        return tuple(self._found)

    def feed(self, chunk: str) -> str:
        """Take the next piece; return what is ready, which may be nothing."""
        text = self._held + chunk
        begun = _UNFINISHED.search(text)
        cut = begun.start() if begun is not None else len(text)
        self._held = text[cut:]
        return self._told(text[:cut])

    def flush(self) -> str:
        """Return what is left when the stream has ended."""
        rest, self._held = self._held, ""
        return self._told(rest)

    def _told(self, text: str) -> str:
        parts: list[str] = []
        done = 0
        for match in _MARKER.finditer(text):
            parts.append(self._say(text[done : match.start()]))
            self._is_skipping = self._starts_line
            self._cite(match[1])
            done = match.end()
        parts.append(self._say(text[done:]))
        return "".join(parts)

    def _say(self, text: str) -> str:
        if self._is_skipping:
            text = text.lstrip(_SPACES)
        if text:
            self._is_skipping = False
            self._starts_line = text.endswith("\n")
            self._said += len(text)
        return text

    def _cite(self, numbers: str) -> None:
        for number in map(int, re.findall(r"\d+", numbers)):
            if not 1 <= number <= len(self._passages):
                continue
            citation = Citation(number=number, position=self._said, passage=self._passages[number - 1])
            if citation not in self._found:
                self._found.append(citation)


def validated(text: str, passages: Sequence[Passage]) -> Cited:
    """Return a whole text without its markers, nor spaces around it, and what it cites of the passages that the model
    was given.
    """
    stream = CitationStream(passages)
    told = stream.feed(text) + stream.flush()
    trimmed = told.strip()
    lead = len(told) - len(told.lstrip())
    placed = (replace(each, position=min(max(each.position - lead, 0), len(trimmed))) for each in stream.citations)
    return Cited(text=trimmed, citations=tuple(dict.fromkeys(placed)))
