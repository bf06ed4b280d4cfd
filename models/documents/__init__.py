"""What is stored as documents, in MongoDB's protocol. Every document of a workspace carries its `workspace_id`."""

from typing import Final

from beanie import Document

from models.documents.knowledge import (
    KnowledgeChunk,
    KnowledgeRevision,
    KnowledgeSource,
    KnowledgeVersion,
    Pair,
    RowFault,
    SourceKind,
    SourceState,
    Span,
    VersionNote,
    hash_of,
)
from models.documents.trace import Trace, TraceAttempt, TraceMessage

__all__ = [
    "DOCUMENTS",
    "KnowledgeChunk",
    "KnowledgeRevision",
    "KnowledgeSource",
    "KnowledgeVersion",
    "Pair",
    "RowFault",
    "SourceKind",
    "SourceState",
    "Span",
    "Trace",
    "TraceAttempt",
    "TraceMessage",
    "VersionNote",
    "hash_of",
]

DOCUMENTS: Final[tuple[type[Document], ...]] = (
    KnowledgeSource,
    KnowledgeVersion,
    KnowledgeChunk,
    KnowledgeRevision,
    Trace,
)
"""All of them: they are bound to the store together."""
