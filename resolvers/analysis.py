"""What a text says."""

from typing import Annotated

import strawberry

from graph import Root
from models import Permission
from resolvers.asking import Options, cost_of, wished
from resolvers.context import Context
from resolvers.fields import query
from schema.analysis import EntityExtraction, IntentClassification, SentimentAnalysis
from services.assistant import judging

Text = Annotated[str, strawberry.argument(description="What was written, up to 5,000 characters.")]


@query(Permission.AI_USE)
async def analyze_sentiment(context: Context, text: Text, options: Options = None) -> SentimentAnalysis:
    """How somebody speaks."""
    found = await context.while_heard(judging.sentiment(context.assistant, context.actor, text, wished(options)))
    return SentimentAnalysis.of(found.result, cost_of(found.paid))


@query(Permission.AI_USE)
async def classify_intent(context: Context, text: Text, options: Options = None) -> IntentClassification:
    """What a message is for."""
    found = await context.while_heard(judging.intent(context.assistant, context.actor, text, wished(options)))
    return IntentClassification.of(found.result, cost_of(found.paid))


@query(Permission.AI_USE)
async def extract_entities(context: Context, text: Text, options: Options = None) -> EntityExtraction:
    """What a text names: people, numbers, days, amounts."""
    found = await context.while_heard(judging.named(context.assistant, context.actor, text, wished(options)))
    return EntityExtraction.of(judging.read(text), found.result, cost_of(found.paid))


class AnalysisQueries(Root):
    """Queries about texts."""

    analyze_sentiment: SentimentAnalysis = analyze_sentiment
    classify_intent: IntentClassification = classify_intent
    extract_entities: EntityExtraction = extract_entities
