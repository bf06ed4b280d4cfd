"""Completes one field's fact with its target, and says no to what contradicts the tables."""

import types
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from typing import Annotated, Any, Final, Union, cast, get_args, get_origin

from sqlalchemy import BigInteger

from graph.declare import Row, View
from graph.facts import (
    TENANT,
    AnyById,
    Attribute,
    ById,
    Column,
    Computed,
    DeclarationRefused,
    Fact,
    Identity,
    Many,
    Model,
    One,
    Page,
    Reachable,
    Sort,
)
from graph.link_filters import link_filter
from graph.loaders import guard_of
from graph.registry import Registry
from graph.tables import TableColumn, column_named, column_of, copies_of, is_unique, named_by

_PLAIN: Final = (str, int, bool, float, datetime, date)


class Completer:
    """Completes one fact, and says no to what cannot be."""

    def __init__(self, view: type[View], name: str, hint: Any, registry: Registry) -> None:
        self.view, self.name, self.hint, self.registry = view, name, hint, registry
        self.model: Model | None = view.model if issubclass(view, Row) else None

    def refuse(self, reason: str) -> DeclarationRefused:
        """Make the refusal of this field."""
        return DeclarationRefused(f"{self.view.__name__}.{self.name}: {reason}")

    def complete(self, fact: Fact) -> Fact:
        """Return the fact with its target."""
        self.check_guard(fact)
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
            case Identity():
                pass
        return fact

    def check_guard(self, fact: Fact) -> None:
        """Refuse a guarded field that cannot be null, and a root field that anybody could read."""
        guard = guard_of(fact)
        if guard is not None and guard.otherwise is None and not _optional(self.hint):
            raise self.refuse("it is null for those who may not read it: write `| None`")
        if self.model is None and guard is None and not isinstance(fact, AnyById):
            raise self.refuse("a root field names the permission that it needs: `require=`")

    def own_column(self, key: str) -> TableColumn:
        """Return a column of this view's table."""
        found = None if self.model is None else column_named(self.model, key)
        if found is None:
            raise self.refuse(f"there is no column {key!r}")
        return found

    def check_column(self, fact: Column) -> None:
        """Hold an annotation against its column: null, range and kind."""
        source = self.own_column(fact.name)
        if source.nullable and not _optional(self.hint):
            raise self.refuse("the column may be null: write `| None`")
        kind = _inner(self.hint)
        if kind is int and isinstance(source.type, BigInteger):
            raise self.refuse("a bigint does not fit GraphQL's Int")
        held = getattr(source.type, "item_type", source.type)
        if kind in _PLAIN and held.python_type is not kind:
            raise self.refuse(f"the column holds {source.type.python_type.__name__}")

    def target(self, model: Model | None = None) -> type[Row[Any]]:
        """Return the view that the annotation names, and hold it against the table that the fact names."""
        view = _inner(self.hint)
        if not (isinstance(view, type) and issubclass(view, Row)):
            raise self.refuse("the annotation names no view")
        if model is not None and view.model is not model:
            raise self.refuse(f"{view.__name__} shows {view.model.__name__}, not {model.__name__}")
        return cast("type[Row[Any]]", view)

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
        target = fact.target or named_by(fact.key, view.model)
        if fact.key.class_ is not self.model or target is None or target.class_ is not view.model:
            raise self.refuse(f"{fact.key} does not name a row of {view.model.__name__}")
        if not is_unique(target):
            raise self.refuse(f"{target} may be the same in several rows")
        return replace(fact, target=target, local=fact.key.key, source=view.source)

    def complete_many(self, fact: Many) -> Many:
        """Find both ends of a list."""
        view = self.target(None if fact.far is not None else fact.key.class_)
        target, copies = self.far_side(fact, view), self.copies(fact, view)
        self.check_sort(fact.sort, view.model)
        return replace(fact, target=target, copies=copies, local=self.local(fact.key), source=view.source)

    def far_side(self, fact: Many | Page, view: type[Row[Any]]) -> Attribute | None:
        """Find the column that a join table names; None where there is none."""
        if fact.far is None:
            return None
        target = named_by(fact.far, view.model)
        if target is None:
            raise self.refuse(f"{fact.far} does not name a row of {view.model.__name__}")
        self.check_wall(fact.far)
        return target

    def copies(self, fact: Many | Page, view: type[Row[Any]]) -> Mapping[str, Attribute]:
        """Find the columns of a join table in which the named row's are repeated."""
        return {} if fact.far is None else copies_of(fact.far, view.model)

    def complete_page(self, fact: Page) -> Page:
        """Find both ends of a connection, and what its filter compares."""
        view = self.target(fact.model if fact.far is not None or fact.key is None else fact.key.class_)
        for sort in fact.orders:
            self.check_sort(sort, view.model)
        if fact.filter is not None:
            link_filter(fact.filter, fact.model, self.registry)
        if self.model is None:
            return replace(fact, key=None, source=view.source)
        target, copies = self.far_side(fact, view), self.copies(fact, view)
        return replace(fact, target=target, copies=copies, local=fact.local or self.local(fact.key), source=view.source)

    def local(self, key: Attribute | None) -> str:
        """Return the column of this view's table that a foreign key names."""
        found = None if key is None or self.model is None else named_by(key, self.model)
        if found is None:
            raise self.refuse(f"{key} does not name a row of {self.view.__name__}")
        return found.key

    def check_sort(self, sort: Sort, model: Model) -> None:
        """Refuse an order over a column of another table, or one that may be null: no cursor can stand on it."""
        if sort.column.class_ is not model:
            raise self.refuse(f"{sort.column} is not of {model.__name__}")
        if column_of(sort.column).nullable:
            raise self.refuse(f"{sort.column} may be null, so nothing can be ordered by it")

    def check_wall(self, join: Attribute) -> None:
        """Refuse a join table outside the wall."""
        if getattr(join.class_, TENANT, None) is None:
            raise self.refuse(f"{join.class_.__name__} has no {TENANT}")


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
