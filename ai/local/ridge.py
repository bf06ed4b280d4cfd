"""A classifier that is learned from a few hundred sentences in milliseconds, with calibrated confidences: kernel ridge
regression over what sentences mean (their vectors) and how they are worded (their pieces).

Each sentence is left out once, in closed form, to see what would be said of it unseen (Rasmussen and Williams, Gaussian
Processes for Machine Learning, section 5.4.2). From these answers comes the temperature that makes confidences honest
(Guo and others, On Calibration of Modern Neural Networks, 2017). This imports numpy: import it in a thread.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

from ai.local.encoder import Embedded, embed_here
from ai.local.wording import pieces

Matrix = NDArray[np.float64]

# chosen by leaving out each seed once
_SHARPNESS: Final = 2.0
_WORDING: Final = 0.25
_RIDGE: Final = 0.2
_BUCKETS: Final = 8_192
_TEMPERATURES: Final = np.geomspace(0.05, 2.0, 60)
_TINY: Final = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What was learned: the answers it knows, and the share of its seeds that it answers right unseen."""

    answers: tuple[str, ...]
    unseen_accuracy: float
    _vectors: Matrix
    _by_meaning: Matrix
    _by_wording: Matrix
    _rarity: Matrix
    _bias: Matrix
    _temperature: float

    @classmethod
    def learned(cls, texts: Sequence[str], answers: Sequence[str]) -> Self:
        """Learn from sentences and the answer to each. All answers weigh the same, however many sentences they have."""
        names, right = np.unique(np.array(answers), return_inverse=True)
        wanted = 2 * np.eye(len(names))[right] - 1
        base = 2 / len(names) - 1
        vectors = embed_here(texts).astype(np.float64)
        worded, rarity = _worded(texts)
        kernel = _likeness(vectors, vectors) + _WORDING * worded @ worded.T + 1
        shares = len(right) / len(names) / np.bincount(right)[right]
        inverse = np.linalg.inv(kernel + _RIDGE * np.diag(1 / shares))
        weights = inverse @ (wanted - base)
        unseen = wanted - weights / np.diag(inverse)[:, None]
        return cls(
            answers=tuple(str(name) for name in names),
            unseen_accuracy=float((unseen.argmax(axis=1) == right).mean()),
            _vectors=vectors,
            _by_meaning=weights,
            _by_wording=_WORDING * worded.T @ weights,
            _rarity=rarity,
            _bias=weights.sum(axis=0) + base,
            _temperature=_calibrated(unseen, right),
        )

    def confidences(self, texts: Sequence[str], embedded: Embedded) -> Matrix:
        """Return a row for each text: how likely each answer is. What was `embedded` before is not embedded again."""
        vectors = embedded.rows(texts).astype(np.float64)
        worded, _ = _worded(texts, self._rarity)
        scores = _likeness(vectors, self._vectors) @ self._by_meaning + worded @ self._by_wording + self._bias
        return _softmax(scores / self._temperature)


def _likeness(some: Matrix, others: Matrix) -> Matrix:
    return np.exp(_SHARPNESS * (some @ others.T - 1))


def _worded(texts: Sequence[str], rarity: Matrix | None = None) -> tuple[Matrix, Matrix]:
    """Return a row of length one for each text, in which rare pieces count more, and how rare each is."""
    rows = np.zeros((len(texts), _BUCKETS))
    for row, text in zip(rows, texts, strict=True):
        for piece in pieces(text):
            row[crc32(piece.encode()) % _BUCKETS] = 1
    counted: Matrix = np.log((1 + len(texts)) / (1 + rows.sum(axis=0))) if rarity is None else rarity
    weighed = rows * counted
    return weighed / np.maximum(np.linalg.norm(weighed, axis=1, keepdims=True), _TINY), counted


def _softmax(scores: Matrix) -> Matrix:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _calibrated(unseen: Matrix, right: NDArray[np.intp]) -> float:
    """Return the temperature at which the right answers were the least surprising."""
    rows = np.arange(len(right))
    surprise = [-np.log(_softmax(unseen / each)[rows, right] + _TINY).mean() for each in _TEMPERATURES]
    return float(_TEMPERATURES[int(np.argmin(surprise))])
