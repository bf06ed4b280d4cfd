"""Reads what sources are made from: fetches their pages, takes their files, and keeps the text as a version.

Everything foreign happens outside of transactions. The job may run twice, beside another of the same source, and after
a failure anywhere: of a file the first version is the only one that is read, of a page another one only when its text
is another, and an upload is discarded when its text is kept. What cannot be read for good fails the source at once;
what may go better later is tried again, six times in all.
"""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core import clock, fetching
from core.errors import Conflict, DomainError, Invalid, NotFound, Unavailable
from core.fetching import PUBLIC, Reach
from core.ground import Ground
from core.ids import WorkspaceId, uuid7
from models import EventType
from models.documents import KnowledgeSource, KnowledgeVersion, RowFault, SourceKind, SourceState, Span, hash_of
from services import uploads
from services.access import Actor
from services.jobs import Job
from services.knowledge.indexing import IndexSource, tell
from services.knowledge.reading import FileKind, Read, kind_of, read_document
from services.knowledge.storage import Shelf, alone, shelf_of
from services.transaction import begin

TRIES: Final = 6


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSource(Job):
    """Read the page or the file of a source. `asked_by`: who wanted that."""

    workspace_id: UUID
    source_id: UUID
    asked_by: UUID | None = None


async def load(ground: Ground, job: ReadSource, reach: Reach = PUBLIC) -> None:
    """Read a source, and have its text made searchable.

    Raises:
        Unavailable: try again; after six times the source has failed.
    """
    shelf = await shelf_of(ground, job.workspace_id)
    source = await shelf.find_any(job.source_id)
    if source is None or source.removed_at is not None or _is_done(source):
        return
    if source.upload_id is not None and (number := await shelf.newest(source.id)):
        await _index_and_discard(ground, shelf, source, number)
        return
    await shelf.acknowledge(source)
    try:
        read = await _read(ground, source, reach)
    except (Invalid, NotFound, Conflict) as error:
        await _give_up(ground, shelf, source, error)
    except Unavailable as error:
        if await shelf.note_try(source.id, *_told(error)) < TRIES:
            raise
        await _give_up(ground, shelf, source, error)
    else:
        await _keep(ground, shelf, job, read)
        await _discard(ground, source)


def _is_done(source: KnowledgeSource) -> bool:
    """Say whether nothing is left to be read: a file fails once and for all."""
    return source.kind is not SourceKind.URL and (source.upload_id is None or source.state is SourceState.FAILED)


async def _index_and_discard(ground: Ground, shelf: Shelf, source: KnowledgeSource, number: int) -> None:
    """Go on with a file that was read before, by a job that may have died behind it."""
    if source.version < number:
        async with begin(ground, Actor.system(WorkspaceId(shelf.workspace_id))) as tx:
            tx.enqueue(IndexSource(workspace_id=shelf.workspace_id, source_id=source.id, version=number))
    await _discard(ground, source)


async def _read(ground: Ground, source: KnowledgeSource, reach: Reach) -> Read:
    if source.upload_id is not None:
        file = await uploads.arrived(ground, source.workspace_id, source.upload_id)
        return await read_document(_readable(file.content_type), file.body)
    page = await fetching.fetch(source.url or "", reach)
    return await read_document(_readable(page.content_type), page.body, content_type=page.content_type)


def _readable(content_type: str) -> FileKind:
    kind = kind_of(content_type)
    if kind is None:
        raise fetching.PageTypeUnknown
    return kind


async def _keep(ground: Ground, shelf: Shelf, job: ReadSource, read: Read) -> None:
    """Make what was read a version, unless the newest says the same, and have it made searchable."""
    async with begin(ground, Actor.system(WorkspaceId(job.workspace_id))) as tx:
        await alone(tx)
        source = await shelf.find_any(job.source_id)
        if source is None or source.removed_at is not None:
            return
        number = await shelf.newest(source.id)
        before = await shelf.version(source.id, number) if number else None
        await shelf.note_read(source.id, clock.now())
        if before is None or before.content_hash != hash_of(read.text):
            number += 1
            await shelf.add_version(_version(source, read, number, before, job.asked_by))
        elif source.version == number and source.has_vectors:
            await shelf.keep(source.id)
            tx.publish(EventType.KNOWLEDGE_SOURCE_CHANGED, source.id)
            return
        tx.enqueue(IndexSource(workspace_id=job.workspace_id, source_id=source.id, version=number))


def _version(
    source: KnowledgeSource, read: Read, number: int, before: KnowledgeVersion | None, asked_by: UUID | None
) -> KnowledgeVersion:
    """Make a version of what was read. The title of a page or file is taken from its first reading."""
    found = source.title if source.is_titled else read.title or source.title
    return KnowledgeVersion(
        id=uuid7(),
        workspace_id=source.workspace_id,
        source_id=source.id,
        number=number,
        title=before.title if before else found,
        language=before.language if before else source.language,
        url=before.url if before else source.url,
        text=read.text,
        parts=[Span(start=each.start, end=each.end) for each in read.parts or ()],
        faults=[RowFault(line=each.line, message=each.message) for each in read.faults],
        fault_count=read.fault_count,
        content_hash=hash_of(read.text),
        created_by=asked_by,
    )


async def _give_up(ground: Ground, shelf: Shelf, source: KnowledgeSource, error: DomainError) -> None:
    if await shelf.fail(source.id, *_told(error)):
        await tell(ground, shelf.workspace_id, source.id)
    await _discard(ground, source)


async def _discard(ground: Ground, source: KnowledgeSource) -> None:
    if source.upload_id is not None:
        await uploads.discard(ground, source.workspace_id, source.upload_id)


def _told(error: DomainError) -> tuple[str, str]:
    problem = error.problems[0]
    return problem.code, problem.message
