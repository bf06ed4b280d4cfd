"""What a workspace decided about models: read once a request, in one session."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy import select

from ai.privacy import Known
from ai.provider import Credential
from ai.results import Language
from core import clock
from core.database import ReadSession
from core.settings import Strategy
from models import CreditAccount, Feature, User, Workspace, WorkspaceMember, WorkspaceSettings
from services import personas, prompt_templates, provider_keys
from services.access import Actor
from services.assistant.assistant import Assistant
from services.assistant.errors import SuggestionsOff

_MEMBERS: Final = 200
_DAYS: Final = {"pt": "%d/%m/%Y", "es": "%d/%m/%Y", "en": "%Y-%m-%d"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How models are asked for a workspace.

    `own` are its own keys by provider, `allowed` the providers that may be asked (None allows all), `extra` what it
    adds to the instructions, `known` who its people are, `qualities` what it has made of models' suggestions,
    `credits_left` what it can spend.
    """

    company: str
    language: Language
    currency: str
    today: date
    persona: str
    strategy: Strategy
    masks: bool
    allowed: frozenset[str] | None
    own: Mapping[str, Credential] = field(repr=False)
    known: Known = field(repr=False)
    credits_left: int
    extra: str = ""
    qualities: Mapping[str, float] = field(default_factory=dict[str, float])


async def read(assistant: Assistant, actor: Actor, feature: Feature) -> Terms:
    """Read the terms of an actor's workspace.

    Raises:
        SuggestionsOff: it wants nothing of models.
    """
    async with assistant.ground.database.read(actor.workspace_id) as session:
        settings = await _settings(session, actor)
        if not settings.ai_enabled:
            raise SuggestionsOff
        company = await session.scalar(select(Workspace.name).where(Workspace.id == actor.workspace_id)) or ""
        people = await _people(session, actor)
        own = await provider_keys.credentials(session, assistant.ground.vault, actor.workspace_id)
        language = language_of(settings.language)
        today = clock.now().astimezone(ZoneInfo(settings.timezone)).date()
        facts = {"company": company, "today": today.strftime(_DAYS[language.value])}
        free = select(CreditAccount.balance - CreditAccount.held)
        left = await session.scalar(free.where(CreditAccount.workspace_id == actor.workspace_id))
        qualities = await assistant.learned.qualities(session, actor.workspace_id)
        extra = await prompt_templates.active(session, actor.workspace_id, feature, facts)
    server = assistant.ground.settings.ai.ai_routing_strategy
    return Terms(
        company=company,
        language=language,
        currency=settings.currency,
        today=today,
        persona=personas.default_of(settings),
        strategy=server if settings.ai_strategy is None else Strategy(settings.ai_strategy.value),
        masks=settings.ai_mask_personal_data,
        allowed=None if settings.ai_providers is None else frozenset(settings.ai_providers),
        own=own,
        known=Known(names=people),
        credits_left=int(left or 0),
        extra=extra,
        qualities=qualities,
    )


def language_of(tag: str) -> Language:
    """Return the language that prompts are written in for a BCP 47 tag: Portuguese where there is none."""
    known = {each.value: each for each in Language}
    return known.get(tag.partition("-")[0].lower(), Language.PORTUGUESE)


async def _settings(session: ReadSession, actor: Actor) -> WorkspaceSettings:
    own = select(WorkspaceSettings).where(WorkspaceSettings.workspace_id == actor.workspace_id)
    return (await session.scalars(own)).one()


async def _people(session: ReadSession, actor: Actor) -> tuple[str, ...]:
    """Return the names of the team, which are masked as those of customers are."""
    statement = (
        select(User.name)
        .join(WorkspaceMember, WorkspaceMember.user_id == User.id)
        .where(WorkspaceMember.workspace_id == actor.workspace_id)
        .order_by(WorkspaceMember.user_id)
        .limit(_MEMBERS)
    )
    return tuple((await session.scalars(statement)).all())
