"""Completes a filter: which column each comparator reads, and which ids may name it."""

from dataclasses import replace
from typing import Any

from strawberry.annotation import StrawberryAnnotation

from graph.comparing import Linked, Where
from graph.facts import ID, TENANT, Attribute, DeclarationRefused, Model
from graph.filters import COMBINED, MARK, Filter
from graph.registry import Registry
from graph.tables import class_of, named_by


def link_filter(kind: type[Filter], model: Model, registry: Registry) -> None:
    """Complete a filter over its table. Again is harmless.

    Raises:
        DeclarationRefused: it compares a column of another table, or lacks a description.
    """
    if "columns" in kind.__dict__:
        return
    definition: Any = kind.__dict__.get("__strawberry_definition__")
    if definition is None:
        message = f"{kind.__name__} lacks @strawberry.input"
        raise DeclarationRefused(message)
    definition.description = definition.description or kind.summary
    if not definition.description:
        message = f"{kind.__name__} lacks a description: write a docstring"
        raise DeclarationRefused(message)
    found: dict[str, Where | Linked] = {}
    for field in definition.fields:
        if not field.description:
            raise _refusal(kind, field.python_name, "lacks a description: write a text under it")
        if field.python_name in COMBINED:
            field.type_annotation = StrawberryAnnotation(list[kind] | None)
        fact = _completed(kind, field, model, registry)
        if fact is not None:
            found[field.python_name] = fact
    kind.columns = found


def _completed(kind: type[Filter], field: Any, model: Model, registry: Registry) -> Where | Linked | None:
    match field.metadata.get(MARK):
        case Where() as where:
            if where.column.class_ is not model:
                raise _refusal(kind, field.python_name, f"{where.column} is not of {model.__name__}")
            return replace(where, prefixes=where.prefixes or _prefixes(where.column, registry))
        case Linked() as linked:
            local = named_by(linked.near, model)
            if local is None or getattr(linked.near.class_, TENANT, None) is None:
                raise _refusal(kind, field.python_name, f"{linked.near} does not name a row of {model.__name__}")
            return replace(linked, local=local, prefixes=_prefixes(linked.far, registry))
        case _:
            return None


def _refusal(kind: type[Filter], name: str, reason: str) -> DeclarationRefused:
    return DeclarationRefused(f"{kind.__name__}.{name}: {reason}")


def _prefixes(key: Attribute, registry: Registry) -> tuple[str, ...]:
    """Return the prefixes of the ids that a column holds: its own table's for the id, else those of the named row."""
    if key.key == ID:
        return registry.prefixes_of(class_of(key))
    for view in registry.rows():
        named = named_by(key, view.model) if view.prefix is not None and view.model is not key.class_ else None
        if named is not None and named.key == ID:
            return registry.prefixes_of(view.model)
    return ()
