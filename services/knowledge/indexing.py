"""Makes sources searchable: cuts them, embeds the parts, and switches. What the jobs of the knowledge base do.

Each job may run twice, beside another of the same source, and after a failure anywhere: ids of chunks follow from what
they are of, a source never goes back to an older version, and what is of no use any more is deleted at the end.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID, uuid5

from ai.local import encoder
from core import clock
from core.errors import Unavailable
from core.ground import Ground
from core.ids import WorkspaceId
from core.vectors import Point, VectorsAway
from models import EventType
from models.documents import KnowledgeSource, KnowledgeVersion, SourceState
from services import uploads
from services.access import Actor
from services.jobs import Job
from services.knowledge.chunking import cut
from services.knowledge.storage import CHUNKS_MOST, Chunk, Indexed, Shelf, Wanted, shelf_of, untidy
from services.transaction import begin

FULL: Final = "A workspace's knowledge has 20,000 parts at most: delete some sources, or shorten this one."
_FULL_CODE: Final = "LIMIT_REACHED"
LATE: Final = "It could not be read within a day: add it again."
_BATCH: Final = 64
_LEFT_OVER: Final = timedelta(days=7)
_UNREAD: Final = timedelta(days=1)
_WORKSPACES: Final = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class IndexSource(Job):
    """Make a version of a source searchable; `again` when it is already, but is to be cut and embedded anew."""

    workspace_id: UUID
    source_id: UUID
    version: int
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetSource(Job):
    """Delete a source, its texts and its vectors."""

    workspace_id: UUID
    source_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ReindexKnowledge(Job):
    """Have every source of a workspace cut and embedded anew."""

    workspace_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetKnowledge(Job):
    """Delete all that a workspace knew."""

    workspace_id: UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class TidyKnowledge(Job):
    """Put right what transactions left behind that were rolled back after the document store had been written to."""


async def index(ground: Ground, job: IndexSource) -> None:
    """Make a version searchable. Without the vector store it is found by its words, and the job is tried again.

    Raises:
        DocumentsAway, VectorsAway: try again.
    """
    shelf = await shelf_of(ground, job.workspace_id)
    source, version = await shelf.find_any(job.source_id), await shelf.version(job.source_id, job.version)
    if source is None or source.removed_at is not None or version is None or source.version > job.version:
        return
    if source.version == job.version and source.has_vectors and not job.again:
        await _cleaned(ground, shelf, source.id)
        return
    await shelf.acknowledge(source)
    chunks = await asyncio.to_thread(_chunks, source, version)
    if await _others(shelf, source) + len(chunks) > CHUNKS_MOST:
        if await shelf.fail(source.id, _FULL_CODE, FULL):
            await tell(ground, job.workspace_id, source.id)
        return
    await shelf.put_chunks(version, chunks)
    away = await _embedded(ground, shelf, version, chunks)
    indexed = Indexed(chunks=len(chunks), has_vectors=away is None)
    if await shelf.switch(source, version, indexed):
        await shelf.move()
        await tell(ground, job.workspace_id, source.id)
    if away is not None:
        raise away
    await _cleaned(ground, shelf, source.id)


async def forget(ground: Ground, job: ForgetSource) -> None:
    """Delete a source: its vectors and its file first, because nothing names them when it is gone.

    Raises:
        DocumentsAway, VectorsAway: try again.
    """
    shelf = await shelf_of(ground, job.workspace_id)
    source = await shelf.find_any(job.source_id)
    if source is not None and source.upload_id is not None:
        await uploads.discard(ground, job.workspace_id, source.upload_id)
    await ground.vectors.forget(job.workspace_id, job.source_id)
    await shelf.erase(job.source_id)
    await shelf.move()


async def forget_all(ground: Ground, job: ForgetKnowledge) -> None:
    """Delete all that a workspace knew, and the files that wait; raises as `forget`."""
    shelf = await shelf_of(ground, job.workspace_id)
    await uploads.discard_all(ground, job.workspace_id)
    await ground.vectors.forget_all(job.workspace_id)
    await shelf.erase_all()


async def reindex(ground: Ground, job: ReindexKnowledge) -> None:
    """Put a job into the queue for each source, one transaction for all. What failed is tried in its newest version;
    what was never read has none.
    """
    shelf = await shelf_of(ground, job.workspace_id)
    jobs: list[IndexSource] = []
    for each in await shelf.page(Wanted()):
        is_searched = each.version > 0 and each.state is not SourceState.FAILED
        number = each.version if is_searched else await shelf.newest(each.id)
        if not number:
            continue
        jobs.append(IndexSource(workspace_id=job.workspace_id, source_id=each.id, version=number, again=True))
        await shelf.acknowledge(each)
    async with begin(ground, Actor.system(WorkspaceId(job.workspace_id))) as tx:
        for each in jobs:
            tx.enqueue(each)


async def tidy(ground: Ground) -> None:
    """Delete what was added a week ago and never committed; show again what was hidden so; give up what waits for a day
    to be read.
    """
    now = clock.now()
    for workspace_id in await untidy(ground, now - _LEFT_OVER, now - _UNREAD):
        await _tidied(ground, workspace_id)


async def _tidied(ground: Ground, workspace_id: UUID) -> None:
    shelf = await shelf_of(ground, workspace_id)
    for each in await shelf.left_over(clock.now() - _LEFT_OVER):
        if each.removed_at is None:
            await ground.vectors.forget(workspace_id, each.id)
            await shelf.erase(each.id)
        else:
            await shelf.hide(each.id, None)
            await shelf.move()

    for each in await shelf.unread(clock.now() - _UNREAD):
        if await shelf.fail(each.id, Unavailable.code, LATE):
            await tell(ground, workspace_id, each.id)


async def _others(shelf: Shelf, source: KnowledgeSource) -> int:
    return sum(each.chunk_count for each in await shelf.page(Wanted()) if each.id != source.id)


async def _embedded(
    ground: Ground, shelf: Shelf, version: KnowledgeVersion, chunks: Sequence[Chunk]
) -> VectorsAway | None:
    """Embed chunks and keep their vectors, some at a time; return why it stopped, when it did."""
    for start in range(0, len(chunks), _BATCH):
        batch = chunks[start : start + _BATCH]
        vectors = await encoder.embed([told(version.title, each) for each in batch])
        points = [
            Point(
                id=chunk.id,
                source_id=chunk.source_id,
                vector=vector.tolist(),
                payload={
                    "version": version.number,
                    "chunk_id": str(chunk.id),
                    "start": chunk.start,
                    "end": chunk.end,
                    "title": version.title,
                },
            )
            for chunk, vector in zip(batch, vectors, strict=True)
        ]
        try:
            await ground.vectors.upsert(shelf.workspace_id, points)
        except VectorsAway as error:
            return error
        await shelf.advance(version.source_id, (start + len(batch)) / len(chunks))
    return None


async def _cleaned(ground: Ground, shelf: Shelf, source_id: UUID) -> None:
    """Delete what is of no version that is searched. A source that was deleted meanwhile is deleted whole."""
    source = await shelf.find_any(source_id)
    if source is None:
        await ground.vectors.forget(shelf.workspace_id, source_id)
        await shelf.erase(source_id)
        return
    kept = [each.id for each in await shelf.chunks(source)]
    await ground.vectors.forget(shelf.workspace_id, source_id, but=kept)
    await shelf.prune(source_id, source.version)


async def tell(ground: Ground, workspace_id: UUID, source_id: UUID) -> None:
    """Publish that a source has changed."""
    async with begin(ground, Actor.system(WorkspaceId(workspace_id))) as tx:
        tx.publish(EventType.KNOWLEDGE_SOURCE_CHANGED, source_id)


def told(title: str, chunk: Chunk) -> str:
    """Write a chunk with what it stands below, as it is searched."""
    above = [each for each in (title, chunk.heading) if each and each not in chunk.text]
    return "\n".join([*above, chunk.text])


def _chunks(source: KnowledgeSource, version: KnowledgeVersion) -> list[Chunk]:
    return [
        Chunk(
            id=uuid5(source.id, f"{version.number} {part.start} {part.end}"),
            source_id=source.id,
            start=part.start,
            end=part.end,
            heading=part.heading,
            text=version.text[part.start : part.end],
        )
        for part in cut(source.kind, version.text, version.pairs, version.parts)
    ]
