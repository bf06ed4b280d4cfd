"""Providers and their models, why one of them would be asked, and what it would see."""

from typing import Annotated

import strawberry

from ai.catalogue import Capability
from ai.routing import Candidate
from core.settings import Strategy
from graph import Root
from models import Permission, RoutingStrategy
from resolvers.context import Context
from resolvers.fields import query
from schema.contact import Contact
from schema.routing import (
    AiModel,
    AiProvider,
    MaskedPlace,
    PiiPreview,
    RouteCandidate,
    RouteExplanation,
    RouteRefusal,
    RouteTerms,
)
from services.assistant import overview
from services.assistant.overview import ModelReport, Question
from services.assistant.preferences import Preferences

Wished = Annotated[RoutingStrategy | None, strawberry.argument(description="By what; the workspace's, if left out.")]
Named = Annotated[str | None, strawberry.argument(description="A model or a provider that is to go first.")]
Needs = Annotated[list[Capability] | None, strawberry.argument(description="What the model has to be able to do.")]
Reads = Annotated[int, strawberry.argument(description="How many tokens the question has.")]
Writes = Annotated[int, strawberry.argument(description="How many tokens the answer may have.")]
Text = Annotated[str, strawberry.argument(description="A text, up to 10,000 characters.")]
About = Annotated[strawberry.ID | None, strawberry.argument(description="Whom it is about: what they are known by.")]


@query(Permission.AI_USE)
async def ai_providers(context: Context) -> list[AiProvider]:
    """The providers of models that the product knows, with their models, prices and health."""
    found = await overview.providers(context.assistant, context.actor)
    return [
        AiProvider(
            name=each.name,
            configured=each.is_configured,
            own_key=each.is_own_key,
            allowed=each.is_allowed,
            models=[_model(one) for one in each.models],
        )
        for each in found
    ]


@query(Permission.AI_USE)
async def ai_route_explain(
    context: Context,
    strategy: Wished = None,
    model: Named = None,
    needs: Needs = None,
    input_tokens: Reads = 500,
    output_tokens: Writes = 300,
) -> RouteExplanation:
    """Which models would be asked a question of this size, in which order, and why. Nothing is asked."""
    question = Question(input_tokens=input_tokens, output_tokens=output_tokens, needs=frozenset(needs or ()))
    preferences = Preferences(strategy=None if strategy is None else Strategy(strategy.value), model=model)
    found = await overview.route(context.assistant, context.actor, question, preferences)
    return RouteExplanation(
        strategy=RoutingStrategy(found.strategy.value),
        candidates=[_candidate(each) for each in found.candidates],
        refused=[RouteRefusal(model=name, reason=reason) for name, reason in found.refused.items()],
    )


@query(Permission.AI_USE)
async def pii_preview(context: Context, text: Text, contact_id: About = None) -> PiiPreview:
    """What a provider would see of a text. Nothing leaves."""
    key = None if contact_id is None else Contact.key_of(contact_id, field=("contact_id",))
    found, masks = await overview.preview(context.assistant, context.actor, text, key)
    places = [MaskedPlace(kind=each.kind, start=each.start, end=each.end, token=each.token) for each in found.places]
    return PiiPreview(text=found.text, places=places, masks=masks)


class RoutingQueries(Root):
    """Queries about models."""

    ai_providers: list[AiProvider] = ai_providers
    ai_route_explain: RouteExplanation = ai_route_explain
    pii_preview: PiiPreview = pii_preview


def _model(report: ModelReport) -> AiModel:
    model, vitals = report.model, report.vitals
    return AiModel(
        id=model.key,
        context=model.context,
        price_in_micro_usd=None if model.price_in is None else str(model.price_in),
        price_out_micro_usd=None if model.price_out is None else str(model.price_out),
        quality=model.quality,
        capabilities=sorted(model.capabilities),
        region=model.region,
        state=report.state,
        open_for_seconds=round(vitals.open_for, 1),
        recent_calls=round(vitals.calls, 1),
        error_rate=round(vitals.error_rate, 3),
        first_token_ms=None if vitals.first_token_ms is None else round(vitals.first_token_ms, 1),
    )


def _candidate(candidate: Candidate) -> RouteCandidate:
    terms = candidate.terms
    return RouteCandidate(
        model=candidate.model.key,
        score=round(candidate.score, 4),
        terms=RouteTerms(
            price=terms.price,
            speed=terms.speed,
            quality=terms.quality,
            order=terms.order,
            reliability=terms.reliability,
        ),
        cost_micro_usd=str(candidate.cost),
        open=candidate.is_open,
    )
