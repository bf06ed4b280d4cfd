"""Which root fields are compiled: those that facts answer, with all that is below them. The others say why not."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import uuid4

import pytest
from graphql import (
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    OperationDefinitionNode,
    get_named_type,
    is_leaf_type,
    parse,
)
from graphql.execution.values import get_variable_values

from core.ids import UserId, WorkspaceId, uuid7
from graph.plan import Operation, Plan, Planner, Verb, Verbs
from graph.plan.selection import origin_of
from models import Permission, Role, effective
from services.access import Actor, Origin
from tests.fixtures.operations import SCHEMA, RootField, root_fields

DEPTH: Final = 4
PLANNED: Final = {
    "aiCreditLedger", "aiCredits", "aiRequests", "auditLog", "contact", "contacts", "customFields", "invites", "label",
    "labels", "node", "promptTemplates", "suggestion", "suggestions", "user", "userActivity", "users", "workspace",
}  # fmt: skip
ACCOUNT: Final = "who signed in, whose rows the system role reads"
ASKS: Final = "it asks a model, or tells what asking would do"
COUNTS: Final = "it counts, and shows no rows"
MADE: Final = "it is put together from rows and from what the product knows by itself"
DOCUMENTS: Final = "it stands in the document store"
NOT_PLANNED: Final[Mapping[str, str]] = {
    "me": ACCOUNT,
    "sessions": ACCOUNT,
    "workspaces": ACCOUNT,
    "workspaceUsage": COUNTS,
    "aiUsage": COUNTS,
    "aiAcceptance": COUNTS,
    "settings": MADE,
    "aiKeys": MADE,
    "aiProviders": MADE,
    "aiBudgets": MADE,
    "personas": MADE,
    "leadScore": ASKS,
    "analyzeSentiment": ASKS,
    "classifyIntent": ASKS,
    "extractEntities": ASKS,
    "smartReplies": ASKS,
    "summarizeConversation": ASKS,
    "translateText": ASKS,
    "correctText": ASKS,
    "piiPreview": ASKS,
    "aiRouteExplain": ASKS,
    "knowledgeAnswer": ASKS,
    "knowledgeSearch": ASKS,
    "knowledgeSource": DOCUMENTS,
    "knowledgeSources": DOCUMENTS,
    "knowledgeText": DOCUMENTS,
    "aiTrace": DOCUMENTS,
}

OTHERS: Final = {"Session.isCurrent"}
"""Fields of types over tables that have a resolver of their own."""

SHOWN_OTHERWISE: Final = {"sessionRevoke": "Session.is_current has a resolver of its own"}
"""Mutations that are done by verbs, and whose payloads graphql-core completes if everything is selected."""

SEES_NO_ROWS: Final = "who asks acts in no workspace"

MUTATIONS: Final = {each.name: each for each in root_fields("mutation")}
QUERIES: Final = {each.name: each for each in root_fields("query")}
PLANNER: Final = Planner(SCHEMA)


def selected(kind: Any, depth: int = DEPTH) -> str:
    """Select all that facts and connections say of a type, some levels deep."""
    chosen = ["__typename"]
    for name, each in kind.fields.items():
        named = get_named_type(each.type)
        if any(isinstance(argument.type, GraphQLNonNull) for argument in each.args.values()):
            continue
        if is_leaf_type(named):
            chosen.append(name)
        elif depth > 0 and not isinstance(named, GraphQLInterfaceType):
            chosen.append(f"{name} {{ {selected(named, depth - 1)} }}")
    return " ".join(chosen)


def operation_of(field: RootField) -> tuple[Operation, Any]:
    """Write an operation of a root field with everything below it; return it with its variables."""
    kind: Any = get_named_type(field.field.type)
    document = parse(field.document(selected(kind) if isinstance(kind, GraphQLObjectType) else "id __typename"))
    (node,) = document.definitions
    assert isinstance(node, OperationDefinitionNode)
    variables: Any = get_variable_values(SCHEMA, node.variable_definitions or (), field.variables())
    return Operation(PLANNER, document, node), variables


def owner(*lacking: Permission) -> Actor:
    """Return an owner, or one who lacks something."""
    return Actor(
        workspace_id=WorkspaceId(uuid4()),
        user_id=UserId(uuid7()),
        role=Role.OWNER,
        permissions=effective(Role.OWNER, (), ()) - set(lacking),
        origin=Origin(),
    )


def planned(field: RootField, *lacking: Permission) -> Plan:
    """Compile a query's root field with everything below it, for an owner, or for one who lacks something."""
    operation, variables = operation_of(field)
    actor = owner(*lacking)
    return operation.plan(variables, actor, actor.permissions)


def verb(field: RootField, actor: Actor | None) -> Verb:
    """Compile a mutation's root field with everything below it."""
    operation, variables = operation_of(field)
    (root,) = Verbs(operation).of(variables, actor, None).values()
    assert isinstance(root.does, Verb), root.does
    return root.does


def test_every_root_field_is_in_one_of_the_lists() -> None:
    assert set(QUERIES) == PLANNED | set(NOT_PLANNED)
    assert PLANNED.isdisjoint(NOT_PLANNED)


@pytest.mark.parametrize("name", sorted(PLANNED))
def test_a_root_field_of_facts_is_planned_with_all_that_is_below_it(name: str) -> None:
    plan = planned(QUERIES[name])

    assert plan.reasons == {}
    assert plan.roots[name] is not None


@pytest.mark.parametrize("name", sorted(NOT_PLANNED))
def test_what_is_not_planned_has_a_resolver_of_its_own(name: str) -> None:
    (reason,) = planned(QUERIES[name]).reasons.values()

    assert reason.endswith("has a resolver of its own")


def test_no_type_over_a_table_has_a_field_that_is_not_planned() -> None:
    views = [
        each
        for each in SCHEMA.type_map.values()
        if isinstance(each, GraphQLObjectType) and hasattr(origin_of(each), "facts")
    ]

    others = {
        f"{kind.name}.{name}"
        for kind in views
        for name, field in kind.fields.items()
        if field.extensions["strawberry-definition"].python_name not in origin_of(kind).facts
    }

    assert others == OTHERS | {f"Query.{name}" for name in NOT_PLANNED}


def test_a_root_field_falls_back_with_a_reason_for_those_who_are_refused_below_it() -> None:
    plan = planned(QUERIES["suggestions"], Permission.CONTACTS_READ)

    assert plan.reasons == {"suggestions": "it needs contacts:read"}


def test_a_mask_is_no_reason_to_fall_back() -> None:
    assert planned(QUERIES["contacts"], Permission.PHONES_READ).reasons == {}


@pytest.mark.parametrize("name", sorted(MUTATIONS))
def test_every_mutation_is_done_and_shown_without_the_executor(name: str) -> None:
    assert verb(MUTATIONS[name], owner()).reason == SHOWN_OTHERWISE.get(name)


def test_who_is_in_no_workspace_is_shown_rows_by_the_executor() -> None:
    reasons = {name: verb(each, None).reason for name, each in MUTATIONS.items()}

    assert set(reasons.values()) == {None, SEES_NO_ROWS}
    assert reasons["login"] == SEES_NO_ROWS
    assert reasons["logout"] is None
