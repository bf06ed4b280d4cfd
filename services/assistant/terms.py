"""What a workspace decided about models: read once a request, by one statement, so that a change counts at once."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, LargeBinary, ScalarSelect, Text, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY

from ai.privacy import Known
from ai.provider import Credential
from ai.results import Language
from core import clock
from core.database.texts import Prepared
from core.settings import Strategy
from models import (
    CreditAccount,
    Feature,
    Persona,
    PromptTemplate,
    ProviderKey,
    User,
    Workspace,
    WorkspaceMember,
    WorkspaceSettings,
)
from services import personas, provider_keys
from services.access import Actor
from services.assistant.assistant import Assistant
from services.assistant.errors import SuggestionsOff
from services.prompt_templates import Placeholder

_MEMBERS: Final = 200
_KEYS: Final = 100
_WORKSPACE: Final = bindparam("workspace", type_=Uuid())
_workspaces, _settings = Workspace.__table__, WorkspaceSettings.__table__
_members, _users = WorkspaceMember.__table__, User.__table__
_accounts, _templates = CreditAccount.__table__, PromptTemplate.__table__

_own_keys = ProviderKey.__table__


def _keys(column: ColumnElement[Any]) -> ScalarSelect[Any]:
    """Return a column of the workspace's keys, in one order for all columns."""
    own = select(column).where(_own_keys.c.workspace_id == _WORKSPACE)
    return own.order_by(_own_keys.c.provider).limit(_KEYS).scalar_subquery()


_people = (
    select(_users.c.name)
    .join(_members, _members.c.user_id == _users.c.id)
    .where(_members.c.workspace_id == _WORKSPACE)
    .order_by(_members.c.user_id)
    .limit(_MEMBERS)
)
_agent = select(_users.c.name).where(_users.c.id == bindparam("user", type_=Uuid()))
_left = select(_accounts.c.balance - _accounts.c.held).where(_accounts.c.workspace_id == _WORKSPACE)
_template = select(_templates.c.body).where(
    _templates.c.workspace_id == _WORKSPACE,
    _templates.c.feature == bindparam("feature", type_=_templates.c.feature.type),
    _templates.c.is_active,
)
_DECIDED: Final = Prepared(
    select(
        _workspaces.c.name.label("company"),
        *(_settings.c.language, _settings.c.timezone, _settings.c.currency, _settings.c.ai_enabled),
        *(_settings.c.ai_persona, _settings.c.ai_persona_id, _settings.c.ai_strategy),
        *(_settings.c.ai_mask_personal_data, _settings.c.ai_providers),
        func.array(_people.scalar_subquery(), type_=ARRAY(Text())).label("people"),
        func.array(_keys(_own_keys.c.provider), type_=ARRAY(Text())).label("keyed"),
        func.array(_keys(_own_keys.c.secret), type_=ARRAY(LargeBinary())).label("secrets"),
        _left.scalar_subquery().label("credits_left"),
        _template.scalar_subquery().label("template"),
        _agent.scalar_subquery().label("agent"),
    )
    .join_from(_settings, _workspaces, _workspaces.c.id == _settings.c.workspace_id)
    .where(_settings.c.workspace_id == _WORKSPACE),
    ("workspace", "feature", "user"),
)
"""All that a workspace decided, and the name of who asks, in one row; the names of its people are masked as those of
customers are.
"""

_DAYS: Final = {"pt": "%d/%m/%Y", "es": "%d/%m/%Y", "en": "%Y-%m-%d"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """How models are asked for a workspace.

    `own` are its own keys by provider, `allowed` the providers that may be asked (None allows all), `template` what it
    adds to the instructions and `facts` what is known for the placeholders of that, `known` who its people are,
    `qualities` what it has made of models' suggestions, `credits_left` what it can spend.
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
    template: str = ""
    facts: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    qualities: Mapping[str, float] = field(default_factory=dict[str, float])


async def read(assistant: Assistant, actor: Actor, feature: Feature) -> Terms:
    """Read the terms of an actor's workspace.

    Raises:
        SuggestionsOff: it wants nothing of models.
    """
    workspace_id = actor.workspace_id
    async with assistant.ground.database.rows(workspace_id) as reading:
        given = _DECIDED.arguments({"workspace": workspace_id, "feature": feature, "user": actor.user_id})
        [found] = await reading.fetch(_DECIDED.sql, given)
    if not found["ai_enabled"]:
        raise SuggestionsOff
    qualities = await assistant.learned.qualities(assistant.ground, workspace_id)
    language = language_of(found["language"])
    today = clock.now().astimezone(ZoneInfo(found["timezone"])).date()
    agent: str = found["agent"] or ""
    people: list[str] = found["people"]
    facts: dict[str, str] = {
        Placeholder.COMPANY: found["company"],
        Placeholder.AGENT_NAME: agent,
        Placeholder.TODAY: today.strftime(_DAYS[language.value]),
    }
    keys = zip(found["keyed"], found["secrets"], strict=True)
    server = assistant.ground.settings.ai.ai_routing_strategy
    return Terms(
        company=found["company"],
        language=language,
        currency=found["currency"],
        today=today,
        persona=personas.default_of(Persona(found["ai_persona"]), found["ai_persona_id"]),
        strategy=Strategy(found["ai_strategy"] or server),
        masks=found["ai_mask_personal_data"],
        allowed=None if found["ai_providers"] is None else frozenset(found["ai_providers"]),
        own=provider_keys.unsealed(keys, assistant.ground.vault, workspace_id),
        known=Known(names=tuple(people if agent in ("", *people) else (*people, agent))),
        credits_left=found["credits_left"] or 0,
        template=found["template"] or "",
        facts=facts,
        qualities=qualities,
    )


def language_of(tag: str) -> Language:
    """Return the language that prompts are written in for a BCP 47 tag: Portuguese where there is none."""
    known = {each.value: each for each in Language}
    return known.get(tag.partition("-")[0].lower(), Language.PORTUGUESE)
