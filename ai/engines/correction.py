"""A text put right by a model, in another tone if one is asked for. What changed is found here."""

from typing import Final

from pydantic import BaseModel

from ai.changes import changes
from ai.engines.material import asked
from ai.engines.question import Manner, Origin, Question, instructed, posed
from ai.engines.shapes import LongText
from ai.prompting import load
from ai.results import Correction, Method, Tone
from ai.safety import data_block

LONGEST: Final = 12_000
"""The most characters of a masked text: what stands for something may be longer than it."""

_LEAST_TOKENS: Final = 200
_MOST_TOKENS: Final = 4_096


class CorrectionAnswer(BaseModel):
    """The whole text, put right."""

    text: LongText


def ask(text: str, manner: Manner, *, tone: Tone | None = None) -> Question[CorrectionAnswer]:
    """Ask for a masked text of up to 12,000 characters without faults. It keeps its language, and its tone unless
    another is given.

    Raises:
        ValueError: the text is too long to be corrected whole.
    """
    if len(text) > LONGEST:
        raise ValueError("A text of up to 12,000 characters can be corrected.")
    prompt = load("correction", manner.language)
    request = prompt.render("request", manner=prompt.render("keep" if tone is None else tone.value))
    messages = (instructed(prompt, manner.canary), asked(data_block("text", text), request))
    most = min(max(len(text), _LEAST_TOKENS), _MOST_TOKENS)
    return posed(prompt, messages, manner, kind=CorrectionAnswer, usual=(0.1, most))


def read(answer: CorrectionAnswer, origin: Origin, *, original: str, tone: Tone | None = None) -> Correction:
    """Return the corrected text, unmasked, and what it changes of the unmasked `original`."""
    text = origin.unmask(answer.text)
    return Correction(
        provider=origin.provider, method=Method.MODEL, text=text, tone=tone, changes=changes(original, text)
    )
