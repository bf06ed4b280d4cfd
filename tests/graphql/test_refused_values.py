"""Values that are refused at the top level: each error says where the value stands and what would be accepted, and does
not repeat it.
"""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import orjson
import pytest
from graphql import OperationDefinitionNode, build_schema, is_scalar_type, parse

from core.ground import Ground
from core.settings import Introspection
from resolvers import root
from schema.scalars import ACCEPTED
from server.app import Parts, build
from server.engine import coercion
from tests.fixtures.contacts import CREATE
from tests.fixtures.door import Door, listening
from tests.fixtures.houses import house_of
from tests.fixtures.tenants import Tenant

LIST = "query($filter: ContactFilter, $first: Int) { contacts(filter: $filter, first: $first) { totalCount } }"
SENTIMENTS = "one of POSITIVE, NEUTRAL, NEGATIVE"
ALIASES = "Use different aliases on the fields to fetch both if this was intentional."
SECRET = "MyS3cretPassw0rd"


@pytest.fixture
async def asking(door: Door, tenant: Tenant) -> Door:
    return await door.as_(tenant.owner)


@pytest.fixture(scope="module")
async def closed(ground: Ground) -> AsyncIterator[Door]:
    """A door that shows its schema to nobody."""
    door = ground.settings.door.model_copy(update={"introspection": Introspection.NOBODY})
    settings = ground.settings.model_copy(update={"door": door})
    parts = Parts(house=house_of(replace(ground, settings=settings)))
    async with listening(build(parts).asgi) as address, Door.open(address, ground) as opened:
        yield opened


def told(body: dict[str, Any]) -> list[tuple[str, str]]:
    assert {each["extensions"]["code"] for each in body["errors"]} == {"BAD_USER_INPUT"}
    assert "data" not in body
    return [(".".join(each["extensions"]["field"]), each["message"]) for each in body["errors"]]


@pytest.mark.parametrize(
    ("value", "field", "message"),
    [
        ({"name": 7}, "input.name", "needs a text."),
        ({"name": [SECRET]}, "input.name", "needs a text."),
        ({"leadScore": "7"}, "input.leadScore", "needs a whole number from -2147483648 to 2147483647."),
        ({"leadScore": 2**40}, "input.leadScore", "needs a whole number from -2147483648 to 2147483647."),
        ({"sentiment": "HAPPY"}, "input.sentiment", f"needs {SENTIMENTS}."),
        ({"sentiment": 1}, "input.sentiment", f"needs {SENTIMENTS}."),
        ({"ownerId": 1.5}, "input.ownerId", "needs an id, as a text."),
        ([], "input", "needs an object with fields: name,"),
        (SECRET, "input", "needs an object with fields: name,"),
        (None, "input", "needs an object with fields: name,"),
        ({"name": "Ana", "passwort": SECRET}, "input.passwort", "is not known: give name,"),
        ({"x'y, found: z": SECRET}, "input.x'y, found: z", "is not known: give name,"),
    ],
)
async def test_a_variable_of_a_wrong_type(asking: Door, value: Any, field: str, message: str) -> None:
    reply = await asking.execute(CREATE, {"input": value})

    ((where, said),) = told(reply.body)
    assert where == field
    assert said.startswith(f"`{field}` {message}")
    assert SECRET not in str(reply.body)


async def test_a_missing_variable_and_a_missing_field(door: Door) -> None:
    query = "mutation ($input: LoginInput!) { login(input: $input) { accessToken } }"

    absent = await door.execute(query)
    partial = await door.execute(query, {"input": {"email": "ana@example.com"}})

    assert told(absent.body)[0][1].startswith("`input` needs an object with fields: email, password")
    assert told(partial.body) == [("input.password", "`input.password` is missing: give a text.")]


async def test_all_wrong_values_are_told_at_once_and_no_more_than_twenty(asking: Door) -> None:
    two = await asking.execute(LIST, {"filter": {"name": {"eq": 7}}, "first": "ten"})
    many = await asking.execute(LIST, {"filter": {"name": {"in": [7] * 90}}})

    assert [where for where, _ in told(two.body)] == ["filter.name.eq", "first"]
    assert len(told(many.body)) == 20


