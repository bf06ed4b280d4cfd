"""A question that somebody waits for the whole answer to: looked up, asked, validated, paid for.

Where nobody answers as was asked, nothing is charged; an answer that breaks off is asked for elsewhere.
"""

from dataclasses import dataclass, replace
from typing import Generic, TypeVar, cast
from uuid import UUID

from pydantic import BaseModel, ValidationError

from ai.catalogue import Model, UnknownModel
from ai.engines.question import Question
from ai.errors import FailureKind
from ai.messages import Completion, Request, Usage
from ai.outcomes import Answer, Attempt, NoAnswer
from ai.routing import Ranking
from ai.safety import Category, Verdict, check_output
from ai.structured import Misshapen, ask_for, parsed, shape_of
from models import Outcome
from services.assistant import cache
from services.assistant.cache import Kept
from services.assistant.calls import WHOLE, Call
from services.assistant.errors import ContentBlocked, ModelsFailed
from services.assistant.moderating import Watch
from services.assistant.settling import Outlay

T = TypeVar("T", bound=BaseModel)


@dataclass(frozen=True, slots=True, kw_only=True)
class Paid:
    """How an answer came, and what it cost."""

    request_id: UUID
    model: Model
    usage: Usage
    credits: int
    is_cached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered(Generic[T]):
    """A model's answer in its shape, still masked."""

    value: T
    paid: Paid


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A model's answer in words, still masked."""

    text: str
    paid: Paid


@dataclass(frozen=True, slots=True, kw_only=True)
class _Got:
    text: str
    usage: Usage
    model: Model


class _Asker:
    """Asks for one call, and remembers what all its attempts took."""

    def __init__(self, call: Call, ranking: Ranking) -> None:
        self.attempts: tuple[Attempt, ...] = ()
        self.spent = Usage()
        self.failure: FailureKind | None = None
        self._call = call
        self._ranking = ranking

    async def __call__(self, request: Request) -> Completion:
        call = self._call
        failover = call.assistant.fleet.failover
        left = max(WHOLE - call.took_ms / 1_000, 1.0)
        try:
            answer = await failover.complete(request, self._ranking, call.providers, whole=left)
        except NoAnswer as none:
            self._note(none.attempts, none.usage)
            self.failure = none.kind
            raise
        self._note(answer.attempts, answer.spent)
        self._ranking = _continued(self._ranking, answer)
        call.record.answer = answer.completion.text
        return answer.completion

    def _note(self, attempts: tuple[Attempt, ...], spent: Usage) -> None:
        self.attempts, self.spent = (*self.attempts, *attempts), self.spent + spent
        self._call.record.attempts = self.attempts


def _continued(ranking: Ranking, answer: Answer) -> Ranking:
    """Return a ranking for what is asked on: first who answered, and last who failed."""
    failed = {each.model.key for each in answer.attempts if each.failure is not None}
    answered = answer.completion.model.key
    order = sorted(ranking.candidates, key=lambda each: (each.model.key != answered, each.model.key in failed))
    return replace(ranking, candidates=tuple(order))


async def ask(call: Call, question: Question[T], *, for_customer: bool = False) -> Answered[T]:
    """Ask for an answer in a shape, and pay for it. What is `for_customer` is looked at before anybody sees it.

    Raises:
        NoModelFits, CreditsSpent, FeatureBudgetSpent, PersonalDataLeft: nothing was asked.
        ContentBlocked: nobody should see the answer. Nothing is charged.
        ModelsFailed: nobody answered in that shape. Nothing is charged.
    """
    if question.kind is None:
        raise TypeError("A question without a shape is answered in words.")
    got, paid = await _found(call, question, question.kind, for_customer=for_customer)
    return Answered(value=parsed(question.kind, got.text), paid=paid)


async def write(call: Call, question: Question[None]) -> Written:
    """Ask for an answer in words for a customer, and pay for it; raises as `ask`."""
    got, paid = await _found(call, question, None, for_customer=True)
    return Written(text=got.text, paid=paid)


