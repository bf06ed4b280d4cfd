"""What the assistants of the demo workspace know, planted once through the same verbs as everything else.

It is searchable before the server says that it is ready.
"""

import asyncio
import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import structlog
from sqlalchemy import select

from core.documents import DocumentsAway
from core.ground import Ground
from core.vectors import VectorsAway
from models import AuditEntry
from models.documents import SourceKind
from services.access import Actor
from services.knowledge import sources
from services.knowledge.drafting import QuestionAnswer, SourceDraft
from services.knowledge.indexing import IndexSource, index
from services.transaction import begin

_FILE: Final = Path(__file__).with_suffix(".toml")
_PATIENCE: Final = 20.0
_ACT: Final = "knowledge.source_add"

log = structlog.stdlib.get_logger(__name__)


async def teach(ground: Ground, actor: Actor) -> None:
    """Give a workspace its knowledge, unless it ever had any. Without the document store, the next start does it."""
    added = (AuditEntry.workspace_id == actor.workspace_id, AuditEntry.action == _ACT)
    async with ground.database.read(actor.workspace_id) as session:
        if await session.scalar(select(AuditEntry.id).where(*added).limit(1)) is not None:
            return
    try:
        async with begin(ground, actor) as tx:
            added = [await sources.add(tx, kind, draft) for kind, draft in drafts()]
        await _learn(ground, actor, [each.id for each in added])
    except DocumentsAway:
        log.warning("the demo workspace knows nothing yet: the document store does not answer")


async def _learn(ground: Ground, actor: Actor, added: Sequence[UUID]) -> None:
    """Make sources searchable now; what is not in time, the workers do, who have it in their queue."""
    try:
        async with asyncio.timeout(_PATIENCE):
            for each in added:
                await index(ground, IndexSource(workspace_id=actor.workspace_id, source_id=each, version=1))
    except (VectorsAway, TimeoutError) as error:
        log.warning("the demo's knowledge is not searchable yet", reason=type(error).__name__)


def drafts() -> Sequence[tuple[SourceKind, SourceDraft]]:
    """Return what it is given, by kind."""
    given: list[dict[str, Any]] = tomllib.loads(_FILE.read_text(encoding="utf-8"))["sources"]
    return [(SourceKind(each["kind"]), _draft(each)) for each in given]


def _draft(given: dict[str, Any]) -> SourceDraft:
    pairs = [QuestionAnswer(question=each["question"], answer=each["answer"]) for each in given.get("pairs", ())]
    return SourceDraft(title=given["title"], text=given.get("text"), pairs=pairs or None)
