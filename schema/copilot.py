"""The copilot: what is asked of it, and the events of a suggestion on its way."""

from typing import Annotated

import strawberry

from ai.engines.material import DealStage
from ai.results import Language, Purpose
from schema.asking import AiOptionsInput, ConversationMessageInput
from schema.composing import Citation
from schema.enums import RoutingStrategy, Sentiment
from schema.errors import MutationPayload


@strawberry.input(description="What a reply is to be suggested for.")
class CopilotInput:
    messages: list[ConversationMessageInput] = strawberry.field(
        description="The last messages of the conversation, oldest first, 1 to 20."
    )
    contact_id: strawberry.ID | None = strawberry.field(default=None, description="The contact it is with.")
    chat_id: str | None = strawberry.field(
        default=None,
        description=(
            "The chat, as WhatsApp names it (`5511987654321@c.us`): its contact is found by it, and a newer request of"
            " yours for the same chat ends an older one."
        ),
    )
    deal_stage: DealStage | None = strawberry.field(default=None, description="Where the deal stands.")
    persona: str | None = strawberry.field(
        default=None,
        description="The voice: one of the product's (`FRIENDLY`) or the id of one of your own; the workspace's.",
    )
    language: Language | None = strawberry.field(
        default=None, description="The language of the reply; the customer's, if left out."
    )
    alternatives: int = strawberry.field(default=0, description="How many other replies are wanted too, 0 to 3.")
    options: AiOptionsInput | None = strawberry.field(default=None, description="How a model is chosen.")
    client_request_id: str | None = strawberry.field(
        default=None,
        description=(
            "Your own name for this request, up to 200 characters. The same request, sent with it again within an hour,"
            " goes on with the same suggestion: that is how a lost connection is made good. Another request with it is"
            " refused (IDEMPOTENCY_KEY_REUSED)."
        ),
    )


@strawberry.interface(description="Something that happened while a suggestion is written.")
class CopilotEvent:
    seq: int = strawberry.field(
        description="Its place in the stream, from 1. Pieces that come together may be one, with the last one's place."
    )
    cursor: strawberry.Private[str]


@strawberry.type(description="A suggestion begins.")
class CopilotStarted(CopilotEvent):
    suggestion_id: strawberry.ID = strawberry.field(description="Its id, for `suggestionFeedback`.")
    provider: str = strawberry.field(description="Who is asked first: `local` for what needs no key.")
    model: str | None = strawberry.field(description="The model that is asked first; null when none is.")
    strategy: RoutingStrategy | None = strawberry.field(description="By what it was chosen; null when none is asked.")
    language: Language = strawberry.field(description="The language of the reply.")
    persona: str = strawberry.field(description="Its voice.")
    generated: bool = strawberry.field(description="Whether a language model writes it.")


@strawberry.type(description="A piece of the text.")
class CopilotDelta(CopilotEvent):
    text: str = strawberry.field(description="The piece.")
    offset: int = strawberry.field(description="So many code points of the text came before it.")


@strawberry.type(description="Another reply, whole.")
class CopilotAlternative(CopilotEvent):
    index: int = strawberry.field(description="Which one, from 1.")
    text: str = strawberry.field(description="The reply.")


@strawberry.type(description="What the customer wants, and how they sound.")
class CopilotAnalysis(CopilotEvent):
    intent: Purpose = strawberry.field(description="What the message is for.")
    intent_confidence: float = strawberry.field(description="How sure that is, from 0 to 1.")
    sentiment: Sentiment = strawberry.field(description="The mood.")
    sentiment_score: float = strawberry.field(description="From 0, the worst mood, to 1, the best.")
    language: Language = strawberry.field(description="The language of the reply.")
    flags: list[str] = strawberry.field(
        description=(
            "What the safety filter saw in what waits for an answer, such as `threat` or `self_harm`: a person should"
            " look."
        )
    )


@strawberry.type(description="A passage of the knowledge base.")
class CopilotSource:
    number: int = strawberry.field(description="Its number, from 1.")
    source_id: strawberry.ID = strawberry.field(description="The source that it is of.")
    title: str = strawberry.field(description="The source's title.")
    quote: str = strawberry.field(description="The passage.")
    score: float = strawberry.field(description="How well it fits the message, from 0 to 1.")


