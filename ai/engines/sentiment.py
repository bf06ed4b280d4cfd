"""In which mood a message is written, judged by a model."""

from typing import Annotated

from pydantic import BaseModel

from ai.engines.material import LONGEST, asked
from ai.engines.question import Manner, Origin, Question, instructed, posed
from ai.engines.shapes import PLAIN, Share, at_most
from ai.prompting import load
from ai.results import Emotion, Felt, Method, Mood, Sentiment
from ai.safety import data_block


class FeltAnswer(BaseModel):
    """An emotion."""

    emotion: Annotated[Emotion, PLAIN]
    confidence: Share


class SentimentAnswer(BaseModel):
    """The mood of a message."""

    label: Annotated[Mood, PLAIN]
    score: Share
    confidence: Share
    emotions: Annotated[list[FeltAnswer], at_most(4)]


def ask(text: str, manner: Manner) -> Question[SentimentAnswer]:
    """Ask for the mood of a masked message."""
    prompt = load("sentiment", manner.language)
    blocks = data_block("message", text[:LONGEST])
    messages = (instructed(prompt, manner.canary), asked(blocks, prompt.render("request")))
    return posed(prompt, messages, manner, kind=SentimentAnswer, usual=(0.0, 250))


def read(answer: SentimentAnswer, origin: Origin) -> Sentiment:
    """Return what a provider's model judged, the surest emotion first."""
    felt = {each.emotion: Felt(emotion=each.emotion, confidence=each.confidence) for each in reversed(answer.emotions)}
    return Sentiment(
        provider=origin.provider,
        method=Method.MODEL,
        label=answer.label,
        score=answer.score,
        confidence=answer.confidence,
        emotions=tuple(sorted(felt.values(), key=lambda each: -each.confidence)),
    )
