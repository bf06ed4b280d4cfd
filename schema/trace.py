"""What was sent to models and what they answered, in masked form."""

from datetime import datetime
from typing import Self

import strawberry

from core.ids import encode
from models.documents import Trace, TraceAttempt
from schema.enums import Feature, Outcome


@strawberry.type(description="One message as it was sent: what is personal is masked.")
class AiTraceMessage:
    role: str = strawberry.field(description="Who speaks: `system`, `user` or `assistant`.")
    text: str = strawberry.field(description="What was said.")


@strawberry.type(description="How one model did that was asked.")
class AiTraceAttempt:
    provider: str = strawberry.field(description="Whose model it is.")
    model: str = strawberry.field(description="The model.")
    failure: str | None = strawberry.field(description="How it failed, as a stable word; null when it did not.")
    first_token_ms: int | None = strawberry.field(description="Milliseconds to the first piece of its answer.")
    took_ms: int = strawberry.field(description="Milliseconds to its end.")
    hedge: bool = strawberry.field(description="Whether it was asked beside another one that was slow.")
    dropped: bool = strawberry.field(description="Whether its answer was no longer waited for.")

    @classmethod
    def of(cls, attempt: TraceAttempt) -> Self:
        """Show an attempt."""
        return cls(
            provider=attempt.provider,
            model=attempt.model,
            failure=attempt.failure,
            first_token_ms=attempt.first_token_ms,
            took_ms=attempt.took_ms,
            hedge=attempt.is_hedge,
            dropped=attempt.is_dropped,
        )


@strawberry.type(description="What happened when, in milliseconds from the beginning of the request.")
class AiTraceTimings:
    asked_ms: int | None = strawberry.field(description="When the question was ready; null when there was none.")
    first_token_ms: int | None = strawberry.field(description="How long its model took to the first piece.")
    took_ms: int = strawberry.field(description="When the answer was whole, or was given up.")
    books_ms: int = strawberry.field(description="How long it took then to write down what it cost.")


@strawberry.type(
    description="What was sent for one request and what came back, in masked form. Kept for as many days as the server "
    "was set to (`AI_TRACE_DAYS`); it may be missing of a request when the document store was away."
)
class AiTrace:
    request_id: strawberry.ID = strawberry.field(description="The request, as `aiRequests` has it.")
    feature: Feature = strawberry.field(description="What it was for.")
    outcome: Outcome = strawberry.field(description="What became of it.")
    provider: str = strawberry.field(description="Who answered: `local` for what was found without a model.")
    model: str | None = strawberry.field(description="The model; null when none was asked.")
    strategy: str | None = strawberry.field(description="How the model was chosen, such as `balanced`.")
    failure: str | None = strawberry.field(description="Why it failed, as a stable word.")
    prompt: str | None = strawberry.field(description="Which words of ours it was asked with: `copilot.pt@1+1`.")
    masked: bool = strawberry.field(
        description="Whether texts were masked. Where the workspace has turned that off, no texts are kept."
    )
    cut: bool = strawberry.field(description="Whether texts are not whole: 100,000 characters are kept.")
    messages: list[AiTraceMessage] = strawberry.field(description="What was sent, in order.")
    answer: str | None = strawberry.field(description="What came, before anything was unmasked.")
    attempts: list[AiTraceAttempt] = strawberry.field(description="The models that were asked, in order; at most 50.")
    input_tokens: int = strawberry.field(description="Tokens that were read, with all attempts.")
    output_tokens: int = strawberry.field(description="Tokens that were written, with all attempts.")
    cost_micro_usd: str = strawberry.field(description="What providers charge, in millionths of a US dollar.")
    credits: int = strawberry.field(description="What the workspace was charged.")
    cached: bool = strawberry.field(description="Whether an answer was given that had been kept.")
    estimated: bool = strawberry.field(description="Whether tokens were counted here.")
    timings: AiTraceTimings = strawberry.field(description="What happened when.")
    at: datetime = strawberry.field(description="When it was over.")
    expires_at: datetime = strawberry.field(description="Until when it is kept.")

    @classmethod
    def of(cls, trace: Trace) -> Self:
        """Show a trace."""
        timings = AiTraceTimings(
            asked_ms=trace.asked_ms,
            first_token_ms=trace.first_token_ms,
            took_ms=trace.took_ms,
            books_ms=trace.books_ms,
        )
        return cls(
            request_id=strawberry.ID(encode("airequest", trace.id)),
            feature=trace.feature,
            outcome=trace.outcome,
            provider=trace.provider,
            model=trace.model,
            strategy=trace.strategy,
            failure=trace.failure,
            prompt=trace.prompt,
            masked=trace.is_masked,
            cut=trace.is_cut,
            messages=[AiTraceMessage(role=each.role, text=each.text) for each in trace.messages],
            answer=trace.answer,
            attempts=[AiTraceAttempt.of(each) for each in trace.attempts],
            input_tokens=trace.input_tokens,
            output_tokens=trace.output_tokens,
            cost_micro_usd=str(trace.micro_usd),
            credits=trace.credits,
            cached=trace.is_cached,
            estimated=trace.is_estimated,
            timings=timings,
            at=trace.at,
            expires_at=trace.expires_at,
        )
