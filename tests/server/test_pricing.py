"""Prices: what an operation may look up at most, by its text and its variables."""

from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, execute
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from server.engine.documents import Document, Documents
from server.engine.pricing import LARGEST_PAGE, LIST, MUTATION, PAGE, Price, Pricing
from server.engine.rules import ALIASES
from tests.fixtures.operations import SCHEMA
from tests.fixtures.stage import SDL, Stage

SMALL = Stage().schema()


def priced(text: str, schema: GraphQLSchema = SMALL, **variables: Any) -> Price:
    document = Documents(schema).check(text)
    return Pricing(schema).price(document.operation(None), variables)


def price(text: str, schema: GraphQLSchema = SMALL, **variables: Any) -> int:
    return priced(text, schema, **variables).points


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("{ __typename }", 1),
        ("{ whoami }", 1),
        ("mutation { touch }", MUTATION),
        ("{ many { nodes { id } } }", PAGE),
        ("{ many(first: 7) { nodes { id name } } }", 7),
        ("{ many(first: 7) { edges { cursor node { id } } pageInfo { hasNextPage } } }", 7 * 1),
        ("{ many(first: 7) { nodes { friend { id } } } }", 7 * 2),
        ("{ many(first: 7) { nodes { friends(first: 3) { nodes { friend { id } } } } } }", 7 * (1 + 3 * 2)),
        ("{ many(first: 7) { nodes { parts { id } } } }", 7 * (1 + LIST)),
        ("{ list { id } }", LIST),
        ("{ many(first: 7) { totalCount } }", 7 * 2),
        ("{ a: many(first: 7) { nodes { id } } b: many(first: 7) { nodes { id } } }", 14),
        ("{ many(first: 7) { ...T } } fragment T on Things { nodes { id } }", 7),
        ("{ ...Q ...Q } fragment Q on Query { many(first: 7) { nodes { id } } }", 14),
        ("{ many(first: 0) { nodes { id } } }", LARGEST_PAGE),
        ("{ many(first: -1) { nodes { id } } }", LARGEST_PAGE),
        ("{ many(first: 2000000000) { nodes { id } } }", LARGEST_PAGE),
        ("{ many(first: 2) { nodes { friends(first: 50, last: 1) { nodes { id } } } } }", 2 * 51),
        ("subscription { ticks }", 1),
    ],
)
def test_a_page_multiplies_what_hangs_on_it(text: str, points: int) -> None:
    assert price(text) == points


BOUND = "query ($n: Int = 3) { many(first: $n) { nodes { friend { id } } } }"


@pytest.mark.parametrize(("given", "size"), [({"n": 5}, 5), ({"n": 0}, LARGEST_PAGE), ({"n": None}, PAGE), ({}, PAGE)])
def test_a_variable_bounds_a_page(given: dict[str, Any], size: int) -> None:
    assert price(BOUND, **given) == 2 * size


@pytest.mark.parametrize("directive", ["skip", "include"])
@pytest.mark.parametrize("value", [True, False])
def test_what_is_left_out_is_free(directive: str, value: bool) -> None:
    is_out = value is (directive == "skip")
    written = f"@{directive}(if: {str(value).lower()})"
    by_variable = f"query ($x: Boolean!) {{ whoami many(first: 9) @{directive}(if: $x) {{ nodes {{ id }} }} }}"
    in_fragment = (
        f"query ($x: Boolean!) {{ whoami ... @{directive}(if: $x) {{ many(first: 9) {{ nodes {{ id }} }} }} }}"
    )

    assert price(f"{{ whoami many(first: 9) {written} {{ nodes {{ id }} }} }}") == (1 if is_out else 9)
    assert price(by_variable, x=value) == (1 if is_out else 9)
    assert price(in_fragment, x=value) == (1 if is_out else 9)


def test_one_text_has_a_price_for_each_size_of_its_pages() -> None:
    document = Documents(SMALL).check(
        "query ($n: Int, $x: Boolean!) { many(first: $n) @skip(if: $x) { nodes { id } } }"
    )
    pricing = Pricing(SMALL)

    prices = [
        pricing.price(document.operation(None), {"n": n, "x": x}).points for n, x in [(5, False), (9, False), (9, True)]
    ]

    assert prices == [5, 9, 1]


