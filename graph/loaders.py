"""The first reader of facts: a Strawberry resolver for each, over the context's dataloaders."""

import inspect
from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated, Any, Final, TypeAlias, cast

import strawberry

from core import ids as global_ids
from core.errors import Invalid
from graph import statements
from graph.context import Context, Session
from graph.facts import (
    AnyById,
    Attribute,
    ById,
    Column,
    Computed,
    Fact,
    Guard,
    Identity,
    Limit,
    Many,
    One,
    Page,
    rows_of,
    total,
)
from graph.pages import LONGEST_ORDER, grouped, load_page
from graph.paging import DEFAULT, MOST

Resolver: TypeAlias = Callable[..., Any]
NO_DEFAULT: Final = inspect.Parameter.empty


class BadLimit(Invalid):
    """Ask for fewer items, and for at least one."""

    code = "BAD_PAGE_SIZE"


def resolver(owner: type[Any], name: str, fact: Fact) -> Resolver | None:
    """Make a field's resolver; None where the row's attribute is the answer."""
    match fact:
        case Column(guard=None):
            return None if fact.name == name else _plain(lambda root: getattr(root, fact.name))
        case Column(guard=guard):
            return _sync(lambda root, context: _masked(cast("Guard", guard), getattr(root, fact.name), context))
        case Identity(prefix=prefix):
            return _plain(lambda root: global_ids.encode(prefix, root.id))
        case Computed():
            return _computed(fact)
        case One():
            return _async(owner, name, _load_one)
        case Many():
            return _async(owner, name, _load_many, _many_arguments(fact.limit))
        case Page():
            return _async(owner, name, load_page, _page_arguments(fact))
        case ById() | AnyById():
            return _async(owner, name, _load_by_id if isinstance(fact, ById) else _load_any, {"id": _ID})


def guard_of(fact: Fact) -> Guard | None:
    """Return who may read a field; None where everybody who reaches the row may."""
    return None if isinstance(fact, Identity | AnyById) else fact.guard


def _masked(guard: Guard, value: Any, context: Context) -> Any:
    if context.actor.may(guard.permission):
        return value
    if guard.otherwise is None:
        context.require(guard.permission)
    return None if value is None or guard.otherwise is None else guard.otherwise(value)


def _computed(fact: Computed) -> Resolver:
    guard = fact.guard

    def value(root: Any) -> Any:
        return fact.function(*[getattr(root, each) for each in fact.needs])

    def guarded(root: Any, context: Context) -> Any:
        asked = cast("Guard", guard)
        if asked.otherwise is not None and not context.actor.may(asked.permission):
            return asked.otherwise(*[getattr(root, each) for each in fact.needs])
        context.require(asked.permission)
        return value(root)

    return _plain(value) if guard is None else _sync(guarded)


# The signatures that Strawberry reads.

Argument: TypeAlias = tuple[Any, Any]

_ID: Final[Argument] = (
    Annotated[strawberry.ID, strawberry.argument(description="The global id, as the field `id` shows it.")],
    NO_DEFAULT,
)


def _optional(kind: Any, description: str) -> Argument:
    return Annotated[kind | None, strawberry.argument(description=description)], strawberry.UNSET


def _many_arguments(limit: Limit | None) -> dict[str, Argument]:
    if limit is None:
        return {}
    text = f"How many items: 1 to {limit.most}."
    return {limit.argument: (Annotated[int, strawberry.argument(description=text)], limit.default)}


def _page_arguments(fact: Page) -> dict[str, Argument]:
    arguments = {
        "first": _optional(
            int, f"How many items from the start, or after `after`: 1 to {MOST}; {DEFAULT} when left out."
        ),
        "after": _optional(str, "Only items after this cursor."),
        "last": _optional(int, f"How many items from the end, or before `before`: 1 to {MOST}. Not with `first`."),
        "before": _optional(str, "Only items before this cursor."),
    }
    if fact.filter is not None:
        arguments["filter"] = _optional(fact.filter, "Only items that match. Null is the same as leaving it out.")
    if fact.order is not None:
        text = f"The order, most important first: at most {LONGEST_ORDER}. The id decides between equals."
        first = next(iter(fact.order))
        kind = Annotated[list[fact.order] | None, strawberry.argument(description=text, name="orderBy")]
        arguments["order_by"] = (kind, (first,))
    if fact.search is not None:
        arguments["search"] = _optional(str, "Only items that match these words; accents and case do not count.")
    return arguments


