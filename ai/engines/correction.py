"""A text put right by a model, in another tone if one is asked for. What changed is found here."""

from collections.abc import Callable
from typing import Final

from pydantic import BaseModel

from ai.changes import changes
from ai.engines.material import asked
from ai.engines.question import Question, instructed, stamp
from ai.engines.shapes import LongText
from ai.prompting import load
from ai.results import Correction, Language, Method, Tone
from ai.safety import data_block

_LONGEST: Final = 6_000
_LEAST_TOKENS: Final = 200
_MOST_TOKENS: Final = 4_096


class CorrectionAnswer(BaseModel):
    """The whole text, put right."""

    text: LongText


def ask(
    text: str,
    *,
    tone: Tone | None = None,
    language: Language,
    canary: str,
    temperature: float = 0.1,
    max_tokens: int | None = None,
) -> Question[CorrectionAnswer]:
    """Ask for a masked text of up to 6,000 characters without faults; `language` is that of the instructions, the text
    keeps its own. A tone is changed only where one is given.

    Raises:
        ValueError: the text is too long to be corrected whole.
    """
    if len(text) > _LONGEST:
        raise ValueError("A text of up to 6,000 characters can be corrected.")
    prompt = load("correction", language)
    manner = prompt.render("keep" if tone is None else tone.value)
    request = prompt.render("request", manner=manner)
    return Question(
        messages=(instructed(prompt, canary), asked(data_block("text", text), request)),
        temperature=temperature,
        max_tokens=max_tokens or min(max(len(text), _LEAST_TOKENS), _MOST_TOKENS),
        kind=CorrectionAnswer,
        prompt=stamp(prompt),
    )


def read(
    answer: CorrectionAnswer, *, original: str, tone: Tone | None = None, unmask: Callable[[str], str], provider: str
) -> Correction:
    """Return the corrected text, unmasked, and what it changes of the unmasked `original`."""
    text = unmask(answer.text)
    return Correction(provider=provider, method=Method.MODEL, text=text, tone=tone, changes=changes(original, text))
