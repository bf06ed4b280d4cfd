"""Requests that mean harm: each is refused at once, leaves no traceback, and the next client is served as before.

Asked of the product itself, with its whole schema.
"""

import asyncio
import gc
import time
from collections.abc import Callable

import orjson
import pytest
from structlog.testing import capture_logs

from tests.fixtures.door import Door

MOMENT = 0.3
"""How much of a processor, in seconds, a refusal may take of client and server together; the server takes under 0.1 s.

It is not the time that passes: the machine may do other things too.
"""

RESPONSE = "application/graphql-response+json"


def document(query: str, **more: object) -> bytes:
    return orjson.dumps({"query": query, **more})


def chain(links: int) -> str:
    fragments = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(links))
    return f"{{ ...F0 }} {fragments} fragment F{links} on Query {{ __typename }}"


def bomb(levels: int) -> str:
    fragments = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} ...F{n + 1} }}" for n in range(levels))
    return f"{{ ...F0 }} {fragments} fragment F{levels} on Query {{ a: __typename b: __typename }}"


def nested_bomb(levels: int) -> str:
    fragments = " ".join(
        f"fragment F{n} on Contact {{ owner {{ ...G{n} }} }} fragment G{n} on User {{ id }}" for n in range(levels)
    )
    return "{ contacts { nodes { " + " ".join(f"...F{n} " * 9 for n in range(levels)) + "} } } " + fragments


