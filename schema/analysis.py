"""What a text says: mood, purpose, and what it names."""

from typing import Any, Self

import strawberry

from ai.results import Emotion, Entities, EntityKind, Method, Purpose, Result
from ai.results import Intent as FoundIntent
from ai.results import Sentiment as FoundSentiment
from schema.asking import AnswerCost
from schema.enums import Sentiment, described

described(
    Method,
    "How a result came about.",
    {
        "MODEL": "A language model wrote or judged it.",
        "HEAD": "A classifier over sentence embeddings, without a provider.",
        "RULES": "Rules.",
        "EXTRACTIVE": "Sentences of the text itself.",
        "TEMPLATE": "A template.",
        "PROFILE": "Letters and words that are typical.",
    },
)
described(
    Emotion,
    "What somebody seems to feel.",
    {each.name: f"{each.name.capitalize()}." for each in Emotion},
)
described(
    Purpose,
    "What somebody wants with a message.",
    {
        "PRODUCT_INQUIRY": "To know of a product, or whether there is one.",
        "PRICING": "A price, a discount, a way to pay.",
        "SUPPORT": "Help with something that they have.",
        "COMPLAINT": "To complain.",
        "PURCHASE": "To buy, or to order.",
        "INFORMATION": "To know of the business: hours, places, deliveries.",
        "GREETING": "To greet.",
        "SCHEDULE": "To agree on a time.",
        "GOODBYE": "To take leave, or to thank.",
        "OTHER": "Something else, or it is not clear.",
    },
)
described(
    EntityKind,
    "What a part of a text names.",
    {
        "PERSON": "Somebody's name.",
        "COMPANY": "A company.",
        "EMAIL": "An e-mail address.",
        "PHONE": "A phone number; its value is in E.164.",
        "CPF": "A person's number in Brazil; its value has digits alone.",
        "CNPJ": "A company's number in Brazil.",
        "POSTAL_CODE": "A CEP.",
        "DATE": "A day; its value is an ISO date.",
        "TIME": "A time of day, such as `15:30`.",
        "MONEY": "An amount: `amountMinor` and `currency`.",
        "ORDER": "The number of an order.",
        "QUANTITY": "How many.",
    },
)


@strawberry.interface(description="Who found something in a text, and how.")
class Analysis:
    provider: str = strawberry.field(description="Who found it: `local` for what needs no key.")
    method: Method = strawberry.field(description="How.")
    generated: bool = strawberry.field(description="Whether a language model is behind it.")
    cost: AnswerCost | None = strawberry.field(description="What it cost; null when no model was behind it.")


@strawberry.type(description="An emotion, and how sure that is.")
class FeltEmotion:
    emotion: Emotion = strawberry.field(description="Which.")
    confidence: float = strawberry.field(description="From 0 to 1.")


@strawberry.type(description="How somebody speaks.")
class SentimentAnalysis(Analysis):
    label: Sentiment = strawberry.field(description="The mood.")
    score: float = strawberry.field(description="From 0, the worst mood, to 1, the best.")
    confidence: float = strawberry.field(description="How sure the label is, from 0 to 1.")
    emotions: list[FeltEmotion] = strawberry.field(description="What they seem to feel, the surest first.")

    @classmethod
    def of(cls, found: FoundSentiment, cost: AnswerCost | None) -> Self:
        """Show a mood."""
        felt = [FeltEmotion(emotion=each.emotion, confidence=each.confidence) for each in found.emotions]
        label = Sentiment(found.label.value)
        return cls(label=label, score=found.score, confidence=found.confidence, emotions=felt, **origin(found, cost))


@strawberry.type(description="A purpose that a message may have.")
class IntentCandidate:
    intent: Purpose = strawberry.field(description="Which.")
    confidence: float = strawberry.field(description="From 0 to 1.")


@strawberry.type(description="What a message is for.")
class IntentClassification(Analysis):
    intent: Purpose = strawberry.field(description="Its purpose; `OTHER` when that is not clear.")
    confidence: float = strawberry.field(description="From 0 to 1.")
    candidates: list[IntentCandidate] = strawberry.field(description="The likeliest purposes, best first.")
    sub_intents: list[Purpose] = strawberry.field(description="Other wishes in the same message.")

    @classmethod
    def of(cls, found: FoundIntent, cost: AnswerCost | None) -> Self:
        """Show a purpose."""
        likely = [IntentCandidate(intent=each.purpose, confidence=each.confidence) for each in found.candidates]
        also = list(found.also)
        return cls(
            intent=found.purpose,
            confidence=found.confidence,
            candidates=likely,
            sub_intents=also,
            **origin(found, cost),
        )


@strawberry.type(description="A part of a text that names something.")
class ExtractedEntity:
    kind: EntityKind = strawberry.field(description="What it names.")
    text: str = strawberry.field(description="As it stands in the text.")
    start: int = strawberry.field(description="Where it begins: so many code points stand before it.")
    end: int = strawberry.field(description="Where it ends: the code point after it.")
    confidence: float = strawberry.field(description="From 0 to 1.")
    value: str | None = strawberry.field(description="Its plain form, where there is one.")
    amount_minor: str | None = strawberry.field(description="Of money: the amount in minor units (centavos).")
    currency: str | None = strawberry.field(description="Of money: the currency (ISO 4217).")


@strawberry.type(description="What a text names, in its order.")
class EntityExtraction(Analysis):
    text: str = strawberry.field(description="The text as it was read: without outer spaces. Offsets count in it.")
    entities: list[ExtractedEntity] = strawberry.field(description="What was found. Nothing overlaps.")

    @classmethod
    def of(cls, text: str, found: Entities, cost: AnswerCost | None) -> Self:
        """Show what a text names."""
        return cls(text=text, entities=_entities(found), **origin(found, cost))


def _entities(found: Entities) -> list[ExtractedEntity]:
    return [
        ExtractedEntity(
            kind=each.kind,
            text=each.text,
            start=each.start,
            end=each.end,
            confidence=each.confidence,
            value=each.value,
            amount_minor=None if each.money is None else str(each.money.minor),
            currency=None if each.money is None else each.money.currency,
        )
        for each in found.found
    ]


def origin(result: Result, cost: AnswerCost | None) -> dict[str, Any]:
    """Return the fields of `Analysis`."""
    return {"provider": result.provider, "method": result.method, "generated": result.generated, "cost": cost}
