"""What was sent to models and what they answered, in masked form, for as long as the server's setting says.

A trace is not the books: those are the usage row, which is never lost. Traces are written behind the request, and may
be lost.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from beanie import Document
from pydantic import BaseModel, Field
from pymongo import IndexModel

from models.usage import Feature, Outcome


class TraceMessage(BaseModel):
    """One message as it was sent."""

    role: str
    text: str


class TraceAttempt(BaseModel):
    """How one candidate did; times in milliseconds."""

    provider: str
    model: str
    failure: str | None = None
    first_token_ms: int | None = None
    took_ms: int
    is_hedge: bool = False
    is_dropped: bool = False


class Trace(Document):
    """One request to models; its id is that of the usage row. Money is in micro-USD, times in milliseconds.

    `asked_ms` is when the question was ready, `books_ms` how long the books took. There are no texts where nothing was
    masked (`is_masked`), and they end early where they were too long (`is_cut`).
    """

    id: UUID  # pyright: ignore[reportGeneralTypeIssues, reportIncompatibleVariableOverride]
    workspace_id: UUID
    feature: Feature
    outcome: Outcome
    provider: str
    model: str | None = None
    strategy: str | None = None
    failure: str | None = None
    prompt: str | None = None
    is_masked: bool = False
    is_cut: bool = False
    messages: list[TraceMessage] = Field(default_factory=list[TraceMessage])
    answer: str | None = None
    attempts: list[TraceAttempt] = Field(default_factory=list[TraceAttempt])
    input_tokens: int = 0
    output_tokens: int = 0
    micro_usd: int = 0
    credits: int = 0
    is_cached: bool = False
    is_estimated: bool = False
    asked_ms: int | None = None
    first_token_ms: int | None = None
    took_ms: int = 0
    books_ms: int = 0
    at: datetime
    expires_at: datetime

    class Settings:
        name = "ai_traces"
        indexes: ClassVar = [
            IndexModel([("workspace_id", 1), ("_id", -1)]),
            IndexModel([("expires_at", 1)], expireAfterSeconds=0),
            IndexModel([("at", 1)]),
        ]