BODIES: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "space": lambda: b"   ",
    "a number": lambda: b"1",
    "a text": lambda: b'"{ __typename }"',
    "null": lambda: b"null",
    "true": lambda: b"true",
    "not a number": lambda: b"NaN",
    "infinity": lambda: b'{"query": "{ __typename }", "variables": {"n": Infinity}}',
    "half": lambda: b'{"query": "{ __type',
    "two": lambda: b'{"query": "{ __typename }"}{"query": "{ __typename }"}',
    "a mark of order": lambda: b'\xef\xbb\xbf{"query": "{ __typename }"}',
    "UTF-16": lambda: '{"query": "{ __typename }"}'.encode("utf-16"),
    "invalid UTF-8": lambda: b'{"query": "\xff\xfe\x80"}',
    "invalid UTF-8 in a key": lambda: b'{"\xc3\x28": 1}',
    "a lone surrogate": lambda: b'{"query": "\\ud800"}',
    "a NUL": lambda: b'{"query": "{ \\u0000 }"}',
    "bare NULs": lambda: b"\x00" * 1_000,
    "100,000 brackets": lambda: b"[" * 100_000,
    "100,000 braces": lambda: b'{"a":' * 50_000,
    "deep variables": lambda: b'{"query":"{ __typename }","variables":{"a":' + b"[" * 5_000 + b"]" * 5_000 + b"}}",
    "wide variables": lambda: b'{"query":"{","variables":{"a":[' + b"[]," * 60_000 + b"[]]}}",
    "brackets in a text": lambda: document("{", operationName="[" * 100),
    "a batch": lambda: orjson.dumps([{"query": "{ __typename }"}] * 1_000),
    "a batch of one": lambda: orjson.dumps([{"query": "{ __typename }"}]),
    "an empty batch": lambda: b"[]",
    "a long name of an operation": lambda: document("{ __typename }", operationName="x" * 100_000),
    "an operation that is not there": lambda: document("query A { __typename }", operationName="B"),
    "many operations": lambda: document(" ".join(f"query Q{n} {{ __typename }}" for n in range(300))),
    "a form's body": lambda: b"query=%7B__typename%7D",
    "a query of a wrong type": lambda: b'{"query": {"$ne": null}}',
    "a prototype": lambda: b'{"__proto__": {"query": "{ __typename }"}}',
    "duplicate keys": lambda: b'{"query": "{ __typename }", "query": 7}',
    "aliases": lambda: document("{ " + " ".join(f"a{n}: __typename" for n in range(500)) + " }"),
    "one field again and again": lambda: document("{ " + "__typename " * 1_500 + "}"),
    "one alias of many fields": lambda: document("{ contacts { nodes { " + "x: id x: name " * 300 + "} } }"),
    "objects that all meet": lambda: document("{ " + ("me { " + "user { id } " * 24 + "} ") * 20 + "}"),
    "one object again and again": lambda: document("{ me { " + "user { id } " * 400 + "} }"),
    "a circle that doubles": lambda: document(
        "{ __typename } " + " ".join(f"fragment F{n} on User {{ {f'...F{(n + 1) % 60} ' * 9} }}" for n in range(60))
    ),
    "a tree of fields": lambda: document(
        "{ __typename } fragment F30 on User { id } "
        + " ".join(f"fragment F{n} on User {{ a: b {{ ...F{n + 1} }} c: b {{ ...F{n + 1} }} }}" for n in range(30))
    ),
    "directives": lambda: document("{ __typename " + "@skip(if: false) " * 250 + "}"),
    "unknown directives": lambda: document("{ __typename " + "@aa" * 600 + " }"),
    "unknown fields": lambda: document("{ " + " ".join(f"nothing{n}" for n in range(500)) + " }"),
    "unknown arguments": lambda: document(
        "{ contacts(" + " ".join(f"a{n}: 1" for n in range(400)) + ") { __typename } }"
    ),
    "unknown fragments": lambda: document("{ " + " ".join(f"...F{n}" for n in range(600)) + " }"),
    "unused fragments": lambda: document("{ __typename } " + chain(240)[10:]),
    "unused variables": lambda: document("query (" + " ".join(f"$v{n}: Int" for n in range(400)) + ") { __typename }"),
    "a fragment of itself": lambda: document("{ ...A } fragment A on Query { ...A }"),
    "a circle of fragments": lambda: document("{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"),
    "a bomb of fragments": lambda: document(bomb(30)),
    "a bomb of fragments that overlap": lambda: document(nested_bomb(60)),
    "a circle of fields": lambda: document(
        "{ contacts { nodes { ...A } } } fragment A on Contact { owner { ...B } } "
        "fragment B on User { ...C } fragment C on User { ...B }"
    ),
    "a long chain of fragments": lambda: document(chain(240) + " fragment Z on Query { ...Y }"),
    "deep fields": lambda: document("{ contacts " + "{ nodes { owner " * 100 + "{ id" + " }" * 201),
    "deep lists": lambda: document("{ contacts(filter: " + "[" * 1_500 + "]" * 400 + ") { __typename } }"),
    "deep objects": lambda: document(
        "{ contacts(filter: " + "{and: [" * 150 + "{}" + "]}" * 150 + ") { __typename } }"
    ),
    "deep types of variables": lambda: document("query ($a: " + "[" * 900 + "Int" + "]" * 900 + ") { __typename }"),
    "deep introspection": lambda: document(
        "{ __schema { types { " + "fields { type { " * 20 + "name" + " } }" * 20 + "} } }"
    ),
    "wide introspection": lambda: document(
        "{ __schema { types { " + "fields { name type { name } } " * 300 + "} } }"
    ),
    "a long text": lambda: document('{ contacts(search: "' + "x" * 200_000 + '") { nope } }'),
    "a long number": lambda: document("{ contacts(first: " + "9" * 100_000 + ") { __typename } }"),
    "a long comment": lambda: document("#" + "x" * 200_000),
    "a long block of text": lambda: document('"""' + "\\\n" * 50_000),
    "commas": lambda: document("," * 200_000),
    "tokens": lambda: document("{ " + "a " * 100_000 + "}"),
    "definitions of types": lambda: document("type Query { a: Int }"),
    "a bill that nobody can pay": lambda: document(
        "{ " + " ".join(f"c{n}: contacts(first: 100) {{ nodes {{ labels {{ name }} }} }}" for n in range(18)) + " }"
    ),
    "too many bytes": lambda: b'{"query": "' + b"x" * 300_000 + b'"}',
}  # fmt: skip


async def serves(door: Door) -> bool:
    return (await door.execute("{ __typename }")).data == {"__typename": "Query"}


