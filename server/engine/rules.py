"""What a document may hold, checked before anything of it runs, and once for all its runs.

Fragments count wherever they are spread: a small document can describe a large operation.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from graphql import (
    ASTValidationRule,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLError,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValidationContext,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    visit,
)

from server.engine import introspection, overlaps

TOKENS: Final = 2_000
DEPTH: Final = 12
INTROSPECTION_DEPTH: Final = 20
FIELDS: Final = 1_000
ALIASES: Final = 30
DIRECTIVES: Final = 30
ROOT_FIELDS: Final = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Extent:
    """How large a selection is, with its fragments in place."""

    depth: int = 0
    introspection_depth: int = 0
    fields: int = 0
    aliases: int = 0
    roots: int = 0
    schemas: int = 0

    def beside(self, other: "Extent") -> "Extent":
        """Add a selection of the same level."""
        return Extent(
            depth=max(self.depth, other.depth),
            introspection_depth=max(self.introspection_depth, other.introspection_depth),
            fields=self.fields + other.fields,
            aliases=self.aliases + other.aliases,
            roots=self.roots + other.roots,
            schemas=self.schemas + other.schemas,
        )


class ExtentRule(ASTValidationRule):
    """Refuses an operation that is too deep or too wide, with one error for each limit that it passes."""

    def enter_document(self, document: DocumentNode, *_: Any) -> None:
        """Measure every operation."""
        fragments = {
            each.name.value: each.selection_set
            for each in document.definitions
            if isinstance(each, FragmentDefinitionNode)
        }
        measure = _Measure(fragments)
        for each in document.definitions:
            if isinstance(each, OperationDefinitionNode):
                self._judge(each, measure.of(each.selection_set))

    def _judge(self, operation: OperationDefinitionNode, extent: Extent) -> None:
        for what, found, most in (
            ("levels", extent.depth, DEPTH),
            ("levels of introspection", extent.introspection_depth, INTROSPECTION_DEPTH),
            ("fields", extent.fields, FIELDS),
            ("aliases", extent.aliases, ALIASES),
            ("fields at its root", extent.roots, ROOT_FIELDS),
            ("times `__schema` or `__type`", extent.schemas, introspection.AT_ONCE),
            ("aliases with `__schema` or `__type`", extent.aliases if extent.schemas else 0, introspection.ALIASES),
        ):
            if found > most:
                message = f"An operation may have {most} {what}; this one has {found}."
                self.report_error(GraphQLError(message, [operation], extensions={"code": "LIMIT_EXCEEDED"}))


class _Measure:
    """Measures selections. A fragment is measured once; one that spreads itself counts as empty, as another rule
    refuses it.
    """

    def __init__(self, fragments: Mapping[str, SelectionSetNode]) -> None:
        self._fragments = fragments
        self._known: dict[str, Extent] = {}

    def of(self, selections: SelectionSetNode) -> Extent:
        """Measure what is selected."""
        found = Extent()
        for each in selections.selections:
            if isinstance(each, FieldNode):
                found = found.beside(self._field(each))
            elif isinstance(each, InlineFragmentNode):
                found = found.beside(self.of(each.selection_set))
            elif isinstance(each, FragmentSpreadNode):
                found = found.beside(self._fragment(each.name.value))
        return found

    def _field(self, field: FieldNode) -> Extent:
        below = Extent() if field.selection_set is None else self.of(field.selection_set)
        is_introspection = field.name.value in introspection.FIELDS
        depth = 1 + max(below.depth, below.introspection_depth)
        return Extent(
            depth=0 if is_introspection else depth,
            introspection_depth=depth if is_introspection else 0,
            fields=1 + below.fields,
            aliases=below.aliases + (field.alias is not None),
            roots=1,
            schemas=below.schemas + is_introspection,
        )

    def _fragment(self, name: str) -> Extent:
        if name not in self._known:
            self._known[name] = Extent()
            selections = self._fragments.get(name)
            if selections is not None:
                self._known[name] = self.of(selections)
        return self._known[name]


class DirectiveRule(ASTValidationRule):
    """Refuses a document with too many directives, with one error."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._count = 0

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        """Count."""
        self._count += 1
        if self._count == DIRECTIVES + 1:
            message = f"A document may have {DIRECTIVES} directives."
            self.report_error(GraphQLError(message, [node], extensions={"code": "LIMIT_EXCEEDED"}))


class Contents(Visitor):
    """What a document holds: whether it introspects, and how often each variable is used."""

    def __init__(self) -> None:
        super().__init__()
        self.introspects = False
        self.variables: Counter[str] = Counter()

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Look for the fields of introspection."""
        self.introspects = self.introspects or node.name.value in introspection.FIELDS

    def enter_variable(self, node: VariableNode, *_: Any) -> None:
        """Count. Its definition is one too."""
        self.variables[node.name.value] += 1

    def enter_variable_definition(self, node: VariableDefinitionNode, *_: Any) -> None:
        """Count the definition out."""
        self.variables[node.variable.name.value] -= 1


def contents(document: DocumentNode) -> Contents:
    """Walk over a document once."""
    found = Contents()
    visit(document, found)
    return found


RULES: Final = (ExtentRule, DirectiveRule, overlaps.OverlapRule, introspection.IntrospectionRule)
