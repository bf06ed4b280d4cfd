"""A mutation that is done once for a key, and answered again from what was kept."""

from collections.abc import Awaitable, Callable
from dataclasses import fields, is_dataclass
from typing import Any, Final, NamedTuple, cast

import strawberry

from core.ids import decode
from graph import Context as GraphContext
from resolvers import answers
from resolvers.context import Context
from schema.errors import MutationPayload
from services import idempotency
from services.idempotency import Asked
from services.transaction import Transaction, begin

_KEY: Final = "idempotency_key"


class Call(NamedTuple):
    """One use of a mutation in an operation: the mutation's name, and that of its answer there."""

    mutation: str
    key: str


def asked_in(context: Context, call: Call, input: Any) -> Asked | None:
    """Return what is asked for under a key: the input's own, or else the request's. None when there is none. A mutation
    without an `input` knows the request's alone.

    The first mutation that takes the request's key takes it as it is, so that a request that differs is noticed; each
    further one adds its name in the answer.

    Raises:
        IdempotencyKeyInvalid: the key is not acceptable.
    """
    own: str | None = getattr(input, _KEY, None)
    if own is not None:
        return idempotency.asked(own, call.mutation, _plain(input), field=(_KEY,))
    key, is_first = context.keys.take()
    if key is None:
        return None
    return idempotency.asked(key, call.mutation, _plain(input), part=None if is_first else call.key)


async def once(
    context: Context,
    asked: Asked,
    payload: type[MutationPayload],
    act: Callable[[Transaction], Awaitable[MutationPayload]],
) -> MutationPayload:
    """Do something in a transaction, unless it was done under this key; answer with what was answered then.

    Raises:
        Gone: it was, and nothing that it made is there any more.
    """
    async with begin(context.ground, context.actor) as tx:
        shelf = idempotency.in_workspace(tx, context.identity.user_id)
        kept = await idempotency.claim(shelf, asked)
        if kept is None:
            answer = await act(tx)
            await tx.session.flush_waiting()
            await idempotency.keep(shelf, asked, answers.written(payload, answer))
            return answer
    context.keys.replayed.append(asked.mutation)
    return await answers.given_again(payload, kept, _finder(context.graph))


def _finder(graph: GraphContext) -> answers.Find:
    async def find(view: answers.View, id: str) -> Any:
        key = decode(view.prefix or "", id)
        return None if key is None else await graph.find(view.source, view.model.id, key)

    return find


def _plain(value: Any) -> Any:
    """Write an input as JSON has it: what was left out is left out, and so is the key."""
    if is_dataclass(value):
        given = {each.name: getattr(value, each.name) for each in fields(value) if each.name != _KEY}
        return {name: _plain(each) for name, each in given.items() if each is not strawberry.UNSET}
    if isinstance(value, list):
        return [_plain(each) for each in cast("list[Any]", value)]
    return value
