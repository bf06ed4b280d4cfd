"""Providers and their models, why one of them would be asked, and what it would see."""

from typing import Self

import strawberry

from ai.catalogue import Capability, Model, Region
from ai.circuits import State
from ai.privacy import Kind
from ai.routing import Candidate, Refusal, Vitals
from schema.enums import RoutingStrategy, described

described(
    Capability,
    "What a model can do beside text.",
    {"JSON": "Answers bound to a JSON schema.", "TOOLS": "Calls of tools.", "VISION": "It sees pictures."},
    name="ModelCapability",
)
described(
    Region,
    "Where a provider keeps what it is told, by its own terms.",
    {"US": "United States.", "EU": "European Union.", "CANADA": "Canada.", "HERE": "On a machine of this server's."},
    name="DataRegion",
)
described(
    State,
    "Whether something is asked at all.",
    {
        "CLOSED": "It is asked.",
        "OPEN": "It failed, and is left alone for a while.",
        "HALF_OPEN": "One question may find out whether it is well again.",
    },
    name="CircuitState",
)
described(
    Refusal,
    "Why a model is not asked.",
    {
        "NOT_CONFIGURED": "There is no key of its provider.",
        "NOT_ALLOWED": "The workspace does not allow its provider.",
        "WRONG_REGION": "Its data would be kept elsewhere.",
        "INCAPABLE": "It cannot do what is needed.",
        "TOO_LONG": "The question does not fit into it.",
        "UNPRICED": "Its price is not known.",
        "OVER_BUDGET": "It costs too much.",
        "TOO_WEAK": "It is not good enough.",
    },
    name="ModelRefusal",
)
described(
    Kind,
    "What sort of personal data.",
    {each.name: f"{each.value.replace('_', ' ').capitalize()}." for each in Kind},
    name="PersonalDataKind",
)


@strawberry.type(description="A model.")
class AiModel:
    id: str = strawberry.field(description="Its name here, such as `groq/openai/gpt-oss-20b`.")
    context: int = strawberry.field(description="How many tokens fit in.")
    price_in_micro_usd: str | None = strawberry.field(
        description="Millionths of a US dollar for a million tokens that it reads; null when not known."
    )
    price_out_micro_usd: str | None = strawberry.field(description="The same for tokens that it writes.")
    quality: int = strawberry.field(description="How good it is, 0 to 100, by our own estimate.")
    capabilities: list[Capability] = strawberry.field(description="What it can do beside text.")
    region: Region = strawberry.field(description="Where its provider keeps what it is told.")
    state: State = strawberry.field(description="Whether it is asked.")
    open_for_seconds: float = strawberry.field(description="For how long it is left alone; 0 when it may be asked.")
    recent_calls: float = strawberry.field(description="How often it was asked lately: older calls count less.")
    error_rate: float = strawberry.field(description="The share of those that failed, 0 to 1.")
    first_token_ms: float | None = strawberry.field(
        description="Milliseconds to its first word, lately; null when not measured."
    )

    @classmethod
    def of(cls, model: Model, state: State, vitals: Vitals) -> Self:
        """Show a model."""
        return cls(
            id=model.key,
            context=model.context,
            price_in_micro_usd=None if model.price_in is None else str(model.price_in),
            price_out_micro_usd=None if model.price_out is None else str(model.price_out),
            quality=model.quality,
            capabilities=sorted(model.capabilities),
            region=model.region,
            state=state,
            open_for_seconds=round(vitals.open_for, 1),
            recent_calls=round(vitals.calls, 1),
            error_rate=round(vitals.error_rate, 3),
            first_token_ms=None if vitals.first_token_ms is None else round(vitals.first_token_ms, 1),
        )


@strawberry.type(description="A provider of models.")
class AiProvider:
    name: str = strawberry.field(description="Its name, as `settings.ai.providers` has it.")
    configured: bool = strawberry.field(description="Whether it can be asked: an Ollama counts while it answers.")
    own_key: bool = strawberry.field(description="Whether with the workspace's own key, which costs no credits.")
    allowed: bool = strawberry.field(description="Whether the workspace allows it.")
    models: list[AiModel] = strawberry.field(description="Its models; the first is its default.")


@strawberry.type(description="What a score is made of; each from 0 to 1, 1 being best.")
class RouteTerms:
    price: float = strawberry.field(description="How cheap it is.")
    speed: float = strawberry.field(description="How soon it begins, as measured; as estimated until it was.")
    quality: float = strawberry.field(description="How good it is.")
    order: float = strawberry.field(description="Its place in the fixed order, which `FAILOVER` keeps.")
    reliability: float = strawberry.field(description="How rarely it failed lately.")


@strawberry.type(description="A model that may be asked.")
class RouteCandidate:
    model: str = strawberry.field(description="The model.")
    score: float = strawberry.field(description="Its score by the strategy: the highest goes first.")
    terms: RouteTerms = strawberry.field(description="What the score is made of.")
    cost_micro_usd: str = strawberry.field(description="What this question would cost at most, in its estimate.")
    open: bool = strawberry.field(description="Whether it is left alone at the moment: such come last.")

    @classmethod
    def of(cls, found: Candidate) -> Self:
        """Show a candidate."""
        terms = found.terms
        return cls(
            model=found.model.key,
            score=round(found.score, 4),
            terms=RouteTerms(
                price=terms.price,
                speed=terms.speed,
                quality=terms.quality,
                order=terms.order,
                reliability=terms.reliability,
            ),
            cost_micro_usd=str(found.cost),
            open=found.is_open,
        )


@strawberry.input(description="How large a question is, and what it needs.")
class RouteQuestionInput:
    input_tokens: int = strawberry.field(default=500, description="How many tokens it has.")
    output_tokens: int = strawberry.field(default=300, description="How many tokens the answer may have.")
    needs: list[Capability] = strawberry.field(
        default_factory=list, description="What the model has to be able to do beside text."
    )


@strawberry.type(description="A model that is not asked.")
class RouteRefusal:
    model: str = strawberry.field(description="The model.")
    reason: Refusal = strawberry.field(description="Why.")


@strawberry.type(description="Which models would be asked, in which order, and why.")
class RouteExplanation:
    strategy: RoutingStrategy = strawberry.field(description="By what they are ranked.")
    candidates: list[RouteCandidate] = strawberry.field(description="Who may be asked, the first first.")
    refused: list[RouteRefusal] = strawberry.field(description="Who may not.")


@strawberry.type(description="A part of a text that is masked.")
class MaskedPlace:
    kind: Kind = strawberry.field(description="What it is.")
    start: int = strawberry.field(description="Where in the text as given: so many code points stand before it.")
    end: int = strawberry.field(description="Where it ends.")
    token: str = strawberry.field(description="What a provider would see in its place.")


@strawberry.type(description="A text as a provider would see it.")
class PiiPreview:
    text: str = strawberry.field(description="The text, masked.")
    places: list[MaskedPlace] = strawberry.field(description="What was masked, in its order.")
    masks: bool = strawberry.field(description="Whether the workspace masks what it sends; it is a setting.")
