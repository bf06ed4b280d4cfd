"""The knowledge base: sources, their versions, and what is found in them. They are documents, not rows."""

from datetime import datetime
from typing import Self
from uuid import UUID

import strawberry

from ai.passages import Passage
from core.errors import NotFound
from core.ids import decode, encode
from models import documents
from models.documents import SourceKind, SourceState
from schema.enums import described
from schema.errors import ErrorCode, MutationPayload
from schema.idempotency import OnceInput

PREFIX = "source"

described(
    SourceKind,
    "What a source was made from.",
    {
        "TEXT": "A text.",
        "FAQ": "Questions and their answers; each pair is found as one.",
        "URL": "A page of the web; see `knowledgeSourceRefresh`.",
        "PDF": "A PDF file.",
        "DOCX": "A Word file.",
        "CSV": "A list of products; each is found as one.",
    },
)
described(
    SourceState,
    "How far a source is.",
    {
        "PENDING": "It is being read, or made searchable; until then its version before is searched, if it has one.",
        "READY": "It is searched.",
        "FAILED": (
            "It could not be read, or its newest version cannot be searched: see `failure`. Its version before is still"
            " searched, if it has one."
        ),
    },
)


def key_of(id: str, *, field: tuple[str, ...] = ("id",)) -> UUID:
    """Read the id of a source.

    Raises:
        NotFound: it is an id of something else, or none at all.
    """
    found = decode(PREFIX, id)
    if found is None:
        message = "There is no such source in this workspace."
        raise NotFound(message, field=field)
    return found


@strawberry.type(description="A version of a source. The twenty newest are kept.")
class KnowledgeVersion:
    number: int = strawberry.field(description="Its number, from 1.")
    size: int = strawberry.field(description="How long its text is, in characters.")
    content_hash: str = strawberry.field(description="The SHA-256 of its text, in hexadecimal digits.")
    created_by_id: strawberry.ID | None = strawberry.field(description="The user who made it; null for the system.")
    created_at: datetime = strawberry.field(description="When it was made.")


@strawberry.type(description="Why a source is not what it should be.")
class KnowledgeFailure:
    code: ErrorCode = strawberry.field(description="The stable name of the reason.")
    message: str = strawberry.field(description="A sentence that says what would be accepted.")

    @classmethod
    def of(cls, source: documents.KnowledgeSource) -> Self | None:
        """Show what failed, when something did."""
        if source.reason is None:
            return None
        known = source.failure_code in ErrorCode.__members__.values()
        return cls(code=ErrorCode(source.failure_code) if known else ErrorCode.INVALID, message=source.reason)


@strawberry.type(description="What could not be used of a table of products.")
class KnowledgeRowFault:
    line: int = strawberry.field(description="The line of the file, from 1; the header is one too.")
    message: str = strawberry.field(description="What is wrong with it.")


