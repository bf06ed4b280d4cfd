"""Files through the door: announced, sent to their own address, used once."""

import asyncio
import os
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs

from core import clock
from core.documents import DATABASE, Documents
from core.ground import Ground
from core.ids import decode, uuid7
from server.uploads import UploadEndpoint
from services import uploads
from services.uploads import OPEN_FOR, PIECE, SIZE_MOST, UploadUnfinished, UploadUnknown
from tests.fixtures.door import Door, serving
from tests.fixtures.tenants import Tenant
from tests.fixtures.waiting import until_holds

CREATE = """mutation($input: UploadCreateInput!) {
  uploadCreate(input: $input) { uploadId url expiresAt userErrors { code field } } }"""
FILE = {"filename": "Tabela.CSV", "contentType": "application/vnd.ms-excel", "size": 5}


async def announce(asking: Door, **given: Any) -> tuple[str, UUID]:
    """Announce a file; return its address and its id."""
    made = await asking.mutate(CREATE, {"input": FILE | given})
    assert made["userErrors"] == []
    key = decode("upload", made["uploadId"])
    assert key is not None
    return made["url"], key


async def records(ground: Ground, tenant: Tenant) -> list[dict[str, Any]]:
    found = ground.documents.client[DATABASE]["uploads"].find({"workspace_id": tenant.workspace_id})
    return await found.to_list()


async def pieces(ground: Ground, tenant: Tenant) -> int:
    return await ground.documents.client[DATABASE]["upload_parts"].count_documents(
        {"workspace_id": tenant.workspace_id}
    )


async def test_a_file_is_announced_sent_and_used_once(door: Door, ground: Ground, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    body = os.urandom(3 * PIECE + 7)
    url, key = await announce(asking, filename="C:\\fotos\\Manual.pdf", contentType="", size=len(body))

    with pytest.raises(UploadUnfinished):
        await uploads.taken(ground, tenant.workspace_id, key)
    sent = await door.client.put(url, content=body)
    again = await door.client.put(url, content=body)
    looked = await uploads.arrived(ground, tenant.workspace_id, key)
    found = await uploads.taken(ground, tenant.workspace_id, key)

    assert (sent.status_code, again.status_code, again.json()["code"]) == (204, 404, "NOT_FOUND")
    assert (found.filename, found.content_type, found.body) == ("Manual.pdf", "application/pdf", body)
    assert looked == found
    assert (await records(ground, tenant), await pieces(ground, tenant)) == ([], 0)
    with pytest.raises(UploadUnknown):
        await uploads.taken(ground, tenant.workspace_id, key)


async def test_two_who_take_one_file_at_once_do_not_both_get_it(door: Door, ground: Ground, tenant: Tenant) -> None:
    url, key = await announce(await door.as_(tenant.owner))
    await door.client.put(url, content=b"12345")

    found = await asyncio.gather(
        *(uploads.taken(ground, tenant.workspace_id, key) for _ in range(4)), return_exceptions=True
    )

    assert [isinstance(each, UploadUnknown) for each in found].count(False) == 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"filename": "a.exe"}, [("FILE_KIND_UNKNOWN", "contentType")]),
        ({"filename": "a", "contentType": "image/png"}, [("FILE_KIND_UNKNOWN", "contentType")]),
        ({"size": 0}, [("TOO_LARGE", "size")]),
        ({"size": SIZE_MOST + 1}, [("TOO_LARGE", "size")]),
        ({"filename": "x" * 201 + ".csv", "size": -1}, [("TOO_LONG", "filename"), ("TOO_LARGE", "size")]),
        ({"filename": "a/", "contentType": "text/csv"}, [("REQUIRED", "filename")]),
    ],
)
async def test_what_cannot_be_read_is_refused_when_it_is_announced(
    door: Door, tenant: Tenant, given: Any, told: Any
) -> None:
    asking = await door.as_(tenant.owner)

    made = await asking.mutate(CREATE, {"input": FILE | given})

    assert {(each["code"], *each["field"]) for each in made["userErrors"]} >= set(told)
    assert made["url"] is None


