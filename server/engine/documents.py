"""Documents: parsed and validated once, and kept by their text.

What is kept is bounded, because clients choose the texts; and only sound documents are, because a faulty one costs its
sender nothing to change.
"""

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    OperationDefinitionNode,
    OperationType,
    ValuesOfCorrectTypeRule,
    parse,
    specified_rules,
    validate,
)

from graph.plan import Operation, Verbs
from server.engine import discretion, rules
from server.engine.coercion import TypedValuesRule
from server.engine.execution import Coercion
from server.engine.request import RequestRefused

_RULES: Final = tuple(TypedValuesRule if each is ValuesOfCorrectTypeRule else each for each in specified_rules)
_KEPT: Final = 1_000
_KEPT_CHARACTERS: Final = 8_000_000
_ERRORS: Final = 20
_TOO_LONG: Final = "Syntax Error: Document contains more than"


@dataclass(slots=True, kw_only=True, eq=False)
class Definition:
    """One operation of a document, with what is made of it once, whatever its variables and whoever asks: it goes with
    the document. `plans` and `verbs` are made by `Plans`, and what is `priced` by `Pricing`, when they are asked for.
    """

    document: "Document"
    node: OperationDefinitionNode
    kind: OperationType
    coercion: Coercion
    plans: Operation | None = None
    verbs: Verbs | None = None
    priced: object = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Document:
    """A document that fits the schema. `operations` are by name; one that stands alone is under None, too.

    `uses` counts how often each variable is used.
    """

    text: str
    node: DocumentNode
    operations: dict[str | None, Definition]
    asks_for_schema: bool
    uses: Mapping[str, int]

    def operation(self, name: str | None) -> Definition:
        """Choose the operation to run.

        Raises:
            RequestRefused: there is none of that name, or the name is missing and there are several.
        """
        found = self.operations.get(name)
        if found is None:
            message = "Name one of the document's operations in `operationName`."
            error = GraphQLError(message, extensions={"code": "OPERATION_RESOLUTION_FAILURE"})
            raise RequestRefused([error], of_document=True)
        return found


class Documents:
    """The documents of one schema."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._characters = 0

    def known(self, text: str) -> Document | None:
        """Return a document that was checked before, and fits."""
        found = self._kept.get(text)
        if found is not None:
            self._kept.move_to_end(text)
        return found

    def check(self, text: str, *, suggests: bool = True) -> Document:
        """Parse and validate a text, or find it among those that were. `suggests`: errors propose names that do exist.

        Raises:
            RequestRefused: it is no document, or does not fit the schema or the limits.
        """
        found = self.known(text)
        if found is not None:
            return found
        node = self._parsed(text, suggests)
        contents = rules.contents(node)
        made = Document(
            text=text,
            node=node,
            operations={},
            asks_for_schema=contents.introspects,
            uses=contents.variables,
        )
        self._define(made)
        self._keep(made)
        return made

    def _parsed(self, text: str, suggests: bool) -> DocumentNode:
        try:
            node = parse(text, max_tokens=rules.TOKENS)
        except GraphQLSyntaxError as error:
            raise RequestRefused([_unparsed(error)], of_document=True) from None
        # limits first: some rules of the specification take the square of what they look at
        faults = validate(self._schema, node, rules.RULES, max_errors=_ERRORS) or validate(
            self._schema, node, _RULES, max_errors=_ERRORS, hide_suggestions=not suggests
        )
        if faults:
            raise RequestRefused([_coded(each, None if suggests else text) for each in faults], of_document=True)
        return node

    def _define(self, made: Document) -> None:
        """Note the operations of a document."""
        for each in made.node.definitions:
            if isinstance(each, OperationDefinitionNode):
                coercion = Coercion(self._schema, each, made.uses)
                found = Definition(document=made, node=each, kind=each.operation, coercion=coercion)
                made.operations[None if each.name is None else each.name.value] = found
        if len(made.operations) == 1:
            made.operations[None] = next(iter(made.operations.values()))

    def _keep(self, made: Document) -> None:
        self._kept[made.text] = made
        self._characters += len(made.text)
        while len(self._kept) > _KEPT or self._characters > _KEPT_CHARACTERS:
            gone, _ = self._kept.popitem(last=False)
            self._characters -= len(gone)


def _unparsed(error: GraphQLSyntaxError) -> GraphQLError:
    if error.message.startswith(_TOO_LONG):
        message = f"A document may have {rules.TOKENS} tokens; this one has more."
        return GraphQLError(message, extensions={"code": "LIMIT_EXCEEDED"})
    error.message = discretion.unquoted(error.message)
    error.extensions = {"code": "GRAPHQL_PARSE_FAILED"}
    return error


def _coded(error: GraphQLError, text: str | None) -> GraphQLError:
    """Give an error its code; with a text, let it name only what stands there. Those with a code are in our words."""
    if text is not None and not error.extensions:
        error.message = discretion.discreet(error.message, text)
    error.extensions = {"code": "GRAPHQL_VALIDATION_FAILED", **(error.extensions or {})}
    return error
