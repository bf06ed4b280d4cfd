"""What a customer's text says: mood, purpose, and what it names. Found offline, without a key and without credits."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from ai.local import entities, heads
from ai.results import Entities, Intent, Sentiment
from core import clock, text
from core.errors import Conflict
from core.ground import Ground
from models import WorkspaceSettings
from services.access import Actor

LONGEST: Final = 5_000


class SuggestionsOff(Conflict):
    """Suggestions are turned off in this workspace: `settingsUpdate` with `ai: { enabled: true }` turns them on."""

    code = "AI_DISABLED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the workspace says of days and money."""

    today: date
    currency: str


async def sentiment(ground: Ground, actor: Actor, written: str) -> Sentiment:
    """Tell how somebody speaks.

    Raises:
        TextInvalid, TextTooLong, Required: the text is not acceptable.
        SuggestionsOff: the workspace wants none.
    """
    await _terms(ground, actor)
    return await heads.analyze_sentiment(read(written))


async def intent(ground: Ground, actor: Actor, written: str) -> Intent:
    """Tell what a message is for; raises as `sentiment`."""
    await _terms(ground, actor)
    return await heads.classify_intent(read(written))


async def named(ground: Ground, actor: Actor, written: str) -> Entities:
    """Find what a text names, with days as they are where the workspace is; raises as `sentiment`."""
    terms = await _terms(ground, actor)
    return entities.find_entities(read(written), today=terms.today, currency=terms.currency)


def read(written: str) -> str:
    """Return a text as it is looked at: offsets count in this one."""
    return text.clean_text(written, field=("text",), most=LONGEST)


async def _terms(ground: Ground, actor: Actor) -> Terms:
    own = select(WorkspaceSettings).where(WorkspaceSettings.workspace_id == actor.workspace_id)
    async with ground.database.read(actor.workspace_id) as session:
        settings = (await session.scalars(own)).one()
    if not settings.ai_enabled:
        raise SuggestionsOff
    return Terms(today=clock.now().astimezone(ZoneInfo(settings.timezone)).date(), currency=settings.currency)
