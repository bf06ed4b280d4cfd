"""`python -m tests.dead_code`: functions, classes, methods and properties that nothing in the product uses.

Vulture finds names; fields of tables, types and settings are read by frameworks, so variables are not judged here, and
unused imports are the linter's.
What only a framework calls, or what stands ready as a part of the ground, is listed with the reason.
"""

import sys
from typing import Final

from vulture import Vulture

ROOMS: Final = ["ai", "core", "graph", "migrations", "models", "resolvers", "schema", "server", "services", "workers"]
JUDGED: Final = frozenset({"function", "class", "method", "property", "unreachable_code"})
DECORATORS: Final = [
    "@*.field",
    "@*.type",
    "@*.input",
    "@*.interface",
    "@mutation*",
    "@account_mutation*",
    "@query*",
    "@subscription*",
    "@handles*",
    "@_shown.register",
    "@field_validator*",
]
CALLED_BY_FRAMEWORKS: Final = [
    "__init_subclass__",
    "_unset_keepalive_if_required",
    "capture_signals",
    "edges",
    "end_cursor",
    "enter_*",
    "get_context",
    "has_next_page",
    "has_previous_page",
    "is_type_of",
    "is_valid_value_node",
    "on_*",
    "page_info",
    "parse_json",
    "decode_json",
    "encode_json",
    "process_errors",
    "raise_for_status",
    "render_graphql_ide",
    "resolve_async",
    "resolve_type",
    "rollback",
    "settings_customise_sources",
    "start_cursor",
    "total_count",
    "unsubscribe",
    "_get_pre_execution_close_reason",
]
CALLED_BY_MIGRATIONS_AND_TESTS: Final = ["role_statements", "table_statements", "isolated", "variables"]
GROUND_FOR_LATER_FLOORS: Final = ["Money", "times", "decimal"]


def main() -> int:
    """Print what is dead; return the exit code."""
    allowed = CALLED_BY_FRAMEWORKS + CALLED_BY_MIGRATIONS_AND_TESTS + GROUND_FOR_LATER_FLOORS
    vulture = Vulture(ignore_names=allowed, ignore_decorators=DECORATORS)
    vulture.scavenge(ROOMS)
    dead = [each for each in vulture.get_unused_code(min_confidence=60) if each.typ in JUDGED]
    for each in dead:
        sys.stdout.write(f"{each.get_report()}\n")
    return 1 if dead else 0


if __name__ == "__main__":
    sys.exit(main())
