"""What is written for people."""

from typing import Annotated

import strawberry

from ai.results import Tone
from graph import Root
from models import Permission
from resolvers.asking import Messages, Options, cost_of, turns_of, wished
from resolvers.context import Context
from resolvers.fields import query
from schema.composing import ConversationSummary, KnowledgeAnswer, SmartReply, TextCorrection, Translation
from services.assistant import composing
from services.assistant.composing import Wanted

Text = Annotated[str, strawberry.argument(description="What was written, up to 6,000 characters.")]
Count = Annotated[int, strawberry.argument(description="How many at most, 1 to 5.")]
Tones = Annotated[list[Tone] | None, strawberry.argument(description="In which tones, taken in turn; in all of them.")]
NewTone = Annotated[Tone | None, strawberry.argument(description="A tone to give it; it keeps its own, if left out.")]
MaxLength = Annotated[int, strawberry.argument(description="The most characters of the summary, 100 to 2,000.")]
To = Annotated[str, strawberry.argument(description="The language to translate to, such as `en` or `pt-BR`.")]
Question = Annotated[str, strawberry.argument(description="A question, up to 1,000 characters.")]


@query(Permission.AI_USE)
async def smart_replies(
    context: Context, messages: Messages, count: Count = 3, tones: Tones = None, options: Options = None
) -> list[SmartReply]:
    """Short replies to the last message of a conversation of up to 20."""
    wanted = Wanted(count=count, tones=tuple(tones or Tone))
    replies, paid = await context.while_heard(
        composing.replies(context.assistant, context.actor, turns_of(messages), wanted, wished(options))
    )
    return [SmartReply.of(each, cost_of(paid)) for each in replies]


@query(Permission.AI_USE)
async def summarize_conversation(
    context: Context, messages: Messages, max_length: MaxLength = 500, options: Options = None
) -> ConversationSummary:
    """What a conversation of up to 200 messages came to."""
    found = await context.while_heard(
        composing.summarized(
            context.assistant, context.actor, turns_of(messages), longest=max_length, preferences=wished(options)
        )
    )
    return ConversationSummary.of(found.result, cost_of(found.paid))


@query(Permission.AI_USE)
async def translate_text(context: Context, text: Text, to: To, options: Options = None) -> Translation:
    """A text in another language; its own is recognised. This needs a model provider."""
    found = await context.while_heard(
        composing.translated(context.assistant, context.actor, text, target=to, preferences=wished(options))
    )
    return Translation.of(found.result, cost_of(found.paid))


@query(Permission.AI_USE)
async def correct_text(context: Context, text: Text, tone: NewTone = None, options: Options = None) -> TextCorrection:
    """A text with its spelling and grammar put right. A change of tone needs a model provider; so does most grammar."""
    found = await context.while_heard(
        composing.corrected(context.assistant, context.actor, text, tone=tone, preferences=wished(options))
    )
    return TextCorrection.of(found.result, cost_of(found.paid))


@query(Permission.AI_USE)
async def knowledge_answer(context: Context, question: Question, options: Options = None) -> KnowledgeAnswer:
    """What the knowledge base says to a question, with its sources; that it says nothing, where that is so."""
    found = await context.while_heard(composing.answered(context.assistant, context.actor, question, wished(options)))
    return KnowledgeAnswer.of(found.result, cost_of(found.paid))


class ComposingQueries(Root):
    """Queries for texts."""

    smart_replies: list[SmartReply] = smart_replies
    summarize_conversation: ConversationSummary = summarize_conversation
    translate_text: Translation = translate_text
    correct_text: TextCorrection = correct_text
    knowledge_answer: KnowledgeAnswer = knowledge_answer
