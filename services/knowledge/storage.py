"""What is read and written of the knowledge base's documents. Nothing else asks their classes for anything.

A `Shelf` is of one workspace, and every condition is made by `_here`, which names it: there is no other way to ask.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeVar
from uuid import UUID

from pymongo.asynchronous.collection import AsyncCollection
from sqlalchemy import func, select

from core import clock
from core.ground import Ground
from core.ids import uuid7
from core.text import fold
from models.documents import (
    KnowledgeChunk,
    KnowledgeRevision,
    KnowledgeSource,
    KnowledgeVersion,
    SourceKind,
    SourceState,
    VersionNote,
)
from services.documents import asking, opened
from services.transaction import Transaction

SOURCES_MOST: Final = 1_000
CHUNKS_MOST: Final = 20_000
VERSIONS_KEPT: Final = 20
_BATCH: Final = 500
_LONG: Final = 60.0
_NEVER: Final = UUID(int=0)
_SHOWN: Final[Mapping[str, object]] = {"is_known": True, "removed_at": None}

_Owned = TypeVar("_Owned", KnowledgeSource, KnowledgeVersion)


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """A part of a source's text, as it is searched."""

    id: UUID
    source_id: UUID
    start: int
    end: int
    heading: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which sources a page has: of a kind, with words in the title (folded), behind a source in the order."""

    kind: SourceKind | None = None
    words: str | None = None
    after: UUID | None = None
    size: int = SOURCES_MOST


@dataclass(frozen=True, slots=True, kw_only=True)
class Indexed:
    """What a version became: so many chunks, with or without their vectors."""

    chunks: int
    has_vectors: bool


async def untidy(ground: Ground, left_over: datetime, unread: datetime) -> list[UUID]:
    """Return the workspaces that may have something left over since one moment, or unread since another: the one thing
    that is asked of all of them at once. Nothing of their documents is read.
    """
    await opened(ground)
    of_any: dict[str, Any] = {
        "$or": [
            {"is_known": False, "created_at": {"$lt": left_over}},
            {"removed_at": {"$lt": left_over}},
            {"state": SourceState.PENDING, "updated_at": {"$lt": unread}},
        ]
    }
    async with asking():
        return await _table(KnowledgeSource).distinct("workspace_id", of_any)


async def shelf_of(ground: Ground, workspace_id: UUID) -> "Shelf":
    """Return the documents of a workspace.

    Raises:
        DocumentsAway: the store does not answer; so does every method of the shelf.
    """
    await opened(ground)
    return Shelf(workspace_id)


async def alone(tx: Transaction) -> None:
    """Let one at a time add and remove sources and versions in a workspace: counts and numbers are looked up first."""
    key = func.hashtextextended(f"knowledge {tx.workspace_id}", 0)
    await tx.session.execute(select(func.pg_advisory_xact_lock(key)))


class Shelf:
    """The knowledge documents of one workspace."""

    def __init__(self, workspace_id: UUID) -> None:
        self.workspace_id = workspace_id

    async def add(self, source: KnowledgeSource, version: KnowledgeVersion) -> None:
        """Keep a new source with its first version. It is not shown before its job has begun."""
        async with asking():
            await self._own(version).insert()
            await self._own(source).insert()

    async def add_unread(self, source: KnowledgeSource) -> None:
        """Keep a source whose page or file is going to be read. It is shown at once."""
        async with asking():
            await self._own(source).insert()
        await self.move()

    async def add_version(self, version: KnowledgeVersion) -> None:
        """Keep a new version of a source. Nothing points at it before its job has switched."""
        async with asking():
            await self._own(version).insert()

    async def find(self, source_id: UUID) -> KnowledgeSource | None:
        """Find a source that is shown."""
        return await self._one(_id=source_id, **_SHOWN)

    async def find_any(self, source_id: UUID) -> KnowledgeSource | None:
        """Find a source in whatever state it is."""
        return await self._one(_id=source_id)

    async def page(self, wanted: Wanted) -> list[KnowledgeSource]:
        """Return sources that are shown, the newest first."""
        here = self._here(**_SHOWN, **_told(wanted), **({"_id": {"$lt": wanted.after}} if wanted.after else {}))
        async with asking():
            return await KnowledgeSource.find(here).sort("-_id").limit(wanted.size).to_list()

    async def count(self, wanted: Wanted) -> int:
        """Count the sources that are shown, whatever page is wanted."""
        async with asking():
            return await KnowledgeSource.find(self._here(**_SHOWN, **_told(wanted))).count()

    async def count_all(self) -> int:
        """Count all sources, also those that are not shown yet."""
        async with asking():
            return await KnowledgeSource.find(self._here()).count()

    async def uses(self, upload_id: UUID) -> bool:
        """Tell whether a source was made from an upload."""
        return await self._one(upload_id=upload_id) is not None

    async def version(self, source_id: UUID, number: int) -> KnowledgeVersion | None:
        """Find a version of a source."""
        async with asking():
            return await KnowledgeVersion.find_one(self._here(source_id=source_id, number=number))

    async def newest(self, source_id: UUID) -> int:
        """Return the highest number that a version of a source has; 0 when it has none."""
        here = self._here(source_id=source_id)
        async with asking():
            found = await KnowledgeVersion.find(here).sort("-number").limit(1).to_list()
        return found[0].number if found else 0

    async def acknowledge(self, source: KnowledgeSource) -> None:
        """Show a source, as one whose text is being made searchable."""
        begun = {"is_known": True, "state": SourceState.PENDING, "reason": None, "failure_code": None, "done": 0.0}
        if await self._set(source.id, {}, **begun) and source.version == 0:
            await self.move()

    async def advance(self, source_id: UUID, done: float) -> None:
        """Note how much of a source is done, 0 to 1."""
        await self._set(source_id, {}, done=done)

    async def switch(self, source: KnowledgeSource, version: KnowledgeVersion, indexed: "Indexed") -> bool:
        """Have a source show and search a version; return whether it does. It never goes back to an older one, and what
        is deleted stays so.
        """
        values: dict[str, Any] = {
            "version": version.number,
            "title": version.title,
            "folded_title": fold(version.title),
            "language": version.language,
            "url": version.url,
            "content_hash": version.content_hash,
            "size": len(version.text),
            "versions": [each.model_dump() for each in _noted(source, version)],
            "state": SourceState.READY,
            "reason": None,
            "failure_code": None,
            "faults": [each.model_dump() for each in version.faults],
            "fault_count": version.fault_count,
            "chunk_count": indexed.chunks,
            "done": 1.0,
            "has_vectors": indexed.has_vectors,
            "indexed_at": clock.now(),
        }
        return await self._set(source.id, {"version": {"$lte": version.number}, "removed_at": None}, **values)

    async def keep(self, source_id: UUID) -> None:
        """Have a source go on as it is, after nothing new was read."""
        kept = {"state": SourceState.READY, "reason": None, "failure_code": None, "done": 1.0}
        await self._set(source_id, {"version": {"$gt": 0}}, **kept)

    async def note_read(self, source_id: UUID, at: datetime) -> None:
        """Note that a source's page or file was read."""
        await self._set(source_id, {}, read_at=at, tries=0)

    async def note_try(self, source_id: UUID, code: str, reason: str) -> int:
        """Note why a source could not be read, and is tried again; return how often it failed in a row."""
        here = self._here(_id=source_id)
        values = {"reason": reason, "failure_code": code, "updated_at": clock.now()}
        async with asking():
            await _table(KnowledgeSource).update_one(here, {"$set": values, "$inc": {"tries": 1}})
            found = await KnowledgeSource.find_one(here)
        return 0 if found is None else found.tries

    async def fail(self, source_id: UUID, code: str, reason: str) -> bool:
        """Say why a source cannot be searched, or not in its newest version; return whether it is there to say so."""
        failed = {"is_known": True, "state": SourceState.FAILED, "reason": reason, "failure_code": code, "tries": 0}
        is_there = await self._set(source_id, {"removed_at": None}, **failed)
        if is_there:
            await self.move()
        return is_there

    async def hide(self, source_id: UUID, at: datetime | None) -> bool:
        """Show a source no more, until its job deletes it; or again, with None. Return whether there is one."""
        return await self._set(source_id, {}, removed_at=at)

    async def put_chunks(self, version: KnowledgeVersion, chunks: Sequence[Chunk]) -> None:
        """Have a version consist of these chunks: add those that are missing, delete all others."""
        here = self._here(source_id=version.source_id, version=version.number)
        async with asking(_LONG):
            there = {each.id for each in await KnowledgeChunk.find(here).to_list()}
            wanted = [self._document(version, each) for each in chunks if each.id not in there]
            for start in range(0, len(wanted), _BATCH):
                await KnowledgeChunk.insert_many(wanted[start : start + _BATCH])
            surplus = list(there - {each.id for each in chunks})
            if surplus:
                await KnowledgeChunk.find({**here, "_id": {"$in": surplus}}).delete()

    async def chunks(self, source: KnowledgeSource) -> list[Chunk]:
        """Read what is searched of a source, in the order of its text."""
        here = self._here(source_id=source.id, version=source.version)
        found: list[Chunk] = []
        last = _NEVER
        async with asking(_LONG):
            while True:
                rows = await KnowledgeChunk.find({**here, "_id": {"$gt": last}}).sort("_id").limit(_BATCH).to_list()
                found += [_chunk(each) for each in rows]
                if len(rows) < _BATCH:
                    return sorted(found, key=lambda each: each.start)
                last = rows[-1].id

    async def prune(self, source_id: UUID, current: int) -> None:
        """Delete the chunks of older versions than the current one, and the text of those that are too old."""
        async with asking(_LONG):
            await KnowledgeChunk.find(self._here(source_id=source_id, version={"$lt": current})).delete()
            old = {"$lte": current - VERSIONS_KEPT}
            await KnowledgeVersion.find(self._here(source_id=source_id, number=old)).delete()

    async def erase(self, source_id: UUID) -> None:
        """Delete a source with all its versions; the source itself last, so that a job that died can begin again."""
        async with asking(_LONG):
            await KnowledgeChunk.find(self._here(source_id=source_id)).delete()
            await KnowledgeVersion.find(self._here(source_id=source_id)).delete()
            await KnowledgeSource.find(self._here(_id=source_id)).delete()

    async def erase_all(self) -> None:
        """Delete all that the workspace knows."""
        async with asking(_LONG):
            for kind in (KnowledgeChunk, KnowledgeVersion, KnowledgeSource, KnowledgeRevision):
                await kind.find(self._here()).delete()

    async def left_over(self, before: datetime) -> list[KnowledgeSource]:
        """Find sources that were added or hidden before a moment and whose job never came: nobody committed them."""
        added = self._here(is_known=False, created_at={"$lt": before})
        hidden = self._here(removed_at={"$lt": before})
        async with asking():
            return [
                *await KnowledgeSource.find(added).limit(SOURCES_MOST).to_list(),
                *await KnowledgeSource.find(hidden).limit(SOURCES_MOST).to_list(),
            ]

    async def unread(self, before: datetime) -> list[KnowledgeSource]:
        """Find sources whose page or file should have been read since a moment, and was not."""
        waits = {"state": SourceState.PENDING, "version": 0, "content_hash": "", "updated_at": {"$lt": before}}
        here = self._here(**_SHOWN, **waits)
        async with asking():
            return await KnowledgeSource.find(here).limit(SOURCES_MOST).to_list()

    async def mark(self) -> UUID:
        """Return the mark of what is searched, and of what is going to be: another one after each change."""
        async with asking():
            found = await _table(KnowledgeRevision).find_one(self._here(_id=self.workspace_id), {"mark": 1})
        return _NEVER if found is None else found["mark"]

    async def move(self) -> None:
        """Change the mark, after what is searched has changed."""
        here = self._here(_id=self.workspace_id)
        async with asking():
            await _table(KnowledgeRevision).update_one(here, {"$set": {"mark": uuid7()}}, upsert=True)

    async def _one(self, **more: object) -> KnowledgeSource | None:
        async with asking():
            return await KnowledgeSource.find_one(self._here(**more))

    async def _set(self, source_id: UUID, only: Mapping[str, object], **values: object) -> bool:
        here = self._here(_id=source_id, **only)
        async with asking():
            done = await _table(KnowledgeSource).update_one(here, {"$set": {**values, "updated_at": clock.now()}})
        return done.matched_count > 0

    def _here(self, **more: object) -> dict[str, Any]:
        return {**more, "workspace_id": self.workspace_id}

    def _own(self, document: _Owned) -> _Owned:
        document.workspace_id = self.workspace_id
        return document

    def _document(self, version: KnowledgeVersion, chunk: Chunk) -> KnowledgeChunk:
        return KnowledgeChunk(
            id=chunk.id,
            workspace_id=self.workspace_id,
            source_id=version.source_id,
            version=version.number,
            start=chunk.start,
            end=chunk.end,
            heading=chunk.heading,
            text=chunk.text,
        )


def _table(kind: type[KnowledgeSource | KnowledgeRevision]) -> AsyncCollection[dict[str, Any]]:
    return kind.get_pymongo_collection()  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


def _told(wanted: Wanted) -> dict[str, object]:
    kind = {} if wanted.kind is None else {"kind": wanted.kind}
    words = {} if wanted.words is None else {"folded_title": {"$regex": re.escape(wanted.words)}}
    return {**kind, **words}


def _noted(source: KnowledgeSource, version: KnowledgeVersion) -> list[VersionNote]:
    note = VersionNote(
        number=version.number,
        size=len(version.text),
        content_hash=version.content_hash,
        created_by=version.created_by,
        created_at=version.created_at,
    )
    others = [each for each in source.versions if each.number != version.number]
    return sorted([*others, note], key=lambda each: each.number)[-VERSIONS_KEPT:]


def _chunk(row: KnowledgeChunk) -> Chunk:
    return Chunk(id=row.id, source_id=row.source_id, start=row.start, end=row.end, heading=row.heading, text=row.text)
