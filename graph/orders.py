"""Orders: the keys that lists are sorted by, and the enums that a client chooses them with."""

from enum import Enum
from typing import cast

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition

from graph.facts import Attribute, DeclarationRefused, Sort
from graph.texts import class_docstring


class Order(Enum):
    """Base of the `orderBy` enums: `NEWEST = desc(models.Contact.created_at, "Latest made first.")`.

    The first member is the default.
    """

    @property
    def sort(self) -> Sort:
        """What the member means."""
        return self.value


def asc(key: Attribute, description: str | None = None) -> Sort:
    """Smallest first."""
    return Sort(column=key, descending=False, description=description)


def desc(key: Attribute, description: str | None = None) -> Sort:
    """Greatest first."""
    return Sort(column=key, descending=True, description=description)


def declared(order: type[Order]) -> type[Order]:
    """Tell Strawberry of an order, once.

    Raises:
        DeclarationRefused: the order, or a member, says nothing of itself.
    """
    if "__strawberry_definition__" in order.__dict__:
        return order
    text = class_docstring(order)
    if not text:
        message = f"{order.__name__} lacks a description: write a docstring"
        raise DeclarationRefused(message)
    strawberry.enum(order, description=text)
    definition = cast("StrawberryEnumDefinition", order.__dict__["__strawberry_definition__"])
    for each in definition.values:
        text = order[each.name].sort.description
        if not text:
            message = f"{order.__name__}.{each.name} lacks a description"
            raise DeclarationRefused(message)
        each.description = text
    return order