@pytest.mark.parametrize("body", [b"1234", b"123456", b"x" * PIECE * 3, b""])
async def test_a_file_of_another_size_is_refused_and_may_be_sent_again(
    door: Door, ground: Ground, tenant: Tenant, body: bytes
) -> None:
    url, key = await announce(await door.as_(tenant.owner))

    wrong = await door.client.put(url, content=body)
    kept = await pieces(ground, tenant)
    right = await door.client.put(url, content=b"12345")

    assert (wrong.status_code, wrong.json()["code"], kept) == (413, "TOO_LARGE", 0)
    assert right.status_code == 204
    assert (await uploads.taken(ground, tenant.workspace_id, key)).body == b"12345"


async def test_a_file_whose_sender_hangs_up_may_be_sent_again(door: Door, ground: Ground, tenant: Tenant) -> None:
    url, key = await announce(await door.as_(tenant.owner), size=PIECE * 2)

    async def has_state(state: str) -> bool:
        return [each["state"] for each in await records(ground, tenant)] == [state]

    async def half() -> AsyncIterator[bytes]:
        yield b"x" * PIECE
        await until_holds(lambda: has_state("arriving"))
        raise ConnectionAbortedError

    with pytest.raises(ConnectionAbortedError):
        await door.client.put(url, content=half(), headers={"content-length": str(PIECE * 2)})
    await until_holds(lambda: has_state("waiting"))

    assert await pieces(ground, tenant) == 0
    assert (await door.client.put(url, content=b"y" * PIECE * 2)).status_code == 204
    assert (await uploads.taken(ground, tenant.workspace_id, key)).body == b"y" * PIECE * 2


