"""Why a lead has its score, in words. The score is the transparent one of `ai.local.scoring`: no model touches it."""

from collections.abc import Callable, Sequence
from typing import Annotated, Final

from pydantic import BaseModel

from ai.conversations import Turn
from ai.engines.material import asked, conversation
from ai.engines.question import Question, instructed, stamp
from ai.engines.shapes import Line, at_most
from ai.prompting import load
from ai.results import Language, LeadReasons, LeadScore, Method
from ai.safety import data_block

_TURNS: Final = 20
_REASONS: Final = 3


class ReasonsAnswer(BaseModel):
    """Up to three reasons, a sentence each."""

    reasons: Annotated[list[Line], at_most(_REASONS)]


def ask(
    score: LeadScore,
    turns: Sequence[Turn],
    *,
    language: Language,
    canary: str,
    temperature: float = 0.2,
    max_tokens: int = 400,
) -> Question[ReasonsAnswer]:
    """Ask why a lead has this score, given its factors and the last twenty masked turns."""
    prompt = load("lead_score", language)
    factors = "\n".join(
        f"{each.name}: {each.points}/{each.most}{'' if each.is_known else ' (unknown)'}" for each in score.factors
    )
    facts = data_block("score", f"score: {score.score}/100\nrecommendation: {score.recommendation}\n{factors}")
    return Question(
        messages=(instructed(prompt, canary), asked(conversation(turns, _TURNS), facts, prompt.render("request"))),
        temperature=temperature,
        max_tokens=max_tokens,
        kind=ReasonsAnswer,
        prompt=stamp(prompt),
    )


def read(answer: ReasonsAnswer, *, unmask: Callable[[str], str], provider: str) -> LeadReasons:
    """Return the reasons of a provider's model, unmasked, none twice."""
    reasons = tuple(dict.fromkeys(map(unmask, answer.reasons)))
    return LeadReasons(provider=provider, method=Method.MODEL, reasons=reasons)
