"""The link step: after all views are imported, complete their facts, and refuse what the type checker cannot see."""

import sys
import types
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Final, Union, get_args, get_origin, get_type_hints

from sqlalchemy import BigInteger, UniqueConstraint, inspect
from sqlalchemy import Column as TableColumn
from sqlalchemy.orm import Mapper
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.field import StrawberryField

from graph.declare import Entity, Root, Row, View
from graph.facts import (
    ID,
    TENANT,
    AnyById,
    Attribute,
    ById,
    Column,
    Computed,
    DeclarationRefused,
    Fact,
    Many,
    Model,
    One,
    Page,
    Reachable,
    Sort,
    Source,
)
from graph.filters import COMBINED, MARK, Filter, Linked, Where
from graph.loaders import guard_of
from graph.registry import Registry, current

_PLAIN: Final = (str, int, bool, float, datetime, date)


def link() -> None:
    """Complete all declared views. Call it once they are imported, before the schema is made; again is harmless.

    Raises:
        DeclarationRefused: a declaration contradicts its table, has no wall, no permission, or no description.
    """
    registry = current()
    new = [view for view in registry.views.values() if view not in registry.linked]
    for view in new:
        if issubclass(view, Row):
            view.source = _source(view)
    for view in new:
        _link(view, registry)
        registry.linked.add(view)


def _link(view: type[View], registry: Registry) -> None:
    hints = _hints(view, registry)
    own: list[StrawberryField] = [f for f in _fields(view) if f.python_name in view.__dict__.get("__annotations__", {})]
    for field in own:
        name = field.python_name
        field.type_annotation = StrawberryAnnotation(hints[name])
        if name in view.facts:
            maker = _Completer(view, name, hints[name], registry)
            view.facts[name] = maker.complete(view.facts[name])
    if not getattr(view, "__strawberry_definition__").description:  # noqa: B009
        message = f"{view.__name__} lacks a description: write a docstring"
        raise DeclarationRefused(message)
    for field in _fields(view):
        _described(view, field)


def _fields(view: type[Any]) -> list[StrawberryField]:
    return view.__strawberry_definition__.fields


def _described(view: type[Any], field: StrawberryField) -> None:
    """Refuse a field, or an argument of it, that says nothing of itself."""
    if not field.description:
        message = f"{view.__name__}.{field.python_name} lacks a description: write a text under it"
        raise DeclarationRefused(message)
    for argument in field.base_resolver.arguments if field.base_resolver else []:
        if not argument.description:
            message = f"{view.__name__}.{field.python_name}({argument.python_name}:) lacks a description"
            raise DeclarationRefused(message)


def _hints(view: type[Any], registry: Registry) -> dict[str, Any]:
    """Resolve a view's annotations: a name is one of its module's, or any view's."""
    holder = types.SimpleNamespace(__annotations__=dict(view.__dict__.get("__annotations__", {})))
    names = {**registry.views, **vars(sys.modules[view.__module__])}
    try:
        return get_type_hints(holder, globalns=names, localns={}, include_extras=True)
    except NameError as error:
        message = f"{view.__name__}: {error.name!r} is neither a view nor a name of {view.__module__}"
        raise DeclarationRefused(message) from None


def _source(view: type[Row[Any]]) -> Source:
    """The view's table, with the deferred columns that its fields need."""
    mapper: Mapper[Any] = inspect(view.model)
    deferred = {each.key for each in mapper.column_attrs if each.deferred}
    needed: set[str] = set()
    for fact in view.facts.values():
        needed |= {fact.name} if isinstance(fact, Column) else set(fact.needs) if isinstance(fact, Computed) else set()
    return replace(view.source, deferred=tuple(sorted(deferred & needed)))


