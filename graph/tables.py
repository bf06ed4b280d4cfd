"""What a table tells of itself: columns, foreign keys, uniqueness. The border where SQLAlchemy's loose types end."""

from collections.abc import Mapping
from typing import Any, TypeAlias, cast

from sqlalchemy import Column, Select, Table, UniqueConstraint, select
from sqlalchemy.orm import ColumnProperty, Mapper, class_mapper

from graph.facts import TENANT, Attribute, Model

Statement: TypeAlias = Select[*tuple[Any, ...]]
TableColumn: TypeAlias = Column[Any]


def picked(*parts: Any) -> Statement:
    """Begin a SELECT."""
    return cast("Statement", select(*parts))


def column_properties(model: Model) -> list[ColumnProperty[Any]]:
    """Return a table's columns as its class knows them."""
    mapper: Mapper[Any] = class_mapper(model)
    return list(mapper.column_attrs)


def column_named(model: Model, name: str) -> TableColumn | None:
    """Return the column behind an attribute of a table's class."""
    mapper: Mapper[Any] = class_mapper(model)
    found = mapper.column_attrs.get(name)
    return None if found is None else cast("TableColumn", found.columns[0])


def column_of(attribute: Attribute) -> TableColumn:
    """Return the column behind an attribute."""
    return cast("TableColumn", attribute.property.columns[0])


def named_by(key: Attribute, model: Model) -> Attribute | None:
    """Follow foreign keys from a column to the column of a table that it names, over other tables if need be."""
    table = _table(model)
    waiting = [column_of(key)]
    seen: set[TableColumn] = set()
    while waiting:
        column = waiting.pop(0)
        if column.table is table and seen:
            return attribute_of(model, column)
        seen.add(column)
        waiting.extend(each.column for each in column.foreign_keys if each.column not in seen)
    return None


def copies_of(key: Attribute, model: Model) -> Mapping[str, Attribute]:
    """Return the columns of a key's table that one foreign key holds equal to those of the named row, by the names of
    these. A foreign key says nothing about a row in which one of its columns is null.
    """
    for rule in _table(class_of(key)).foreign_key_constraints:
        is_it = rule.referred_table is _table(model) and column_of(key).name in rule.columns
        if is_it and not any(each.nullable for each in rule.columns):
            return {
                attribute_of(model, each.column).key: attribute_of(class_of(key), each.parent) for each in rule.elements
            }
    return {}


def attribute_of(model: Model, column: TableColumn) -> Attribute:
    """Return the attribute of a table's class behind which a column stands."""
    return cast("Attribute", getattr(model, class_mapper(model).get_property_by_column(column).key))


def is_unique(attribute: Attribute) -> bool:
    """Tell whether a column names one row within a workspace."""
    table, name = _table(class_of(attribute)), column_of(attribute).name
    keys = [{each.name for each in table.primary_key.columns}]
    keys += [{each.name for each in rule.columns} for rule in table.constraints if isinstance(rule, UniqueConstraint)]
    return {name} in keys or {TENANT, name} in keys


def class_of(attribute: Attribute) -> Model:
    """Return the class whose attribute this is."""
    return cast("Model", attribute.class_)


def _table(model: Model) -> Table:
    return cast("Table", class_mapper(model).local_table)
