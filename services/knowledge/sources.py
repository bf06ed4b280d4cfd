"""What people do with the sources of the knowledge base: add, change, delete, list, and have all indexed anew.

A source lives in the document store; who changed it, the event and the job are of the transaction. Two stores cannot
commit together, so each verb writes its document first and in a way that shows nothing yet, and the job, which exists
only if the transaction was committed, makes it count:

- added: the source is not shown before its job has begun. Rolled back, it never will be; `Tidy` deletes it in a week.
  Of a page or a file there is no text yet: it is shown at once, as one that is read. Rolled back, `Tidy` says in a day
  that it was not read.
- changed: the new version lies beside the one that is shown. Rolled back, nothing points at it, and its number is not
  given again; but a later change that says nothing of the text begins from it, as from any version that still waits.
- deleted: the source is hidden, and its job deletes it. Rolled back, `Tidy` shows it again in a week.

The document store failing fails the verb, and so rolls the transaction back. The job fails and is tried again.
"""

import asyncio
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from core import clock, text
from core.errors import Conflict, NotFound
from core.ground import Ground
from core.ids import uuid7
from models import EventType, Permission
from models.documents import KnowledgeSource, KnowledgeVersion, SourceKind, hash_of
from services.access import Actor
from services.knowledge import drafting
from services.knowledge.drafting import Checked, NewSource, Origin, SourceDraft
from services.knowledge.indexing import ForgetSource, IndexSource, ReindexKnowledge
from services.knowledge.loading import ReadSource
from services.knowledge.storage import SOURCES_MOST, Shelf, Wanted, alone, shelf_of
from services.transaction import Transaction
from services.uploads import UploadUnknown

SEARCH_LONGEST: Final = 200
_LANGUAGE: Final = "pt-BR"
_SUBJECT: Final = "KnowledgeSource"


class SourceUnknown(NotFound):
    """There is no such source in this workspace."""


class SourcesFull(Conflict):
    """A workspace may have 1,000 sources: delete some."""

    code = "LIMIT_REACHED"


class SourceUnread(Conflict):
    """This source has not been read yet: wait until it has, or delete it."""


