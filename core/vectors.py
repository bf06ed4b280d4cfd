"""The vector store: Qdrant, in this process over a folder, or a server. The only file that imports qdrant_client.

The library takes seconds to import and its local mode works synchronously, so both happen in a thread, at first use.
Every point belongs to a workspace: each call takes it first, and the condition that keeps others out is made here.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any, Final, TypeVar
from uuid import UUID

from core.errors import Unavailable

if TYPE_CHECKING:
    from qdrant_client import QdrantClient
    from qdrant_client.models import Filter

T = TypeVar("T")

COLLECTION: Final = "knowledge"
DIMENSIONS: Final = 512
_TIMEOUT: Final = 5.0
_OPEN: Final = 30.0
_BATCH: Final = 128
_MOST: Final = 1_000
_WORKSPACE: Final = "workspace_id"
_SOURCE: Final = "source_id"


class VectorsAway(Unavailable):
    """The vector store does not answer right now: try again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """A vector of length one, 512 numbers, and what is known of it: plain values only."""

    id: UUID
    source_id: UUID
    vector: Sequence[float]
    payload: Mapping[str, str | int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Near:
    """A point that was found, and its cosine to what was searched for."""

    id: UUID
    score: float


class Vectors:
    """The client. `place` is a server's address, or the folder that this process alone opens."""

    def __init__(self, place: str | Path) -> None:
        self._place = place
        self._opening: asyncio.Task[QdrantClient] | None = None
        self._is_furnished = False
        # the local mode keeps its points in plain lists: a search beside an upsert reads them half changed
        self._turn = Lock()

    async def ping(self) -> None:
        """Ask the store for a sign of life.

        Raises:
            VectorsAway: it gave none.
        """
        await self._ask(lambda client: client.get_collections())

    async def upsert(self, workspace_id: UUID, points: Sequence[Point]) -> None:
        """Put points of a workspace in, or in place of those with the same ids.

        Raises:
            VectorsAway: the store does not answer.
        """
        for start in range(0, len(points), _BATCH):
            batch = points[start : start + _BATCH]
            await self._ask(lambda client, batch=batch: _put(client, workspace_id, batch))

    async def search(self, workspace_id: UUID, vector: Sequence[float], limit: int) -> list[Near]:
        """Find the points of a workspace that are nearest to a vector, the nearest first, a thousand at most.

        Raises:
            VectorsAway: the store does not answer.
        """
        return await self._ask(lambda client: _nearest(client, workspace_id, vector, min(limit, _MOST)))

    async def forget(self, workspace_id: UUID, source_id: UUID, *, but: Sequence[UUID] = ()) -> None:
        """Delete the points of a source of a workspace, but some.

        Raises:
            VectorsAway: the store does not answer.
        """
        await self._ask(lambda client: _delete(client, _within(workspace_id, source_id, but)))

    async def forget_all(self, workspace_id: UUID) -> None:
        """Delete every point of a workspace.

        Raises:
            VectorsAway: the store does not answer.
        """
        await self._ask(lambda client: _delete(client, _within(workspace_id)))

    async def close(self) -> None:
        """Close the store, and give back its folder."""
        opening, self._opening = self._opening, None
        if opening is None:
            return
        # a store that is being opened has its folder: it is closed when it is there
        await asyncio.wait({opening}, timeout=_OPEN)
        if opening.done() and opening.exception() is None:
            async with asyncio.timeout(_TIMEOUT):
                await asyncio.to_thread(opening.result().close)

    async def _ask(self, act: Callable[["QdrantClient"], T]) -> T:
        client = await self._opened()
        try:
            async with asyncio.timeout(_TIMEOUT):
                return await asyncio.to_thread(self._act, client, act)
        except Exception as error:
            raise VectorsAway from error

    def _act(self, client: "QdrantClient", act: Callable[["QdrantClient"], T]) -> T:
        if not isinstance(self._place, Path):
            return self._furnished(client, act)
        with self._turn:
            return self._furnished(client, act)

    def _furnished(self, client: "QdrantClient", act: Callable[["QdrantClient"], T]) -> T:
        if not self._is_furnished:
            _furnish(client, is_server=not isinstance(self._place, Path))
            self._is_furnished = True
        return act(client)

    async def _opened(self) -> "QdrantClient":
        opening = self._opening
        if opening is None or (opening.done() and opening.exception() is not None):
            # a task of its own: whoever asks first may be cancelled, and a thread cannot be
            opening = self._opening = asyncio.create_task(asyncio.to_thread(self._open), name="opening the vectors")
        try:
            async with asyncio.timeout(_OPEN):
                return await asyncio.shield(opening)
        except Exception as error:
            raise VectorsAway from error

    def _open(self) -> "QdrantClient":
        from qdrant_client import QdrantClient

        if isinstance(self._place, Path):
            return QdrantClient(path=str(self._place), force_disable_check_same_thread=True)
        return QdrantClient(url=self._place, timeout=int(_TIMEOUT), check_compatibility=False)


def _furnish(client: "QdrantClient", *, is_server: bool) -> None:
    """Make the collection, unless there is one. Two processes may do so at once: the second is refused, and sees it."""
    from qdrant_client import models

    if not client.collection_exists(COLLECTION):
        size = models.VectorParams(size=DIMENSIONS, distance=models.Distance.COSINE)
        try:
            client.create_collection(COLLECTION, vectors_config=size)
        except Exception:
            if not client.collection_exists(COLLECTION):
                raise
    if is_server:
        tenant = models.KeywordIndexParams(type=models.KeywordIndexType.KEYWORD, is_tenant=True)
        client.create_payload_index(COLLECTION, _WORKSPACE, field_schema=tenant)
        client.create_payload_index(COLLECTION, _SOURCE, field_schema=models.PayloadSchemaType.KEYWORD)


def _put(client: "QdrantClient", workspace_id: UUID, points: Sequence[Point]) -> None:
    from qdrant_client import models

    made: list[models.PointStruct] = []
    for each in points:
        payload: dict[str, Any] = {**each.payload, _WORKSPACE: str(workspace_id), _SOURCE: str(each.source_id)}
        made.append(models.PointStruct(id=str(each.id), vector=list(each.vector), payload=payload))
    client.upsert(COLLECTION, made, wait=True)


def _nearest(client: "QdrantClient", workspace_id: UUID, vector: Sequence[float], limit: int) -> list[Near]:
    here = _within(workspace_id)
    found = client.query_points(COLLECTION, query=list(vector), query_filter=here, limit=limit, with_payload=False)
    return [Near(id=UUID(str(each.id)), score=each.score) for each in found.points]


def _delete(client: "QdrantClient", here: "Filter") -> None:
    from qdrant_client import models

    client.delete(COLLECTION, models.FilterSelector(filter=here), wait=True)


def _within(workspace_id: UUID, source_id: UUID | None = None, but: Sequence[UUID] = ()) -> "Filter":
    """The condition that a point is of a workspace, and perhaps of a source of it, and none of some."""
    from qdrant_client import models

    given = {_WORKSPACE: workspace_id} | ({} if source_id is None else {_SOURCE: source_id})
    must: list[Any] = [
        models.FieldCondition(key=key, match=models.MatchValue(value=str(value))) for key, value in given.items()
    ]
    kept: list[Any] = [models.HasIdCondition(has_id=[str(each) for each in but])] if but else []
    return models.Filter(must=must, must_not=kept or None)