@pytest.mark.parametrize("name", BODIES)
async def test_a_hostile_body_is_refused_at_once(door: Door, name: str) -> None:
    body = BODIES[name]()

    with capture_logs() as lines:
        gc.freeze()  # as the server does: what the suite holds is not looked through meanwhile
        began = time.process_time()
        answer = await door.post(body, accept=RESPONSE)
        taken = time.process_time() - began
        gc.unfreeze()

    assert 400 <= answer.status_code < 500, answer.text[:300]
    errors = answer.json()["errors"]
    assert 1 <= len(errors) <= 21
    assert all(each["extensions"]["code"] != "INTERNAL_ERROR" for each in errors)
    assert "data" not in answer.json()
    assert len(answer.content) < 20_000
    assert taken < MOMENT
    assert [each for each in lines if each["log_level"] in ("error", "critical")] == []
    assert await serves(door)


@pytest.mark.parametrize(
    "name", ["aliases", "a bomb of fragments", "unknown fields", "tokens", "a circle of fragments"]
)
async def test_who_knows_plain_json_alone_is_told_by_200(door: Door, name: str) -> None:
    answer = await door.post(BODIES[name](), accept="application/json")

    assert answer.status_code == 200
    assert list(answer.json()) == ["errors"]


HEADS: dict[str, dict[str, str]] = {
    "text/plain": {"content-type": "text/plain"},
    "a form": {"content-type": "application/x-www-form-urlencoded"},
    "a form with files": {"content-type": "multipart/form-data; boundary=x"},
    "no type": {"content-type": ""},
    "a wrong charset": {"content-type": "application/json; charset=shift_jis"},
    "a type of nonsense": {"content-type": ";;;=,/" * 100},
    "a zipped body": {"content-encoding": "gzip"},
    "an unknown media type": {"accept": "application/vnd.nobody"},
    "a list of a thousand types": {"accept": "text/x," * 1_000},
    "weights of nonsense": {"accept": "application/json;q=ten;q=;;q"},
    "a stream of JSON": {"accept": "application/jsonl"},
}


@pytest.mark.parametrize("name", HEADS)
async def test_a_hostile_head_is_refused(door: Door, name: str) -> None:
    answer = await door.post(document("{ __typename }"), **HEADS[name])

    assert answer.status_code in (406, 415)
    assert answer.json()["errors"][0]["message"]
    assert await serves(door)


ADDRESSES: dict[str, tuple[str, int]] = {
    "a query": ("?query={__typename}", 405),
    "a mutation": ("?query=mutation{logout{done}}", 405),
    "many parameters": ("?" + "&".join(f"a{n}=1" for n in range(400)), 400),
    "a long address": ("?documentId=" + "x" * 9_000, 414),
    "no document": ("?variables={}", 400),
    "variables that are none": ("?documentId=sha256:00&variables={", 400),
    "a list of variables": ("?documentId=sha256:00&variables=[]", 400),
    "a bad name": ("?documentId=../../etc/passwd", 400),
    "bytes that are no UTF-8": ("?documentId=%ff%fe", 400),
    "a document nobody stored": ("?documentId=sha256:" + "0" * 64, 404),
}


@pytest.mark.parametrize("name", ADDRESSES)
async def test_a_hostile_address_is_refused(door: Door, name: str) -> None:
    address, status = ADDRESSES[name]

    answer = await door.client.get("/graphql" + address, headers={"graphql-require-preflight": "1"})

    assert answer.status_code == status
    assert answer.json()["errors"][0]["message"]
    assert await serves(door)


async def test_a_page_of_a_foreign_origin_cannot_begin_a_stream(door: Door) -> None:
    foreign = {"origin": "https://evil.example", "accept": "text/event-stream"}

    for name in ("?query=subscription{workspaceEvents{__typename}}", "?documentId=sha256:" + "0" * 64):
        assert (await door.client.get("/graphql" + name, headers=foreign)).status_code == 405


RAW: dict[str, bytes] = {
    "garbage": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100 + b"\r\n\r\n",
    "no length": b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n\r\n",
    "a bad length": b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    "two lengths": b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n{}",
    "a bad chunk": b"POST /graphql HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
    "a NUL in the address": b"GET /graphql\x00 HTTP/1.1\r\nhost: x\r\n\r\n",
    "half a socket": b"GET /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n\r\n",
}