def test_what_no_variable_bounds_is_priced_once() -> None:
    document = Documents(SMALL).check("query ($text: String) { many(first: 4) { nodes { id } } echo(text: $text) }")
    pricing = Pricing(SMALL)

    first, second = (pricing.price(document.operation(None), {"text": each}) for each in ("1", "2"))

    assert first is second
    assert first.points == 4


def test_operations_of_one_document_have_prices_of_their_own() -> None:
    document = Documents(SMALL).check("query A { whoami } query B { many(first: 9) { nodes { id } } }")
    pricing = Pricing(SMALL)

    assert [pricing.price(document.operation(each), {}).points for each in ("A", "B")] == [1, 9]


def test_every_connection_of_the_product_is_priced_by_its_page() -> None:
    query: Any = SCHEMA.query_type
    connections = [name for name, each in query.fields.items() if "first" in each.args]
    assert len(connections) > 3

    for name in connections:
        required = [a for a, each in query.fields[name].args.items() if str(each.type).endswith("!")]
        if not required:
            assert price(f"{{ {name}(first: 10) {{ nodes {{ __typename }} }} }}", SCHEMA) == 10


FIELDS = ("id", "name", "friend", "friends", "parts")


@st.composite
def things(draw: Any, depth: int) -> str:
    """A selection on a thing, some levels deep."""
    chosen = draw(st.lists(st.sampled_from(FIELDS if depth else FIELDS[:2]), min_size=1, max_size=3))
    return " ".join(_written(draw, name, depth, place) for place, name in enumerate(chosen))


def _written(draw: Any, name: str, depth: int, place: int) -> str:
    left_out = draw(st.sampled_from(["", "", "", "@skip(if: $no)", "@include(if: $yes)", "@skip(if: $yes)"]))
    if name in ("id", "name"):
        return f"a{depth}{place}: {name} {left_out}"
    inner = draw(things(depth - 1))
    if name == "friends":
        page = draw(st.sampled_from(["first: 1", "first: 4", "first: $n", "first: 2, last: 5"]))
        shape = draw(st.sampled_from(["nodes {{ {} }}", "edges {{ node {{ {} }} }}"])).format(inner)
        return f"a{depth}{place}: friends({page}) {left_out} {{ {shape} pageInfo {{ hasNextPage }} }}"
    return f"a{depth}{place}: {name} {left_out} {{ {inner} }}"


@dataclass
class Lookups:
    """Resolvers that give full pages and lists, and count the things that they looked up."""

    count: int = 0

    def thing(self) -> dict[str, Any]:
        self.count += 1
        return {
            "id": "1",
            "name": "x",
            "friend": lambda _: self.thing(),
            "parts": lambda _: [self.thing() for _ in range(LIST)],
            "friends": lambda _, first=20, last=None: self.page(max(first, last or 0)),
        }

    def page(self, size: int) -> dict[str, Any]:
        made: list[Any] = []

        def all_() -> list[Any]:
            made.extend(self.thing() for _ in range(size - len(made)))
            return made

        return {
            "nodes": lambda _: all_(),
            "edges": lambda _: [{"node": each, "cursor": "x"} for each in all_()],
            "pageInfo": {"hasNextPage": False},
        }


@settings(max_examples=60, deadline=None)
@given(things(3), st.integers(1, 6))
def test_no_operation_looks_up_more_than_it_was_priced_at(selection: str, size: int) -> None:
    text = (
        f"query ($n: Int, $no: Boolean!, $yes: Boolean!) {{ list {{ {selection} }} "
        "x: list @skip(if: $no) { friends(first: $n) { nodes { id } } } y: list @include(if: $yes) { id } }"
    )
    variables = {"n": size, "no": False, "yes": True}
    schema = build_schema(SDL)
    # two of the document's own; what has more than the limit is refused, and has no price
    assume(selection.count(": ") + 2 <= ALIASES)
    document = Documents(schema).check(text)
    lookups = Lookups()

    result: Any = execute(
        schema, document.node, {"list": lambda _: [lookups.thing() for _ in range(LIST)]}, variable_values=variables
    )

    assert result.errors is None
    price = Pricing(schema).price(document.operation(None), variables)
    assert lookups.count <= price.points
    assert price.spent(result.data) <= price.points