@strawberry.type(
    description=(
        "Something that the workspace's assistants may cite. It is a document and no row, so `node` does not find it:"
        " `knowledgeSource` does."
    )
)
class KnowledgeSource:
    id: strawberry.ID = strawberry.field(description="Its id, for `knowledgeSource`.")
    kind: SourceKind = strawberry.field(description="What it was made from.")
    title: str = strawberry.field(description="What it is called.")
    language: str = strawberry.field(description="The language of its text (BCP 47).")
    url: str | None = strawberry.field(description="The page that it is read from, or where it can be read.")
    filename: str | None = strawberry.field(description="The name of the file it came from.")
    state: SourceState = strawberry.field(description="How far it is.")
    reason: str | None = strawberry.field(description="Why it failed: the message of `failure`.")
    failure: KnowledgeFailure | None = strawberry.field(
        description="Why it failed; while it is PENDING, why it could not be read the last time: it is tried again."
    )
    faults: list[KnowledgeRowFault] = strawberry.field(
        description="Of a table of products: what could not be used of it, the first twenty."
    )
    fault_count: int = strawberry.field(description="How much could not be used of a table of products.")
    read_at: datetime | None = strawberry.field(
        description="When its page or file was last read, also when its text was the same."
    )
    progress: float = strawberry.field(
        description="How much of its newest version is indexed, from 0 to 1; 0 while it is read."
    )
    version: int | None = strawberry.field(description="The version that is searched; null while there is none.")
    versions: list[KnowledgeVersion] = strawberry.field(
        description="Its versions that were made searchable, the newest last; twenty at most."
    )
    size: int = strawberry.field(description="How long its text is, in characters.")
    chunk_count: int = strawberry.field(description="In how many parts it is searched.")
    has_vectors: bool = strawberry.field(
        description="Whether it is found by meaning too; by words alone when the vector store was away."
    )
    created_by_id: strawberry.ID | None = strawberry.field(description="The user who added it; null for the system.")
    created_at: datetime = strawberry.field(description="When it was added.")
    updated_at: datetime = strawberry.field(description="When it was last changed.")

    @classmethod
    def of(cls, source: documents.KnowledgeSource) -> Self:
        """Show a source."""
        return cls(
            id=strawberry.ID(encode(PREFIX, source.id)),
            kind=source.kind,
            title=source.title,
            language=source.language,
            url=source.url,
            filename=source.filename,
            state=source.state,
            reason=source.reason,
            failure=KnowledgeFailure.of(source),
            faults=[KnowledgeRowFault(line=each.line, message=each.message) for each in source.faults],
            fault_count=source.fault_count,
            read_at=source.read_at,
            progress=source.done,
            version=source.version or None,
            versions=[_version(each) for each in source.versions],
            size=source.size,
            chunk_count=source.chunk_count,
            has_vectors=source.has_vectors,
            created_by_id=_user(source.created_by),
            created_at=source.created_at,
            updated_at=source.updated_at,
        )


def _version(note: documents.VersionNote) -> KnowledgeVersion:
    return KnowledgeVersion(
        number=note.number,
        size=note.size,
        content_hash=note.content_hash,
        created_by_id=_user(note.created_by),
        created_at=note.created_at,
    )


def _user(id: UUID | None) -> strawberry.ID | None:
    return None if id is None else strawberry.ID(encode("user", id))


@strawberry.type(description="A question and its answer.")
class KnowledgePair:
    question: str = strawberry.field(description="The question.")
    answer: str = strawberry.field(description="The answer.")


@strawberry.type(description="A version of a source with its whole text.")
class KnowledgeText:
    source_id: strawberry.ID = strawberry.field(description="The source.")
    number: int = strawberry.field(description="The number of the version.")
    title: str = strawberry.field(description="What it was called.")
    text: str = strawberry.field(description="The text. Offsets of passages count its code points.")
    pairs: list[KnowledgePair] = strawberry.field(description="Of a FAQ: what the text is made of.")

    @classmethod
    def of(cls, version: documents.KnowledgeVersion) -> Self:
        """Show a text."""
        pairs = [KnowledgePair(question=each.question, answer=each.answer) for each in version.pairs]
        source_id = strawberry.ID(encode(PREFIX, version.source_id))
        return cls(source_id=source_id, number=version.number, title=version.title, text=version.text, pairs=pairs)


@strawberry.type(description="A part of a source that was found.")
class KnowledgePassage:
    source_id: strawberry.ID = strawberry.field(description="The source.")
    title: str = strawberry.field(description="What the source is called.")
    quote: str = strawberry.field(description="What it says, word for word.")
    start: int = strawberry.field(description="Where it begins: so many code points of the source stand before it.")
    end: int = strawberry.field(description="Where it ends: the code point after it.")
    score: float = strawberry.field(description="How sure it is that it is about the question, from 0 to 1.")
    url: str | None = strawberry.field(description="Where the source can be read.")

    @classmethod
    def of(cls, passage: Passage) -> Self:
        """Show a passage."""
        return cls(
            source_id=strawberry.ID(encode(PREFIX, passage.source_id)),
            title=passage.title,
            quote=passage.text,
            start=passage.start,
            end=passage.end,
            score=passage.score,
            url=passage.url,
        )


