"""The link step: after all views are imported, complete their facts, and refuse what the type checker cannot see."""

import inspect
import sys
import types
from dataclasses import replace
from typing import Any, cast, get_type_hints

from strawberry.annotation import StrawberryAnnotation
from strawberry.types.field import StrawberryField
from strawberry.types.fields.resolver import StrawberryResolver

from graph.complete import Completer
from graph.declare import Row, View
from graph.facts import Column, Computed, DeclarationRefused, Fact, Source
from graph.registry import Registry, current
from graph.tables import column_properties


def link() -> None:
    """Complete all declared views. Call it once they are imported, before the schema is made; again is harmless.

    Raises:
        DeclarationRefused: a declaration contradicts its table, has no wall, no permission, or no description.
    """
    registry = current()
    registry.check()
    new = [view for view in registry.views.values() if view not in registry.linked]
    for row in registry.rows():
        if row in new:
            row.source = _source(row)
    for view in new:
        _link(view, registry)
        registry.linked.add(view)


def _link(view: type[View], registry: Registry) -> None:
    hints = _hints(view, registry)
    view.facts.update(_inherited(view))
    own: list[StrawberryField] = [f for f in _fields(view) if f.python_name in inspect.get_annotations(view)]
    for field in own:
        name = field.python_name
        field.type_annotation = StrawberryAnnotation(hints[name])
        if name in view.facts:
            maker = Completer(view, name, hints[name], registry)
            view.facts[name] = maker.complete(view.facts[name])
    if not getattr(view, "__strawberry_definition__").description:  # noqa: B009
        message = f"{view.__name__} lacks a description: write a docstring"
        raise DeclarationRefused(message)
    for field in _fields(view):
        _described(view, field)


def _inherited(view: type[View]) -> dict[str, Fact]:
    """The facts that a view has of others, which were completed before it."""
    own = inspect.get_annotations(view)
    return {
        name: fact
        for base in reversed(view.__mro__[1:])
        for name, fact in base.__dict__.get("facts", {}).items()
        if name not in own
    }


def _fields(view: type[Any]) -> list[StrawberryField]:
    return view.__strawberry_definition__.fields


def _described(view: type[Any], field: StrawberryField) -> None:
    """Refuse a field, or an argument of it, that says nothing of itself."""
    if not field.description:
        message = f"{view.__name__}.{field.python_name} lacks a description: write a text under it"
        raise DeclarationRefused(message)
    resolver = cast("StrawberryResolver[Any] | None", cast("Any", field).base_resolver)
    for argument in resolver.arguments if resolver else []:
        if not argument.description:
            message = f"{view.__name__}.{field.python_name}({argument.python_name}:) lacks a description"
            raise DeclarationRefused(message)


def _hints(view: type[Any], registry: Registry) -> dict[str, Any]:
    """Resolve a view's annotations: a name is one of its module's, or any view's."""
    holder = types.SimpleNamespace(__annotations__=dict(inspect.get_annotations(view)))
    names = {**registry.views, **vars(sys.modules[view.__module__])}
    try:
        return get_type_hints(holder, globalns=names, localns={}, include_extras=True)
    except NameError as error:
        message = f"{view.__name__}: {error.name!r} is neither a view nor a name of {view.__module__}"
        raise DeclarationRefused(message) from None


def _source(view: type[Row[Any]]) -> Source:
    """The view's table, with the deferred columns that its fields need."""
    deferred = {each.key for each in column_properties(view.model) if each.deferred}
    needed: set[str] = set()
    for fact in view.facts.values():
        needed |= {fact.name} if isinstance(fact, Column) else set(fact.needs) if isinstance(fact, Computed) else set()
    return replace(view.source, deferred=tuple(sorted(deferred & needed)))