@strawberry.type(description="What the knowledge base says; the reply may rest on it.")
class CopilotSources(CopilotEvent):
    sources: list[CopilotSource] = strawberry.field(description="Passages, the best first.")
    grounded: bool = strawberry.field(description="Whether they are about the message.")
    missing: list[str] = strawberry.field(
        description="Stores that could not be asked: `knowledge` (all of it), `vectors` (words were, not meaning); and "
        "`sources`, while some of the knowledge base cannot be searched yet."
    )


@strawberry.type(description="The safety filter has stopped it: what came of the text is not to be used. The end.")
class CopilotBlocked(CopilotEvent):
    side: str = strawberry.field(
        description="`input` when something in the messages is not answered, `output` when the reply is bad."
    )
    categories: list[str] = strawberry.field(description="Why.")


@strawberry.type(description="A model failed before its first word, and another is asked.")
class CopilotFailover(CopilotEvent):
    failed: str = strawberry.field(description="The model that failed.")
    to: str = strawberry.field(description="The model that is asked now.")
    reason: str = strawberry.field(description="How it failed, such as `rate_limited` or `timeout`.")


@strawberry.interface(description="What a suggestion took.")
class CopilotCost:
    model: str | None = strawberry.field(description="The model; null when none was asked.")
    input_tokens: int = strawberry.field(description="What models read.")
    output_tokens: int = strawberry.field(description="What models wrote.")
    cost_micro_usd: str = strawberry.field(description="What providers charge, in millionths of a US dollar.")
    credits: int = strawberry.field(description="Credits that the workspace paid.")
    credits_left: int = strawberry.field(description="Credits that can be used now.")
    cached: bool = strawberry.field(description="Whether it was answered before, and cost nothing.")
    estimated: bool = strawberry.field(description="Whether tokens were estimated, because the provider did not count.")


@strawberry.type(description="What a suggestion took.")
class CopilotUsed(CopilotCost):
    pass


@strawberry.type(description="What it took.")
class CopilotUsage(CopilotCost, CopilotEvent):
    pass


@strawberry.type(description="One thing that a reply rests on.")
class CopilotReason:
    source: bool = strawberry.field(description="Whether it is a source of the knowledge base, rather than a rule.")
    name: str = strawberry.field(description="The source's title, or the rule: `contact`, `deal_stage`, `voice`, ...")


@strawberry.type(description="A suggested reply, whole.")
class CopilotReply:
    suggestion_id: strawberry.ID = strawberry.field(description="Its id, for `suggestionFeedback`.")
    text: str = strawberry.field(description="The reply, as it can be sent.")
    provider: str = strawberry.field(description="Who wrote it: `local` for what needs no key.")
    model: str | None = strawberry.field(description="The model; null when none was asked.")
    generated: bool = strawberry.field(description="Whether a language model wrote it.")
    confidence: float | None = strawberry.field(
        description="How sure it is, by what was measured (knowledge found, intent, what was accepted before); 0 to 1."
    )
    citations: list[Citation] = strawberry.field(description="What it rests on in the knowledge base.")
    reasoning: list[CopilotReason] = strawberry.field(description="The sources and rules that it was made by.")


@strawberry.type(description="The reply is whole. The end.")
class CopilotCompleted(CopilotEvent):
    reply: CopilotReply = strawberry.field(description="The reply.")


@strawberry.type(description="There is no reply, or no more of it. The end.")
class CopilotFailed(CopilotEvent):
    code: str = strawberry.field(description="Why: `AI_UNAVAILABLE`, `CREDITS_SPENT`, `SUPERSEDED`, `CANCELLED`, ...")
    message: str = strawberry.field(description="Why, in words.")
    retryable: bool = strawberry.field(description="Whether it may help to ask again, as a new request.")


CopilotEventResult = Annotated[
    CopilotStarted
    | CopilotDelta
    | CopilotAlternative
    | CopilotAnalysis
    | CopilotSources
    | CopilotBlocked
    | CopilotFailover
    | CopilotUsage
    | CopilotCompleted
    | CopilotFailed,
    strawberry.union("CopilotEventResult", description="What happens while a suggestion is written."),
]


@strawberry.type(description="The answer to `copilotSuggest`.")
class CopilotSuggestPayload(MutationPayload):
    reply: CopilotReply | None = strawberry.field(default=None, description="The reply.")
    alternatives: list[str] = strawberry.field(default_factory=list, description="Other replies.")
    usage: CopilotUsed | None = strawberry.field(default=None, description="What it took.")