async def test_a_file_that_comes_too_slowly_is_not_waited_for(
    ground: Ground, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(UploadEndpoint, "patience", 0.2)

    async def slow() -> AsyncIterator[bytes]:
        yield b"1"
        await asyncio.sleep(1)
        yield b"2345"

    async with serving(ground) as address, Door.open(address, ground) as door:
        url, _ = await announce(await door.as_(tenant.owner))
        answer = await door.client.put(url, content=slow(), headers={"content-length": "5"})

    assert (answer.status_code, answer.json()["code"]) == (408, "TIMEOUT")


async def test_one_address_takes_one_file_at_a_time(door: Door, tenant: Tenant) -> None:
    url, _ = await announce(await door.as_(tenant.owner))

    answers = await asyncio.gather(*(door.client.put(url, content=b"12345") for _ in range(4)))

    assert sorted(each.status_code for each in answers) == [204, 404, 404, 404]


async def test_a_wrong_token_and_a_late_one_get_the_same_answer(door: Door, ground: Ground, tenant: Tenant) -> None:
    url, key = await announce(await door.as_(tenant.owner))
    late, late_key = await announce(await door.as_(tenant.owner))
    collection = ground.documents.client[DATABASE]["uploads"]
    await collection.update_one({"_id": late_key}, {"$set": {"expires_at": clock.now() - timedelta(seconds=1)}})
    forged = url[:-1] + ("A" if url[-1] != "A" else "B")

    wrong = [late, forged, f"/uploads/{uuid7().hex}-{'x' * 43}", "/uploads/x", "/uploads/%00", f"/uploads/{key.hex}-"]
    answers = [await door.client.put(each, content=b"12345") for each in wrong]

    assert {(each.status_code, each.text) for each in answers} == {(404, answers[0].text)}
    assert (await door.client.put(url, content=b"12345")).status_code == 204


async def test_only_put_and_only_plain_bytes_are_taken(door: Door, tenant: Tenant) -> None:
    url, _ = await announce(await door.as_(tenant.owner))

    got = await door.client.get(url)
    packed = await door.client.put(url, content=b"12345", headers={"content-encoding": "gzip"})

    assert (got.status_code, got.headers["allow"]) == (405, "PUT")
    assert packed.status_code == 415
    assert (await door.client.put(url, content=b"12345")).status_code == 204


async def test_another_workspace_gets_no_file_of_this_one(
    door: Door, ground: Ground, tenant: Tenant, other_tenant: Tenant
) -> None:
    url, key = await announce(await door.as_(tenant.owner))
    await door.client.put(url, content=b"12345")

    for way in (uploads.arrived, uploads.taken):
        with pytest.raises(UploadUnknown):
            await way(ground, other_tenant.workspace_id, key)
    assert not await uploads.discard(ground, other_tenant.workspace_id, key)
    assert (await uploads.taken(ground, tenant.workspace_id, key)).body == b"12345"


async def test_a_workspace_has_twenty_files_waiting(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    for _ in range(uploads.WAITING_MOST):
        await announce(asking)

    made = await asking.mutate(CREATE, {"input": FILE})

    assert [each["code"] for each in made["userErrors"]] == ["LIMIT_REACHED"]


async def test_announced_twice_under_one_key_there_is_one_upload(door: Door, ground: Ground, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)

    first, again = [await announce(asking, idempotencyKey="k1") for _ in range(2)]

    assert first == again
    assert len(await records(ground, tenant)) == 1


async def test_the_store_and_the_log_know_no_token(door: Door, ground: Ground, tenant: Tenant) -> None:
    with capture_logs() as logs:
        url, _ = await announce(await door.as_(tenant.owner))
        await door.client.put(url, content=b"12345")
        await door.client.options(url)
    secret = url[-43:]

    assert secret not in str(await records(ground, tenant))
    assert not [each for each in logs if secret[:20] in str(each)]


async def test_what_nobody_used_is_deleted_after_an_hour(door: Door, ground: Ground, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    old_url, old = await announce(asking)
    new_url, new = await announce(asking)
    for url in (old_url, new_url):
        await door.client.put(url, content=b"12345")
    collection = ground.documents.client[DATABASE]["uploads"]
    await collection.update_one({"_id": old}, {"$set": {"created_at": clock.now() - timedelta(minutes=61)}})

    assert await uploads.expire(ground) >= 1

    assert [each["_id"] for each in await records(ground, tenant)] == [new]
    assert await pieces(ground, tenant) == 1


async def test_the_answer_says_until_when(door: Door, tenant: Tenant) -> None:
    made = await (await door.as_(tenant.owner)).mutate(CREATE, {"input": FILE})

    left = datetime.fromisoformat(made["expiresAt"]) - clock.now()

    assert timedelta(minutes=14) < left <= OPEN_FOR


async def test_without_the_document_store_files_are_not_taken_and_it_says_so(
    door: Door, ground: Ground, tenant: Tenant
) -> None:
    url, _ = await announce(await door.as_(tenant.owner))
    nowhere = Documents("mongodb://127.0.0.1:1")

    async with serving(replace(ground, documents=nowhere)) as address, Door.open(address, ground) as alone:
        made = await (await alone.as_(tenant.owner)).execute(CREATE, {"input": FILE})
        sent = await alone.client.put(url, content=b"12345")
    await nowhere.close()

    assert made.code == "UNAVAILABLE"
    assert (sent.status_code, sent.json()["code"]) == (503, "UNAVAILABLE")
    assert int(sent.headers["retry-after"]) > 0


async def test_a_frontend_of_an_allowed_origin_may_send_files(ground: Ground, tenant: Tenant) -> None:
    origin = "https://app.example"
    settings = ground.settings.model_copy(
        update={"server": ground.settings.server.model_copy(update={"allowed_origins": (origin,)})}
    )

    async with serving(replace(ground, settings=settings)) as address, Door.open(address, ground) as door:
        url, _ = await announce(await door.as_(tenant.owner))
        asked = {"origin": origin, "access-control-request-method": "PUT"}
        before = await door.client.options(url, headers=asked)
        sent = await door.client.put(url, content=b"12345", headers={"origin": origin})

    assert (before.status_code, sent.status_code) == (200, 204)
    assert "PUT" in before.headers["access-control-allow-methods"]
    assert sent.headers["access-control-allow-origin"] == origin