@pytest.mark.parametrize(
    ("text", "data", "points"),
    [
        ("{ whoami }", {"whoami": "x"}, 1),
        ("{ whoami }", None, 1),
        ("mutation { touch }", {"touch": 1}, MUTATION),
        ("{ list { id } }", {"list": [{"id": 1}] * 25}, 25),
        ("{ many(first: 7) { nodes { id } } }", {"many": None}, 1),
        ("{ many(first: 7) { nodes { id } } }", {"many": {"nodes": [{"id": 1}] * 3}}, 3),
        ("{ x: many(first: 7) { y: nodes { id } } }", {"x": {"y": [{"id": 1}] * 3}}, 3),
        ("{ many(first: 7) { edges { node { id } } } }", {"many": {"edges": [{"node": {"id": 1}}] * 3}}, 3),
        (
            "{ many(first: 7) { nodes { id } edges { cursor } pageInfo { hasNextPage } } }",
            {"many": {"nodes": [{"id": 1}] * 3, "edges": [{"cursor": 1}] * 3, "pageInfo": {"hasNextPage": True}}},
            3,
        ),
        ("{ many(first: 7) { totalCount } }", {"many": {"totalCount": 9}}, 2),
        ("{ many { nodes { friend { id } } } }", {"many": {"nodes": [{"friend": {"id": 1}}] * 3}}, 6),
    ],
)
def test_an_answer_costs_the_objects_that_it_holds(text: str, data: Any, points: int) -> None:
    assert priced(text).spent(data) == points


UPSERT = "contactsUpsert(input: { contacts: $c }) { created results { contact { id } userErrors { code } } }"
TEN = [{"name": "Ana"}] * 10
RESULTS = {"results": [{"contact": {"id": "1"}, "userErrors": []}] * 10}


@pytest.mark.parametrize(
    ("text", "points"),
    [
        ("mutation ($c: [ContactInput!]!) { contactsUpsert(input: { contacts: $c }) { created } }", MUTATION + 51),
        (f"mutation ($c: [ContactInput!]!) {{ {UPSERT} }}", MUTATION + 51 + 30),
        (f"mutation ($c: [ContactInput!]!) {{ a: {UPSERT} b: {UPSERT} }}", 2 * (MUTATION + 51 + 30)),
        ("mutation { contactsUpsert(input: { contacts: [{}, {}] }) { results { created } } }", MUTATION + 11 + 2),
        ("mutation { contactsUpsert(input: { contacts: {} }) { created } }", MUTATION + 6),
        ("mutation ($i: ContactsUpsertInput!) { contactsUpsert(input: $i) { results { created } } }", MUTATION + 61),
        ("mutation ($n: [ID!]!) { contactArchive(input: { ids: $n }) { contacts { id } } }", MUTATION + 41),
        ("mutation ($n: [ID!]!) { labelDelete(input: { ids: $n }) { deletedIds } }", MUTATION + 21),
        (
            "mutation ($n: [ID!]!) { contactLabelsAdd(input: { contactIds: $n, labelIds: [1] }) { contacts { id } } }",
            MUTATION + 42,
        ),
        (
            "mutation ($n: [ID!]!) { contactLabelsAdd(input: { contactIds: $n, labelIds: $n }) { contacts { id } } }",
            MUTATION + 61,
        ),
        (
            'mutation { customFieldCreate(input: { key: "a", label: "a", kind: URL, options: ["b"] }) { __typename } }',
            MUTATION + 1,
        ),
        ("mutation { logout { done } a: logout { done } }", 2 * (MUTATION + 1)),
        ("mutation ($no: Boolean = false) { logout { done } a: logout @include(if: $no) { done } }", MUTATION + 1),
    ],
)
def test_each_mutation_is_priced_by_what_it_is_given(text: str, points: int) -> None:
    variables = {"c": TEN, "i": {"contacts": TEN}, "n": [str(each) for each in range(20)], "no": False}

    assert price(text, SCHEMA, **variables) == points


def test_a_mutation_costs_what_it_was_given_whatever_it_answers() -> None:
    found = priced(f"mutation ($c: [ContactInput!]!) {{ {UPSERT} }}", SCHEMA, c=TEN)

    assert found.spent(None) == MUTATION + 50
    assert found.spent({"contactsUpsert": {"results": []}}) == MUTATION + 51
    assert found.spent({"contactsUpsert": RESULTS}) == MUTATION + 51 + 20


def test_a_document_is_measured_once() -> None:
    documents = Documents(SMALL)

    first: Document = documents.check("{ whoami }")

    assert documents.check("{ whoami }") is first
