"""The declaration: a GraphQL type is a view over a row, and each of its fields is declared once, in one word.

A view is never constructed: `Contact.of(row)` is the row, seen as its GraphQL type. `link()` (in `graph.link`)
completes all views at once, so annotations may name views of modules that are not imported.
"""

import inspect
from collections.abc import Awaitable, Callable, Sequence
from types import GenericAlias
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar, cast, get_args, overload
from uuid import UUID

import strawberry
from graphql import GraphQLAbstractType, GraphQLResolveInfo
from sqlalchemy.orm import InstrumentedAttribute
from strawberry.extensions.field_extension import FieldExtension
from strawberry.types.field import StrawberryField
from strawberry.utils.str_converters import to_camel_case

from core import ids as global_ids
from core.errors import NotFound
from graph import loaders
from graph.facts import (
    FACTS,
    ID,
    TENANT,
    AnyById,
    Attribute,
    ById,
    ByMembers,
    Column,
    Computed,
    DeclarationRefused,
    Fact,
    Guard,
    Identity,
    InColumn,
    Limit,
    Long,
    Many,
    Model,
    One,
    Page,
    Search,
    Sort,
    Source,
)
from graph.orders import Order, asc, declared, desc
from graph.registry import Registry, current
from graph.tables import class_of
from graph.texts import attribute_docstrings, class_docstring

M = TypeVar("M")
A = TypeVar("A")
B = TypeVar("B")
C = TypeVar("C")
R = TypeVar("R")

Parent = strawberry.Parent


class View:
    """Base of everything declared: an Entity or a Row over a table's row, or a Root over the actor."""

    facts: ClassVar[dict[str, Fact]]
    registry: ClassVar[Registry]


@strawberry.interface(description="Anything with a global id.")
class Node:
    id: strawberry.ID = strawberry.field(description="The global id: opaque, and unique in the whole API.")

    @classmethod
    def resolve_type(cls, row: object, info: GraphQLResolveInfo[Any], kind: GraphQLAbstractType) -> str | None:
        """Name a row's type: of several views over one table, the one that `node` finds."""
        del cls
        shown = [
            (view.permission is None, each.name)
            for each in info.schema.get_possible_types(kind)
            if issubclass(view := each.extensions["strawberry-definition"].origin, Row) and isinstance(row, view.model)
        ]
        return min(shown)[1] if shown else None


if TYPE_CHECKING:

    class Over(Generic[M]):
        """Says which table's row a view shows."""
else:

    class Over:
        """Not typing.Generic, which Strawberry would take for a generic type, and follow for ever."""

        __class_getitem__ = classmethod(GenericAlias)


class Row(View, Over[M]):
    """A view over a row that has no global id: `class Settings(Row[models.WorkspaceSettings])`."""

    model: ClassVar[Model]
    source: ClassVar[Source]
    prefix: ClassVar[str | None] = None
    permission: ClassVar[str | None] = None

    def __init_subclass__(
        cls,
        *,
        prefix: str | None = None,
        tenant: Any = None,
        members: Any = None,
        require: str | None = None,
    ) -> None:
        if cls.__dict__.get("__orig_bases__") is None:
            return
        shown: Any = get_args(cls.__dict__["__orig_bases__"][0])[0]
        if isinstance(shown, TypeVar):
            return
        cls.model = shown
        cls.prefix, cls.permission = prefix, None if require is None else str(require)
        cls.source = Source(model=cls.model, wall=_wall(cls, tenant, members))
        if prefix is not None:
            cls.__annotations__ = {ID: strawberry.ID, **cls.__annotations__}
            setattr(cls, ID, Identity(prefix=prefix))
        _declare(cls)

    @classmethod
    def is_type_of(cls, row: object, info: object) -> bool:
        """Tell whether a row is of this view's table, for the interface Node."""
        del info
        return isinstance(row, cls.model)

    @classmethod
    def of(cls, row: M) -> Self:
        """Return the row, seen as its GraphQL type: nothing is built, so this costs nothing."""
        return cast("Self", row)


class Entity(Row[M], Node):
    """A view over a row with a global id: `class Contact(Entity[models.Contact], prefix="contact")`.

    Its rows are those of the actor's workspace: by default by the table's `workspace_id`, else by the column `tenant`,
    or (`members`) because a row of the workspace in another table names it. `require` is the permission that `node`
    asks.
    """

    @classmethod
    def key_of(cls, text: str, *, field: Sequence[str] = ()) -> UUID:
        """Read the id of a row of this view.

        Raises:
            NotFound: it is an id of another type, or none at all; the same error as for a row that does not exist.
        """
        found = global_ids.decode(cast("str", cls.prefix), text)
        if found is None:
            message = f"There is no such thing in this workspace: give the `id` of one of its {cls.__name__} objects."
            raise NotFound(message, field=field)
        return found


