"""What a text names: the model quotes it and says what it is, and the places are found here, in the text itself.

What a model quotes and the text does not hold is dropped. The rules of `ai.local.entities` know numbers, days and sums
better, so what they found stands, and quotes are added where nothing was found.
"""

import re
from collections.abc import Callable
from datetime import date
from typing import Annotated

from pydantic import BaseModel

from ai.engines.material import LONGEST, asked
from ai.engines.question import Question, instructed, stamp
from ai.engines.shapes import PLAIN, Quote, Share, at_most
from ai.local.entities import find_entities
from ai.privacy import Known
from ai.prompting import load
from ai.results import Entities, Entity, EntityKind, Language, Method
from ai.safety import data_block


class NamedAnswer(BaseModel):
    """A part of the text, word for word, and what it names."""

    quote: Quote
    kind: Annotated[EntityKind, PLAIN]
    confidence: Share


class EntitiesAnswer(BaseModel):
    """What a text names."""

    named: Annotated[list[NamedAnswer], at_most(40)]


def ask(
    text: str,
    *,
    language: Language = Language.PORTUGUESE,
    canary: str,
    temperature: float = 0.0,
    max_tokens: int = 1_000,
) -> Question[EntitiesAnswer]:
    """Ask what a masked text names; `language` is that of the instructions."""
    prompt = load("entities", language)
    blocks = data_block("message", text[:LONGEST])
    return Question(
        messages=(instructed(prompt, canary), asked(blocks, prompt.render("request"))),
        temperature=temperature,
        max_tokens=max_tokens,
        kind=EntitiesAnswer,
        prompt=stamp(prompt),
    )


def read(
    answer: EntitiesAnswer,
    *,
    text: str,
    today: date,
    known: Known | None = None,
    currency: str = "BRL",
    unmask: Callable[[str], str],
    provider: str,
) -> Entities:
    """Return what the unmasked `text` names; for the other arguments see `ai.local.entities.find_entities`."""
    found = list(find_entities(text, today=today, known=known, currency=currency).found)
    taken = {place for each in found for place in range(each.start, each.end)}
    for named in answer.named:
        span = _place(text, unmask(named.quote), taken)
        if span is None:
            continue
        taken.update(range(*span))
        found.append(_entity(text, span, named, today, currency))
    found.sort(key=lambda each: each.start)
    return Entities(provider=provider, method=Method.MODEL, found=tuple(found))


def _place(text: str, quote: str, taken: set[int]) -> tuple[int, int] | None:
    """Return where a quote stands first as whole words, in whatever case, with nothing found there yet."""
    pattern = re.compile(rf"(?<!\w){re.escape(quote)}(?!\w)", re.IGNORECASE)
    spans = (match.span() for match in pattern.finditer(text))
    return next((span for span in spans if taken.isdisjoint(range(*span))), None)


def _entity(text: str, span: tuple[int, int], named: NamedAnswer, today: date, currency: str) -> Entity:
    start, end = span
    written = text[start:end]
    alike = [each for each in find_entities(written, today=today, currency=currency).found if each.kind is named.kind]
    is_name = named.kind in (EntityKind.PERSON, EntityKind.COMPANY)
    return Entity(
        kind=named.kind,
        text=written,
        start=start,
        end=end,
        confidence=named.confidence,
        value=written if is_name else alike[0].value if alike else None,
        money=alike[0].money if alike else None,
    )
