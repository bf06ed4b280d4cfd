"""What people do with the sources of the knowledge base: add, change, delete, list, and have all indexed anew.

A source lives in the document store; who changed it, the event and the job are of the transaction. Two stores cannot
commit together, so each verb writes its document first and in a way that shows nothing yet, and the job, which exists
only if the transaction was committed, makes it count:

- added: the source is not shown before its job has begun. Rolled back, it never will be; `Tidy` deletes it in a week.
- changed: the new version lies beside the one that is shown. Rolled back, nothing points at it, and its number is not
  given again; but a later change that says nothing of the text begins from it, as from any version that still waits.
- deleted: the source is hidden, and its job deletes it. Rolled back, `Tidy` shows it again in a week.

The document store failing fails the verb, and so rolls the transaction back. The job fails and is tried again.
"""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from core import clock, text
from core.errors import Conflict, Invalid, NotFound, Problems, about
from core.ground import Ground
from core.ids import uuid7
from models import EventType, Permission
from models.documents import KnowledgeSource, KnowledgeVersion, Pair, SourceKind
from services.access import Actor
from services.knowledge.chunking import text_of
from services.knowledge.indexing import ForgetSource, IndexSource, ReindexKnowledge
from services.knowledge.storage import SOURCES_MOST, Wanted, shelf_of
from services.transaction import Transaction

TITLE_LONGEST: Final = 200
TEXT_LONGEST: Final = 500_000
PAIRS_MOST: Final = 500
QUESTION_LONGEST: Final = 500
ANSWER_LONGEST: Final = 5_000
FILENAME_LONGEST: Final = 255
SEARCH_LONGEST: Final = 200
_FIELDS: Final = ("title", "language", "text", "pairs", "url", "filename")
_LANGUAGE: Final = "pt-BR"
_SUBJECT: Final = "KnowledgeSource"


class SourceUnknown(NotFound):
    """There is no such source in this workspace."""


class SourcesFull(Conflict):
    """A workspace may have 1,000 sources: delete some."""

    code = "LIMIT_REACHED"


class PairsInvalid(Invalid):
    """A FAQ has 1 to 500 pairs of a question and an answer, and no text of its own; anything else has a text."""

    code = "PAIRS_INVALID"


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionAnswer:
    """A pair of a FAQ."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceDraft:
    """What is said of a source: a text, or the pairs of a FAQ. In a change, what is None stays."""

    title: str | None = None
    text: str | None = None
    pairs: Sequence[QuestionAnswer] | None = None
    language: str | None = None
    url: str | None = None
    filename: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Checked:
    title: str | None
    text: str | None
    pairs: list[Pair]
    language: str | None
    url: str | None
    filename: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """A page of sources, the newest first. `total` counts the whole list."""

    sources: list[KnowledgeSource]
    has_next: bool
    total: int


async def add(tx: Transaction, kind: SourceKind, draft: SourceDraft) -> KnowledgeSource:
    """Add a source. It is searchable when its job is done, seconds later.

    Raises:
        Invalid: values are not acceptable; all are told.
        SourcesFull: there are a thousand.
        DocumentsAway: the document store does not answer.
    """
    tx.require(Permission.KNOWLEDGE_WRITE)
    checked = await asyncio.to_thread(_checked, kind, draft, is_new=True)
    shelf = await shelf_of(tx.ground, tx.workspace_id)
    await _lock(tx)
    if await shelf.count_all() >= SOURCES_MOST:
        raise SourcesFull
    title, written = checked.title or "", checked.text or ""
    source = KnowledgeSource(
        workspace_id=tx.workspace_id,
        kind=kind,
        title=title,
        folded_title=text.fold(title),
        language=checked.language or _LANGUAGE,
        url=checked.url,
        filename=checked.filename,
        content_hash=_hash(written),
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
        SourceUnknown; or as `add` does.
    """
    tx.require(Permission.KNOWLEDGE_WRITE)
    shelf = await shelf_of(tx.ground, tx.workspace_id)
    await _lock(tx)
    source = await shelf.find(source_id)
    newest = await shelf.newest(source_id)
    before = None if source is None else await shelf.version(source_id, newest)
    if source is None or before is None:
        raise SourceUnknown(field=("id",))
    checked = await asyncio.to_thread(_checked, source.kind, draft, is_new=False)
    version = _version(tx, source, checked, number=newest + 1, before=before)
    told = _told(before, version)
    if told:
        await shelf.add_version(version)
        tx.audit_document("knowledge.source_update", _SUBJECT, source.id, changes=told)
        tx.publish(EventType.KNOWLEDGE_SOURCE_CHANGED, source.id)
        tx.enqueue(IndexSource(workspace_id=tx.workspace_id, source_id=source.id, version=version.number))
    return source


