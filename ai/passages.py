"""Passages of a knowledge base, as they are searched for, given to a model, and cited."""

from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """A part of a source: characters `start` to `end` of its text, code points. `score` is 0 to 1, by rank alone no
    measure of truth. Where passages are given in a row, `[1]` cites the first.
    """

    chunk_id: UUID
    source_id: UUID
    title: str
    text: str
    start: int
    end: int
    score: float
    url: str | None = None
