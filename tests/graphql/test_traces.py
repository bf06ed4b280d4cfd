"""What was sent to models and what they answered, through the door."""

from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from core.documents import Documents
from core.ground import Ground
from core.ids import encode, uuid7
from models import Role
from schema.usage import AiRequest
from services import traces
from tests.fakes.providers.server import Behaviour, ProviderServer
from tests.fakes.providers.wire import OPENAI, Answer
from tests.fixtures.door import Door, serving
from tests.fixtures.models import assisted
from tests.fixtures.operations import root_fields, widest
from tests.fixtures.tenants import Tenant, join
from tests.fixtures.waiting import until_holds

TRANSLATE = 'query { translateText(text: "Sou a Ana, CPF 529.982.247-25", to: "en") { cost { requestId credits } } }'
WHOLE = widest(next(each for each in root_fields("query") if each.name == "aiTrace").field.type)
TRACE = f"query ($id: ID!) {{ aiTrace(requestId: $id) {{ {WHOLE} }} }}"


@pytest.fixture
async def asking(ground: Ground, tenant: Tenant) -> AsyncIterator[Door]:
    said = Answer(pieces=('{"source_language": "pt", ', '"text": "I am Ana"}'))
    async with (
        ProviderServer(OPENAI, [Behaviour(answer=said)]).running() as openai,
        assisted(ground, openai=openai) as assistant,
        serving(ground, assistant=assistant) as address,
        Door.open(address, ground) as door,
    ):
        yield await door.as_(tenant.owner)


async def test_a_request_is_shown_with_what_was_sent_and_came(
    ground: Ground, asking: Door, tenant: Tenant, other_tenant: Tenant
) -> None:
    cost = (await asking.execute(TRANSLATE)).data["translateText"]["cost"]
    request_id = cost["requestId"]
    await until_holds(lambda: traces.find(ground, tenant.owner, AiRequest.key_of(request_id)))

    shown = (await asking.execute(TRACE, {"id": request_id})).data["aiTrace"]
    by_global_id = (await asking.execute(TRACE, {"id": shown["requestId"]})).data["aiTrace"]
    stranger = await (await asking.as_(other_tenant.owner)).execute(TRACE, {"id": request_id})
    member = await (await asking.as_(await join(ground, tenant, Role.MEMBER))).execute(TRACE, {"id": request_id})

    assert shown == by_global_id
    assert (shown["feature"], shown["outcome"], shown["provider"]) == ("TRANSLATION", "COMPLETED", "openai")
    assert (shown["masked"], shown["cut"], shown["cached"]) == (True, False, False)
    assert (shown["credits"], len(shown["attempts"])) == (cost["credits"], 1)
    assert [each["role"] for each in shown["messages"]] == ["system", "user"]
    assert "529" not in str(shown)
    assert shown["timings"]["tookMs"] >= shown["timings"]["askedMs"]
    assert stranger.data == {"aiTrace": None}
    assert member.code == "FORBIDDEN"


@pytest.mark.parametrize(
    "wrong",
    ["", "💥", "x" * 300, encode("contact", uuid7()), encode("airequest", uuid7()), str(uuid7())],
    ids=["nothing", "no id", "too long", "another thing", "unknown", "bare"],
)
async def test_what_is_no_request_is_not_found(door: Door, tenant: Tenant, wrong: str) -> None:
    reply = await (await door.as_(tenant.owner)).execute(TRACE, {"id": wrong})

    assert reply.data == {"aiTrace": None}


async def test_without_the_document_store_it_says_so(ground: Ground, tenant: Tenant) -> None:
    nowhere = Documents("mongodb://127.0.0.1:1")

    async with serving(replace(ground, documents=nowhere)) as address, Door.open(address, ground) as alone:
        reply = await (await alone.as_(tenant.owner)).execute(TRACE, {"id": str(uuid7())})
    await nowhere.close()

    assert reply.code == "UNAVAILABLE"
