"""In which mood a message is written, judged by a model."""

from typing import Annotated

from pydantic import BaseModel

from ai.engines.material import LONGEST, asked
from ai.engines.question import Question, instructed, stamp
from ai.engines.shapes import PLAIN, Share, at_most
from ai.prompting import load
from ai.results import Emotion, Felt, Language, Method, Mood, Sentiment
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


def ask(
    text: str, *, language: Language = Language.PORTUGUESE, canary: str, temperature: float = 0.0, max_tokens: int = 250
) -> Question[SentimentAnswer]:
    """Ask for the mood of a masked message; `language` is that of the instructions."""
    prompt = load("sentiment", language)
    blocks = data_block("message", text[:LONGEST])
    return Question(
        messages=(instructed(prompt, canary), asked(blocks, prompt.render("request"))),
        temperature=temperature,
        max_tokens=max_tokens,
        kind=SentimentAnswer,
        prompt=stamp(prompt),
    )


def read(answer: SentimentAnswer, *, provider: str) -> Sentiment:
    """Return what a provider's model judged, the surest emotion first."""
    felt = {each.emotion: Felt(emotion=each.emotion, confidence=each.confidence) for each in reversed(answer.emotions)}
    return Sentiment(
        provider=provider,
        method=Method.MODEL,
        label=answer.label,
        score=answer.score,
        confidence=answer.confidence,
        emotions=tuple(sorted(felt.values(), key=lambda each: -each.confidence)),
    )