@strawberry.type(description="What the knowledge base says to a question.")
class KnowledgeSearch:
    passages: list[KnowledgePassage] = strawberry.field(description="The best passages, the best first.")
    grounded: bool = strawberry.field(
        description="Whether the best is about the question. If not, better say that it is not known."
    )
    degraded: list[str] = strawberry.field(
        description="What was away: `vectors` when passages were looked for by their words alone, `sources` while some "
        "cannot be searched yet."
    )


@strawberry.input(description="A question and its answer.")
class KnowledgePairInput:
    question: str = strawberry.field(description="Up to 500 characters, as customers ask it.")
    answer: str = strawberry.field(description="Up to 5,000 characters.")


@strawberry.input(description="A new source, made from one of `text`, `pairs`, `url` and `uploadId`.")
class KnowledgeSourceCreateInput(OnceInput):
    title: str | None = strawberry.field(
        default=None,
        description=(
            "Up to 200 characters; it is searched and cited too. A page or a file may do without: its own title, its"
            " address or its name is taken."
        ),
    )
    text: str | None = strawberry.field(
        default=None, description="Up to 500,000 characters. Lines with `#` are headings."
    )
    pairs: list[KnowledgePairInput] | None = strawberry.field(
        default=None, description="Up to 500 questions and answers: the source is a FAQ."
    )
    url: str | None = strawberry.field(
        default=None,
        description=(
            "A page of the public internet, which is read in the background: HTML, plain text, PDF, DOCX or CSV of up"
            " to 2 MiB."
        ),
    )
    upload_id: strawberry.ID | None = strawberry.field(
        default=None, description="A file that was sent to the address from `uploadCreate`: it is used once."
    )
    language: str | None = strawberry.field(default=None, description="A tag of BCP 47; pt-BR when left out.")


@strawberry.type(description="The answer to `knowledgeSourceCreate`.")
class KnowledgeSourceCreatePayload(MutationPayload):
    source: KnowledgeSource | None = strawberry.field(
        default=None,
        description=(
            "The new source. It is searchable seconds later, READY; or FAILED, when it could not be read: see"
            " `workspaceEvents`."
        ),
    )


@strawberry.input(description="A new version of a source. What is left out, or null, stays.")
class KnowledgeSourceUpdateInput:
    id: strawberry.ID = strawberry.field(description="The source.")
    title: str | None = strawberry.field(default=None, description="Up to 200 characters.")
    text: str | None = strawberry.field(
        default=None, description="Up to 500,000 characters; not for a FAQ, nor for a page."
    )
    pairs: list[KnowledgePairInput] | None = strawberry.field(
        default=None, description="All pairs of a FAQ, the old ones too."
    )
    language: str | None = strawberry.field(default=None, description="A tag of BCP 47.")
    url: str | None = strawberry.field(
        default=None, description="Where it can be read; not for a page. Nothing is loaded from there."
    )


@strawberry.type(description="The answer to `knowledgeSourceUpdate`.")
class KnowledgeSourceUpdatePayload(MutationPayload):
    source: KnowledgeSource | None = strawberry.field(
        default=None, description="The source as it is until its new version is searchable."
    )


@strawberry.input(description="Which page to read again.")
class KnowledgeSourceRefreshInput:
    id: strawberry.ID = strawberry.field(description="The source; it was made from a `url`.")


@strawberry.type(description="The answer to `knowledgeSourceRefresh`.")
class KnowledgeSourceRefreshPayload(MutationPayload):
    source: KnowledgeSource | None = strawberry.field(
        default=None, description="The source as it is until its page has been read: see `readAt`."
    )


@strawberry.input(description="Which source to delete.")
class KnowledgeSourceDeleteInput:
    id: strawberry.ID = strawberry.field(description="The source.")


@strawberry.type(description="The answer to `knowledgeSourceDelete`.")
class KnowledgeSourceDeletePayload(MutationPayload):
    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="The source that was deleted.")


@strawberry.type(description="The answer to `knowledgeReindex`.")
class KnowledgeReindexPayload(MutationPayload):
    source_count: int | None = strawberry.field(
        default=None, description="How many sources are indexed anew; each tells its `progress`."
    )
