"""A score is the sum of its factors, moves the way one expects, and is a coin's for whom nobody knows."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai.local.scoring import Lead, score_lead
from ai.results import Method, Purpose, Recommendation

UNSURE = st.none() | st.floats(allow_nan=True, allow_infinity=True)
LEADS = st.builds(
    Lead,
    purposes=st.lists(st.sampled_from(Purpose), max_size=8),
    position=st.none() | st.text(max_size=20),
    sentiment=UNSURE,
    messages=st.none() | st.integers(min_value=0),
    response_seconds=UNSURE,
    company=st.none() | st.text(max_size=20),
)


def test_a_lead_of_whom_nothing_is_known_is_a_coin() -> None:
    score = score_lead(Lead())

    assert score.score == 50
    assert score.recommendation is Recommendation.COLD
    assert not any(each.is_known for each in score.factors)
    assert (score.provider, score.method, score.generated) == ("local", Method.RULES, False)


def test_a_director_who_wants_to_buy_and_answers_at_once_is_hot() -> None:
    lead = Lead(
        purposes=(Purpose.GREETING, Purpose.PRICING, Purpose.PURCHASE),
        position="Diretora de operações",
        sentiment=0.9,
        messages=12,
        response_seconds=120,
        company="Doce Lar",
    )

    score = score_lead(lead)

    assert score.recommendation is Recommendation.HOT
    assert {each.name: each.points for each in score.factors}["position"] == 16


def test_who_complains_and_stays_away_is_low() -> None:
    lead = Lead(purposes=(Purpose.COMPLAINT,), sentiment=0.1, messages=0, response_seconds=400_000)

    assert score_lead(lead).recommendation is Recommendation.LOW


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        (Lead(purposes=(Purpose.COMPLAINT, Purpose.PURCHASE)), Lead(purposes=(Purpose.PURCHASE, Purpose.COMPLAINT))),
        (Lead(position="CEO"), Lead(position="gerente de loja")),
        (Lead(position="gerente de loja"), Lead(position="estagiário")),
        (Lead(sentiment=0.9), Lead(sentiment=0.2)),
        (Lead(messages=9), Lead(messages=2)),
        (Lead(response_seconds=600), Lead(response_seconds=86_400)),
        (Lead(company="Doce Lar"), Lead(company=" ")),
    ],
)
def test_each_factor_moves_the_score(better: Lead, worse: Lead) -> None:
    assert score_lead(better).score > score_lead(worse).score


@given(LEADS)
def test_points_sum_to_the_score_and_stay_within_their_bounds(lead: Lead) -> None:
    score = score_lead(lead)

    assert score.score == sum(each.points for each in score.factors)
    assert 0 <= score.score <= 100
    assert sum(each.most for each in score.factors) == 100
    assert all(0 <= each.points <= each.most for each in score.factors)
    assert not any(math.isnan(each.points) for each in score.factors)
