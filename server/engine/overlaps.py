"""How often fields of the same name meet in an answer: the specification has each two of them compared.

That takes the square of how often a field is repeated. Selections are merged here as an answer has them: all fields of
one name are one, and what is selected below any of them stands below that one.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

# Measured: a pair of objects takes 3 microseconds, one of scalars a tenth of that. Fifty fragments of sixteen fields
# that all are the same are fewer.
PAIRS: Final = 8_000
_STEPS: Final = 20_000

Part: TypeAlias = tuple[SelectionSetNode, frozenset[str]]
"""What is selected, and the fragments that it stands in."""


class OverlapRule(ASTValidationRule):
    """Refuses a document with too many pairs of fields of the same name, with one error."""

    def enter_document(self, document: DocumentNode, *_: Any) -> None:
        """Measure every operation, and every fragment that none of them spreads."""
        fragments = {each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)}
        walk = _Walk({name: each.selection_set for name, each in fragments.items()})
        for each in document.definitions:
            if isinstance(each, OperationDefinitionNode):
                walk.over((each.selection_set, frozenset()))
        for name, each in fragments.items():
            if name not in walk.spread:
                walk.over((each.selection_set, frozenset({name})))
        message = None
        if walk.pairs > PAIRS:
            message = f"A document may have {PAIRS} pairs of fields that have the same name in the same place."
        elif walk.steps > _STEPS:
            message = f"A document may have {_STEPS} fields, with its fragments in place."
        if message is not None:
            self.report_error(GraphQLError(message, [document], extensions={"code": "LIMIT_EXCEEDED"}))


class _Walk:
    """Counts pairs, until there are too many. A fragment counts once in a place, and not at all within itself."""

    def __init__(self, fragments: Mapping[str, SelectionSetNode]) -> None:
        self._fragments = fragments
        self.spread: set[str] = set()
        self.pairs = 0
        self.steps = 0

    def over(self, root: Part) -> None:
        """Walk over an operation or a fragment."""
        waiting = [[root]]
        while waiting and self.pairs <= PAIRS and self.steps <= _STEPS:
            for same in self._fields(waiting.pop()).values():
                self.pairs += len(same) * (len(same) - 1) // 2
                below = [(each.selection_set, inside) for each, inside in same if each.selection_set is not None]
                if below:
                    waiting.append(below)

    def _fields(self, parts: Iterable[Part]) -> dict[str, list[tuple[FieldNode, frozenset[str]]]]:
        """Group the fields of one place by their names in the answer."""
        found: dict[str, list[tuple[FieldNode, frozenset[str]]]] = {}
        here: set[str] = set()
        waiting = list(parts)
        while waiting:
            selections, inside = waiting.pop()
            self.steps += len(selections.selections)
            for each in selections.selections:
                if isinstance(each, FieldNode):
                    key = each.name.value if each.alias is None else each.alias.value
                    found.setdefault(key, []).append((each, inside))
                elif isinstance(each, InlineFragmentNode):
                    waiting.append((each.selection_set, inside))
                elif isinstance(each, FragmentSpreadNode):
                    waiting += self._fragment(each.name.value, inside, here)
        return found

    def _fragment(self, name: str, inside: frozenset[str], here: set[str]) -> list[Part]:
        self.spread.add(name)
        selections = self._fragments.get(name)
        if selections is None or name in here or name in inside:
            return []
        here.add(name)
        return [(selections, inside | {name})]
