"""Providers and their models, why one of them would be asked, and what it would see."""

from typing import Annotated

import strawberry

from core.settings import Strategy
from graph import Root
from models import Permission, RoutingStrategy
from resolvers.asking import contact_key
from resolvers.context import Context
from resolvers.fields import query
from schema.routing import (
    AiModel,
    AiProvider,
    MaskedPlace,
    PiiPreview,
    RouteCandidate,
    RouteExplanation,
    RouteQuestionInput,
    RouteRefusal,
)
from services.assistant import overview
from services.assistant.overview import Question
from services.assistant.preferences import Preferences

Wished = Annotated[RoutingStrategy | None, strawberry.argument(description="By what; the workspace's, if left out.")]
Named = Annotated[str | None, strawberry.argument(description="A model or a provider that is to go first.")]
Sized = Annotated[
    RouteQuestionInput | None, strawberry.argument(description="Its size and needs; an ordinary one, if left out.")
]
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
            models=[AiModel.of(one.model, one.state, one.vitals) for one in each.models],
        )
        for each in found
    ]


@query(Permission.AI_USE)
async def ai_route_explain(
    context: Context, strategy: Wished = None, model: Named = None, question: Sized = None
) -> RouteExplanation:
    """Which models would be asked a question, in which order, and why. Nothing is asked."""
    size = question or RouteQuestionInput()
    sized = Question(input_tokens=size.input_tokens, output_tokens=size.output_tokens, needs=frozenset(size.needs))
    preferences = Preferences(strategy=None if strategy is None else Strategy(strategy.value), model=model)
    found = await overview.route(context.assistant, context.actor, sized, preferences)
    return RouteExplanation(
        strategy=RoutingStrategy(found.strategy.value),
        candidates=[RouteCandidate.of(each) for each in found.candidates],
        refused=[RouteRefusal(model=name, reason=reason) for name, reason in found.refused.items()],
    )


@query(Permission.AI_USE)
async def pii_preview(context: Context, text: Text, contact_id: About = None) -> PiiPreview:
    """What a provider would see of a text. Nothing leaves."""
    found, masks = await overview.preview(context.assistant, context.actor, text, contact_key(contact_id))
    places = [MaskedPlace(kind=each.kind, start=each.start, end=each.end, token=each.token) for each in found.places]
    return PiiPreview(text=found.text, places=places, masks=masks)


class RoutingQueries(Root):
    """Queries about models."""

    ai_providers: list[AiProvider] = ai_providers
    ai_route_explain: RouteExplanation = ai_route_explain
    pii_preview: PiiPreview = pii_preview
