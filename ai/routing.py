"""Which model answers: a pure function from what is wished and what is known to a ranking with its reasons.

Every term is between 0 and 1, 1 being best, and does not depend on the other candidates, so that none drowns the others
and each ranking can be explained. (The original's "balanced" added a term of up to 3,000 for the price to at most 30
for all else.)
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from ai.catalogue import Capability, Model, Region
from core.settings import Strategy

_ENOUGH: Final = 5
_HALF_PRICE: Final = 1_000_000
"""The price, in micro-USD for a million tokens, at which the price's term is a half."""
_HALF_WAIT: Final = 600.0
"""The milliseconds to the first token at which the speed's term is a half."""


class Refusal(StrEnum):
    """Why a model is no candidate."""

    NOT_CONFIGURED = "not_configured"
    NOT_ALLOWED = "not_allowed"
    WRONG_REGION = "wrong_region"
    INCAPABLE = "incapable"
    TOO_LONG = "too_long"
    UNPRICED = "unpriced"
    OVER_BUDGET = "over_budget"
    TOO_WEAK = "too_weak"


@dataclass(frozen=True, slots=True, kw_only=True)
class Vitals:
    """What was measured of a model lately: milliseconds to the first token, the share of failures, of how many calls.

    `open_for` is how many seconds nothing should be asked of it; 0 when it may be.
    """

    first_token_ms: float | None = None
    error_rate: float = 0.0
    calls: float = 0.0
    open_for: float = 0.0


_UNKNOWN: Final = Vitals()


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What the caller needs. Tokens are estimates; None allows everything.

    `preferred` is a provider's name or a model's key: it comes first while it can be used. `budget` is in micro-USD for
    this one call.
    """

    strategy: Strategy = Strategy.BALANCED
    input_tokens: int = 500
    output_tokens: int = 300
    needs: frozenset[Capability] = frozenset()
    providers: frozenset[str] | None = None
    regions: frozenset[Region] | None = None
    budget: int | None = None
    least_quality: int = 0
    preferred: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a score is made of."""

    price: float
    speed: float
    quality: float
    order: float
    reliability: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """A model that may be asked. `cost` is the estimate in micro-USD."""

    model: Model
    score: float
    terms: Terms
    cost: int
    vitals: Vitals

    @property
    def is_open(self) -> bool:
        """Whether its circuit is open: it is asked only when all are."""
        return self.vitals.open_for > 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """The candidates, the best first, and why the others are none."""

    strategy: Strategy
    candidates: tuple[Candidate, ...]
    refused: Mapping[str, Refusal] = field(default_factory=dict[str, Refusal])


_WEIGHTS: Final[Mapping[Strategy, Terms]] = {
    Strategy.COST_OPTIMIZED: Terms(price=1, speed=0, quality=0, order=0, reliability=1),
    Strategy.SPEED_OPTIMIZED: Terms(price=0, speed=1, quality=0, order=0, reliability=1),
    Strategy.QUALITY_OPTIMIZED: Terms(price=0, speed=0, quality=1, order=0, reliability=1),
    Strategy.BALANCED: Terms(price=0.3, speed=0.25, quality=0.45, order=0, reliability=1),
    Strategy.FAILOVER: Terms(price=0, speed=0, quality=0, order=1, reliability=0),
}


def rank(models: Iterable[Model], configured: frozenset[str], wish: Wish, vitals: Mapping[str, Vitals]) -> Ranking:
    """Rank models, given in the order that `failover` keeps; `vitals` is by key, and may lack any.

    Models of providers that are not configured are refused. Those with an open circuit come last, the one that is open
    for the shortest time first. Ties go to the better, then the cheaper, then by name.
    """
    candidates: list[Candidate] = []
    refused: dict[str, Refusal] = {}
    for model in models:
        reason = Refusal.NOT_CONFIGURED if model.provider not in configured else _refusal(model, wish)
        if reason is not None:
            refused[model.key] = reason
            continue
        candidates.append(_candidate(model, wish, vitals.get(model.key, _UNKNOWN), len(candidates)))
    candidates.sort(key=lambda each: _place(each, wish))
    return Ranking(strategy=wish.strategy, candidates=tuple(candidates), refused=refused)


def _refusal(model: Model, wish: Wish) -> Refusal | None:
    if wish.providers is not None and model.provider not in wish.providers:
        return Refusal.NOT_ALLOWED
    if wish.regions is not None and model.region not in wish.regions:
        return Refusal.WRONG_REGION
    if not wish.needs <= model.capabilities:
        return Refusal.INCAPABLE
    if wish.input_tokens + wish.output_tokens > model.context:
        return Refusal.TOO_LONG
    if not model.is_priced:
        return Refusal.UNPRICED
    if wish.budget is not None and model.cost(wish.input_tokens, wish.output_tokens) > wish.budget:
        return Refusal.OVER_BUDGET
    return Refusal.TOO_WEAK if model.quality < wish.least_quality else None


def _candidate(model: Model, wish: Wish, vitals: Vitals, place: int) -> Candidate:
    terms = Terms(
        price=1 / (1 + _blended(model, wish) / _HALF_PRICE),
        speed=1 / (1 + _first_token_ms(model, vitals) / _HALF_WAIT),
        quality=model.quality / 100,
        order=1 / (1 + place),
        reliability=1 - min(max(vitals.error_rate, 0.0), 1.0) * min(vitals.calls / _ENOUGH, 1.0),
    )
    weights = _WEIGHTS[wish.strategy]
    base = (
        weights.price * terms.price
        + weights.speed * terms.speed
        + weights.quality * terms.quality
        + weights.order * terms.order
    )
    score = base * (1 - weights.reliability * (1 - terms.reliability))
    cost = model.cost(wish.input_tokens, wish.output_tokens)
    return Candidate(model=model, score=score, terms=terms, cost=cost, vitals=vitals)


def _blended(model: Model, wish: Wish) -> float:
    """Return the price of a million tokens in the proportion of this call, in micro-USD."""
    tokens = max(wish.input_tokens + wish.output_tokens, 1)
    return ((model.price_in or 0) * wish.input_tokens + (model.price_out or 0) * wish.output_tokens) / tokens


def _first_token_ms(model: Model, vitals: Vitals) -> float:
    """Return what is to be expected: the catalogue's word, which fades as calls are measured."""
    if vitals.first_token_ms is None:
        return float(model.first_token_ms)
    share = min(vitals.calls / _ENOUGH, 1.0)
    return vitals.first_token_ms * share + model.first_token_ms * (1 - share)


def _place(candidate: Candidate, wish: Wish) -> tuple[object, ...]:
    model = candidate.model
    is_preferred = wish.preferred is not None and wish.preferred in (model.provider, model.key)
    opens_in = candidate.vitals.open_for
    return (candidate.is_open, opens_in, not is_preferred, -candidate.score, -model.quality, candidate.cost, model.key)
