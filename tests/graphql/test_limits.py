"""Limits of one operation, each refused with its own code, and what an operation costs whoever sends it."""

import asyncio
import hashlib
import time
from collections.abc import AsyncIterator, Callable
from math import isqrt
from typing import Any

import httpx
import orjson
import pytest
from structlog.testing import capture_logs

from core.ground import Ground
from core.settings import Introspection
from server.engine import budget, introspection, overlaps, rules
from server.middleware import BODY_LIMIT
from server.protocols.json_text import NESTING
from tests.fixtures.door import Door
from tests.fixtures.stage import Line, Stage, door_to, staged, token_of
from tests.fixtures.tenants import Tenant
from tests.fixtures.waiting import until

RESPONSE = "application/graphql-response+json"


@pytest.fixture(scope="module")
async def stage(ground: Ground) -> AsyncIterator[Stage]:
    async with staged(ground) as opened:
        yield opened


@pytest.fixture
async def asking(stage: Stage, ground: Ground) -> AsyncIterator[Door]:
    async with door_to(stage, ground) as opened:
        yield opened


async def ask(door: Door, query: str, **more: Any) -> httpx.Response:
    return await door.post(orjson.dumps({"query": query, **more}), accept=RESPONSE)


def nested(levels: int) -> str:
    return "{ list " + "{ friend " * (levels - 2) + "{ id" + " }" * levels


