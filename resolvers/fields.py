"""The words that a root field is written in: `@mutation`, `@account_mutation`, `@query`, `@subscription`.

They hold what every root field has in common: the permission, the transaction, and the two roads of errors. What is
expected of input becomes `userErrors`; who may not, or must wait, gets a top-level error.
"""

import inspect
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import cache, partial
from typing import Annotated, Any, Concatenate, ParamSpec, cast, get_type_hints, overload

import strawberry
from strawberry.types.field import StrawberryField

from core.errors import Conflict, DomainError, Invalid, NotFound
from graph import DOES
from models import Permission
from resolvers.context import Context, Info
from resolvers.once import Call, asked_in, once
from schema.errors import MutationPayload
from services.group_commit import Seat
from services.transaction import Transaction, begin

__all__ = ["OPEN", "SIGNED_IN", "account_mutation", "mutation", "query", "subscription"]

P = ParamSpec("P")

OPEN = "open"
"""Mark of a root field that anybody may call."""

SIGNED_IN = "signed in"
"""Mark of a root field that asks for a person, but for no permission in a workspace."""

_EXPECTED = (NotFound, Conflict, Invalid)


class FieldMisdeclared(TypeError):
    """A root field lacks its description, or a mutation does not answer with a payload."""


def mutation(
    permission: Permission, *, idempotent: bool = False, shared: bool = False
) -> Callable[[Callable[Concatenate[Transaction, P], Awaitable[MutationPayload]]], StrawberryField]:
    """Declare a mutation that needs a permission and works in one transaction, which its function gets first.

    One that is `idempotent` happens once for a client's key: its input is an `OnceInput`. One that is `shared` gets a
    seat in a group's transaction instead, unless there is a key.
    """

    def declare(act: Callable[Concatenate[Transaction, P], Awaitable[MutationPayload]]) -> StrawberryField:
        async def perform(context: Context, call: Call, /, **given: Any) -> MutationPayload:
            actor = context.actor
            actor.require(permission)
            try:
                asked = asked_in(context, call, given.get("input")) if idempotent else None
                if asked is not None:
                    return await once(context, asked, _payload_of(act), partial(act, **given))  # pyright: ignore[reportCallIssue]
                if shared:
                    context.seat = Seat(groups=context.groups, actor=actor)
                    return await act(cast("Any", context.seat), **given)  # pyright: ignore[reportCallIssue]
                async with begin(context.ground, actor) as tx:
                    return await act(tx, **given)  # pyright: ignore[reportCallIssue]
            except _EXPECTED as error:
                return _refused(act, error)
            finally:
                context.forget()

        return _mutation(act, perform, permission.value, idempotent=idempotent)

    return declare


@overload
def account_mutation(act: Callable[Concatenate[Context, P], Awaitable[MutationPayload]], /) -> StrawberryField: ...
@overload
def account_mutation(
    *, signed_in: bool = False, permission: Permission | None = None, idempotent: bool = False
) -> Callable[[Callable[Concatenate[Context, P], Awaitable[MutationPayload]]], StrawberryField]: ...
def account_mutation(
    act: Callable[..., Awaitable[Any]] | None = None,
    /,
    *,
    signed_in: bool = False,
    permission: Permission | None = None,
    idempotent: bool = False,
) -> Any:
    """Declare a mutation of accounts rather than of a workspace. Its verb opens what transactions it needs.

    One that changes accounts because of what happens in a workspace names a permission there. One that is `idempotent`
    hands `context.keys.asked` to its verb, which takes the key in its own transaction.
    """

    def declare(act: Callable[..., Awaitable[Any]]) -> StrawberryField:
        async def perform(context: Context, call: Call, /, **given: Any) -> MutationPayload:
            if permission is not None or signed_in:
                _admit(context, permission)
            try:
                context.keys.asked = asked_in(context, call, given.get("input")) if idempotent else None
                return await act(context, **given)
            except _EXPECTED as error:
                return _refused(act, error)
            finally:
                context.forget()

        mark = SIGNED_IN if signed_in else OPEN
        return _mutation(act, perform, mark if permission is None else permission.value, idempotent=idempotent)

    return declare if act is None else declare(act)