async def _found(
    call: Call, question: Question[T] | Question[None], kind: type[T] | None, *, for_customer: bool
) -> tuple[_Got, Paid]:
    call.check(question.messages)
    call.note_question(question.prompt, question.messages)
    ranking = call.route(question.messages, question.max_tokens)
    request = question.request(ranking.candidates[0].model)
    shaped = request if kind is None else replace(request, shape=shape_of(kind))
    key = cache.key_of(call.actor.workspace_id, shaped, without=call.canary)
    kept = None if call.preferences.fresh else await cache.find(call.assistant.ground, key)
    again = None if kept is None else _again(call, kind, kept)
    if again is not None:
        call.record.answer = again.text
        await call.finish(call.cached(again.model))
        return again, _receipt(call, again, 0, is_cached=True)
    await call.hold(ranking)
    got, cost = await _asked(call, kind, request, ranking, for_customer=for_customer)
    await cache.keep(call.assistant.ground, key, Kept(text=got.text, model=got.model.key))
    return got, _receipt(call, got, cost)


def _receipt(call: Call, got: _Got, cost: int, *, is_cached: bool = False) -> Paid:
    return Paid(request_id=call.id, model=got.model, usage=got.usage, credits=cost, is_cached=is_cached)


def _again(call: Call, kind: type[T] | None, kept: Kept) -> _Got | None:
    """Return an answer from before; None when its model or its shape is of another release."""
    try:
        if kind is not None:
            parsed(kind, kept.text)
        model = call.assistant.fleet.catalogue.get(kept.model)
    except (ValidationError, UnknownModel):
        return None
    return _Got(text=kept.text, usage=Usage(), model=model)


async def _asked(
    call: Call, kind: type[T] | None, request: Request, ranking: Ranking, *, for_customer: bool
) -> tuple[_Got, int]:
    """Ask, and keep the books whatever happens; return the answer, and the credits that it cost."""
    asker, watch = _Asker(call, ranking), Watch(call, call.judged)
    outlay = call.outlay(Outcome.CANCELLED)
    try:
        got = await _obtained(kind, request, asker)
        judged = await watch.verdict()
        outlay = _paid(call, got)
        blocked = judged or _blocked(call, _said(got.text, kind), for_customer=for_customer)
        if blocked:
            outlay = replace(outlay, outcome=Outcome.BLOCKED, charged=0)
            raise ContentBlocked(blocked)
    except NoAnswer:
        outlay = replace(outlay, outcome=Outcome.FAILED, failure=asker.failure)
        raise ModelsFailed from None
    except Misshapen:
        outlay = replace(outlay, outcome=Outcome.FAILED, failure=FailureKind.GARBLED)
        raise ModelsFailed from None
    finally:
        watch.stop()
        books = await call.finish(_whole(call, outlay, asker))
    return got, books.credits


async def _obtained(kind: type[T] | None, request: Request, asker: _Asker) -> _Got:
    if kind is None:
        said = await asker(request)
        if not said.text.strip():
            raise Misshapen(said.usage)
        return _Got(text=said.text, usage=said.usage, model=said.model)
    shaped = await ask_for(kind, request, asker)
    return _Got(text=shaped.value.model_dump_json(), usage=shaped.usage, model=shaped.model)


def _paid(call: Call, got: _Got) -> Outlay:
    """Return the books of an answer: the workspace pays for what it got, and not for others' failures."""
    is_own = call.is_own(got.model)
    return replace(
        call.outlay(Outcome.COMPLETED), model=got.model, is_own_key=is_own, charged=0 if is_own else got.usage.micro_usd
    )


def _whole(call: Call, outlay: Outlay, asker: _Asker) -> Outlay:
    answered = [each.first_token_ms for each in asker.attempts if each.failure is None]
    last = outlay.model or (asker.attempts[-1].model if asker.attempts else None)
    return replace(
        outlay,
        model=last,
        spent=asker.spent,
        attempts=len(asker.attempts),
        first_token_ms=answered[-1] if answered else None,
        took_ms=call.took_ms,
    )


def _blocked(call: Call, said: str, *, for_customer: bool) -> tuple[Category, ...]:
    """Return why nobody should see an answer. One that only tells of others' words may hold what they said."""
    found = check_output(said, canary=call.canary, allowed_hosts=call.about.hosts)
    if not for_customer:
        return tuple(each for each in found.categories if each is Category.PROMPT_LEAK)
    return tuple(found.categories) if found.verdict is Verdict.BLOCK else ()


def _said(text: str, kind: type[BaseModel] | None) -> str:
    """Return what of an answer is words."""
    return text if kind is None else "\n".join(_texts(parsed(kind, text)))


def _texts(value: object) -> list[str]:
    match value:
        case BaseModel():
            return _texts(list(dict(value).values()))
        case list():
            return [text for each in cast("list[object]", value) for text in _texts(each)]
        case str():
            return [value]
        case _:
            return []