def wide(fields: int) -> str:
    def some(count: int) -> str:
        return " ".join(("id __typename " * count).split()[:count])

    def root(name: str, count: int) -> str:
        return f"{name}: list {{ {some(count // 2 - 1)} friend {{ {some(count - count // 2 - 1)} }} }}"

    return "{ " + " ".join(root(f"a{k}", (fields + k) // 20) for k in range(20)) + " }"


LIMITS: dict[str, tuple[Callable[[int], str], int, str]] = {
    "depth": (nested, rules.DEPTH, "LIMIT_EXCEEDED"),
    "fields": (wide, rules.FIELDS, "LIMIT_EXCEEDED"),
    "pairs": (lambda n: "{ list { " + "friend { id } " * (isqrt(n) + n % 2) + "} }", overlaps.PAIRS, "LIMIT_EXCEEDED"),
    "aliases": (
        lambda n: "{ list { " + " ".join(f"a{k}: id" for k in range(n)) + " } }", rules.ALIASES, "LIMIT_EXCEEDED",
    ),
    "root fields": (lambda n: "{ " + "whoami " * n + "}", rules.ROOT_FIELDS, "LIMIT_EXCEEDED"),
    "directives": (
        lambda n: "{ list { " + " ".join(["id @skip(if: false)"] * n) + " } }", rules.DIRECTIVES, "LIMIT_EXCEEDED",
    ),
    "introspection": (
        lambda n: "{ " + " ".join(f"a{k}: __schema {{ description }}" for k in range(n)) + " }",
        introspection.AT_ONCE, "LIMIT_EXCEEDED",
    ),
}  # fmt: skip
FRAGMENTS = {
    "depth": (
        f"{{ list {{ ...A }} }} fragment A on Thing {{ {'friend { ' * 6}...B{' }' * 6} }} "
        f"fragment B on Thing {{ {'friend { ' * 6}id{' }' * 6} }}"
    ),
    "introspection": (
        '{ ...A b: __type(name: "Thing") { ...B } __schema { types { ...B } } } fragment B on __Type { name } '
        'fragment A on Query { c: __type(name: "Thing") { ...B } d: __type(name: "Thing") { ...B } }'
    ),
    "fields": f"{{ list {{ {'...A ' * 20} }} }} fragment A on Thing {{ {'id ' * 51} }}",
    "pairs": f"{{ list {{ {'id ' * 120}...A }} }} fragment A on Thing {{ {'id ' * 120} }}",
    "pairs of no operation": f"{{ whoami }} fragment A on Thing {{ {'id ' * 300} }}",
    "aliases": (
        f"{{ list {{ ...A }} x: list {{ ...A }} }} fragment A on Thing {{ {' '.join(f'a{k}: id' for k in range(15))} }}"
    ),
}


@pytest.mark.parametrize("name", LIMITS)
async def test_an_operation_may_go_to_its_limit_and_no_further(asking: Door, name: str) -> None:
    write, most, code = LIMITS[name]

    allowed, refused = await ask(asking, write(most)), await ask(asking, write(most + 1))

    assert "LIMIT_EXCEEDED" not in allowed.text
    assert refused.status_code == 400
    (error,) = refused.json()["errors"]
    assert error["extensions"]["code"] == code
    assert str(most) in error["message"]


@pytest.mark.parametrize("name", FRAGMENTS)
async def test_fragments_count_wherever_they_are_spread(asking: Door, name: str) -> None:
    answer = await ask(asking, FRAGMENTS[name])

    assert [each["extensions"]["code"] for each in answer.json()["errors"]] == ["LIMIT_EXCEEDED"]


async def test_a_document_has_so_many_tokens_and_no_more(asking: Door) -> None:
    def write(tokens: int) -> str:
        return "query (" + "$a: Int " * ((tokens - 7) // 4) + ") { whoami }"

    allowed, refused = await ask(asking, write(rules.TOKENS)), await ask(asking, write(rules.TOKENS + 8))

    assert "tokens" not in allowed.json()["errors"][0]["message"]
    (error,) = refused.json()["errors"]
    assert refused.status_code == 400
    assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
    assert f"{rules.TOKENS} tokens" in error["message"]


async def test_fragments_that_all_ask_for_the_same_are_taken(asking: Door) -> None:
    spreads = " ".join(f"...F{n}" for n in range(50))
    fragments = " ".join(f"fragment F{n} on Thing {{ id name friend {{ id name }} }}" for n in range(50))

    answer = await ask(asking, f"{{ list {{ {spreads} }} }} {fragments}")

    assert "LIMIT_EXCEEDED" not in answer.text


@pytest.mark.parametrize("links", [50, 150, 270])
async def test_a_chain_of_fragments_is_run_or_refused_whatever_its_length(asking: Door, links: int) -> None:
    fragments = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(links))

    with capture_logs() as lines:
        answer = await ask(asking, f"{{ ...F0 }} {fragments} fragment F{links} on Query {{ __typename }}")

    assert answer.status_code in (200, 400), answer.text[:300]
    assert [each for each in lines if each["log_level"] == "error"] == []


async def test_json_may_be_so_deep_and_no_deeper(asking: Door) -> None:
    def nest(levels: int) -> bytes:
        return b'{"query":"{ __typename }","variables":{"a":' + b"[" * (levels - 2) + b"]" * (levels - 2) + b"}}"

    allowed = await asking.post(nest(NESTING))

    assert allowed.json()["data"] == {"__typename": "Query"}
    for levels in (NESTING + 1, 1_000, 5_000):
        refused = await asking.post(nest(levels))
        (error,) = refused.json()["errors"]
        assert refused.status_code == 400
        assert error["extensions"]["code"] == "LIMIT_EXCEEDED"
        assert f"{NESTING} levels" in error["message"]


async def test_a_body_may_have_so_many_bytes_and_no_more(asking: Door) -> None:
    start = b'{"query":"{ __typename }","x":"'
    whole = start + b"x" * (BODY_LIMIT - len(start) - 2) + b'"}'

    allowed, refused = await asking.post(whole), await asking.post(whole + b" ")

    assert (allowed.status_code, refused.status_code) == (200, 413)
    assert refused.json()["errors"][0]["extensions"]["code"] == "PAYLOAD_TOO_LARGE"


async def test_an_operation_may_take_so_long(ground: Ground) -> None:
    async with staged(ground, timeout=0.1) as quick, door_to(quick, ground) as door:
        answer = await ask(door, "{ slow }")
        async with Line.ready(quick.address) as line:
            await line.subscribe("{ slow }")
            heard = await line.hear()

    assert answer.status_code == 503
    assert heard["type"] == "next"
    for told in (answer.json(), heard["payload"]):
        (error,) = told["errors"]
        assert error["extensions"]["code"] == "TIMEOUT"
        assert error["extensions"]["requestId"]
    assert answer.json()["errors"][0]["extensions"]["requestId"] == answer.headers["x-request-id"]
    assert quick.running == 0


async def test_the_cost_is_told_before_and_after(asking: Door) -> None:
    first, second = [(await ask(asking, "{ whoami }")).json()["extensions"]["cost"] for _ in range(2)]

    assert (first["requested"], first["actual"]) == (1, 1)
    assert 3_900 < second["remaining"] <= budget.ANONYMOUS.limit
    assert first["resetAt"] > 0


async def test_an_operation_whose_time_is_up_costs_its_full_price(ground: Ground) -> None:
    query = "{ slow __schema { types { name fields { name type { name } } } } }"
    async with staged(ground, timeout=0.1) as quick, door_to(quick, ground) as door:
        before = (await ask(door, "{ __typename }")).json()["extensions"]["cost"]["remaining"]
        cost = (await ask(door, query)).json()["extensions"]["cost"]

    assert cost["requested"] == cost["actual"] > 2
    assert cost["remaining"] <= before - cost["actual"] + 100
    assert cost["resetAt"] > time.time()


async def test_variables_bound_the_cost(asking: Door) -> None:
    query = "query ($n: Int) { many(first: $n) { nodes { friends(first: 50) { nodes { id } } } } }"

    small, large = await ask(asking, query, variables={"n": 2}), await ask(asking, query, variables={"n": 100})

    assert small.json()["extensions"]["cost"]["requested"] == 2 * 51
    assert large.status_code == 422
    assert large.json()["errors"][0]["extensions"]["code"] == "COST_EXCEEDED"
    assert "5100" in large.json()["errors"][0]["message"]
    cost = large.json()["extensions"]["cost"]
    assert cost["requested"] == 5_100
    assert 3_000 < cost["remaining"] <= budget.ANONYMOUS.limit
    assert cost["resetAt"] > 0


DEAR = "{ many(first: 39) { nodes { friends(first: 100) { nodes { id } } } } }"


async def test_who_has_spent_all_waits_and_is_told_how_long(asking: Door, ground: Ground) -> None:
    await ground.throttle.spend("points:address:127.0.0.1", budget.ANONYMOUS, budget.ANONYMOUS.limit - 10)

    answer = await ask(asking, DEAR)

    assert answer.status_code == 429
    error = answer.json()["errors"][0]["extensions"]
    assert error["code"] == "RATE_LIMITED"
    assert 0 < int(answer.headers["retry-after"]) <= 40
    assert error["retryAfter"] > 0
    cost = answer.json()["extensions"]["cost"]
    assert cost["requested"] == 39 * 101
    assert 0 <= cost["remaining"] < 2_000
    assert time.time() < cost["resetAt"] <= time.time() + 41
    assert "data" not in answer.json()


async def test_a_subscription_is_paid_for_too(stage: Stage, ground: Ground) -> None:
    await ground.throttle.spend("points:address:127.0.0.1", budget.ANONYMOUS, budget.ANONYMOUS.limit)
    async with staged(ground) as fresh, Line.ready(fresh.address) as line:
        await line.subscribe(f"subscription {{ things {DEAR.replace('many', 'friends')} }}")

        refusal = await line.hear()

    assert refusal["type"] == "error"
    error = refusal["payload"][0]["extensions"]
    assert error["code"] == "RATE_LIMITED"
    assert error["cost"]["requested"] == 1 + 39 * 101
    assert fresh.opened == 0


async def test_the_first_answer_of_a_subscription_tells_its_cost(stage: Stage, asking: Door) -> None:
    query = "subscription { ticks(until: 3) }"
    async with Line.ready(stage.address) as line:
        await line.subscribe(query)
        heard = [(await line.hear())["payload"] for _ in range(3)]
    streamed = await asking.post(orjson.dumps({"query": query}), accept="text/event-stream")

    frames = [orjson.loads(line[5:]) for line in streamed.text.splitlines() if line.startswith("data: ")]
    for answers in (heard, frames):
        assert [each["data"]["ticks"] for each in answers] == [0, 1, 2]
        cost = answers[0]["extensions"]["cost"]
        assert (cost["requested"], cost["actual"]) == (1, 1)
        assert 0 < cost["remaining"] <= budget.ANONYMOUS.limit
        assert all("extensions" not in each for each in answers[1:])


async def test_a_subscription_that_breaks_tells_its_cost_once(stage: Stage) -> None:
    async with Line.ready(stage.address) as line:
        await line.subscribe('subscription { breaks(how: "conflict") }')
        first, last = await line.hear(), await line.hear()

    assert first["payload"]["extensions"]["cost"]["requested"] == 1
    assert "cost" not in last["payload"][0]["extensions"]


async def test_each_credential_has_points_of_its_own(stage: Stage, ground: Ground, tenant: Tenant) -> None:
    async with staged(ground) as fresh, door_to(fresh, ground) as door:
        await ground.throttle.spend("points:address:127.0.0.1", budget.ANONYMOUS, budget.ANONYMOUS.limit)
        signed_in = door.with_token(await token_of(ground, tenant.owner))

        assert (await ask(door, DEAR)).status_code == 429
        assert (await ask(signed_in, "{ whoami }")).json()["data"] == {"whoami": str(tenant.owner.user_id)}


SCHEMA_QUERY = "{ __schema { queryType { name } } }"
MISSPELT = "{ whoam }"


@pytest.mark.parametrize(
    ("who", "anonymous", "signed_in"),
    [
        (Introspection.ANYBODY, True, True),
        (Introspection.SIGNED_IN, False, True),
        (Introspection.NOBODY, False, False),
    ],
)
async def test_who_may_see_the_schema_is_told_names_and_others_are_not(
    ground: Ground, tenant: Tenant, who: Introspection, anonymous: bool, signed_in: bool
) -> None:
    async with staged(ground, introspection=who) as stage, door_to(stage, ground) as door:
        token = await token_of(ground, tenant.owner)
        for caller, may in ((door, anonymous), (door.with_token(token), signed_in)):
            for query in (SCHEMA_QUERY, '{ ...A } fragment A on Query { x: __type(name: "Query") { name } }'):
                shown = await ask(caller, query)
                assert (shown.status_code == 200, "INTROSPECTION_REFUSED" in shown.text) == (may, not may)
            for misspelt in (
                await ask(caller, MISSPELT),
                await ask(caller, "{ list }"),
                await ask(caller, "query ($a: Intt) { echo(text: $a) }"),
                await ask(caller, MISSPELT, extensions=_apollo(MISSPELT)),
            ):
                assert ("Did you mean" in misspelt.text) is may, misspelt.text
        assert (await ask(door, "{ __typename list { __typename } }")).status_code in (200, 294)


def _apollo(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(text.encode()).hexdigest()}}


async def test_a_request_that_is_given_up_does_not_hold_others_up(stage: Stage, asking: Door) -> None:
    slow = [asyncio.create_task(ask(asking, "{ slow }")) for _ in range(30)]
    await until(lambda: stage.running == 30)

    assert (await asyncio.wait_for(ask(asking, "{ __typename }"), 2)).status_code == 200

    stage.gate.set()
    answers = await asyncio.gather(*slow)
    stage.gate.clear()
    assert {each.status_code for each in answers} == {200}