@pytest.mark.parametrize(
    ("source", "field", "message"),
    [
        ('{ contacts(first: "ten") { totalCount } }', "first", "a whole number from"),
        ("{ contacts(first: 99999999999) { totalCount } }", "first", "a whole number from"),
        ("{ contacts(orderBy: [SIDEWAYS]) { totalCount } }", "orderBy.0", "one of "),
        ('{ contacts(orderBy: ["NAME_ASC"]) { totalCount } }', "orderBy.0", "one of "),
        ("{ contacts(filter: 7) { totalCount } }", "filter", "an object with fields: "),
        ('{ contacts(filter: {name: {is: "x"}}) { totalCount } }', "filter.name.is", "not known: give eq, ne, in,"),
        (
            '{ contacts(filter: {createdAt: {gt: "2026-W48-1T10:00:00Z"}}) { totalCount } }',
            "filter.createdAt.gt",
            'a moment with its offset, such as "2026-11-23T14:30:00-03:00".',
        ),
        ("query($n: Int = true) { contacts(first: $n) { totalCount } }", "n", "a whole number from"),
        ("mutation { login(input: {email: 7}) { accessToken } }", "input.email", "needs a text"),
    ],
)
async def test_a_value_of_a_wrong_type_in_the_document(asking: Door, source: str, field: str, message: str) -> None:
    response = await asking.post(orjson.dumps({"query": source}))

    found = dict(told(response.json()))
    assert message in found[field]
    assert all(each["locations"] for each in response.json()["errors"])


@pytest.mark.parametrize(
    ("filter", "field", "message"),
    [
        ({"name": {"gt": None}}, None, None),
        ({"name": {"in": ["x"] * 101}}, "filter.name.in", "A list to compare with has at most 100 values."),
        ({"or": [{}, {"name": {"contains": "a\0"}}]}, "filter.or.1.name.contains", "holds no NUL"),
        ({"name": {"startsWith": None}}, "filter.name.startsWith", "Only `eq` (has no value) and `ne`"),
        ({"labels": {"anyOf": None}}, "filter.labels.anyOf", "Give a value, or leave the operator out"),
        ({"not": [{"or": [{"and": [{"or": [{"and": [{}]}]}]}]}]}, "filter.not.0.or.0.and.0.or.0.and.0", "5 levels"),
        ({"customFields": [{"key": "", "eq": 1}]}, "filter.customFields.0.key", "has 1 to 50 letters"),
        ({"customFields": [{"key": "nada", "eq": 1}]}, "filter.customFields.0.key", 'no custom field "nada"'),
        ({"and": [{"customFields": [{"key": "a", "gt": True}]}]}, "filter.and.0.customFields.0.gt", "Order the custom"),
    ],
)
async def test_a_filter_that_is_refused(asking: Door, filter: Any, field: str | None, message: str | None) -> None:
    reply = await asking.execute(LIST, {"filter": filter})

    (error,) = reply.body["errors"]
    if field is None or message is None:
        assert error["extensions"]["code"] == "BAD_USER_INPUT"
        return
    assert (error["extensions"]["code"], ".".join(error["extensions"]["field"])) == ("BAD_FILTER", field)
    assert message in error["message"]
    assert error["message"][0].isupper()
    assert error["message"].endswith(".")


def test_a_caller_that_may_not_see_the_schema_is_told_no_names_of_it() -> None:
    types = build_schema(root.build().as_str())
    source = "mutation ($input: ContactCreateInput!) { contactCreate(input: $input) { userErrors { code } } }"
    operation = parse(source).definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    given = {"input": {"sentiment": "HAPPY", "nada": 1}}

    hidden, shown = (coercion.faults(types, operation, given, shows=each) for each in (False, True))

    assert [each.message for each in hidden] == [
        "`input.sentiment` needs a name that the schema lists.",
        "`input.nada` is not known.",
    ]
    assert "POSITIVE" in shown[0].message
    assert "leadScore" in shown[1].message


def test_every_scalar_says_what_it_accepts() -> None:
    types = build_schema(root.build().as_str()).type_map
    taken = {name for name, each in types.items() if is_scalar_type(each)}

    assert taken <= ACCEPTED.keys()