def query(
    permission: Permission | None = None,
) -> Callable[[Callable[Concatenate[Context, P], Awaitable[object]]], Any]:
    """Declare a query that graph's words cannot say. Without a permission it asks for a signed-in person."""

    def declare(act: Callable[Concatenate[Context, P], Awaitable[object]]) -> Any:
        async def resolve(info: Info, **given: Any) -> Any:
            _admit(info.context, permission)
            return await act(info.context, **given)  # pyright: ignore[reportCallIssue]

        return _field(act, resolve, permission.value if permission is not None else SIGNED_IN)

    return declare


def subscription(
    permission: Permission, event: object
) -> Callable[[Callable[Concatenate[Context, P], AsyncIterator[object]]], StrawberryField]:
    """Declare a subscription that needs a permission, and the type of its events.

    Its function yields events, each answered with fresh loaders, or moments of the log, which the engine answers once
    for all who listen with the same rights.
    """

    def declare(act: Callable[Concatenate[Context, P], AsyncIterator[object]]) -> StrawberryField:
        async def resolve(info: Info, **given: Any) -> AsyncIterator[Any]:
            _admit(info.context, permission)
            return act(info.context, **given)  # pyright: ignore[reportCallIssue]

        return _field(act, resolve, permission.value, event=event)

    return declare


def _admit(context: Context, permission: Permission | None) -> None:
    if permission is None:
        _ = context.identity
    else:
        context.actor.require(permission)


def _refused(act: Callable[..., object], error: DomainError) -> MutationPayload:
    return _payload_of(act).refusing(error.problems)


@cache
def _payload_of(act: Callable[..., object]) -> type[MutationPayload]:
    kind: object = get_type_hints(act).get("return")
    if not (isinstance(kind, type) and issubclass(kind, MutationPayload)):
        message = f"{act.__name__} answers with a payload"
        raise FieldMisdeclared(message)
    return kind


def _mutation(
    act: Callable[..., object], perform: Callable[..., Awaitable[MutationPayload]], permission: str, *, idempotent: bool
) -> StrawberryField:
    """Make the field of a mutation: what it does is told as well, for those who need no resolver to do it."""

    async def resolve(info: Info, **given: Any) -> MutationPayload:
        return await perform(info.context, Call(info.field_name, str(info.path.key)), **given)

    return _field(act, resolve, permission, idempotent=idempotent, **{DOES: perform})


def _field(
    act: Callable[..., object], resolve: Callable[..., Any], permission: str, event: object = None, **marks: object
) -> StrawberryField:
    """Make the Strawberry field: the function's own arguments but the first, and its docstring as description."""
    description = inspect.getdoc(act)
    if not description:
        message = f"{act.__name__} lacks a docstring"
        raise FieldMisdeclared(message)
    signature = inspect.signature(act)
    info = inspect.Parameter("info", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=Info)
    given = [_argument(each) for each in list(signature.parameters.values())[1:]]
    resolve.__name__, resolve.__module__, resolve.__doc__ = act.__name__, act.__module__, act.__doc__
    answers = act.__annotations__["return"] if event is None else AsyncIterator[event]
    made = signature.replace(parameters=[info, *given], return_annotation=answers)
    resolve.__signature__ = made  # pyright: ignore[reportFunctionMemberAccess]
    resolve.__annotations__ = {"info": Info, **{each.name: each.annotation for each in given}}
    resolve.__annotations__["return"] = answers
    make: Any = strawberry.field if event is None else strawberry.subscription
    metadata = {"permission": permission, "idempotent": False, **marks}
    return make(resolver=resolve, description=description, metadata=metadata)


def _argument(given: inspect.Parameter) -> inspect.Parameter:
    """Make an argument that is given by name; an input object is described by its type."""
    kind: Any = given.annotation
    definition: Any = getattr(kind, "__strawberry_definition__", None)
    if definition is not None:
        kind = Annotated[kind, strawberry.argument(description=definition.description)]
    return given.replace(kind=given.KEYWORD_ONLY, annotation=kind)
