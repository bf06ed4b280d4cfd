"""How many values a request gives, counted before anything is made of them.

Each value costs time when it is checked, and again wherever the document uses its variable; an object costs the most.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple, cast

from graphql import GraphQLError, OperationDefinitionNode, OperationType
from graphql.utilities import value_from_ast_untyped

from server.engine.request import RequestRefused

VALUES: Final = 10_000
VALUES_USED: Final = 20_000
OBJECTS_USED: Final = 1_000


class Amount(NamedTuple):
    """How many values there are: objects, lists, and what they hold. Counting ends soon after the limit."""

    values: int
    objects: int


_PLAIN: Final = Amount(1, 0)


def check(operation: OperationDefinitionNode, given: Mapping[str, Any], uses: Mapping[str, int]) -> None:
    """Look at the variables of a request, as they came. `uses` tells how often each is used.

    Raises:
        RequestRefused: they are too many. What a mutation does with objects has a price: they are not counted.
    """
    if counted(given).values - 1 > VALUES:
        message = f"The variables of a request may hold {VALUES} values, objects and lists included; these hold more."
        raise _refusal(message)
    values = objects = 0
    for definition in operation.variable_definitions or ():
        name = definition.variable.name.value
        default = definition.default_value
        value = given.get(name) if name in given or default is None else value_from_ast_untyped(default)
        amount, times = counted(value), uses.get(name, 0)
        values, objects = values + amount.values * times, objects + amount.objects * times
    if values > VALUES_USED:
        message = f"An operation may use {VALUES_USED} values of its variables; this one uses {values}."
        raise _refusal(message)
    if objects > OBJECTS_USED and operation.operation is not OperationType.MUTATION:
        message = f"An operation may use {OBJECTS_USED} objects of its variables; this one uses {objects}."
        raise _refusal(message)


def counted(value: object) -> Amount:
    """Count a value with all that is inside it."""
    if not isinstance(value, dict | list):
        return _PLAIN
    values, objects = 1, 0
    waiting: list[object] = [value]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            objects += 1
            inner = list(cast("dict[str, object]", each).values())
        elif isinstance(each, list):
            inner = cast("list[object]", each)
        else:
            continue
        values += len(inner)
        if values > VALUES + 1:
            break
        waiting += inner
    return Amount(values, objects)


def _refusal(message: str) -> RequestRefused:
    return RequestRefused([GraphQLError(message, extensions={"code": "LIMIT_EXCEEDED"})], of_document=True)
