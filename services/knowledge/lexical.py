"""Okapi BM25 over the chunks of one workspace, in memory, with one slip of the finger in a word forgiven.

k1 = 1.5 and b = .75 (Robertson and Zaragoza, The Probabilistic Relevance Framework, 2009). What a stem adds to each
chunk is worked out when the index is built, so a search adds up a few short arrays.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from services.knowledge.subjects import is_about_place, looks, subjects, telling, tells_place
from services.knowledge.words import STEM, kin_of, words

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.float32]
    Flags = NDArray[np.bool_]

K1: Final = 1.5
B: Final = 0.75
_SHORTEST_SLIP: Final = 4
_SLIP_WORTH: Final = 0.8
_KIN_WORTH: Final = 0.7


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """For each chunk its BM25 score, the share of the question's weight that stands in it, 0 to 1, and whether it lacks
    something that the question is about.
    """

    bm25: "Numbers"
    coverage: "Numbers"
    lacks: "Flags"


@dataclass(frozen=True, slots=True)
class _Posting:
    chunks: "NDArray[np.int32]"
    gains: "Numbers"
    weight: float


class Lexicon:
    """The index. Built in a thread: 20,000 chunks take seconds."""

    def __init__(self, texts: Sequence[str]) -> None:
        import numpy as np

        written = [list(words(each)) for each in texts]
        bags = [Counter(word[:STEM] for word in each) for each in written]
        self._words: defaultdict[str, set[str]] = defaultdict(set)
        for each in {word for some in written for word in some}:
            self._words[each[:STEM]].add(each)
        self._texts = texts
        self._places = np.array([tells_place(each) for each in texts], dtype=bool)
        lengths = np.array([bag.total() for bag in bags], dtype=np.float32)
        self.size = len(bags)
        self._norms = K1 * (1 - B + B * lengths / max(1.0, float(lengths.mean()) if self.size else 1.0))
        found: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
        for place, bag in enumerate(bags):
            for stem, count in bag.items():
                found[stem].append((place, count))
        self._postings = {stem: self._posting(places) for stem, places in found.items()}
        self._unknown = math.log(1 + (self.size + 0.5) / 0.5)
        self._slips: dict[str, str] = {}
        for stem in self._postings:
            if len(stem) >= _SHORTEST_SLIP:
                for each in _shortened(stem):
                    self._slips.setdefault(each, stem)

    def score(self, question: str) -> Scores:
        """Score all chunks for a question."""
        import numpy as np

        bm25, covered = np.zeros(self.size, dtype=np.float32), np.zeros(self.size, dtype=np.float32)
        whole, needed, counted = 0.0, subjects(question), telling(question)
        lacks = np.zeros(self.size, dtype=np.bool_)
        for word in {each[:STEM]: each for each in words(question)}.values():
            told = list(self._find(word))
            whole += max((posting.weight for posting, _ in told), default=self._unknown) * (word in counted)
            gained, stands = np.zeros_like(bm25), np.zeros_like(covered)
            for posting, worth in told:
                here = posting.chunks
                gained[here] = np.maximum(gained[here], posting.gains * worth)
                stands[here] = np.maximum(stands[here], posting.weight * worth)
            bm25 += gained
            covered += stands * (word in counted)
            if word in needed:
                lacks |= stands == 0
        for look in looks(question):
            lacks |= np.array([look.search(each) is None for each in self._texts], dtype=np.bool_)
        coverage = covered / whole if whole else covered
        if is_about_place(question):
            # an address answers, whatever else it says, and nothing else does
            return Scores(bm25=bm25, coverage=np.maximum(coverage, self._places), lacks=~self._places)
        return Scores(bm25=bm25, coverage=coverage, lacks=lacks)

    def _find(self, word: str) -> Iterator[tuple[_Posting, float]]:
        """Yield where a word stands, or what a misspelt one means, and where its kin do; each with its worth."""
        stem = word[:STEM]
        found = self._postings.get(stem) or self._meant(word)
        if found is not None:
            yield found, 1.0 if stem in self._postings else _SLIP_WORTH
        for each in kin_of(stem):
            posting = self._postings.get(each)
            if posting is not None:
                yield posting, _KIN_WORTH

    def _meant(self, word: str) -> _Posting | None:
        stem = word[:STEM]
        if len(stem) < _SHORTEST_SLIP or stem.isdigit() or kin_of(stem):
            return None
        for each in _shortened(stem):
            is_whole = each in self._postings and len(each) >= _SHORTEST_SLIP
            meant = each if is_whole else self._slips.get(each, "")
            if not meant.isdigit() and any(_is_slip(word, other) for other in self._words.get(meant, ())):
                return self._postings[meant]
        return None

    def _posting(self, places: Sequence[tuple[int, int]]) -> _Posting:
        import numpy as np

        chunks = np.array([place for place, _ in places], dtype=np.int32)
        counts = np.array([count for _, count in places], dtype=np.float32)
        weight = math.log(1 + (self.size - len(places) + 0.5) / (len(places) + 0.5))
        gains = weight * counts * (K1 + 1) / (counts + self._norms[chunks])
        return _Posting(chunks, gains.astype(np.float32), weight)


def _is_slip(word: str, other: str) -> bool:
    """Tell whether two words are a slip apart as far as both go: endings do not count, the rest of a word does."""
    size = min(len(word), len(other))
    return any(
        not set(_shortened(word[:length])).isdisjoint(_shortened(other[:size])) for length in (size - 1, size, size + 1)
    )


def _shortened(stem: str) -> Iterator[str]:
    """Yield a stem, and each form of it that lacks one letter: two stems that share one are a slip apart."""
    yield stem
    for place in range(len(stem)):
        yield stem[:place] + stem[place + 1 :]
