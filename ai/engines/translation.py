"""A text in another language, by a model: without a provider there is no translation."""

import re
from typing import Annotated, Final

from pydantic import AfterValidator, BaseModel

from ai.engines.material import asked
from ai.engines.question import Manner, Origin, Question, instructed, posed
from ai.engines.shapes import PLAIN, LongText
from ai.prompting import load
from ai.results import Method, Translation
from ai.safety import data_block

_CODE: Final = re.compile(r"[a-z]{2}", re.ASCII)
LONGEST: Final = 12_000
"""The most characters of a masked text: what stands for something may be longer than it."""

_LEAST_TOKENS: Final = 200
_MOST_TOKENS: Final = 4_096


def _code(value: str) -> str:
    # models write `pt-BR`, which is read as `pt_br`
    code = value.partition("_")[0]
    if not _CODE.fullmatch(code):
        raise ValueError("must be an ISO 639-1 code of two letters")
    return code


class TranslationAnswer(BaseModel):
    """A text in another language, and the code of the language that it was in."""

    source_language: Annotated[str, AfterValidator(_code), PLAIN]
    text: LongText


def ask(text: str, manner: Manner, *, target: str) -> Question[TranslationAnswer]:
    """Ask for a masked text of up to 12,000 characters in the language `target` (ISO 639-1).

    The answer may have as many tokens as the text has characters, 200 to 4,096.

    Raises:
        ValueError: the target is no such code, or the text too long to be translated whole.
    """
    if not _CODE.fullmatch(target):
        raise ValueError("The target is an ISO 639-1 code of two small letters.")
    if len(text) > LONGEST:
        raise ValueError("A text of up to 12,000 characters can be translated.")
    prompt = load("translation", manner.language)
    request = prompt.render("request", target=target)
    messages = (instructed(prompt, manner.canary), asked(data_block("text", text), request))
    most = min(max(len(text), _LEAST_TOKENS), _MOST_TOKENS)
    return posed(prompt, messages, manner, kind=TranslationAnswer, usual=(0.2, most))


def read(answer: TranslationAnswer, origin: Origin, *, target: str) -> Translation:
    """Return the translation of a provider's model, unmasked."""
    return Translation(
        provider=origin.provider,
        method=Method.MODEL,
        text=origin.unmask(answer.text),
        source=answer.source_language,
        target=target,
    )
