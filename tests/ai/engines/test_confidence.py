"""Confidence is the weighted mean of what was measured, and nothing where nothing was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai.engines.confidence import Evidence, confidence

SHARES = st.none() | st.floats(0, 1)


def test_it_is_the_mean_of_the_table() -> None:
    assert confidence(Evidence()) is None
    assert confidence(Evidence(retrieval=0.5)) == 0.5
    assert confidence(Evidence(retrieval=0.9, intent=0.3)) == pytest.approx((0.4 * 0.9 + 0.2 * 0.3) / 0.6)
    assert confidence(Evidence(accepted=1, judged=1)) == pytest.approx(2 / 3, abs=0.001)
    assert confidence(Evidence(retrieval=1.0, accepted=8, judged=10)) == pytest.approx(
        (0.4 + 0.2 * 9 / 12) / 0.6, abs=0.001
    )


@settings(deadline=None)
@given(SHARES, SHARES, st.integers(0, 10_000), st.integers(0, 10_000))
def test_it_is_a_share_and_grows_with_acceptance(
    retrieval: float | None, intent: float | None, accepted: int, more: int
) -> None:
    judged = accepted + more

    found = confidence(Evidence(retrieval=retrieval, intent=intent, accepted=accepted, judged=judged))
    refused = confidence(Evidence(retrieval=retrieval, intent=intent, accepted=0, judged=judged))

    assert (found is None) == (retrieval is None and intent is None and judged == 0)
    if found is not None and refused is not None:
        assert 0 <= refused <= found <= 1


@pytest.mark.parametrize(
    "evidence", [Evidence(retrieval=1.2), Evidence(intent=-0.1), Evidence(accepted=2, judged=1), Evidence(accepted=-1)]
)
def test_what_is_no_measure_is_refused(evidence: Evidence) -> None:
    with pytest.raises(ValueError, match=r"share|suggestions"):
        confidence(evidence)
