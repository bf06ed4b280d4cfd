"""What a text names: the model quotes it and says what it is, and the places are found here, in the text itself.

What a model quotes and the text does not hold is dropped. The rules of `ai.local.entities` know numbers, days and sums
better, so what they found stands, and quotes are added where nothing was found.
"""

import re
from dataclasses import dataclass
from datetime import date
from typing import Annotated

from pydantic import BaseModel

from ai.engines.material import LONGEST, asked
from ai.engines.question import Manner, Origin, Question, instructed, posed
from ai.engines.shapes import PLAIN, Quote, Share, at_most
from ai.local.entities import find_entities
from ai.privacy import Known
from ai.prompting import load
from ai.results import Entities, Entity, EntityKind, Method
from ai.safety import data_block


class NamedAnswer(BaseModel):
    """A part of the text, word for word, and what it names."""

    quote: Quote
    kind: Annotated[EntityKind, PLAIN]
    confidence: Share


class EntitiesAnswer(BaseModel):
    """What a text names."""

    named: Annotated[list[NamedAnswer], at_most(40)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Original:
    """The unmasked text, with what the rules are told of it: see `ai.local.entities.find_entities`."""

    text: str
    today: date
    known: Known | None = None
    currency: str = "BRL"


def ask(text: str, manner: Manner) -> Question[EntitiesAnswer]:
    """Ask what a masked text names."""
    prompt = load("entities", manner.language)
    blocks = data_block("message", text[:LONGEST])
    messages = (instructed(prompt, manner.canary), asked(blocks, prompt.render("request")))
    return posed(prompt, messages, manner, kind=EntitiesAnswer, usual=(0.0, 1_000))


def read(answer: EntitiesAnswer, origin: Origin, *, original: Original) -> Entities:
    """Return what the unmasked text names, in its order, without overlaps."""
    text = original.text
    ruled = find_entities(text, today=original.today, known=original.known, currency=original.currency)
    found = list(ruled.found)
    taken = {place for each in found for place in range(each.start, each.end)}
    for named in answer.named:
        span = _place(text, origin.unmask(named.quote), taken)
        if span is None:
            continue
        taken.update(range(*span))
        found.append(_entity(original, span, named))
    found.sort(key=lambda each: each.start)
    return Entities(provider=origin.provider, method=Method.MODEL, found=tuple(found))


def _place(text: str, quote: str, taken: set[int]) -> tuple[int, int] | None:
    """Return where a quote stands first as whole words, in whatever case, with nothing found there yet."""
    pattern = re.compile(rf"(?<!\w){re.escape(quote)}(?!\w)", re.IGNORECASE)
    spans = (match.span() for match in pattern.finditer(text))
    return next((span for span in spans if taken.isdisjoint(range(*span))), None)


def _entity(original: Original, span: tuple[int, int], named: NamedAnswer) -> Entity:
    start, end = span
    written = original.text[start:end]
    ruled = find_entities(written, today=original.today, currency=original.currency).found
    alike = [each for each in ruled if each.kind is named.kind]
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
