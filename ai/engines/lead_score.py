"""Why a lead has its score, in words. The score is the transparent one of `ai.local.scoring`: no model touches it."""

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import BaseModel

from ai.conversations import Turn
from ai.engines.material import asked, conversation
from ai.engines.question import Manner, Origin, Question, instructed, posed
from ai.engines.shapes import Line, at_most
from ai.prompting import load
from ai.results import LeadReasons, LeadScore, Method
from ai.safety import data_block

_TURNS: Final = 20
_REASONS: Final = 3


class ReasonsAnswer(BaseModel):
    """Up to three reasons, a sentence each."""

    reasons: Annotated[list[Line], at_most(_REASONS)]


def ask(score: LeadScore, turns: Sequence[Turn], manner: Manner) -> Question[ReasonsAnswer]:
    """Ask why a lead has this score, given its factors and the last twenty masked turns."""
    prompt = load("lead_score", manner.language)
    factors = "\n".join(
        f"{each.name}: {each.points}/{each.most}{'' if each.is_known else ' (unknown)'}" for each in score.factors
    )
    facts = data_block("score", f"score: {score.score}/100\nrecommendation: {score.recommendation}\n{factors}")
    blocks = asked(conversation(turns, _TURNS), facts, prompt.render("request"))
    messages = (instructed(prompt, manner.canary), blocks)
    return posed(prompt, messages, manner, kind=ReasonsAnswer, usual=(0.2, 400))


def read(answer: ReasonsAnswer, origin: Origin) -> LeadReasons:
    """Return the reasons of a provider's model, unmasked, none twice."""
    reasons = tuple(dict.fromkeys(map(origin.unmask, answer.reasons)))
    return LeadReasons(provider=origin.provider, method=Method.MODEL, reasons=reasons)
