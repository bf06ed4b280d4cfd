"""What an operation may cost at most, known before it runs, and what its answer did cost.

A point is an object that is looked up. A page counts as many objects as it may hold, and what hangs on each of them
counts as often; scalars are free, and so are the wrappers `edges`, `nodes` and `pageInfo`. Each mutation costs ten
more, and the pieces of its input by their number (`batches`); what a schema tells of itself costs by its length
(`introspection`). How long a list without pages is cannot be known before: it counts as ten items, and an answer with
longer ones costs more than it was priced at.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any, Final, cast

from graphql import (
    FieldNode,
    FragmentDefinitionNode,
    GraphQLField,
    GraphQLSchema,
    IntValueNode,
    OperationType,
    VariableNode,
)

from server.engine import batches, introspection
from server.engine.documents import Definition
from server.engine.outline import BOUNDS, Kind, Shape, Step, Steps, shapes, steps_of

PAGE: Final = 20
LIST: Final = 10
LARGEST_PAGE: Final = 100
MUTATION: Final = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """An operation as it is priced, whatever its variables: `fixed` is the price of what it asks of the schema. Of the
    mutations among its steps, those that are `batched` are given things by the piece.
    """

    steps: Steps
    shapes: Mapping[str, Shape]
    is_mutation: bool
    batched: Sequence[bool]
    fixed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What an operation may cost (`points`), and how much of that is spent whatever it answers (`fixed`)."""

    points: int
    fixed: int
    shapes: Mapping[str, Shape]

    def spent(self, data: Mapping[str, Any] | None, counted: int = 0) -> int:
        """Return what an answer did cost: more than `points` when its lists without pages were long. `counted` objects
        are not in `data`.
        """
        return max(1, self.fixed + counted + (_below(data, self.shapes) if data else 0))


class Pricing:
    """Prices the operations of one schema. A price for which no variable was looked at is kept, for it is the same with
    all of them; of the others, the outline is.
    """

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema

    def price(self, operation: Definition, variables: Mapping[str, Any]) -> Price:
        """Return what an operation may cost with its coerced variables."""
        found = operation.priced
        if isinstance(found, Price):
            return found
        outline = found if isinstance(found, Outline) else _outlined(self._schema, operation)
        bill = _Bill(variables)
        price = bill.price(outline)
        operation.priced = outline if bill.looked_at_variables else price
        return price


def _outlined(schema: GraphQLSchema, operation: Definition) -> Outline:
    node, definitions = operation.node, operation.document.node.definitions
    fragments = {each.name.value: each for each in definitions if isinstance(each, FragmentDefinitionNode)}
    steps = steps_of(schema, node, fragments)
    is_mutation = operation.kind is OperationType.MUTATION
    selections = {name: each.selection_set for name, each in fragments.items()}
    told = introspection.sizes_of(schema).values(node.selection_set, selections)
    return Outline(
        steps=steps,
        shapes=shapes(steps),
        is_mutation=is_mutation,
        batched=[is_mutation and batches.takes_pieces(each.field) for each in steps],
        fixed=ceil(told / introspection.VALUES_A_POINT),
    )


class _Bill:
    """What the steps of an operation cost with some variables."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self._given = variables
        self.looked_at_variables = False

    @property
    def _variables(self) -> Mapping[str, Any]:
        self.looked_at_variables = True
        return self._given

    def price(self, outline: Outline) -> Price:
        fixed, looked_up = outline.fixed, 0
        for each, is_batched in zip(outline.steps, outline.batched, strict=True):
            length = LIST
            if outline.is_mutation and not self._is_left_out(each):
                fixed += MUTATION
                if is_batched:
                    batch = batches.given(each.node, each.field, self._variables)
                    fixed += batch.points
                    length = LIST if batch.longest is None else batch.longest
            looked_up += self._cost(each, below=length)
        return Price(points=max(1, fixed + looked_up), fixed=fixed, shapes=outline.shapes)

    def _cost(self, step: Step, length: int = LIST, below: int = LIST) -> int:
        """Price a field. A list without pages has `length` items, and one right below this field `below`: what a
        mutation answers mirrors what it was given.
        """
        if step.kind is Kind.ACT or self._is_left_out(step):
            return 0
        if step.kind is Kind.COUNT:
            return 1
        own = 0 if step.kind is Kind.WRAPPER else 1
        return self._times(step, length) * (own + sum(self._cost(each, below) for each in step.below))

    def _times(self, step: Step, length: int) -> int:
        if step.kind is Kind.PAGE:
            return self._page(step.node, PAGE if "first" in step.field.args else _default(step.field))
        return length if step.kind is Kind.LIST else 1

    def _page(self, node: FieldNode, default: int) -> int:
        """Return the size of a page; one that will be refused counts as the largest."""
        sizes: list[int] = []
        for argument in node.arguments or ():
            if argument.name.value in BOUNDS:
                value = argument.value
                given: Any = None
                if isinstance(value, IntValueNode):
                    given = int(value.value)
                elif isinstance(value, VariableNode):
                    given = self._variables.get(value.name.value)
                if isinstance(given, int):
                    sizes.append(given if 0 < given <= LARGEST_PAGE else LARGEST_PAGE)
        return max(sizes, default=default)

    def _is_left_out(self, step: Step) -> bool:
        for each in step.conditions:
            if each.name.value not in ("skip", "include") or not each.arguments:
                continue
            value = each.arguments[0].value
            given = (
                self._variables.get(value.name.value)
                if isinstance(value, VariableNode)
                else getattr(value, "value", None)
            )
            if isinstance(given, bool) and given is (each.name.value == "skip"):
                return True
        return False


def _default(field: GraphQLField) -> int:
    default: Any = field.args["last"].default_value
    return default if isinstance(default, int) else LIST


def _below(data: Mapping[str, Any], below: Mapping[str, Shape]) -> int:
    return sum(_objects(data.get(key), each) for key, each in below.items())


def _objects(value: object, shape: Shape) -> int:
    """Count the objects of an answer as they are priced: wrappers are free, and a page is as many as it holds."""
    if isinstance(value, list):
        return sum(_objects(each, shape) for each in cast("list[object]", value))
    if not isinstance(value, dict):
        return int(shape.kind is Kind.COUNT and value is not None)
    given = cast("dict[str, Any]", value)
    own = _held(given, shape.below) if shape.kind is Kind.PAGE else int(shape.kind is not Kind.WRAPPER)
    return own + _below(given, shape.below)


def _held(page: Mapping[str, Any], below: Mapping[str, Shape]) -> int:
    lists = [page.get(key) for key, each in below.items() if each.name in ("nodes", "edges")]
    return max((len(cast("list[object]", each)) for each in lists if isinstance(each, list)), default=1)
