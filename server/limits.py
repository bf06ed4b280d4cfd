"""What a single operation may ask for, checked before it runs."""

from typing import Any, Final

from graphql import ASTValidationRule, DirectiveNode, GraphQLError, OperationDefinitionNode, ValidationContext
from strawberry.extensions.max_aliases import create_validator as alias_rule
from strawberry.extensions.query_depth_limiter import create_validator as depth_rule

TOKENS: Final = 2_000
DEPTH: Final = 12
ALIASES: Final = 30
DIRECTIVES: Final = 30
ROOT_FIELDS: Final = 20


class DirectiveRule(ASTValidationRule):
    """Refuses a document with too many directives, with one error."""

    def __init__(self, context: ValidationContext) -> None:
        super().__init__(context)
        self._count = 0

    def enter_directive(self, node: DirectiveNode, *_: Any) -> None:
        """Count."""
        self._count += 1
        if self._count == DIRECTIVES + 1:
            self.report_error(GraphQLError(f"An operation may have {DIRECTIVES} directives.", [node]))


class RootFieldRule(ASTValidationRule):
    """Refuses an operation with too many fields at its root."""

    def enter_operation_definition(self, node: OperationDefinitionNode, *_: Any) -> None:
        """Count."""
        if len(node.selection_set.selections) > ROOT_FIELDS:
            self.report_error(GraphQLError(f"An operation may have {ROOT_FIELDS} root fields.", [node]))


# made once: a rule that is a new class for each request fills the validation cache with dead entries
RULES: Final = (depth_rule(DEPTH, None, None), alias_rule(ALIASES), DirectiveRule, RootFieldRule)