async def remove(tx: Transaction, source_id: UUID) -> UUID:
    """Delete a source: it is shown and found no more, and its job deletes texts and vectors.

    Raises:
        SourceUnknown
        DocumentsAway: the document store does not answer.
    """
    tx.require(Permission.KNOWLEDGE_WRITE)
    shelf = await shelf_of(tx.ground, tx.workspace_id)
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


async def _lock(tx: Transaction) -> None:
    """Let one at a time add sources and versions: counts and numbers are looked up first."""
    key = func.hashtextextended(f"knowledge {tx.workspace_id}", 0)
    await tx.session.execute(select(func.pg_advisory_xact_lock(key)))


def _version(
    tx: Transaction, source: KnowledgeSource, checked: _Checked, *, number: int, before: KnowledgeVersion | None = None
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
        content_hash=_hash(written),
        created_by=tx.actor.user_id,
    )


def _told(before: KnowledgeVersion | None, version: KnowledgeVersion) -> dict[str, object]:
    """Tell what is another than it was. Of a text its hash is told: the log is no place for texts."""
    names = ("title", "language", "url", "content_hash")
    sides = {name: (getattr(before, name) if before else None, getattr(version, name)) for name in names}
    return {name: {"before": old, "after": new} for name, (old, new) in sides.items() if old != new}


def _hash(written: str) -> str:
    return hashlib.sha256(written.encode()).hexdigest()


def _checked(kind: SourceKind, draft: SourceDraft, *, is_new: bool) -> _Checked:
    problems = Problems()
    found: dict[str, str | None] = dict.fromkeys(_FIELDS)
    pairs: list[Pair] = []
    for name in _FIELDS:
        value: object = getattr(draft, name)
        if isinstance(value, str):
            with problems.noting():
                found[name] = _clean(name, value)
    with problems.noting():
        pairs = _pairs(kind, draft, is_new=is_new)
        if pairs:
            found["text"] = _measured(text_of(pairs))
    if is_new:
        for name in ("title", *(() if kind is SourceKind.FAQ else ("text",))):
            if getattr(draft, name) is None:
                problems.extend(text.Required(field=(name,)))
    problems.raise_any()
    found.pop("pairs")
    return _Checked(pairs=pairs, **found)


def _pairs(kind: SourceKind, draft: SourceDraft, *, is_new: bool) -> list[Pair]:
    is_faq = kind is SourceKind.FAQ
    if (draft.pairs is not None and not is_faq) or (draft.text is not None and is_faq):
        raise PairsInvalid(field=("pairs" if draft.pairs is not None else "text",))
    if draft.pairs is None and not (is_faq and is_new):
        return []
    if not 1 <= len(draft.pairs or ()) <= PAIRS_MOST:
        raise PairsInvalid(field=("pairs",))
    problems = Problems()
    pairs: list[Pair] = []
    for number, each in enumerate(draft.pairs or ()):
        with problems.noting(), about("pairs", str(number)):
            question = text.clean_line(each.question, field=("question",), most=QUESTION_LONGEST)
            answer = text.clean_text(each.answer, field=("answer",), most=ANSWER_LONGEST)
            pairs.append(Pair(question=question, answer=answer))
    problems.raise_any()
    return pairs


def _measured(written: str) -> str:
    if len(written) > TEXT_LONGEST:
        message = f"Write up to {TEXT_LONGEST:,} characters in all; these are {len(written):,}."
        raise text.TextTooLong(message, field=("pairs",))
    return written


def _clean(name: str, value: str) -> str:
    match name:
        case "text":
            return text.clean_text(value, field=(name,), most=TEXT_LONGEST)
        case "url":
            return text.url(value, field=(name,))
        case "language":
            return text.language(value, field=(name,))
        case "filename":
            return text.clean_line(value, field=(name,), most=FILENAME_LONGEST)
        case _:
            return text.clean_line(value, field=(name,), most=TITLE_LONGEST)