class _Completer:
    """Completes one fact, and says no to what cannot be."""

    def __init__(self, view: type[View], name: str, hint: Any, registry: Registry) -> None:
        self.view, self.name, self.hint, self.registry = view, name, hint, registry
        self.model: Model | None = view.model if issubclass(view, Row) else None

    def refuse(self, reason: str) -> DeclarationRefused:
        """Make the refusal of this field."""
        return DeclarationRefused(f"{self.view.__name__}.{self.name}: {reason}")

    def complete(self, fact: Fact) -> Fact:
        """Return the fact with its target."""
        guard = guard_of(fact)
        if guard is not None and guard.otherwise is None and not _optional(self.hint):
            raise self.refuse("it is null for those who may not read it: write `| None`")
        if issubclass(self.view, Root) and guard is None and not isinstance(fact, AnyById):
            raise self.refuse("a root field names the permission that it needs: `require=`")
        match fact:
            case Column():
                self.check_column(fact)
            case Computed(needs=needs):
                for each in needs:
                    self.own_column(each)
            case One():
                return self.complete_one(fact)
            case Many():
                return self.complete_many(fact)
            case Page():
                return self.complete_page(fact)
            case ById():
                view = self.target(fact.model)
                return replace(fact, source=view.source, prefix=self.prefix(view))
            case AnyById():
                return replace(fact, views=self.reachable())
            case _:
                pass
        return fact

    def own_column(self, key: str) -> TableColumn[Any]:
        """Return a column of this view's table."""
        mapper: Mapper[Any] | None = None if self.model is None else inspect(self.model)
        if mapper is None or key not in mapper.column_attrs:
            raise self.refuse(f"there is no column {key!r}")
        return mapper.column_attrs[key].columns[0]  # pyright: ignore[reportReturnType]

    def check_column(self, fact: Column) -> None:
        """Hold an annotation against its column: null, range and kind."""
        source = self.own_column(fact.name)
        if source.nullable and not _optional(self.hint):
            raise self.refuse("the column may be null: write `| None`")
        kind = _inner(self.hint)
        if kind is int and isinstance(source.type, BigInteger):
            raise self.refuse("a bigint does not fit GraphQL's Int")
        if kind in _PLAIN and source.type.python_type is not kind:
            raise self.refuse(f"the column holds {source.type.python_type.__name__}")

    def target(self, model: Model | None = None) -> type[Row[Any]]:
        """Return the view that the annotation names, and hold it against the table that the fact names."""
        view = _inner(self.hint)
        if not (isinstance(view, type) and issubclass(view, Row)):
            raise self.refuse("the annotation names no view")
        if model is not None and view.model is not model:
            raise self.refuse(f"{view.__name__} shows {view.model.__name__}, not {model.__name__}")
        return view

    def prefix(self, view: type[Row[Any]]) -> str:
        """Return what the ids of a view begin with."""
        if view.prefix is None:
            raise self.refuse(f"{view.__name__} has no global id")
        return view.prefix

    def reachable(self) -> Mapping[str, Reachable]:
        """Return the types that `node` finds."""
        return {
            view.prefix: Reachable(prefix=view.prefix, source=view.source, permission=view.permission)
            for view in self.registry.rows()
            if view.prefix is not None and view.permission is not None
        }

    def complete_one(self, fact: One) -> One:
        """Find the row's column that names, and the column that is named."""
        view = self.target()
        if self.model is None:
            if fact.key.class_ is not view.model:
                raise self.refuse(f"in a Root, `one` names a column of {view.model.__name__}")
            return replace(fact, target=fact.key, source=view.source)
        if self.own_column(fact.key.key).nullable and not _optional(self.hint):
            raise self.refuse("its key may be null: write `| None`")
        target = fact.target or _named(fact.key, view.model)
        if fact.key.class_ is not self.model or target is None or target.class_ is not view.model:
            raise self.refuse(f"{fact.key} does not name a row of {view.model.__name__}")
        if not _is_unique(target):
            raise self.refuse(f"{target} may be the same in several rows")
        return replace(fact, target=target, local=fact.key.key, source=view.source)

    def complete_many(self, fact: Many) -> Many:
        """Find both ends of a list."""
        view = self.target(None if fact.far is not None else fact.key.class_)
        target: Attribute | None = None
        if fact.far is not None:
            target = _named(fact.far, view.model)
            if target is None:
                raise self.refuse(f"{fact.far} does not name a row of {view.model.__name__}")
            self.check_wall(fact.key)
        self.check_sort(fact.sort, view.model)
        return replace(fact, target=target, local=self.local(fact.key), source=view.source)

    def complete_page(self, fact: Page) -> Page:
        """Find both ends of a connection, and what its filter compares."""
        view = self.target(fact.model)
        for sort in [fact.fixed] if fact.fixed is not None else [each.value for each in fact.order or ()]:
            self.check_sort(sort, view.model)
        if fact.filter is not None:
            _link_filter(fact.filter, fact.model, self.registry)
        if self.model is None:
            return replace(fact, key=None, source=view.source)
        return replace(fact, local=fact.local or self.local(fact.key), source=view.source)

    def local(self, key: Attribute | None) -> str:
        """Return the column of this view's table that a foreign key names."""
        found = None if key is None or self.model is None else _named(key, self.model)
        if found is None:
            raise self.refuse(f"{key} does not name a row of {self.view.__name__}")
        return found.key

    def check_sort(self, sort: Sort, model: Model) -> None:
        """Refuse an order over a column of another table, or one that may be null: no cursor can stand on it."""
        if sort.column.class_ is not model:
            raise self.refuse(f"{sort.column} is not of {model.__name__}")
        if sort.column.property.columns[0].nullable:
            raise self.refuse(f"{sort.column} may be null, so nothing can be ordered by it")

    def check_wall(self, join: Attribute) -> None:
        """Refuse a join table outside the wall."""
        if getattr(join.class_, TENANT, None) is None:
            raise self.refuse(f"{join.class_.__name__} has no {TENANT}")


