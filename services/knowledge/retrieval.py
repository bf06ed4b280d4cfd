"""Searches the knowledge base of a workspace: by meaning in the vector store, by words in this process.

The words of a workspace are indexed here when it is first searched, and again when the mark of its knowledge has moved;
of the sources, only those that changed are read again. Without the vector store words alone decide, and the answer says
so (`degraded`), as it does of sources that cannot be searched yet. Without the document store nothing can be searched.
"""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from ai.local.encoder import Embedded
from ai.passages import Passage
from core import text
from core.errors import Invalid
from core.ground import Ground
from core.vectors import VectorsAway
from models import Permission
from models.documents import KnowledgeSource, SourceState
from services.access import Actor
from services.knowledge import fusing
from services.knowledge.fusing import Evidence
from services.knowledge.indexing import told
from services.knowledge.lexical import Lexicon
from services.knowledge.storage import CHUNKS_MOST, Chunk, Shelf, Wanted, shelf_of
from services.knowledge.words import stems

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

QUESTION_LONGEST: Final = 1_000
LIMIT_MOST: Final = 20
_CANDIDATES: Final = 100
_WORKSPACES: Final = 50
_CHUNKS: Final = 200_000

Key = tuple[UUID, int, datetime | None]


class LimitInvalid(Invalid):
    """Ask for 1 to 20 passages."""

    code = "BAD_PAGE_SIZE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """The best passages for a question, best first; whether the best is about it; and what was
    away (`vectors`), or is not there yet (`sources`).
    """

    passages: tuple[Passage, ...]
    is_grounded: bool
    degraded: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Library:
    """What is searched of a workspace, as it was at a mark."""

    workspace_id: UUID
    mark: UUID
    sources: Mapping[UUID, KnowledgeSource]
    parts: Mapping[Key, Sequence[Chunk]]
    chunks: Sequence[Chunk]
    places: Mapping[UUID, int]
    lexicon: Lexicon
    is_waiting: bool

    @property
    def has_vectors(self) -> bool:
        """Whether every source has its vectors."""
        return all(each.has_vectors for each in self.sources.values())

    @property
    def lacks(self) -> tuple[str, ...]:
        """What is not there yet: `sources`, while some have never been searchable."""
        return ("sources",) if self.is_waiting else ()


class _Libraries:
    """The libraries of this process, those that were searched last."""

    def __init__(self) -> None:
        self._kept: OrderedDict[UUID, _Library] = OrderedDict()
        self._reading: dict[tuple[UUID, UUID], asyncio.Task[_Library]] = {}

    async def of(self, shelf: Shelf) -> _Library:
        """Return the library of a workspace as it is now; those who ask at once wait for one reading."""
        mark, key = await shelf.mark(), shelf.workspace_id
        kept = self._kept.get(key)
        if kept is not None and kept.mark == mark:
            self._kept.move_to_end(key)
            return kept
        reading = self._reading.get((key, mark))
        if reading is None:
            reading = self._reading[key, mark] = asyncio.create_task(_read(shelf, mark, kept), name="knowledge")
            reading.add_done_callback(lambda _: self._reading.pop((key, mark), None))
        library = await asyncio.shield(reading)
        self._kept[key] = library
        self._kept.move_to_end(key)
        while len(self._kept) > _WORKSPACES or self._is_heavy():
            self._kept.popitem(last=False)
        return library

    def _is_heavy(self) -> bool:
        return len(self._kept) > 1 and sum(len(each.chunks) for each in self._kept.values()) > _CHUNKS


_libraries: Final = _Libraries()


async def search(
    ground: Ground, workspace_id: UUID, question: str, limit: int = 5, embedded: Embedded | None = None
) -> Found:
    """Find the passages that answer a question, one to twenty. One that was `embedded` before is not embedded again.

    Raises:
        DocumentsAway: the document store does not answer.
    """
    library = await _libraries.of(await shelf_of(ground, workspace_id))
    asked = question[:QUESTION_LONGEST].strip()
    if not library.chunks or not asked:
        return Found(passages=(), is_grounded=False, degraded=library.lacks)
    cosines, scores = await asyncio.gather(
        _cosines(ground, library, asked, embedded or Embedded()), asyncio.to_thread(library.lexicon.score, asked)
    )
    degraded = (*(() if cosines is not None and library.has_vectors else ("vectors",)), *library.lacks)
    evidence = Evidence(
        bm25=scores.bm25, coverage=scores.coverage, cosine=cosines, words=len(set(stems(asked))), lacks=scores.lacks
    )
    return _found(library, evidence, max(1, min(limit, LIMIT_MOST)), degraded)


async def search_as(ground: Ground, actor: Actor, question: str, limit: int) -> Found:
    """Search for somebody.

    Raises:
        LimitInvalid: not one to twenty passages are asked for.
        TextInvalid, TextTooLong, Required: the question is not acceptable.
        DocumentsAway: the document store does not answer.
    """
    actor.require(Permission.KNOWLEDGE_READ)
    if not 1 <= limit <= LIMIT_MOST:
        raise LimitInvalid(field=("limit",))
    written = text.clean_text(text.undirected(question), field=("question",), most=QUESTION_LONGEST)
    return await search(ground, actor.workspace_id, written, limit)


async def _read(shelf: Shelf, mark: UUID, kept: _Library | None) -> _Library:
    shown = await shelf.page(Wanted())
    sources = [each for each in shown if each.version > 0]
    parts: dict[Key, Sequence[Chunk]] = {}
    for each in sources:
        key = (each.id, each.version, each.indexed_at)
        known = kept.parts.get(key) if kept is not None else None
        parts[key] = await shelf.chunks(each) if known is None else known
    chunks = [chunk for part in parts.values() for chunk in part][:CHUNKS_MOST]
    titles = {each.id: each for each in sources}
    if kept is not None and kept.parts.keys() == parts.keys():
        lexicon = kept.lexicon
    else:
        written = [told(titles[each.source_id].title, each) for each in chunks]
        lexicon = await asyncio.to_thread(Lexicon, written)
    places = {each.id: place for place, each in enumerate(chunks)}
    return _Library(
        workspace_id=shelf.workspace_id,
        mark=mark,
        sources=titles,
        parts=parts,
        chunks=chunks,
        places=places,
        lexicon=lexicon,
        is_waiting=any(each.version == 0 and each.state is SourceState.PENDING for each in shown),
    )


async def _cosines(
    ground: Ground, library: _Library, question: str, embedded: Embedded
) -> "NDArray[np.float32] | None":
    """Return how near each chunk is to a question; what is not among the hundred nearest counts as the last of them.
    None when that cannot be told.
    """
    import numpy as np

    vector = await embedded.row(question)
    try:
        near = await ground.vectors.search(library.workspace_id, vector.tolist(), _CANDIDATES)
    except VectorsAway:
        return None
    known = [(library.places[each.id], each.score) for each in near if each.id in library.places]
    if not known:
        return None
    cosines = np.full(len(library.chunks), min(score for _, score in known), dtype=np.float32)
    for place, score in known:
        cosines[place] = score
    return cosines


def _found(library: _Library, evidence: Evidence, limit: int, degraded: tuple[str, ...]) -> Found:
    ranked = fusing.ranking(evidence)
    best = [int(each) for each in (-ranked).argsort(kind="stable")[:limit]]
    passages: list[Passage] = []
    for place in best:
        score = fusing.certainty(evidence, place)
        passages.append(_passage(library, place, min([score, *(each.score for each in passages[-1:])])))
    is_grounded = passages[0].score >= fusing.GROUNDED
    return Found(passages=tuple(passages), is_grounded=is_grounded, degraded=degraded)


def _passage(library: _Library, place: int, score: float) -> Passage:
    chunk = library.chunks[place]
    source = library.sources[chunk.source_id]
    return Passage(
        chunk_id=chunk.id,
        source_id=chunk.source_id,
        title=source.title,
        text=chunk.text,
        start=chunk.start,
        end=chunk.end,
        score=score,
        url=source.url,
    )
