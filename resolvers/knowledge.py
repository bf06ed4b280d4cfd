"""The knowledge base."""

from typing import Annotated, Final

import strawberry

from core.ids import decode, encode
from graph import Connection, Edge, PageInfo, Root
from graph.paging import DEFAULT, MOST, BadCursor, BadPageSize
from models import Permission
from models.documents import SourceKind
from resolvers.context import Context
from resolvers.fields import mutation, query
from schema.knowledge import (
    PREFIX,
    KnowledgePairInput,
    KnowledgePassage,
    KnowledgeReindexPayload,
    KnowledgeSearch,
    KnowledgeSource,
    KnowledgeSourceCreateInput,
    KnowledgeSourceCreatePayload,
    KnowledgeSourceDeleteInput,
    KnowledgeSourceDeletePayload,
    KnowledgeSourceRefreshInput,
    KnowledgeSourceRefreshPayload,
    KnowledgeSourceUpdateInput,
    KnowledgeSourceUpdatePayload,
    KnowledgeText,
    key_of,
)
from schema.upload import upload_key_of
from services.knowledge import retrieval, sources
from services.knowledge.drafting import NewSource, QuestionAnswer, SourceDraft
from services.knowledge.sources import SourcePage
from services.knowledge.storage import Wanted
from services.transaction import Transaction

_CURSOR: Final = "at"

First = Annotated[int | None, strawberry.argument(description="How many, 1 to 100; 20 when left out.")]
After = Annotated[str | None, strawberry.argument(description="Begin behind this cursor.")]
Kind = Annotated[SourceKind | None, strawberry.argument(description="Only those that were made from this.")]
Search = Annotated[str | None, strawberry.argument(description="Words of the title; accents and case do not count.")]
Id = Annotated[strawberry.ID, strawberry.argument(description="The id of a source.")]
Number = Annotated[
    int | None, strawberry.argument(description="Which version; the one that is searched when left out.")
]
Question = Annotated[str, strawberry.argument(description="A question as a customer asks it, up to 1,000 characters.")]
Limit = Annotated[int, strawberry.argument(description="How many passages, 1 to 20.")]


@query(Permission.KNOWLEDGE_READ)
async def knowledge_sources(
    context: Context, first: First = None, after: After = None, kind: Kind = None, search: Search = None
) -> Connection[KnowledgeSource] | None:
    """The sources of the knowledge base, the newest first. What was added a moment ago may not be there yet."""
    size = DEFAULT if first is None else first
    if not 1 <= size <= MOST:
        raise BadPageSize(field=("first",))
    behind = None if after is None else decode(_CURSOR, after)
    if after is not None and behind is None:
        raise BadCursor(field=("after",))
    wanted = Wanted(kind=kind, words=search, after=behind, size=size)
    return _connection(await sources.page(context.ground, context.actor, wanted), is_first=after is None)


@query(Permission.KNOWLEDGE_READ)
async def knowledge_source(context: Context, id: Id) -> KnowledgeSource | None:
    """One source of the knowledge base."""
    key = decode(PREFIX, id)
    found = None if key is None else await sources.find(context.ground, context.actor, key)
    return None if found is None else KnowledgeSource.of(found)


@query(Permission.KNOWLEDGE_READ)
async def knowledge_text(context: Context, id: Id, version: Number = None) -> KnowledgeText | None:
    """The text of a source, as it is searched or as it was."""
    key = decode(PREFIX, id)
    found = None if key is None else await sources.text_at(context.ground, context.actor, key, version)
    return None if found is None else KnowledgeText.of(found)


@query(Permission.KNOWLEDGE_READ)
async def knowledge_search(context: Context, question: Question, limit: Limit = 5) -> KnowledgeSearch:
    """Find what the knowledge base says to a question, by meaning and by words."""
    found = await retrieval.search_as(context.ground, context.actor, question, limit)
    passages = [KnowledgePassage.of(each) for each in found.passages]
    return KnowledgeSearch(passages=passages, grounded=found.is_grounded, degraded=list(found.degraded))


