"""How what clients say of a question to models is read, and what it cost is shown."""

from collections.abc import Sequence
from typing import Annotated

import strawberry

from ai.conversations import Speaker, Turn
from core.settings import Strategy
from schema.asking import AiOptionsInput, AiQuestionOptionsInput, AnswerCost, ConversationMessageInput
from schema.contact import Contact
from services.assistant.asking import Paid
from services.assistant.preferences import Preferences

Options = Annotated[
    AiQuestionOptionsInput | None,
    strawberry.argument(description="How a model is chosen; as the workspace does, if left out."),
]
Messages = Annotated[
    list[ConversationMessageInput], strawberry.argument(description="The conversation, oldest message first.")
]


def wished(options: AiOptionsInput | None) -> Preferences:
    """Read how a model is to be chosen."""
    if options is None:
        return Preferences()
    strategy = None if options.strategy is None else Strategy(options.strategy.value)
    about = options.contact_id if isinstance(options, AiQuestionOptionsInput) else None
    contact_id = None if about is None else Contact.key_of(about, field=("contact_id",))
    return Preferences(strategy=strategy, model=options.model, fresh=options.fresh, contact_id=contact_id)


def turns_of(messages: Sequence[ConversationMessageInput]) -> tuple[Turn, ...]:
    """Read a conversation."""
    return tuple(
        Turn(speaker=Speaker.CUSTOMER if each.from_customer else Speaker.TEAM, text=each.text) for each in messages
    )


def cost_of(paid: Paid | None) -> AnswerCost | None:
    """Show what an answer cost."""
    if paid is None:
        return None
    return AnswerCost(
        request_id=paid.request_id,
        model=paid.model.key,
        input_tokens=paid.usage.input_tokens,
        output_tokens=paid.usage.output_tokens,
        cost_micro_usd=str(paid.usage.micro_usd),
        credits=paid.credits,
        cached=paid.is_cached,
    )
