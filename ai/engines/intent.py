"""What a message is for, judged by a model."""

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import BaseModel

from ai.conversations import Turn
from ai.engines.material import LONGEST, asked, conversation
from ai.engines.question import Manner, Origin, Question, instructed, posed
from ai.engines.shapes import PLAIN, Share, at_most
from ai.prompting import load
from ai.results import Candidate, Intent, Method, Purpose
from ai.safety import data_block

_BEFORE: Final = 6


class CandidateAnswer(BaseModel):
    """A purpose that the message may have."""

    purpose: Annotated[Purpose, PLAIN]
    confidence: Share


class IntentAnswer(BaseModel):
    """What a message is for."""

    purpose: Annotated[Purpose, PLAIN]
    confidence: Share
    candidates: Annotated[list[CandidateAnswer], at_most(3)]
    sub_intents: Annotated[list[Annotated[Purpose, PLAIN]], at_most(4)]


def ask(text: str, manner: Manner, *, before: Sequence[Turn] = ()) -> Question[IntentAnswer]:
    """Ask what a masked message is for; of the turns `before` it the last six are read."""
    prompt = load("intent", manner.language)
    blocks = data_block("message", text[:LONGEST])
    messages = (
        instructed(prompt, manner.canary),
        asked(conversation(before, _BEFORE), blocks, prompt.render("request")),
    )
    return posed(prompt, messages, manner, kind=IntentAnswer, usual=(0.0, 300))


def read(answer: IntentAnswer, origin: Origin) -> Intent:
    """Return what a provider's model judged: the purpose is the first candidate, and no other wish repeats it."""
    shares = {answer.purpose: answer.confidence}
    for each in answer.candidates:
        shares.setdefault(each.purpose, each.confidence)
    first, *others = shares
    ranked = [first, *sorted(others, key=lambda each: -shares[each])]
    wished = dict.fromkeys(answer.sub_intents)
    return Intent(
        provider=origin.provider,
        method=Method.MODEL,
        purpose=answer.purpose,
        confidence=answer.confidence,
        candidates=tuple(Candidate(purpose=each, confidence=shares[each]) for each in ranked[:3]),
        also=tuple(each for each in wished if each not in (answer.purpose, Purpose.OTHER)),
    )