class SourceWithoutPage(Conflict):
    """Only what was read from a page of the web can be read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """A page of sources, the newest first. `total` counts the whole list."""

    sources: list[KnowledgeSource]
    has_next: bool
    total: int


async def create(tx: Transaction, given: NewSource) -> KnowledgeSource:
    """Add a source: a text, the pairs of a FAQ, a page of the web, or a file that was uploaded. A page or a file is
    shown at once, and read by its job.

    Raises:
        Invalid: values are not acceptable; all are told.
        UploadUnknown, UploadUnfinished: there is no such file, or not yet.
        SourcesFull: there are a thousand.
        DocumentsAway: the document store does not answer.
    """
    tx.require(Permission.KNOWLEDGE_WRITE)
    given.require_one()
    if given.url is not None or given.upload_id is not None:
        return await _add_unread(tx, await drafting.origin_of(tx.ground, tx.workspace_id, given))
    kind = SourceKind.TEXT if given.pairs is None else SourceKind.FAQ
    draft = SourceDraft(title=given.title, text=given.text, pairs=given.pairs, language=given.language)
    return await add(tx, kind, draft)


async def add(tx: Transaction, kind: SourceKind, draft: SourceDraft) -> KnowledgeSource:
    """Add a source. It is searchable when its job is done, seconds later.

    Raises:
        Invalid: values are not acceptable; all are told.
        SourcesFull: there are a thousand.
        DocumentsAway: the document store does not answer.
    """
    tx.require(Permission.KNOWLEDGE_WRITE)
    checked = await asyncio.to_thread(drafting.checked, kind, draft, is_new=True)
    shelf = await shelf_of(tx.ground, tx.workspace_id)
    await _make_room(tx, shelf)
    title, written = checked.title or "", checked.text or ""
    source = KnowledgeSource(
        workspace_id=tx.workspace_id,
        kind=kind,
        title=title,
        folded_title=text.fold(title),
        language=checked.language or _LANGUAGE,
        url=checked.url,
        filename=checked.filename,
        content_hash=hash_of(written),
        size=len(written),
        created_by=tx.actor.user_id,
    )
    version = _version(tx, source, checked, number=1)
    await shelf.add(source, version)
    tx.audit_document("knowledge.source_add", _SUBJECT, source.id, changes=_told(None, version))
    tx.publish(EventType.KNOWLEDGE_SOURCE_ADDED, source.id)
    tx.enqueue(IndexSource(workspace_id=tx.workspace_id, source_id=source.id, version=1))
    return source


async def change(tx: Transaction, source_id: UUID, draft: SourceDraft) -> KnowledgeSource:
    """Give a source a new version; the one before is searched until the new one is ready. Returns the source as it is
    until then. What changes nothing makes no version.

    Raises:
        SourceUnknown, SourceUnread; or as `add` does.
    """
    tx.require(Permission.KNOWLEDGE_WRITE)
    shelf = await shelf_of(tx.ground, tx.workspace_id)
    await alone(tx)
    source = await shelf.find(source_id)
    newest = await shelf.newest(source_id)
    before = None if source is None else await shelf.version(source_id, newest)
    if source is None:
        raise SourceUnknown(field=("id",))
    if before is None:
        raise SourceUnread(field=("id",))
    checked = await asyncio.to_thread(drafting.checked, source.kind, draft, is_new=False)
    version = _version(tx, source, checked, number=newest + 1, before=before)
    told = _told(before, version)
    if told:
        await shelf.add_version(version)
        tx.audit_document("knowledge.source_update", _SUBJECT, source.id, changes=told)
        tx.publish(EventType.KNOWLEDGE_SOURCE_CHANGED, source.id)
        tx.enqueue(IndexSource(workspace_id=tx.workspace_id, source_id=source.id, version=version.number))
    return source


async def refresh(tx: Transaction, source_id: UUID) -> KnowledgeSource:
    """Have the page of a source read again; only another text makes a new version. Returns the source as it is.

    Raises:
        SourceUnknown, SourceWithoutPage
        DocumentsAway: the document store does not answer.
    """
    tx.require(Permission.KNOWLEDGE_WRITE)
    source = await (await shelf_of(tx.ground, tx.workspace_id)).find(source_id)
    if source is None:
        raise SourceUnknown(field=("id",))
    if source.kind is not SourceKind.URL:
        raise SourceWithoutPage(field=("id",))
    tx.audit_document("knowledge.source_refresh", _SUBJECT, source_id, changes={})
    tx.enqueue(ReadSource(workspace_id=tx.workspace_id, source_id=source_id, asked_by=tx.actor.user_id))
    return source


async def remove(tx: Transaction, source_id: UUID) -> UUID:
    """Delete a source: it is shown and found no more, and its job deletes texts and vectors.

    Raises:
        SourceUnknown
        DocumentsAway: the document store does not answer.
    """
    tx.require(Permission.KNOWLEDGE_WRITE)
    shelf = await shelf_of(tx.ground, tx.workspace_id)
    await alone(tx)
    source = await shelf.find(source_id)
    if source is None:
        raise SourceUnknown(field=("id",))
    tx.audit_document(
        "knowledge.source_delete", _SUBJECT, source_id, changes={"title": {"before": source.title, "after": None}}
    )
    tx.publish(EventType.KNOWLEDGE_SOURCE_DELETED, source_id)
    tx.enqueue(ForgetSource(workspace_id=tx.workspace_id, source_id=source_id))
    await shelf.hide(source_id, clock.now())
    await shelf.move()
    return source_id


async def reindex(tx: Transaction) -> int:
    """Have every source cut and embedded anew; return how many there are. They stay searchable meanwhile."""
    tx.require(Permission.KNOWLEDGE_WRITE)
    shelf = await shelf_of(tx.ground, tx.workspace_id)
    tx.enqueue(ReindexKnowledge(workspace_id=tx.workspace_id))
    return await shelf.count(Wanted())


async def find(ground: Ground, actor: Actor, source_id: UUID) -> KnowledgeSource | None:
    """Find a source.

    Raises:
        DocumentsAway: the document store does not answer.
    """
    actor.require(Permission.KNOWLEDGE_READ)
    return await (await shelf_of(ground, actor.workspace_id)).find(source_id)


async def page(ground: Ground, actor: Actor, wanted: Wanted) -> SourcePage:
    """Return a page of the sources, the newest first; raises as `find`. Words are looked for in titles."""
    actor.require(Permission.KNOWLEDGE_READ)
    shelf = await shelf_of(ground, actor.workspace_id)
    words = None if wanted.words is None else text.fold(wanted.words[:SEARCH_LONGEST].strip()) or None
    more = Wanted(kind=wanted.kind, words=words, after=wanted.after, size=wanted.size + 1)
    found, total = await asyncio.gather(shelf.page(more), shelf.count(more))
    return SourcePage(sources=found[: wanted.size], has_next=len(found) > wanted.size, total=total)


async def text_at(ground: Ground, actor: Actor, source_id: UUID, number: int | None) -> KnowledgeVersion | None:
    """Find a version of a source with its text: the one that is searched, or one of the twenty newest by number."""
    actor.require(Permission.KNOWLEDGE_READ)
    shelf = await shelf_of(ground, actor.workspace_id)
    source = await shelf.find(source_id)
    return None if source is None else await shelf.version(source_id, number or source.version or 1)


async def _make_room(tx: Transaction, shelf: Shelf) -> None:
    await alone(tx)
    if await shelf.count_all() >= SOURCES_MOST:
        raise SourcesFull


async def _add_unread(tx: Transaction, origin: Origin) -> KnowledgeSource:
    shelf = await shelf_of(tx.ground, tx.workspace_id)
    await _make_room(tx, shelf)
    if origin.upload_id is not None and await shelf.uses(origin.upload_id):
        raise UploadUnknown(field=("upload_id",))
    title = origin.title or origin.name
    source = KnowledgeSource(
        workspace_id=tx.workspace_id,
        kind=origin.kind,
        title=title,
        folded_title=text.fold(title),
        language=origin.language or _LANGUAGE,
        url=origin.url,
        filename=origin.filename,
        upload_id=origin.upload_id,
        is_titled=origin.title is not None,
        is_known=True,
        created_by=tx.actor.user_id,
    )
    await shelf.add_unread(source)
    said = {"title": source.title, "language": source.language, "url": source.url}
    told = {name: {"before": None, "after": value} for name, value in said.items() if value is not None}
    tx.audit_document("knowledge.source_add", _SUBJECT, source.id, changes=told)
    tx.publish(EventType.KNOWLEDGE_SOURCE_ADDED, source.id)
    tx.enqueue(ReadSource(workspace_id=tx.workspace_id, source_id=source.id, asked_by=tx.actor.user_id))
    return source


def _version(
    tx: Transaction, source: KnowledgeSource, checked: Checked, *, number: int, before: KnowledgeVersion | None = None
) -> KnowledgeVersion:
    is_kept = checked.text is None and before is not None
    written = before.text if is_kept and before is not None else checked.text or ""
    return KnowledgeVersion(
        id=uuid7(),
        workspace_id=tx.workspace_id,
        source_id=source.id,
        number=number,
        title=checked.title or (before.title if before else source.title),
        language=checked.language or (before.language if before else source.language),
        url=checked.url or (before.url if before else source.url),
        text=written,
        pairs=before.pairs if is_kept and before is not None else checked.pairs,
        parts=before.parts if is_kept and before is not None else [],
        faults=before.faults if is_kept and before is not None else [],
        fault_count=before.fault_count if is_kept and before is not None else 0,
        content_hash=hash_of(written),
        created_by=tx.actor.user_id,
    )


def _told(before: KnowledgeVersion | None, version: KnowledgeVersion) -> dict[str, object]:
    """Tell what is another than it was. Of a text its hash is told: the log is no place for texts."""
    names = ("title", "language", "url", "content_hash")
    sides = {name: (getattr(before, name) if before else None, getattr(version, name)) for name in names}
    return {name: {"before": old, "after": new} for name, (old, new) in sides.items() if old != new}