class Root(View):
    """Root fields of Query: their row is the actor's workspace. A Root may also hold plain Strawberry fields."""

    def __init_subclass__(cls) -> None:
        _declare(cls)


def _wall(cls: type[Any], tenant: Attribute | None, members: Attribute | None) -> InColumn | ByMembers:
    if tenant is not None:
        return InColumn(column=tenant)
    if members is not None:
        return ByMembers(member=members)
    column = getattr(cls.model, TENANT, None)
    if column is None:
        message = f"{cls.__name__}: {cls.model.__name__} has no {TENANT}; say `tenant=` or `members=`"
        raise DeclarationRefused(message)
    return InColumn(column=column)


# The words a type is written in.


def _guard(require: str | None, otherwise: Callable[[Any], Any] | None = None) -> Guard | None:
    return None if require is None else Guard(permission=str(require), otherwise=otherwise)


def column(
    attribute: InstrumentedAttribute[A], *, require: str | None = None, otherwise: Callable[[A], A] | None = None
) -> A:
    """Show a column under another name, or one that not everybody may read.

    With `require` alone, others get a FORBIDDEN error; with `otherwise`, its result for the value (never for null).
    """
    return cast("A", Column(name=attribute.key, guard=_guard(require, otherwise)))


def document(
    attribute: InstrumentedAttribute[A], *, require: str | None = None, otherwise: Callable[[A], Any] | None = None
) -> Any:
    """Show a JSON object as it is kept: a field of the type JSON. Guards are those of `column`."""
    return Column(name=attribute.key, guard=_guard(require, otherwise))


@overload
def computed(
    f: Callable[[A], R],
    a: InstrumentedAttribute[A],
    /,
    *,
    require: str | None = None,
    otherwise: Callable[[A], R] | None = None,
) -> R: ...
@overload
def computed(
    f: Callable[[A, B], R],
    a: InstrumentedAttribute[A],
    b: InstrumentedAttribute[B],
    /,
    *,
    require: str | None = None,
    otherwise: Callable[[A, B], R] | None = None,
) -> R: ...
@overload
def computed(
    f: Callable[[A, B, C], R],
    a: InstrumentedAttribute[A],
    b: InstrumentedAttribute[B],
    c: InstrumentedAttribute[C],
    /,
    *,
    require: str | None = None,
    otherwise: Callable[[A, B, C], R] | None = None,
) -> R: ...
def computed(
    f: Callable[..., Any],
    /,
    *needs: InstrumentedAttribute[Any],
    require: str | None = None,
    otherwise: Callable[..., Any] | None = None,
) -> Any:
    """Show a pure function of columns of the row. Name the function through its module: `text.initials`.

    With `require` alone, others get a FORBIDDEN error; with `otherwise`, its result for the same columns.
    """
    return Computed(function=f, needs=tuple(each.key for each in needs), guard=_guard(require, otherwise))


def one(key: Attribute, target: Attribute | None = None, *, require: str | None = None) -> Any:
    """Show the row that this row's `key` names: over its foreign key, or by a column `target` of the view's table.

    In a Root, the row whose `key` is the actor's workspace: `one(models.Workspace.id, require=...)`.
    """
    return One(key=key, target=target, guard=_guard(require))


def many(key: Attribute, *, sort: Sort, limit: Limit | None = None, require: str | None = None) -> Any:
    """Show the rows whose foreign key `key` names this row. Without `limit` all of them: for short lists only."""
    return Many(key=key, sort=sort, limit=limit, guard=_guard(require))


def through(
    near: Attribute, far: Attribute, *, sort: Sort, limit: Limit | None = None, require: str | None = None
) -> Any:
    """Show the rows on the other side of a join table, whose `near` names this row and whose `far` names them."""
    return Many(key=near, far=far, sort=sort, limit=limit, guard=_guard(require))