@pytest.mark.parametrize(
    ("query", "variables", "message", "field"),
    [
        ("mutation($input: LoginInput!) { login(input: $input) { accessToken } }", {"input": {"password": "x"}},
         "`input` lacks a field that it needs.", ["input"]),
        ('mutation { login(input: {password: "x"}) { accessToken } }', {},
         "`input` lacks a field that it needs.", ["input"]),
        ("mutation { login { accessToken } }", {}, "Field 'login' lacks an argument that it needs.", None),
        ("{ me }", {}, "Field 'me' must have a selection of subfields.", None),
        ("{ me { user { id { x } } } }", {}, "Field 'id' must not have a selection.", None),
        ("{ me { nada } }", {}, "Cannot query field 'nada' here.", None),
        ("{ me(nada: 1) { user { id } } }", {}, "Unknown argument 'nada' on field 'me'.", None),
        ("query($i: Int) { contact(id: $i) { id } }", {}, "Variable '$i' does not fit where it is used.", None),
        ("{ me { ... on Query { __typename } } }", {}, "Fragment cannot be spread here.", None),
        ("{ me { ...A } } fragment A on Query { __typename }", {}, "Fragment 'A' cannot be spread here.", None),
        ("{ __typename @include }", {},
         "Directive '@include' lacks an argument that it needs.", None),
        ("{ contacts { nodes { ... on Contact { x: id } ... on Contact { x: createdAt } } } }", {},
         f"Fields 'x' conflict because 'id' and 'createdAt' are different fields. {ALIASES}", None),
        ("{ contacts { nodes { ... on Contact { x: id } } ... { nodes { x: name } } } }", {},
         "Fields 'nodes' conflict because subfields 'x' conflict because 'id' and 'name' are different fields. "
         + ALIASES, None),
        ("{ node(id: 1) { ... on Contact { x: isArchived } ... on User { x: name } } }", {},
         f"Fields 'x' conflict because they return conflicting types. {ALIASES}", None),
    ],
)  # fmt: skip
async def test_who_may_not_see_the_schema_is_told_only_what_they_wrote(
    closed: Door, query: str, variables: dict[str, Any], message: str, field: list[str] | None
) -> None:
    reply = await closed.execute(query, variables)

    error = reply.errors[0]
    assert error["message"] == message
    assert error["extensions"].get("field") == field


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f'{{ login(email: "a@b.c", password "{SECRET}") }}', "Expected ':', found String."),
        (f'{{ login(email: "a@b.c", password """it\'s\n{SECRET}""") }}', "Expected ':', found BlockString."),
        (f"{{ login(password: {{ {SECRET} }}) }}", "Expected ':', found '}'."),
        (f"{{ login(password {SECRET}) }}", "Expected ':', found Name."),
        ("{ login(password 1234) }", "Expected ':', found Int."),
        ("{ login(password 12.34) }", "Expected ':', found Float."),
        (f"{SECRET} x", "Unexpected Name."),
        (f'{{ login(password: "\\u{{{SECRET[:6]}}}") }}', "Invalid Unicode escape sequence."),
        (f"query ($p: String = ${SECRET}) {{ me }}", "Unexpected variable in constant value."),
    ],
)
async def test_what_stands_in_a_text_that_does_not_parse_is_not_repeated(door: Door, text: str, message: str) -> None:
    response = await door.post(orjson.dumps({"query": text}))

    (error,) = response.json()["errors"]
    assert error["message"] == f"Syntax Error: {message}"
    assert error["extensions"]["code"] == "GRAPHQL_PARSE_FAILED"
    assert error["locations"]
    assert SECRET[:6] not in response.text


@pytest.mark.parametrize(
    "query",
    [
        "subscription { presence(contactId: 7) { contactId } }",
        'subscription { presence(contactId: "nada") { contactId } }',
    ],
)
async def test_a_top_level_error_spells_its_place_as_the_api_does(asking: Door, query: str) -> None:
    async with asking.subscribe(query) as stream:
        message = await stream.message()

    assert message["payload"][0]["extensions"]["field"] == ["contactId"]


@pytest.mark.parametrize("inner", ["{key: 7}", "[{key: 7}]"])
async def test_a_value_that_stands_for_a_list_of_one(asking: Door, inner: str) -> None:
    literal = await asking.execute(f"{{ contacts(filter: {{or: {{customFields: {inner}}}}}) {{ totalCount }} }}")
    compared = {"key": 7} if inner[0] == "{" else [{"key": 7}]
    variable = await asking.execute(LIST, {"filter": {"or": {"customFields": compared}}})

    place = "filter.or.customFields.key" if inner[0] == "{" else "filter.or.customFields.0.key"
    assert told(dict(literal.body)) == [(place, f"`{place}` needs a text.")]
    assert told(dict(variable.body)) == [(place, f"`{place}` needs a text.")]