@pytest.mark.parametrize("name", RAW)
async def test_bytes_that_are_no_request_are_refused(door: Door, name: str) -> None:
    url = door.client.base_url
    reader, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(RAW[name])

    answer = await asyncio.wait_for(reader.read(200), 5)
    writer.transport.abort()

    assert answer.startswith(b"HTTP/1.1 4")
    assert await serves(door)


FILTERS = "query ($f: ContactFilter) {{ {} }}"
ONE = FILTERS.format("contacts(first: 1, filter: $f) { nodes { id } }")
TWENTY = FILTERS.format(" ".join(f"a{n}: contacts(first: 1, filter: $f) {{ nodes {{ id }} }}" for n in range(20)))
UPSERT = "mutation ($c: [ContactInput!]!) { contactsUpsert(input: { contacts: $c }) { created } }"
DEFAULT = TWENTY.replace("ContactFilter", "ContactFilter = {or: [" + "{}" * 600 + "]}")
NEEDED: dict[str, object] = {"f": {"or": [{"name": {"eq": "x"}}] * 24}}

OVERLAPS = ("objects that all meet", "one object again and again", "a circle that doubles", "a tree of fields")


@pytest.mark.parametrize("name", OVERLAPS)
async def test_fields_that_meet_too_often_are_not_compared(door: Door, name: str) -> None:
    taken: list[float] = []

    for _ in range(3):
        began = time.thread_time()
        answer = await door.post(BODIES[name](), accept=RESPONSE)
        taken.append(time.thread_time() - began)
        assert answer.status_code == 400

    assert min(taken) < 0.15


AMOUNTS: dict[str, tuple[str, Callable[[], dict[str, object]]]] = {
    "80,000 objects, twenty times": (TWENTY, lambda: {"f": {"or": [{}] * 80_000}}),
    "80,000 objects, once": (ONE, lambda: {"f": {"or": [{}] * 80_000}}),
    "60 by 60 objects, twenty times": (TWENTY, lambda: {"f": {"or": [{"and": [{}] * 60}] * 60}}),
    "19,000 objects in objects": (TWENTY, lambda: {"f": {"or": [{"name": {}}] * 19_000}}),
    "51 objects, twenty times": (TWENTY, lambda: {"f": {"or": [{}] * 50}}),
    "1,001 objects, once": (ONE, lambda: {"f": {"or": [{}] * 1_000}}),
    "1,001 values, twenty times": (TWENTY, lambda: {"f": {"name": {"in": ["x"] * 1_000}}}),
    "600 objects of a default, twenty times": (DEFAULT, dict),
    "80,000 contacts": (UPSERT, lambda: {"c": [{}] * 80_000}),
    "120,000 numbers": (UPSERT, lambda: {"c": [1] * 120_000}),
    "a variable that nothing uses": ("{ __typename }", lambda: {"x": [1] * 10_000}),
}  # fmt: skip


@pytest.mark.parametrize("name", AMOUNTS)
async def test_more_values_than_anybody_needs_are_refused_before_they_are_looked_at(door: Door, name: str) -> None:
    query, variables = AMOUNTS[name]
    body = document(query, variables=variables())
    taken: list[float] = []

    for _ in range(2):
        began = time.thread_time()
        answer = await door.post(body, accept=RESPONSE)
        taken.append(time.thread_time() - began)
        assert answer.status_code == 400, answer.text[:300]
        (error,) = answer.json()["errors"]
        assert error["extensions"]["code"] == "LIMIT_EXCEEDED"

    # the second time its document is known
    assert min(taken) < 0.1


@pytest.mark.parametrize("query", [ONE, TWENTY])
async def test_as_many_values_as_a_client_needs_are_taken(door: Door, query: str) -> None:
    answer = await door.post(document(query, variables=NEEDED), accept=RESPONSE)

    assert "LIMIT_EXCEEDED" not in answer.text