class KnowledgeQueries(Root):
    """Queries about the knowledge base."""

    knowledge_sources: Connection[KnowledgeSource] | None = knowledge_sources
    knowledge_source: KnowledgeSource | None = knowledge_source
    knowledge_text: KnowledgeText | None = knowledge_text
    knowledge_search: KnowledgeSearch = knowledge_search


@mutation(Permission.KNOWLEDGE_WRITE, idempotent=True)
async def knowledge_source_create(tx: Transaction, input: KnowledgeSourceCreateInput) -> KnowledgeSourceCreatePayload:
    """Add a source to the knowledge base: a text, the pairs of a FAQ, a page of the web, or a file. A page or a file
    is read in the background.
    """
    return KnowledgeSourceCreatePayload(source=KnowledgeSource.of(await sources.create(tx, _new(input))))


@mutation(Permission.KNOWLEDGE_WRITE)
async def knowledge_source_update(tx: Transaction, input: KnowledgeSourceUpdateInput) -> KnowledgeSourceUpdatePayload:
    """Give a source a new version. The one before is searched until the new one is ready."""
    changed = await sources.change(tx, key_of(input.id), _draft(input))
    return KnowledgeSourceUpdatePayload(source=KnowledgeSource.of(changed))


@mutation(Permission.KNOWLEDGE_WRITE)
async def knowledge_source_refresh(
    tx: Transaction, input: KnowledgeSourceRefreshInput
) -> KnowledgeSourceRefreshPayload:
    """Have the page of a source read again, in the background. Only another text makes a new version."""
    found = await sources.refresh(tx, key_of(input.id))
    return KnowledgeSourceRefreshPayload(source=KnowledgeSource.of(found))


@mutation(Permission.KNOWLEDGE_WRITE)
async def knowledge_source_delete(tx: Transaction, input: KnowledgeSourceDeleteInput) -> KnowledgeSourceDeletePayload:
    """Delete a source with all its versions; it is found no more at once."""
    gone = await sources.remove(tx, key_of(input.id))
    return KnowledgeSourceDeletePayload(deleted_id=strawberry.ID(encode(PREFIX, gone)))


@mutation(Permission.KNOWLEDGE_WRITE)
async def knowledge_reindex(tx: Transaction) -> KnowledgeReindexPayload:
    """Have every source cut and embedded anew. They stay searchable meanwhile."""
    return KnowledgeReindexPayload(source_count=await sources.reindex(tx))


def _new(input: KnowledgeSourceCreateInput) -> NewSource:
    return NewSource(
        title=input.title,
        language=input.language,
        text=input.text,
        pairs=_pairs(input.pairs),
        url=input.url,
        upload_id=None if input.upload_id is None else upload_key_of(input.upload_id),
    )


def _draft(input: KnowledgeSourceUpdateInput) -> SourceDraft:
    return SourceDraft(
        title=input.title, text=input.text, pairs=_pairs(input.pairs), language=input.language, url=input.url
    )


def _pairs(given: list[KnowledgePairInput] | None) -> list[QuestionAnswer] | None:
    return None if given is None else [QuestionAnswer(question=each.question, answer=each.answer) for each in given]


def _connection(page: SourcePage, *, is_first: bool) -> Connection[KnowledgeSource]:
    edges = [Edge(cursor=encode(_CURSOR, each.id), node=KnowledgeSource.of(each)) for each in page.sources]
    info = PageInfo(
        has_next_page=page.has_next,
        has_previous_page=not is_first,
        start_cursor=edges[0].cursor if edges else None,
        end_cursor=edges[-1].cursor if edges else None,
    )
    return Connection(edges=edges, nodes=[each.node for each in edges], page_info=info, total_count=page.total)


MUTATIONS = (
    knowledge_source_create,
    knowledge_source_update,
    knowledge_source_refresh,
    knowledge_source_delete,
    knowledge_reindex,
)
