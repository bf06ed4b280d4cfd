"""What there is to ask: providers with their models, prices and health; which model would be asked, and why; and what
a provider would see of a text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from ai.catalogue import Capability, Model
from ai.circuits import State
from ai.privacy import Masking, Preview
from ai.provider import Provider
from ai.routing import Ranking, Vitals, Wish
from ai.run import target_of
from core import text
from core.errors import Invalid
from models import Feature
from services.access import Actor
from services.assistant import terms
from services.assistant.assistant import Assistant
from services.assistant.calls import allowed, preferred, ranked
from services.assistant.people import known_by
from services.assistant.preferences import Preferences
from services.assistant.terms import Terms

LONGEST: Final = 10_000
_MOST_TOKENS: Final = 1_000_000


class TokensInvalid(Invalid):
    """Tokens are 1 to 1,000,000."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelReport:
    """A model as it is now: `vitals` and `state` are those of the key that this workspace would ask it with."""

    model: Model
    state: State
    vitals: Vitals


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderReport:
    """A provider: whether it can be asked, with whose key, and its models."""

    name: str
    is_configured: bool
    is_own_key: bool
    is_allowed: bool
    models: tuple[ModelReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A question of which only the size and the needs are known."""

    input_tokens: int = 500
    output_tokens: int = 300
    needs: frozenset[Capability] = frozenset()


async def providers(assistant: Assistant, actor: Actor) -> tuple[ProviderReport, ...]:
    """Report on all providers that the product knows."""
    decided = await terms.read(assistant, actor, Feature.COPILOT)
    fleet = assistant.fleet
    configured = fleet.providers(decided.own)
    return tuple(_report(assistant, decided, configured, name) for name in fleet.catalogue.providers)


async def route(assistant: Assistant, actor: Actor, question: Question, preferences: Preferences) -> Ranking:
    """Rank the models that might answer, with every term of their scores, and say why the others may not.

    Raises:
        TokensInvalid, UnknownModel: what is asked about is not acceptable.
    """
    for name in ("input_tokens", "output_tokens"):
        if not 1 <= getattr(question, name) <= _MOST_TOKENS:
            raise TokensInvalid(field=("question", name))
    decided = await terms.read(assistant, actor, Feature.COPILOT)
    wish = Wish(
        strategy=preferences.strategy or decided.strategy,
        input_tokens=question.input_tokens,
        output_tokens=question.output_tokens,
        needs=question.needs,
        preferred=preferred(assistant, preferences.model, ("model",)),
    )
    return ranked(assistant, decided, assistant.fleet.providers(decided.own), wish)


async def preview(assistant: Assistant, actor: Actor, written: str, contact_id: UUID | None) -> tuple[Preview, bool]:
    """Return a text as a provider would see it, and whether the workspace masks what it sends. Places are those of the
    text as it was given: outer blanks and what shows nothing stay in it.

    Raises:
        TextInvalid, TextTooLong, Required, ContactUnknown: what is given is not acceptable.
    """
    text.clean_text(text.undirected(written), field=("text",), most=LONGEST)
    decided = await terms.read(assistant, actor, Feature.COPILOT)
    known = await known_by(assistant.ground, actor, contact_id)
    return Masking(known, team=decided.known).preview(written), decided.masks


def _report(assistant: Assistant, decided: Terms, configured: Mapping[str, Provider], name: str) -> ProviderReport:
    provider = configured.get(name)
    models = assistant.fleet.catalogue.of(name)
    return ProviderReport(
        name=name,
        is_configured=provider is not None,
        is_own_key=name in decided.own,
        is_allowed=name in allowed({name: name}, decided.allowed),
        models=tuple(_model(assistant, provider, each) for each in models),
    )


def _model(assistant: Assistant, provider: Provider | None, model: Model) -> ModelReport:
    if provider is None:
        return ModelReport(model=model, state=State.CLOSED, vitals=Vitals())
    failover = assistant.fleet.failover
    target = target_of(provider, model)
    return ModelReport(model=model, state=failover.breaker.state(target), vitals=failover.vitals(target))
