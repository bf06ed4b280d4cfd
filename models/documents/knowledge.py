"""The knowledge base: sources, each version of their text, and the chunks that are searched.

A version is complete and never changed. What is shown and searched of a source is the version that `version` names, so
a new one takes the old one's place by a single write.
"""

import hashlib
from datetime import datetime
from enum import StrEnum
from typing import ClassVar
from uuid import UUID

from beanie import Document
from pydantic import BaseModel, Field
from pymongo import IndexModel

from core import clock
from core.ids import uuid7


class SourceKind(StrEnum):
    """What a source was made from."""

    TEXT = "text"
    FAQ = "faq"
    URL = "url"
    PDF = "pdf"
    DOCX = "docx"
    CSV = "csv"


class SourceState(StrEnum):
    """How far a source is."""

    PENDING = "pending"
    READY = "ready"
    FAILED = "failed"


class Pair(BaseModel):
    """A question and its answer."""

    question: str
    answer: str


class Span(BaseModel):
    """Characters `start` to `end` of a text, code points, which are searched as one."""

    start: int
    end: int


class RowFault(BaseModel):
    """What could not be used of a table: the line, counted from 1 with the header, and why."""

    line: int
    message: str


class VersionNote(BaseModel):
    """What is told of a version without its text. `size` is in characters."""

    number: int
    size: int
    content_hash: str
    created_by: UUID | None = None
    created_at: datetime


def hash_of(text: str) -> str:
    """Return the SHA-256 of a text, in hexadecimal digits."""
    return hashlib.sha256(text.encode()).hexdigest()


class KnowledgeSource(Document):
    """One source. `version` is the one that is searched, 0 while there is none; `is_known` when it is shown: a page or
    a file from the start, anything else once its job has begun. `removed_at`: somebody deleted it, and its job will.
    `done` is how much of its newest version is indexed, 0 to 1; `indexed_at` when what is searched of it changed.

    Of a page or a file: `is_titled` when somebody gave it its title, `read_at` when it was last read, `tries` how often
    that failed in a row. `faults` are the first twenty of `fault_count`, of the version that is searched.
    """

    id: UUID = Field(default_factory=uuid7)  # pyright: ignore[reportIncompatibleVariableOverride]
    workspace_id: UUID
    kind: SourceKind
    title: str
    folded_title: str
    language: str
    url: str | None = None
    filename: str | None = None
    state: SourceState = SourceState.PENDING
    reason: str | None = None
    failure_code: str | None = None
    upload_id: UUID | None = None
    is_titled: bool = True
    read_at: datetime | None = None
    tries: int = 0
    faults: list[RowFault] = Field(default_factory=list[RowFault])
    fault_count: int = 0
    version: int = 0
    versions: list[VersionNote] = Field(default_factory=list[VersionNote])
    content_hash: str = ""
    size: int = 0
    chunk_count: int = 0
    done: float = 0.0
    has_vectors: bool = False
    is_known: bool = False
    removed_at: datetime | None = None
    indexed_at: datetime | None = None
    created_by: UUID | None = None
    created_at: datetime = Field(default_factory=clock.now)
    updated_at: datetime = Field(default_factory=clock.now)

    class Settings:
        name = "knowledge_sources"
        indexes: ClassVar = [IndexModel([("workspace_id", 1), ("_id", -1)])]


class KnowledgeVersion(Document):
    """A version of a source: its whole text, the pairs or the rows that it is made of, and what it is called."""

    id: UUID = Field(default_factory=uuid7)  # pyright: ignore[reportIncompatibleVariableOverride]
    workspace_id: UUID
    source_id: UUID
    number: int
    title: str
    language: str
    url: str | None = None
    text: str
    pairs: list[Pair] = Field(default_factory=list[Pair])
    parts: list[Span] = Field(default_factory=list[Span])
    faults: list[RowFault] = Field(default_factory=list[RowFault])
    fault_count: int = 0
    content_hash: str
    created_by: UUID | None = None
    created_at: datetime = Field(default_factory=clock.now)

    class Settings:
        name = "knowledge_versions"
        indexes: ClassVar = [IndexModel([("workspace_id", 1), ("source_id", 1), ("number", 1)], unique=True)]


class KnowledgeChunk(Document):
    """A part of a version that is searched as one: characters `start` to `end` of its text, code points. `heading` is
    what it stands below.
    """

    id: UUID  # pyright: ignore[reportGeneralTypeIssues, reportIncompatibleVariableOverride]
    workspace_id: UUID
    source_id: UUID
    version: int
    start: int
    end: int
    heading: str = ""
    text: str

    class Settings:
        name = "knowledge_chunks"
        indexes: ClassVar = [IndexModel([("workspace_id", 1), ("source_id", 1), ("version", 1)])]


class KnowledgeRevision(Document):
    """The state of a workspace's knowledge as a whole: `mark` is another one after each change of what is searched."""

    id: UUID  # pyright: ignore[reportGeneralTypeIssues, reportIncompatibleVariableOverride]
    workspace_id: UUID
    mark: UUID

    class Settings:
        name = "knowledge_revisions"
