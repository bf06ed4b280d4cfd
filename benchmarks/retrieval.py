"""How often the right passage is found: by words, by meaning, by reciprocal ranks, and by the product's own fusion.

`python -m benchmarks.retrieval` asks the questions of `tests/services/knowledge/pairs.toml` of the product's own code,
without a store: vectors are compared here. It fails when a gate does not hold.
"""

import sys
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from ai.local import encoder
from services.knowledge import fusing
from services.knowledge.fusing import Evidence
from services.knowledge.lexical import Lexicon
from services.knowledge.words import stems

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Numbers = NDArray[np.floating]

PAIRS: Final = Path(__file__).parents[1] / "tests" / "services" / "knowledge" / "pairs.toml"
LEAST_FIRST: Final = 0.85
LEAST_FIFTH: Final = 0.95
MOST_FALSE: Final = 0.05
LEAST_GROUNDED: Final = 0.90
_RANK: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Set:
    """Passages by name, questions with the name of their passage, and questions that have none."""

    passages: Mapping[str, str]
    questions: Sequence[tuple[str, str]]
    nothing: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """What speaks for each passage, by question; and the place of the passage that answers."""

    answered: Sequence[Evidence]
    unanswered: Sequence[Evidence]
    places: Sequence[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """The share of the questions whose passage comes first, and within the first five; and the mean reciprocal rank."""

    first: float
    fifth: float
    mrr: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """How often the best passage is said to be about a question that it answers, and about one that nothing answers."""

    right: float
    false: float


def read_set(part: str = "questions") -> Set:
    """Read the questions: those that numbers were fitted on, or the `fresh` ones."""
    given = tomllib.loads(PAIRS.read_text(encoding="utf-8"))
    asked = [(each, name) for name, some in given[part].items() for each in some]
    return Set(passages=given["passages"], questions=asked, nothing=given["nothing"]["questions"])


def weigh(passages: Sequence[str], questions: Sequence[str]) -> list[Evidence]:
    """Return what speaks for each passage, for each question."""
    lexicon = Lexicon(passages)
    rows, asked = encoder.embed_here(passages), encoder.embed_here(questions)
    found: list[Evidence] = []
    for question, vector in zip(questions, asked, strict=True):
        scores = lexicon.score(question)
        words = len(set(stems(question)))
        cosine = rows @ vector
        found.append(
            Evidence(bm25=scores.bm25, coverage=scores.coverage, cosine=cosine, words=words, lacks=scores.lacks)
        )
    return found


def weigh_all(given: Set) -> Weighed:
    """Weigh all questions of a set."""
    passages, names = list(given.passages.values()), list(given.passages)
    return Weighed(
        answered=weigh(passages, [question for question, _ in given.questions]),
        unanswered=weigh(passages, given.nothing),
        places=[names.index(name) for _, name in given.questions],
    )


def by_meaning(evidence: Evidence) -> "Numbers":
    """Rank by the cosine alone."""
    assert evidence.cosine is not None  # noqa: S101
    return evidence.cosine


def by_ranks(evidence: Evidence) -> "Numbers":
    """Rank by the sum of reciprocal ranks, the constant being 60 (Cormack and others, 2009)."""
    sides = (evidence.bm25, by_meaning(evidence))
    return sum(1 / (_RANK + 1 + (-each).argsort(kind="stable").argsort()) for each in sides)  # type: ignore[return-value]


METHODS: Final[Mapping[str, Callable[[Evidence], "Numbers"]]] = {
    "BM25": lambda evidence: evidence.bm25,
    "dense": by_meaning,
    "reciprocal ranks": by_ranks,
    "ours": fusing.ranking,
}


def score(rank: Callable[[Evidence], "Numbers"], weighed: Sequence[Evidence], places: Sequence[int]) -> Score:
    """Score a ranking."""
    ranks = [
        int((-rank(evidence)).argsort(kind="stable").tolist().index(place))
        for evidence, place in zip(weighed, places, strict=True)
    ]
    count = len(ranks)
    return Score(
        first=sum(each == 0 for each in ranks) / count,
        fifth=sum(each < 5 for each in ranks) / count,
        mrr=sum(1 / (each + 1) for each in ranks) / count,
    )


def trust(answered: Sequence[Evidence], unanswered: Sequence[Evidence]) -> Trust:
    """Score the decision whether the best passage is about the question."""

    def share(some: Sequence[Evidence]) -> float:
        return sum(is_grounded(each) for each in some) / len(some)

    return Trust(right=share(answered), false=share(unanswered))


def is_grounded(evidence: Evidence) -> bool:
    """Say whether the best passage is said to be about the question."""
    best = int(fusing.ranking(evidence).argmax())
    return fusing.certainty(evidence, best) >= fusing.GROUNDED


def main() -> bool:
    """Print the table; return whether the gates hold."""
    given = read_set()
    encoder.embed_here(["warm"])
    began = time.perf_counter()
    weighed = weigh_all(given)
    count = len(given.questions) + len(given.nothing)
    milliseconds = (time.perf_counter() - began) * 1_000 / count
    print(f"{len(given.passages)} passages, {len(given.questions)} questions, {len(given.nothing)} without an answer")  # noqa: T201
    for name, rank in METHODS.items():
        found = score(rank, weighed.answered, weighed.places)
        print(f"{name:17} recall@1 {found.first:.3f}  recall@5 {found.fifth:.3f}  MRR {found.mrr:.3f}")  # noqa: T201
    found, trusted = (
        score(fusing.ranking, weighed.answered, weighed.places),
        trust(weighed.answered, weighed.unanswered),
    )
    print(f"grounded: {trusted.right:.3f} of the answerable, {trusted.false:.3f} of the others")  # noqa: T201
    print(f"{milliseconds:.1f} ms a question, the passages included")  # noqa: T201
    fresh = weigh_all(read_set("fresh"))
    again, sure = score(fusing.ranking, fresh.answered, fresh.places), trust(fresh.answered, fresh.unanswered)
    print(f"fresh questions: recall@1 {again.first:.3f}  recall@5 {again.fifth:.3f}  grounded {sure.right:.3f}")  # noqa: T201
    is_found = found.first >= LEAST_FIRST and found.fifth >= LEAST_FIFTH
    return is_found and trusted.right >= LEAST_GROUNDED and trusted.false <= MOST_FALSE


if __name__ == "__main__":
    sys.exit(0 if main() else "retrieval: a gate does not hold")
