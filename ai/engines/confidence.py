"""How sure a suggestion is, by what was measured, and on what it rests, by name.

| what is known | weight |
| --- | --- |
| how likely the best passage answers the question, 0 to 1 | 0.4 |
| how likely the purpose of the message is the one that was read | 0.2 |
| how many of the past suggestions of this engine, model and voice were used | 0.4 n / (n + 10) for n judged ones |

The confidence is the mean of what is known by these weights. The share of used ones is smoothed as if one more was used
and one more not (Beta(1, 1), Laplace), and ten judged ones have half of the weight. A reply to a wish that cites
nothing rests on no passage: the first number is 0. Where nothing is known there is no confidence. Who the provider is,
and how fast, says nothing of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from ai.passages import Passage
from ai.results import Ground, GroundKind, Rule

_RETRIEVAL: Final = 0.4
_INTENT: Final = 0.2
_ACCEPTANCE: Final = 0.4
_HALF: Final = 10
_DIGITS: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was measured. `retrieval` and `intent` are 0 to 1, None where not known; of `judged` past suggestions
    `accepted` were sent, as they were or edited.
    """

    retrieval: float | None = None
    intent: float | None = None
    accepted: int = 0
    judged: int = 0


def confidence(evidence: Evidence) -> float | None:
    """Return how sure a suggestion is, 0 to 1; None where nothing is known.

    Raises:
        ValueError: a share is not between 0 and 1, or more were accepted than judged.
    """
    if not 0 <= evidence.accepted <= evidence.judged:
        raise ValueError("As many suggestions at most are accepted as are judged.")
    terms: list[tuple[float, float]] = []
    for weight, share in ((_RETRIEVAL, evidence.retrieval), (_INTENT, evidence.intent)):
        if share is None:
            continue
        if not 0 <= share <= 1:
            raise ValueError("A share is between 0 and 1.")
        terms.append((weight, share))
    if evidence.judged:
        weight = _ACCEPTANCE * evidence.judged / (evidence.judged + _HALF)
        terms.append((weight, (evidence.accepted + 1) / (evidence.judged + 2)))
    total = sum(weight for weight, _ in terms)
    return round(sum(weight * share for weight, share in terms) / total, _DIGITS) if terms else None


def grounds(sources: Sequence[Passage], rules: Iterable[Rule]) -> tuple[Ground, ...]:
    """Return what a suggestion rests on: the titles of the sources that it cites, and the rules that shaped it."""
    titles = dict.fromkeys(each.title for each in sources)
    named = [Ground(kind=GroundKind.SOURCE, name=title) for title in titles]
    return (*named, *(Ground(kind=GroundKind.RULE, name=rule.value) for rule in dict.fromkeys(rules)))
