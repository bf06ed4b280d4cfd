"""What is asked of which schema: the product's queries as far as facts reach, with some that only resolvers answer,
and the small schema's, which has connections in connections.
"""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final

import orjson
from graphql import GraphQLField, get_named_type

from tests.equivalence.answers import Case, Sides
from tests.equivalence.values import Known
from tests.equivalence.world import House
from tests.equivalence.writing import Offer
from tests.fixtures import operations
from tests.graph import views

_PLANNED: Final = (
    "contacts", "contact", "node", "labels", "users", "auditLog", "aiRequests", "suggestions", "customFields",
    "invites", "label", "user", "workspace", "suggestion", "userActivity", "aiCredits", "aiCreditLedger",
    "promptTemplates",
)  # fmt: skip
_RESOLVED: Final = (
    "me", "workspaces", "workspaceUsage", "settings", "sessions", "personas", "aiKeys", "aiBudgets", "leadScore",
    "aiAcceptance", "aiUsage",
)  # fmt: skip
_SIZE: Final = "query ($size: Int! = 2)"
_PRODUCT_LANDMARKS: Final = (
    "query ($size: Int) { contacts(first: 5, filter: {leadScore: {lte: $size}}) { nodes { id leadScore } } }",
    _SIZE
    + """ { contacts(first: $size, orderBy: [LEAD_SCORE_HIGHEST, NAME_A_TO_Z]) {
      totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor } edges { cursor node { id } }
      nodes { id name phone customFields sentiment createdAt owner { id } createdBy { name } owner { name createdAt }
        leadScores(last: $size) { score at recommendation factors { name points } } identities { kind value } }
    } }""",
    _SIZE
    + """ { contacts(last: $size, filter: {isArchived: {isNull: false}}) {
      nodes { labels { name position } owner { createdAt name } leadScores(last: 1) { factors { known } reasons } }
      a: totalCount }
      suggestions(first: $size) { nodes { state confidence user { name } contact { labels { id } } } } }""",
)
_SMALL_LANDMARKS: Final = (
    _SIZE
    + """ { members(first: 3) { nodes { user { name } contacts(last: $size, orderBy: [SCORE]) {
      edges { cursor node { name phone labels { name } topLabels(last: $size) { name } owner { name } } } totalCount
      pageInfo { hasNextPage hasPreviousPage } } newest(last: $size) { name membership { user { id } } } } } }""",
)
PRODUCT: Final = Offer(
    landmarks=_PRODUCT_LANDMARKS,
    schema=operations.SCHEMA,
    roots=(
        *("contacts",) * 12,
        *("contact", "node", "suggestions", "aiRequests", "users") * 3,
        *_PLANNED * 3,
        *_RESOLVED,
    ),
    unstable=frozenset(
        {
            "WorkspaceUsage.since",
            "AiUsageReport.from",
            "AiUsageReport.to",
            "AiAcceptanceReport.from",
            "AiAcceptanceReport.to",
        }
    ),
    prefixes={
        "contact": "contact",
        "label": "label",
        "user": "user",
        "userActivity": "user",
        "suggestion": "suggestion",
        "leadScore": "contact",
    },
)
SMALL: Final = Offer(
    landmarks=_SMALL_LANDMARKS,
    schema=views.schema._schema,
    roots=("members", "contacts", "members", "contacts", "contact", "node", "users", "user", "workspace", "hour"),
    prefixes={"contact": "contact", "user": "user"},
)
_ORDERS: Final = 6
_FILTERS: Final[Mapping[str, Sequence[str]]] = {
    "ContactFilter": ('{name: {contains: "a"}}', "{isArchived: {isNull: false}}", "{archived: {eq: false}}"),
    "MemberFilter": ("{role: {ne: OWNER}}",),
    "SuggestionFilter": ("{feature: {eq: COPILOT}}",),
}


async def with_cursors(sides: Sides, offer: Offer, house: House) -> Known:
    """Walk through all lists in their orders, and some of them filtered; return what is known with their cursors."""
    query = offer.schema.query_type
    assert query is not None
    member = house.known.ids["user"][0]
    found: dict[str, dict[str, Sequence[str]]] = {}
    for name in dict.fromkeys(offer.roots):
        if "after" in query.fields[name].args:
            found[f"Query.{name}"] = await _lists(sides, house, query.fields[name], f"{{ it: {name}%s {{ %s }} }}")
    if "userActivity" in query.fields:
        acts = offer.schema.get_type("UserActivity").fields["acts"]  # type: ignore[union-attr]
        found["UserActivity.acts"] = await _lists(
            sides, house, acts, f'{{ userActivity(id: "{member}") {{ it: acts%s {{ %s }} }} }}'
        )
    else:
        contacts = offer.schema.get_type("Member").fields["contacts"]  # type: ignore[union-attr]
        text = "{ members(first: 9) { nodes { it: contacts%s { %s } } } }"
        found["Member.contacts"] = await _lists(sides, house, contacts, text)
    return Known(ids=house.known.ids, strange=house.known.strange, cursors=found)


async def _lists(sides: Sides, house: House, each: GraphQLField, text: str) -> dict[str, Sequence[str]]:
    return {given: await _cursors(sides, house, text, given) for given in _given(each)}


def _given(each: GraphQLField) -> list[str]:
    found = [""]
    if "orderBy" in each.args:
        names = list(get_named_type(each.args["orderBy"].type).values)
        found += [f"orderBy: [{name}]" for name in names[:_ORDERS]]
        found += [f"orderBy: [{first}, {second}]" for first, second in list(pairwise(names))[:3]]
    if "filter" in each.args:
        kind = get_named_type(each.args["filter"].type)
        found += [f"filter: {text}" for text in _FILTERS.get(kind.name, ()) if _fits(kind, text)]
    if "search" in each.args:
        found.append('search: "a"')
    return found


def _fits(kind: Any, text: str) -> bool:
    return text[1:].partition(":")[0] in kind.fields


async def _cursors(sides: Sides, house: House, text: str, given: str) -> list[str]:
    arguments = f"({given}, first: 30)" if given else "(first: 30)"
    text = text % (arguments, "edges { cursor }")
    answer = await sides.resolved(Case(text=text, given={}, identity=house.people["owner"]))
    found: list[str] = []
    _gather(orjson.loads(answer.data), found)
    return found


def _gather(value: Any, found: list[str]) -> None:
    if isinstance(value, list):
        for each in value:
            _gather(each, found)
    elif isinstance(value, dict):
        for name, each in value.items():
            if name == "cursor":
                found.append(each)
            else:
                _gather(each, found)
