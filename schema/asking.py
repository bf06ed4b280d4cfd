"""What every question to a model has in common: how it is routed, the conversation it is about, and what it cost."""

import strawberry

from ai.engines.material import DealStage
from ai.results import Language, Tone
from schema.enums import RoutingStrategy, described

described(
    Language,
    "A language that replies are written in.",
    {"PORTUGUESE": "Portuguese, as in Brazil.", "ENGLISH": "English.", "SPANISH": "Spanish."},
    name="ReplyLanguage",
)
described(
    Tone,
    "How a text sounds.",
    {"FORMAL": "Formal.", "NEUTRAL": "Neither formal nor familiar.", "FRIENDLY": "Warm and familiar."},
)
described(
    DealStage,
    "Where a deal stands; each has its own guidance for replies.",
    {
        "LEAD": "Interested: their needs are to be found out.",
        "QUALIFICATION": "Budget, authority, need and time are to be found out.",
        "PROPOSAL": "There is an offer: its value is to be shown.",
        "NEGOTIATION": "Terms are talked about: be flexible, and hold the value.",
        "CLOSED_WON": "They bought: help them to begin.",
        "CLOSED_LOST": "They did not buy: keep the relation.",
    },
)


@strawberry.input(description="How a model is chosen for one question. What is left out follows the workspace.")
class AiOptionsInput:
    strategy: RoutingStrategy | None = strawberry.field(default=None, description="By what models are ranked.")
    model: str | None = strawberry.field(
        default=None,
        description="A model (`groq/openai/gpt-oss-20b`) or a provider (`groq`) that goes first; `local` asks none.",
    )
    fresh: bool = strawberry.field(
        default=False, description="Whether an answer that was given before to the same question is not wanted."
    )


@strawberry.input(description="How one question is asked. What is left out follows the workspace.")
class AiQuestionOptionsInput(AiOptionsInput):
    contact_id: strawberry.ID | None = strawberry.field(
        default=None, description="Whom the texts are about: what they are known by is masked, wherever it stands."
    )


@strawberry.input(description="One message of a conversation.")
class ConversationMessageInput:
    from_customer: bool = strawberry.field(description="Whether the customer wrote it, rather than the team.")
    text: str = strawberry.field(description="Its text, up to 4,000 characters.")


@strawberry.type(description="How an answer of a model came, and what it cost.")
class AnswerCost:
    request_id: strawberry.ID = strawberry.field(description="The request, as `aiRequests` has it.")
    model: str = strawberry.field(description="The model that answered.")
    input_tokens: int = strawberry.field(description="What models read, with all attempts.")
    output_tokens: int = strawberry.field(description="What models wrote, with all attempts.")
    cost_micro_usd: str = strawberry.field(description="What providers charge for it, in millionths of a US dollar.")
    credits: int = strawberry.field(description="Credits that the workspace paid.")
    cached: bool = strawberry.field(description="Whether it was answered before, and cost nothing.")
