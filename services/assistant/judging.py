"""What a text says: mood, purpose, and what it names. By a model where one can be asked, else by what works without.

A judgement is often needed at once, and what works here is good: when no model answers, it answers, and says so.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from ai.engines import entities as entities_by_model
from ai.engines import intent as intent_by_model
from ai.engines import sentiment as sentiment_by_model
from ai.engines.entities import Original
from ai.local import entities as local_entities
from ai.local import heads
from ai.local.language import recognize_language
from ai.results import Entities, Intent, Language, Result, Sentiment
from core import text
from models import Feature
from services.access import Actor
from services.assistant import asking, terms
from services.assistant.asking import Paid
from services.assistant.assistant import Assistant
from services.assistant.calls import About, Call
from services.assistant.errors import ModelsFailed
from services.assistant.people import known_by
from services.assistant.preferences import Preferences

LONGEST: Final = 5_000
_SURE: Final = 0.6

R = TypeVar("R", bound=Result, covariant=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Found(Generic[R]):
    """A result, and what it cost; nothing when no model was behind it."""

    result: R
    paid: Paid | None = None


async def sentiment(
    assistant: Assistant, actor: Actor, written: str, preferences: Preferences | None = None
) -> Found[Sentiment]:
    """Tell how somebody speaks.

    Raises:
        TextInvalid, TextTooLong, Required: the text is not acceptable.
        SuggestionsOff, NoModelFits, CreditsSpent, FeatureBudgetSpent: it is not to be had.
    """
    said = read(written)
    call = await opened(assistant, actor, Feature.SENTIMENT, preferences)

    async def by_model() -> Found[Sentiment]:
        [masked] = call.mask(said)
        question = sentiment_by_model.ask(masked, call.manner(spoken(said, call)))
        answered = await asking.ask(call, question)
        result = sentiment_by_model.read(answered.value, call.origin(answered.paid.model))
        return Found(result=result, paid=answered.paid)

    return await either(call, by_model, lambda: heads.analyze_sentiment(said))


async def intent(
    assistant: Assistant, actor: Actor, written: str, preferences: Preferences | None = None
) -> Found[Intent]:
    """Tell what a message is for; raises as `sentiment`."""
    said = read(written)
    call = await opened(assistant, actor, Feature.INTENT, preferences)

    async def by_model() -> Found[Intent]:
        [masked] = call.mask(said)
        question = intent_by_model.ask(masked, call.manner(spoken(said, call)))
        answered = await asking.ask(call, question)
        result = intent_by_model.read(answered.value, call.origin(answered.paid.model))
        return Found(result=result, paid=answered.paid)

    return await either(call, by_model, lambda: heads.classify_intent(said))


async def named(
    assistant: Assistant, actor: Actor, written: str, preferences: Preferences | None = None
) -> Found[Entities]:
    """Find what a text names, with days as they are where the workspace is; raises as `sentiment`."""
    said = read(written)
    call = await opened(assistant, actor, Feature.ENTITIES, preferences)
    today, currency = call.terms.today, call.terms.currency

    async def by_model() -> Found[Entities]:
        [masked] = call.mask(said)
        question = entities_by_model.ask(masked, call.manner(spoken(said, call)))
        answered = await asking.ask(call, question)
        original = Original(text=said, today=today, currency=currency)
        result = entities_by_model.read(answered.value, call.origin(answered.paid.model), original=original)
        return Found(result=result, paid=answered.paid)

    async def here() -> Entities:
        return local_entities.find_entities(said, today=today, currency=currency)

    return await either(call, by_model, here)


def read(written: str) -> str:
    """Return a text as it is looked at: offsets count in this one."""
    return text.clean_text(text.undirected(written), field=("text",), most=LONGEST)


async def opened(
    assistant: Assistant,
    actor: Actor,
    feature: Feature,
    preferences: Preferences | None,
) -> Call:
    """Begin a request by what the workspace decided.

    Raises:
        SuggestionsOff: it wants nothing of models.
        ContactUnknown: the one that it is about is not in it.
    """
    wished = preferences or Preferences()
    decided = await terms.read(assistant, actor, feature)
    known = await known_by(assistant.ground, actor, wished.contact_id)
    about = About(preferences=wished, contact_id=wished.contact_id, known=known)
    return Call(assistant, actor, feature, decided, about)


async def either(call: Call, by_model: Callable[[], Awaitable[Found[R]]], here: Callable[[], Awaitable[R]]) -> Found[R]:
    """Ask a model where one can be asked; do without where none can be, or none answers."""
    if not call.is_local:
        try:
            return await by_model()
        except ModelsFailed:
            return Found(result=await here())
    result = await here()
    await call.note_local()
    return Found(result=result)


def spoken(said: str, call: Call) -> Language:
    """Return the language of a text; the workspace's where it could be any."""
    guess = recognize_language(said)
    return guess.language if guess.confidence >= _SURE else call.terms.language
