"""A lead's score that can be followed by hand: each factor is a share of its points, and the points sum to the score.

| factor | points | share |
| --- | --- | --- |
| purchase_intent | 30 | what the last five messages are for, the newest counting most |
| position | 16 | 1 for who decides, 0.85 for who leads, 0.8 for who buys, 0.5 for others |
| sentiment | 14 | the mood, 0 to 1 |
| engagement | 14 | messages received within 30 days, 1 from ten on |
| response_time | 16 | 1 up to five minutes, 0 from three days on, by the logarithm between |
| company | 10 | 1 when it is known |

Of what is not known half the points are given: a lead of whom nothing is known has 50, as a coin has.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ai.privacy.reading import read
from ai.results import LOCAL, Factor, LeadScore, Method, Purpose, Recommendation

_UNKNOWN: Final = 0.5
_MESSAGES: Final = 10
_QUICK: Final = 300.0
_SLOW: Final = 259_200.0
_RECENT: Final = 5
_FADING: Final = 0.7
_MOST: Final = {
    "purchase_intent": 30,
    "position": 16,
    "sentiment": 14,
    "engagement": 14,
    "response_time": 16,
    "company": 10,
}
_PROMISE: Final = {
    Purpose.PURCHASE: 1.0,
    Purpose.PRICING: 0.8,
    Purpose.SCHEDULE: 0.7,
    Purpose.PRODUCT_INQUIRY: 0.65,
    Purpose.INFORMATION: 0.5,
    Purpose.GREETING: 0.5,
    Purpose.OTHER: 0.5,
    Purpose.GOODBYE: 0.4,
    Purpose.SUPPORT: 0.35,
    Purpose.COMPLAINT: 0.1,
}
_POSITIONS: Final = tuple(
    (re.compile(rf"\b(?:{words})\b"), share)
    for words, share in (
        (
            "ceo|cfo|cto|coo|cmo|president|presidente|diretora?|directora?|soci[oa]|don[oa]|duen[oa]|owner|founder|fundadora?",
            1.0,
        ),
        (r"gerente|manager|coordenadora?|supervisora?|head|lider|chefe|jefe|jefa|encarregad[oa]", 0.85),
        (r"compradora?|compras|buyer|procurement|suprimentos", 0.8),
    )
)
_LEVELS: Final = ((80, Recommendation.HOT), (60, Recommendation.WARM), (40, Recommendation.COLD))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lead:
    """What is known of a lead; None and nothing are unknown.

    `purposes` are those of its messages, the newest last; `messages` counts what it wrote within 30 days;
    `response_seconds` is the median time that it takes to answer.
    """

    purposes: Sequence[Purpose] = ()
    position: str | None = None
    sentiment: float | None = None
    messages: int | None = None
    response_seconds: float | None = None
    company: str | None = None


def score_lead(lead: Lead) -> LeadScore:
    """Return the score of a lead with its factors."""
    shares = {
        "purchase_intent": _promise(lead.purposes),
        "position": _position(lead.position),
        "sentiment": None if lead.sentiment is None else _within(lead.sentiment),
        "engagement": None if lead.messages is None else _within(lead.messages / _MESSAGES),
        "response_time": None if lead.response_seconds is None else _quickness(lead.response_seconds),
        "company": 1.0 if lead.company and lead.company.strip() else None,
    }
    factors = tuple(_factor(name, most, shares[name]) for name, most in _MOST.items())
    score = sum(each.points for each in factors)
    return LeadScore(
        provider=LOCAL,
        method=Method.RULES,
        score=score,
        factors=factors,
        recommendation=next((level for least, level in _LEVELS if score >= least), Recommendation.LOW),
    )


def _factor(name: str, most: int, share: float | None) -> Factor:
    points = round(most * (_UNKNOWN if share is None else share))
    return Factor(name=name, points=points, most=most, is_known=share is not None)


def _promise(purposes: Sequence[Purpose]) -> float | None:
    recent = purposes[-_RECENT:]
    if not recent:
        return None
    weights = [_FADING**age for age in reversed(range(len(recent)))]
    promised = sum(_PROMISE[purpose] * weight for purpose, weight in zip(recent, weights, strict=True))
    return promised / sum(weights)


def _position(position: str | None) -> float | None:
    if position is None or not position.strip():
        return None
    low = read(position).low
    return next((share for pattern, share in _POSITIONS if pattern.search(low)), _UNKNOWN)


def _quickness(seconds: float) -> float:
    if math.isnan(seconds):
        return _UNKNOWN
    within = min(max(seconds, _QUICK), _SLOW)
    return 1 - math.log(within / _QUICK) / math.log(_SLOW / _QUICK)


def _within(share: float) -> float:
    return _UNKNOWN if math.isnan(share) else min(max(share, 0.0), 1.0)
