"""How what clients say of a question to models is read, and what it cost is shown."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

import strawberry

from ai.conversations import Speaker, Turn
from core.ids import encode
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
    return Preferences(strategy=strategy, model=options.model, fresh=options.fresh, contact_id=contact_key(about))


def contact_key(id: str | None) -> UUID | None:
    """Read the id of a contact, where one is given; raises `NotFound` for an id of anything else."""
    return None if id is None else Contact.key_of(id, field=("contact_id",))


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
        request_id=strawberry.ID(encode("airequest", paid.request_id)),
        model=paid.model.key,
        input_tokens=paid.usage.input_tokens,
        output_tokens=paid.usage.output_tokens,
        cost_micro_usd=str(paid.usage.micro_usd),
        credits=paid.credits,
        cached=paid.is_cached,
    )
