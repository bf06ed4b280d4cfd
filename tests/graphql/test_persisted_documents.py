"""Stored documents: named by the hash of their text, stored on the way or trusted by the operator."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import orjson
import pytest
from redis.asyncio import Redis

from core.ground import Ground
from core.limits import Throttle
from server.engine import Parameters, RequestRefused
from server.persisted import ManifestUnusable, PersistedDocuments
from tests.fixtures.door import Door
from tests.fixtures.redis_server import free_port
from tests.fixtures.stage import Line, Stage, door_to, staged

PREFLIGHT = {"graphql-require-preflight": "1", "accept": "application/json"}


def hashed(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def fresh(name: str = "x") -> str:
    """A text that no other test has stored."""
    fresh.number += 1
    return f"query Stored{fresh.number} {{ {name}: __typename }}"


fresh.number = 0


def by_id(text: str, **more: Any) -> dict[str, Any]:
    return {"documentId": f"sha256:{hashed(text)}", **more}


def by_apollo(text: str, **more: Any) -> dict[str, Any]:
    return {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": hashed(text)}}, **more}


@pytest.fixture(scope="module")
async def stage(ground: Ground) -> AsyncIterator[Stage]:
    async with staged(ground) as opened:
        yield opened


@pytest.fixture
async def asking(stage: Stage, ground: Ground) -> AsyncIterator[Door]:
    async with door_to(stage, ground) as opened:
        yield opened


async def ask(door: Door, body: dict[str, Any]) -> tuple[int, Any]:
    answer = await door.post(orjson.dumps(body), accept="application/graphql-response+json")
    said = answer.json()
    return answer.status_code, said["data"] if "data" in said else said["errors"][0]["extensions"]["code"]


@pytest.mark.parametrize("named", [by_id, by_apollo])
async def test_a_text_is_sent_once_and_named_from_then_on(asking: Door, named: Any) -> None:
    text = fresh()

    unknown = await ask(asking, named(text))
    stored = await ask(asking, named(text, query=text))
    known = await ask(asking, named(text))

    assert unknown == (404, "PERSISTED_QUERY_NOT_FOUND")
    assert stored == known == (200, {"x": "Query"})


async def test_apollo_is_told_in_its_own_words(asking: Door) -> None:
    answer = await asking.post(orjson.dumps(by_apollo(fresh())))

    assert answer.json()["errors"][0]["message"] == "PersistedQueryNotFound"


async def test_another_process_knows_what_was_stored(ground: Ground, asking: Door) -> None:
    text = fresh()
    await ask(asking, by_id(text, query=text))

    async with staged(ground) as other, door_to(other, ground) as elsewhere:
        assert await ask(elsewhere, by_apollo(text)) == (200, {"x": "Query"})


@pytest.mark.parametrize(
    "name",
    [
        "",
        "sha256:",
        "sha256:xyz",
        "md5:" + "0" * 64,
        "0" * 64,
        "sha256:" + "A" * 64,
        "sha256:" + "0" * 65,
        "../x",
        "\x00",
    ],
)
async def test_a_name_is_a_hash(asking: Door, name: str) -> None:
    assert await ask(asking, {"documentId": name}) == (400, "BAD_REQUEST")
    assert (await ask(asking, {"documentId": name, "query": "{ __typename }"}))[0] == 400


@pytest.mark.parametrize("given", [{}, {"sha256Hash": 7}, {"sha256Hash": "x"}, "x", 7, []])
async def test_apollos_name_is_a_hash_too(asking: Door, given: object) -> None:
    assert await ask(asking, {"extensions": {"persistedQuery": given}}) == (400, "BAD_REQUEST")


async def test_nobody_stores_a_text_under_the_name_of_another(asking: Door) -> None:
    text = fresh()

    poisoned = await ask(asking, by_id(text, query="{ __typename }"))

    assert poisoned == (400, "BAD_REQUEST")
    assert await ask(asking, by_id(text)) == (404, "PERSISTED_QUERY_NOT_FOUND")


@pytest.mark.parametrize("text", ["{ nothing }", "{", "{ " + "whoami " * 30 + "}"])
async def test_a_faulty_text_is_not_stored(asking: Door, text: str) -> None:
    await ask(asking, by_id(text, query=text))

    assert await ask(asking, by_id(text)) == (404, "PERSISTED_QUERY_NOT_FOUND")


async def test_a_stored_text_takes_variables_and_a_name(asking: Door) -> None:
    text = "query A { __typename } query B($t: String) { echo(text: $t) }"
    await ask(asking, by_id(text, query=text, operationName="A"))

    assert await ask(asking, by_id(text, operationName="B", variables={"t": "é"})) == (200, {"echo": "é"})


async def test_a_stored_text_can_be_got(asking: Door) -> None:
    text = "query Got($t: String) { echo(text: $t) }"
    await ask(asking, by_id(text, query=text))
    named = f"documentId=sha256:{hashed(text)}&variables=" + quote('{"t":"é"}')
    apollo = f"extensions={quote(orjson.dumps(by_apollo(text)['extensions']).decode())}"

    got = await asking.client.get(f"/graphql?{named}", headers=PREFLIGHT)
    by_extension = await asking.client.get(f"/graphql?{apollo}", headers=PREFLIGHT)
    headerless = await asking.client.get(f"/graphql?{named}", headers={"accept": "application/json"})

    assert got.json()["data"] == {"echo": "é"}
    assert by_extension.json()["data"] == {"echo": None}
    assert headerless.status_code == 405


async def test_a_stored_mutation_cannot_be_got(asking: Door) -> None:
    text = "mutation Got { touch }"
    await ask(asking, by_id(text, query=text))

    got = await asking.client.get(f"/graphql?documentId=sha256:{hashed(text)}", headers=PREFLIGHT)

    assert got.status_code == 405


@pytest.mark.parametrize("named", [by_id, by_apollo])
async def test_a_socket_names_documents_too(stage: Stage, named: Any) -> None:
    text = f"subscription {fresh()[6:].split('{')[0]} {{ ticks(until: 1) }}"
    async with Line.ready(stage.address) as line:
        await line.say(id="1", type="subscribe", payload=named(text))
        unknown = await line.hear()
        await line.say(id="2", type="subscribe", payload=named(text, query=text))
        stored = [await line.hear_of("2"), await line.hear_of("2")]
        await line.say(id="3", type="subscribe", payload=named(text))
        known = await line.hear_of("3")

    assert unknown["payload"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
    assert [each["type"] for each in stored] == ["next", "complete"]
    assert known["payload"]["data"] == {"ticks": 0}


TRUSTED = "query Trusted($t: String) { echo(text: $t) }"


async def test_where_documents_are_trusted_nothing_else_runs(ground: Ground) -> None:
    async with staged(ground, trusted={hashed(TRUSTED): TRUSTED}) as stage, door_to(stage, ground) as door:
        good = [by_id(TRUSTED), by_apollo(TRUSTED), {"query": TRUSTED}, by_id(TRUSTED, query=TRUSTED)]
        bad = [
            {"query": "{ __typename }"}, {"query": TRUSTED + " "}, by_id("{ __typename }"),
            by_apollo("{ __typename }", query="{ __typename }"), by_id(TRUSTED, query="{ __typename }"),
        ]  # fmt: skip

        assert [await ask(door, {**each, "variables": {"t": "x"}}) for each in good] == [(200, {"echo": "x"})] * 4
        assert [await ask(door, each) for each in bad] == [(403, "DOCUMENT_NOT_TRUSTED")] * 5
        async with Line.ready(stage.address) as line:
            await line.subscribe("{ __typename }")
            assert (await line.hear())["payload"][0]["extensions"]["code"] == "DOCUMENT_NOT_TRUSTED"


@pytest.mark.parametrize(
    "content",
    [
        "", "{", "[]", "{}", "null", '{"sha256:' + "0" * 64 + '": "{ __typename }"}',
        '{"' + hashlib.sha256(b"{ a }").hexdigest() + '": "{ a }"}', '{"sha256:x": 7}', b"\xff\xfe".decode("latin-1"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_trusted_stops_the_start(ground: Ground, tmp_path: Path, content: str) -> None:
    file = tmp_path / "trusted.json"
    file.write_text(content, encoding="latin-1")

    with pytest.raises(ManifestUnusable, match="TRUSTED_DOCUMENTS"):
        PersistedDocuments.of(ground.redis, ground.throttle, file)


async def test_a_file_of_trusted_documents_is_read(ground: Ground, tmp_path: Path) -> None:
    file = tmp_path / "trusted.json"
    file.write_text(orjson.dumps({f"sha256:{hashed(TRUSTED)}": TRUSTED}).decode())

    store = PersistedDocuments.of(ground.redis, ground.throttle, file)

    assert (await store.resolve(Parameters(document_id=f"sha256:{hashed(TRUSTED)}"))).query == TRUSTED
    with pytest.raises(ManifestUnusable, match="cannot be read"):
        PersistedDocuments.of(ground.redis, ground.throttle, tmp_path / "nowhere.json")


async def test_without_redis_a_process_knows_what_it_was_sent() -> None:
    redis = Redis.from_url(f"redis://127.0.0.1:{free_port()}/0", socket_connect_timeout=1)
    store, text = PersistedDocuments(redis, Throttle(redis)), fresh()
    name = Parameters(document_id=f"sha256:{hashed(text)}")

    with pytest.raises(RequestRefused, match="NotFound"):
        await store.resolve(name)
    await store.keep(Parameters(document_id=name.document_id, query=text), "somebody")

    assert (await store.resolve(name)).query == text
    await redis.aclose()


async def test_a_sender_fills_redis_so_far_and_no_further(ground: Ground) -> None:
    store = PersistedDocuments(ground.redis, ground.throttle)
    texts = [f"query Q{n} {{ __typename }} #{'x' * 60_000}" for n in range(40)]

    await asyncio.gather(
        *(store.keep(Parameters(document_id=f"sha256:{hashed(each)}", query=each), "greedy") for each in texts)
    )

    stored = [await ground.redis.exists(f"document:{hashed(each)}") for each in texts]
    assert 20 < sum(stored) < 35
    assert (await store.resolve(Parameters(document_id=f"sha256:{hashed(texts[-1])}"))).query == texts[-1]