def _plain(body: Callable[[Any], Any]) -> Resolver:
    def resolve(root: Any) -> Any:
        return body(root)

    return _signed(resolve, {}, info=False)


def _sync(body: Callable[[Any, Context], Any]) -> Resolver:
    def resolve(root: Any, info: Any) -> Any:
        return body(root, info.context.graph)

    return _signed(resolve, {})


def _async(
    owner: type[Any],
    name: str,
    body: Callable[[Any, Any, Context, Mapping[str, Any]], Awaitable[Any]],
    arguments: Mapping[str, Argument] | None = None,
) -> Resolver:
    async def resolve(root: Any, info: Any, **given: Any) -> Any:
        context: Context = info.context.graph
        fact = owner.facts[name]
        guard = guard_of(fact)
        if guard is not None:
            context.require(guard.permission)
        return await body(fact, root, context, given)

    return _signed(resolve, arguments or {})


def _signed(resolve: Resolver, arguments: Mapping[str, Argument], *, info: bool = True) -> Resolver:
    kinds = inspect.Parameter
    own = [kinds("root", kinds.POSITIONAL_OR_KEYWORD, annotation=Any)]
    if info:
        own.append(kinds("info", kinds.POSITIONAL_OR_KEYWORD, annotation=strawberry.Info))
    more = [kinds(n, kinds.KEYWORD_ONLY, annotation=a, default=d) for n, (a, d) in arguments.items()]
    resolve.__signature__ = inspect.Signature([*own, *more])  # pyright: ignore[reportFunctionMemberAccess]
    resolve.__annotations__ = {each.name: each.annotation for each in (*own, *more)}
    return resolve


# One row.


async def _load_one(fact: One, root: Any, context: Context, given: Mapping[str, Any]) -> Any:
    del given
    key = context.actor.workspace_id if root is None else getattr(root, cast("str", fact.local))
    return None if key is None else await context.find(rows_of(fact), cast("Attribute", fact.target), key)


async def _load_by_id(fact: ById, root: Any, context: Context, given: Mapping[str, Any]) -> Any:
    del root
    source = rows_of(fact)
    found = global_ids.decode(cast("str", fact.prefix), given["id"])
    return None if found is None else await context.find(source, source.model.id, found)


async def _load_any(fact: AnyById, root: Any, context: Context, given: Mapping[str, Any]) -> Any:
    del root
    prefix = str(given["id"]).rpartition("_")[0]
    view = fact.views.get(prefix)
    if view is None:
        return None
    context.require(view.permission)
    found = global_ids.decode(prefix, given["id"])
    return None if found is None else await context.find(view.source, view.source.model.id, found)


# Lists.


def check_limit(limit: Limit, given: Mapping[str, Any]) -> int:
    """Return how many items of a list are asked for.

    Raises:
        BadLimit: none, or more than may be.
    """
    asked = cast("int", given[limit.argument])
    if not 1 <= asked <= limit.most:
        message = f"Ask for 1 to {limit.most} items."
        raise BadLimit(message, field=(limit.argument,))
    return asked


async def _load_many(fact: Many, root: Any, context: Context, given: Mapping[str, Any]) -> Any:
    limit = None if fact.limit is None else check_limit(fact.limit, given)

    async def batch(session: Session, keys: list[Any], parameters: dict[str, Any]) -> dict[Any, list[Any]]:
        statement = statements.children(fact, total([fact.sort]))
        return await grouped(session, statement, keys, parameters | ({} if limit is None else {"limit": limit}))

    return await context.load((fact, limit), batch, getattr(root, cast("str", fact.local)))
