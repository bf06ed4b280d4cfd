"""Replies that were suggested, and what people did with them."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    UniqueConstraint,
    func,
)
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, Tenant, choice, tenant_key
from models.usage import Feature


class SuggestionState(StrEnum):
    """What became of a suggestion."""

    OFFERED = "offered"
    SHOWN = "shown"
    USED = "used"
    EDITED = "edited"
    REJECTED = "rejected"
    SENT = "sent"


class AiAcceptanceGroup(StrEnum):
    """What decisions are counted by."""

    FEATURE = "feature"
    MODEL = "model"
    PERSONA = "persona"


_DECIDED = frozenset({SuggestionState.USED, SuggestionState.EDITED, SuggestionState.REJECTED, SuggestionState.SENT})
_TAKEN = frozenset({SuggestionState.USED, SuggestionState.EDITED, SuggestionState.SENT})

MOVES: Mapping[SuggestionState, frozenset[SuggestionState]] = MappingProxyType(
    {
        SuggestionState.OFFERED: _DECIDED | {SuggestionState.SHOWN},
        SuggestionState.SHOWN: _DECIDED,
        SuggestionState.USED: frozenset({SuggestionState.EDITED, SuggestionState.REJECTED, SuggestionState.SENT}),
        SuggestionState.EDITED: frozenset({SuggestionState.EDITED, SuggestionState.REJECTED, SuggestionState.SENT}),
        SuggestionState.REJECTED: _TAKEN,
        SuggestionState.SENT: frozenset(),
    }
)
"""What may follow each state; what is told twice changes nothing."""


class Suggestion(Tenant, Base):
    """One suggested reply. `asked` is the message that it answers; `final_text` what was written in its place.

    `is_accepted` is null until somebody decided.
    """

    __tablename__ = "suggestions"
    __table_args__ = (
        tenant_key(),
        ForeignKeyConstraint(
            ["workspace_id", "contact_id"],
            ["contacts.workspace_id", "contacts.id"],
            ondelete="SET NULL (contact_id)",
        ),
        UniqueConstraint("workspace_id", "user_id", "client_request_id"),
        CheckConstraint("confidence BETWEEN 0 AND 1", name="confidence"),
        Index("ix_suggestions_at", "workspace_id", "at", "id"),
        Index("ix_suggestions_contact_id", "workspace_id", "contact_id"),
    )

    feature: Mapped[Feature] = mapped_column(choice(Feature))
    state: Mapped[SuggestionState] = mapped_column(
        choice(SuggestionState), default=SuggestionState.OFFERED, server_default=SuggestionState.OFFERED.value
    )
    user_id: Mapped[UUID | None] = mapped_column(ForeignKey("users.id", ondelete="SET NULL"))
    contact_id: Mapped[UUID | None]
    client_request_id: Mapped[str | None]
    request_id: Mapped[UUID | None]
    """The row of `ai_usage` that it came with; null when no model was asked."""
    asked: Mapped[str]
    text: Mapped[str]
    final_text: Mapped[str | None]
    provider: Mapped[str]
    model: Mapped[str | None]
    persona: Mapped[str | None]
    language: Mapped[str]
    intent: Mapped[str | None]
    confidence: Mapped[float | None] = mapped_column(Float)
    micro_usd: Mapped[int] = mapped_column(BigInteger, default=0, server_default="0")
    is_accepted: Mapped[bool | None]
    at: Mapped[datetime] = mapped_column(server_default=func.now())
    decided_at: Mapped[datetime | None]

    def move(self, state: SuggestionState, at: datetime) -> bool:
        """Go to a state, and return whether that changed anything; False also when it may not follow."""
        if state not in MOVES[self.state]:
            return False
        self.state = state
        if state in _DECIDED:
            self.is_accepted = state in _TAKEN
            self.decided_at = at
        return True
