"""What reads the sources of the knowledge base, makes them searchable, and forgets what was deleted."""

from core.ground import Ground
from services.knowledge import indexing, loading
from services.knowledge.indexing import ForgetKnowledge, ForgetSource, IndexSource, ReindexKnowledge, TidyKnowledge
from services.knowledge.loading import ReadSource
from workers.registry import handles

_TRIES = 10


@handles(IndexSource, timeout=600, tries=_TRIES)
async def index_source(ground: Ground, job: IndexSource) -> None:
    """Make a version of a source searchable."""
    await indexing.index(ground, job)


@handles(ReadSource, timeout=180, tries=_TRIES)
async def read_source(ground: Ground, job: ReadSource) -> None:
    """Read the page or the file of a source."""
    await loading.load(ground, job)


@handles(ForgetSource, timeout=120, tries=_TRIES)
async def forget_source(ground: Ground, job: ForgetSource) -> None:
    """Delete a source."""
    await indexing.forget(ground, job)


@handles(ReindexKnowledge, timeout=120, tries=_TRIES)
async def reindex_knowledge(ground: Ground, job: ReindexKnowledge) -> None:
    """Have all of a workspace indexed anew."""
    await indexing.reindex(ground, job)


@handles(ForgetKnowledge, timeout=120, tries=_TRIES)
async def forget_knowledge(ground: Ground, job: ForgetKnowledge) -> None:
    """Delete all that a workspace knew."""
    await indexing.forget_all(ground, job)


@handles(TidyKnowledge, timeout=600)
async def tidy_knowledge(ground: Ground, job: TidyKnowledge) -> None:
    """Put right what rolled-back transactions left behind."""
    del job
    await indexing.tidy(ground)
