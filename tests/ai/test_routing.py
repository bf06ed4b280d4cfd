"""Rankings keep their laws for every catalogue, wish and measurement, and say what they are made of."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai.catalogue import Capability, Model, Region, catalogue
from ai.routing import Ranking, Refusal, Vitals, Wish, rank
from core.settings import Strategy

MODELS = catalogue().models
ALL = frozenset(catalogue().providers)
BASE = catalogue().get("gpt-4o")

STRATEGIES = st.sampled_from(Strategy)
PRICES = st.integers(0, 100_000_000)
VITALS = st.builds(
    Vitals,
    first_token_ms=st.none() | st.floats(0, 60_000),
    error_rate=st.floats(0, 1),
    calls=st.floats(0, 1_000),
    open_for=st.just(0.0) | st.floats(0, 3_600),
)
MODEL = st.builds(
    lambda price_in, price_out, quality, wait: replace(
        BASE, price_in=price_in, price_out=price_out, quality=quality, first_token_ms=wait
    ),
    PRICES,
    PRICES,
    st.integers(0, 100),
    st.integers(1, 10_000),
)
WISHES = st.builds(Wish, strategy=STRATEGIES, input_tokens=st.integers(0, 60_000), output_tokens=st.integers(0, 60_000))


def keys(ranking: Ranking) -> list[str]:
    return [each.model.key for each in ranking.candidates]


def named(models: list[Model]) -> list[Model]:
    return [replace(each, name=f"m{number}") for number, each in enumerate(models)]


def score(model: Model, wish: Wish, vitals: Vitals | None = None) -> float:
    known = {} if vitals is None else {model.key: vitals}
    return rank([model], ALL, wish, known).candidates[0].score


@settings(deadline=None)
@given(models=st.lists(MODEL, max_size=8), wish=WISHES, measured=st.lists(VITALS, min_size=8, max_size=8))
def test_every_term_and_score_is_between_nothing_and_one(
    models: list[Model], wish: Wish, measured: list[Vitals]
) -> None:
    vitals = {each.key: known for each, known in zip(named(models), measured, strict=False)}

    ranking = rank(named(models), ALL, wish, vitals)

    assert len(ranking.candidates) + len(ranking.refused) == len(models)
    for each in ranking.candidates:
        terms = each.terms
        numbers = (terms.price, terms.speed, terms.quality, terms.order, terms.reliability, each.score)
        assert all(0 <= number <= 1 for number in numbers)


@settings(deadline=None)
@given(
    models=st.lists(MODEL, max_size=8),
    wish=WISHES.filter(lambda each: each.strategy is not Strategy.FAILOVER),
    measured=st.lists(VITALS, min_size=8, max_size=8),
    order=st.randoms(use_true_random=False),
)
def test_a_ranking_does_not_depend_on_the_order_of_models_but_for_failover(
    models: list[Model], wish: Wish, measured: list[Vitals], order: object
) -> None:
    given_models = named(models)
    vitals = {each.key: known for each, known in zip(given_models, measured, strict=False)}
    shuffled = list(given_models)
    order.shuffle(shuffled)  # type: ignore[attr-defined]

    assert keys(rank(given_models, ALL, wish, vitals)) == keys(rank(shuffled, ALL, wish, vitals))


@settings(deadline=None)
@given(models=st.lists(MODEL, min_size=2, max_size=6), wish=WISHES, cut=st.integers(1, 10**8), at=st.integers(0, 5))
def test_a_price_cut_never_costs_a_place_where_cost_counts(models: list[Model], wish: Wish, cut: int, at: int) -> None:
    asked = replace(wish, strategy=Strategy.COST_OPTIMIZED)
    before = named(models)
    at %= len(before)
    cheaper = replace(before[at], price_in=max((before[at].price_in or 0) - cut, 0))
    after = [*before[:at], cheaper, *before[at + 1 :]]

    places = [keys(rank(each, ALL, asked, {})).index(cheaper.key) for each in (before, after)]

    assert places[1] <= places[0]


@settings(deadline=None)
@given(model=MODEL, wish=WISHES, better=st.integers(1, 100), strategy=STRATEGIES)
def test_more_quality_less_waiting_and_fewer_errors_never_lower_a_score(
    model: Model, wish: Wish, better: int, strategy: Strategy
) -> None:
    asked = replace(wish, strategy=strategy)
    known = Vitals(first_token_ms=900.0, error_rate=0.4, calls=50)

    assert score(replace(model, quality=min(model.quality + better, 100)), asked) >= score(model, asked)
    assert score(model, asked, replace(known, first_token_ms=900.0 - better)) >= score(model, asked, known)
    assert score(model, asked, replace(known, error_rate=0.4 - better / 1_000)) >= score(model, asked, known)


@settings(deadline=None)
@given(models=st.lists(MODEL, min_size=1, max_size=8), wish=WISHES, measured=st.lists(VITALS, min_size=8, max_size=8))
def test_what_is_open_comes_last_and_the_first_to_close_is_the_first_of_it(
    models: list[Model], wish: Wish, measured: list[Vitals]
) -> None:
    vitals = {each.key: known for each, known in zip(named(models), measured, strict=False)}

    waits = [each.vitals.open_for for each in rank(named(models), ALL, wish, vitals).candidates]

    assert waits == sorted(waits)


def test_each_strategy_has_its_champion_in_the_real_catalogue() -> None:
    def first(strategy: Strategy) -> str:
        return keys(rank(MODELS, ALL - {"ollama"}, Wish(strategy=strategy), {}))[0]

    assert first(Strategy.COST_OPTIMIZED) == "cohere/command-r7b-12-2024"
    assert first(Strategy.SPEED_OPTIMIZED) == "groq/openai/gpt-oss-20b"
    assert first(Strategy.QUALITY_OPTIMIZED) == "anthropic/claude-opus-5-5"
    assert first(Strategy.FAILOVER) == "openai/gpt-4o"


def test_balanced_is_not_the_cheapest_in_disguise() -> None:
    balanced = keys(rank(MODELS, ALL, Wish(), {}))
    cheapest = keys(rank(MODELS, ALL, Wish(strategy=Strategy.COST_OPTIMIZED), {}))

    assert balanced[0] != cheapest[0]
    assert catalogue().get(balanced[0]).quality >= 65
    assert balanced.index("ollama/llama3.2") > 5


def test_failover_keeps_the_order_it_is_given_whatever_was_measured() -> None:
    models = [catalogue().of(each)[0] for each in ("mistral", "openai", "groq")]
    vitals = {models[0].key: Vitals(error_rate=0.9, calls=100)}

    ranking = rank(models, ALL, Wish(strategy=Strategy.FAILOVER), vitals)

    assert keys(ranking) == [each.key for each in models]


def test_a_failing_model_falls_behind_a_worse_one() -> None:
    good, worse = catalogue().get("gpt-4.1"), catalogue().get("gpt-4o-mini")
    wish = Wish(strategy=Strategy.QUALITY_OPTIMIZED)

    ranking = rank([good, worse], ALL, wish, {good.key: Vitals(error_rate=0.6, calls=20)})

    assert keys(ranking) == [worse.key, good.key]
    assert ranking.candidates[1].terms.reliability == pytest.approx(0.4)


def test_one_bad_call_is_no_proof() -> None:
    model = catalogue().get("gpt-4.1")

    once = score(model, Wish(), Vitals(error_rate=1.0, calls=1, first_token_ms=9_000))

    assert once > score(model, Wish()) * 0.6


@pytest.mark.parametrize(
    ("wish", "key", "reason"),
    [
        (Wish(providers=frozenset({"openai"})), "mistral/mistral-small-latest", Refusal.NOT_ALLOWED),
        (Wish(regions=frozenset({Region.EU})), "openai/gpt-4o", Refusal.WRONG_REGION),
        (Wish(needs=frozenset({Capability.VISION})), "groq/openai/gpt-oss-20b", Refusal.INCAPABLE),
        (Wish(input_tokens=130_000), "openai/gpt-4o", Refusal.TOO_LONG),
        (Wish(), "groq/llama-3.3-70b-versatile", Refusal.UNPRICED),
        (Wish(budget=1_000), "openai/gpt-4o", Refusal.OVER_BUDGET),
        (Wish(least_quality=70), "ollama/llama3.2", Refusal.TOO_WEAK),
    ],
)
def test_a_model_that_cannot_be_used_is_refused_with_a_reason(wish: Wish, key: str, reason: Refusal) -> None:
    ranking = rank(MODELS, ALL, wish, {})

    assert ranking.refused[key] is reason
    assert key not in keys(ranking)
    assert ranking.candidates


def test_a_provider_without_a_key_is_refused() -> None:
    ranking = rank(MODELS, frozenset({"groq"}), Wish(), {})

    assert {each.model.provider for each in ranking.candidates} == {"groq"}
    assert ranking.refused["openai/gpt-4o"] is Refusal.NOT_CONFIGURED


def test_what_is_preferred_comes_first_while_it_can_be_used() -> None:
    wish = Wish(preferred="cohere/command-r-08-2024")

    assert keys(rank(MODELS, ALL, wish, {}))[0] == "cohere/command-r-08-2024"
    assert keys(rank(MODELS, ALL, Wish(preferred="mistral"), {}))[0].startswith("mistral/")
    opened = {"cohere/command-r-08-2024": Vitals(open_for=10)}
    assert keys(rank(MODELS, ALL, wish, opened))[-1] == "cohere/command-r-08-2024"
