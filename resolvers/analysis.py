"""What a customer's text says."""

from typing import Annotated

import strawberry

from graph import Root
from models import Permission
from resolvers.context import Context
from resolvers.fields import query
from schema.analysis import EntityExtraction, IntentClassification, SentimentAnalysis
from services import analysis

Text = Annotated[str, strawberry.argument(description="What was written, up to 5,000 characters.")]


@query(Permission.CONTACTS_READ)
async def analyze_sentiment(context: Context, text: Text) -> SentimentAnalysis:
    """How somebody speaks."""
    return SentimentAnalysis.of(await analysis.sentiment(context.ground, context.actor, text))


@query(Permission.CONTACTS_READ)
async def classify_intent(context: Context, text: Text) -> IntentClassification:
    """What a message is for."""
    return IntentClassification.of(await analysis.intent(context.ground, context.actor, text))


@query(Permission.CONTACTS_READ)
async def extract_entities(context: Context, text: Text) -> EntityExtraction:
    """What a text names: people, numbers, days, amounts."""
    found = await analysis.named(context.ground, context.actor, text)
    return EntityExtraction.of(analysis.read(text), found)


class AnalysisQueries(Root):
    """Queries about texts."""

    analyze_sentiment: SentimentAnalysis = analyze_sentiment
    classify_intent: IntentClassification = classify_intent
    extract_entities: EntityExtraction = extract_entities