@overload
def page(
    key: Attribute,
    *,
    order: type[Order],
    far: Attribute | None = None,
    filter: type[Any] | None = None,
    search: Search | None = None,
    long: Long | None = None,
    local: str | None = None,
    require: str | None = None,
) -> Any: ...
@overload
def page(
    key: Attribute,
    *,
    sort: Sort,
    far: Attribute | None = None,
    filter: type[Any] | None = None,
    search: Search | None = None,
    long: Long | None = None,
    local: str | None = None,
    require: str | None = None,
) -> Any: ...
def page(key: Attribute, *, require: str | None = None, **given: Any) -> Any:
    """Show a connection over the rows whose `key` names this row; in a Root, over those of the workspace. With `far`,
    `key` and `far` are columns of a join table: `far` names the rows.

    `order` lists what a client may order by (or `sort` is the one order), `search` makes a condition of words.
    """
    order: type[Order] | None = given.get("order")
    orders = (given["sort"],) if order is None else tuple(each.sort for each in order)
    return Page(
        model=class_of(orders[0].column),
        key=key,
        far=given.get("far"),
        order=None if order is None else declared(order),
        orders=orders,
        long=given.get("long") or Long(),
        guard=_guard(require),
        **{name: cast("Any", given.get(name)) for name in ("filter", "search", "local")},
    )


def by_id(model: Model, *, require: str | None = None) -> Any:
    """Show one row of the workspace by its global id; null when there is none, or it is not ours."""
    return ById(model=model, guard=_guard(require))


def any_by_id() -> Any:
    """Show a row of any type that names a permission (`Entity(..., require=...)`), by its global id."""
    return AnyById(views={})


def resolved(f: Callable[..., Awaitable[R]], *, require: str | None = None) -> R:
    """Show what an ordinary resolver returns. It reads its row as `Parent[models.X]`, and is never compiled."""
    extensions: list[FieldExtension] = [] if require is None else [_Guarded(str(require))]
    metadata = {} if require is None else {"permission": str(require)}
    return strawberry.field(resolver=f, extensions=extensions, metadata=metadata)


class _Guarded(FieldExtension):
    """Asks for a permission before an ordinary resolver runs."""

    def __init__(self, permission: str) -> None:
        self.permission = permission

    async def resolve_async(self, next_: Callable[..., Awaitable[Any]], source: Any, info: Any, **kwargs: Any) -> Any:
        """Raise `PermissionNeeded`, or go on."""
        info.context.graph.require(self.permission)
        return await next_(source, info, **kwargs)


def last(default: int, *, most: int) -> Limit:
    """Bound a list by an argument `last`: how many when it is left out, and at most."""
    return Limit(argument="last", default=default, most=most)


def _declare(cls: type[Any]) -> None:
    """Give a view its facts, a Strawberry field for each, and its place in the registry."""
    registry = current()
    texts = attribute_docstrings(cls)
    own: dict[str, Fact] = {}
    for name, annotation in inspect.get_annotations(cls).items():
        if name.startswith("_") or "ClassVar" in str(annotation):
            continue
        value = cls.__dict__.get(name)
        if isinstance(value, StrawberryField):
            value.description = value.description or texts.get(name)
            continue
        fact: Fact = value if isinstance(value, FACTS) else Column(name=name)
        own[name] = fact
        text = "The global id: opaque, and unique in the whole API." if isinstance(fact, Identity) else texts.get(name)
        setattr(cls, name, _field(cls, name, fact, text))
    inherited = {n: f for base in reversed(cls.__mro__[1:]) for n, f in base.__dict__.get("facts", {}).items()}
    cls.facts = {**inherited, **own}
    cls.registry = registry
    strawberry.type(cls, description=class_docstring(cls))
    registry.add(cls)


def _field(cls: type[Any], name: str, fact: Fact, text: str | None) -> Any:
    guard = loaders.guard_of(fact)
    metadata = {} if guard is None else {"permission": guard.permission}
    resolver = loaders.resolver(cls, name, fact)
    # a word of Python's, or of a view's own, is written with an underscore behind it
    spelled = to_camel_case(name.rstrip("_")) if name.endswith("_") else None
    if resolver is None:
        return strawberry.field(name=spelled, description=text, metadata=metadata)
    return strawberry.field(name=spelled, description=text, metadata=metadata, resolver=resolver)


__all__ = [
    "Entity",
    "Node",
    "Order",
    "Parent",
    "Root",
    "Row",
    "View",
    "any_by_id",
    "asc",
    "by_id",
    "column",
    "computed",
    "desc",
    "document",
    "last",
    "many",
    "one",
    "page",
    "resolved",
    "through",
]