def _link_filter(kind: type[Filter], model: Model, registry: Registry) -> None:
    """Complete a filter over its table."""
    if "columns" in kind.__dict__:
        return
    definition: Any = kind.__dict__.get("__strawberry_definition__")
    if definition is None:
        message = f"{kind.__name__} lacks @strawberry.input"
        raise DeclarationRefused(message)
    definition.description = definition.description or kind.summary
    found: dict[str, Where | Linked] = {}
    for field in definition.fields:
        if field.python_name in COMBINED:
            field.type_annotation = StrawberryAnnotation(list[kind] | None)
            continue
        match field.metadata.get(MARK):
            case Where() as where:
                if where.column.class_ is not model:
                    message = f"{kind.__name__}.{field.python_name}: {where.column} is not of {model.__name__}"
                    raise DeclarationRefused(message)
                prefixes = where.prefixes or _prefixes(where.column, registry)
                found[field.python_name] = replace(where, prefixes=prefixes)
            case Linked() as linked:
                local = _named(linked.near, model)
                if local is None or getattr(linked.near.class_, TENANT, None) is None:
                    message = f"{kind.__name__}.{field.python_name}: {linked.near} does not name {model.__name__}"
                    raise DeclarationRefused(message)
                prefixes = _prefixes(linked.far, registry)
                found[field.python_name] = replace(linked, local=local, prefixes=prefixes)
            case _:
                pass
    for field in definition.fields:
        if not field.description:
            message = f"{kind.__name__}.{field.python_name} lacks a description: write a text under it"
            raise DeclarationRefused(message)
    if not definition.description:
        message = f"{kind.__name__} lacks a description: write a docstring"
        raise DeclarationRefused(message)
    kind.columns = found


def _named(key: Attribute, model: Model) -> Attribute | None:
    """Follow foreign keys from a column to the column of a table that it names, over other tables if need be."""
    table = inspect(model).local_table
    waiting: list[TableColumn[Any]] = [key.property.columns[0]]
    seen: set[Any] = set()
    while waiting:
        column = waiting.pop(0)
        if column.table is table and seen:
            return getattr(model, inspect(model).get_property_by_column(column).key)
        seen.add(column)
        waiting.extend(each.column for each in column.foreign_keys if each.column not in seen)
    return None


def _prefixes(key: Attribute, registry: Registry) -> tuple[str, ...]:
    """Return the prefixes of the ids that a column holds: its own table's for the id, else those of the named row."""
    if key.key == ID:
        return registry.prefixes_of(key.class_)
    for view in registry.rows():
        named = _named(key, view.model) if view.prefix is not None and view.model is not key.class_ else None
        if named is not None and named.key == ID:
            return registry.prefixes_of(view.model)
    return ()


def _is_unique(column: Attribute) -> bool:
    """Tell whether a column names one row within a workspace."""
    table = inspect(column.class_).local_table
    own = column.property.columns[0]
    keys = [set(table.primary_key.columns)]
    keys += [set(each.columns) for each in table.constraints if isinstance(each, UniqueConstraint)]
    keys += [set(each.columns) for each in table.indexes if each.unique]
    return any({each.name for each in key} - {TENANT} <= {own.name} for key in keys)


def _optional(hint: Any) -> bool:
    return type(None) in get_args(_bare(hint))


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _inner(hint: Any) -> Any:
    """The type inside `X | None`, `list[X]` and `Connection[X]`."""
    hint = _bare(hint)
    if get_origin(hint) in {Union, types.UnionType}:
        (hint,) = [each for each in get_args(hint) if each is not type(None)] or [hint]
        return _inner(hint)
    if isinstance(hint, type) and not get_args(hint):
        return hint
    return _inner(get_args(hint)[0]) if get_args(hint) else hint


__all__ = ["Entity", "link"]
