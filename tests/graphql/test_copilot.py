"""Suggestions and texts for people through the door, by models and without one."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

import orjson
import pytest
from sqlalchemy import update

from ai.local import heads
from core.ground import Ground
from core.ids import encode, uuid7
from models import CreditAccount, Outcome
from services.assistant.copilot import suggesting
from services.assistant.copilot.streams import Pace
from services.crediting import TRIAL
from tests.fakes.providers.server import Behaviour, Mood
from tests.fixtures import knowledge
from tests.fixtures.door import Door, serving
from tests.fixtures.fleets import Fleeted, Given, but, fleeted, ledger, says
from tests.fixtures.tenants import Tenant
from tests.fixtures.waiting import until, until_holds

EVENTS: Final = """__typename
  ... on CopilotStarted { seq provider model generated language persona strategy suggestionId }
  ... on CopilotDelta { seq text offset }
  ... on CopilotAlternative { seq index text }
  ... on CopilotAnalysis { seq intent sentiment language }
  ... on CopilotSources { seq grounded missing sources { number title quote sourceId score } }
  ... on CopilotBlocked { seq side categories }
  ... on CopilotFailover { seq failed to reason }
  ... on CopilotUsage { seq model credits creditsLeft cached estimated costMicroUsd inputTokens outputTokens }
  ... on CopilotCompleted { seq reply { text provider model generated confidence citations { number title quote }
      reasoning { source name } } }
  ... on CopilotFailed { seq code message retryable }"""
STREAM: Final = (
    "subscription ($input: CopilotInput!, $after: Int) { copilotStream(input: $input, after: $after) { "
    + EVENTS
    + " } }"
)
SUGGEST: Final = """mutation ($input: CopilotInput!) { copilotSuggest(input: $input) {
  reply { suggestionId text provider model generated citations { number title quote } } alternatives
  usage { credits creditsLeft } userErrors { code message field } } }"""
COST: Final = "provider generated method cost { requestId model credits cached costMicroUsd }"
REPLIES: Final = (
    "query ($messages: [ConversationMessageInput!]!, $count: Int!) { smartReplies(messages: $messages, count: $count)"
    " { text tone language " + COST + " } }"
)
SUMMARY: Final = (
    "query ($messages: [ConversationMessageInput!]!) { summarizeConversation(messages: $messages) { summary keyPoints"
    " decisions openQuestions actionItems { text owner due } status " + COST + " } }"
)
TRANSLATE: Final = (
    "query ($text: String!, $to: String!) { translateText(text: $text, to: $to) { text sourceLanguage targetLanguage "
    + COST + " } }"
)  # fmt: skip
CORRECT: Final = (
    "query ($text: String!, $tone: Tone) { correctText(text: $text, tone: $tone) { text tone changes { start end before"
    " after } " + COST + " } }"
)
ANSWER: Final = (
    "query ($question: String!) { knowledgeAnswer(question: $question) { text grounded language citations { number"
    " position title quote } " + COST + " } }"
)
MESSAGES: Final = [
    {"fromCustomer": False, "text": "Bom dia! Como posso ajudar?"},
    {"fromCustomer": True, "text": "Quanto custa o bolo de cenoura?"},
]
KNOWN: Final = "O bolo de cenoura custa R$ 45,00 e fica pronto em um dia."
TEXT: Final = "Custa R$ 45,00, e fica pronto amanhã. Posso separar um?"
GOOD: Final = says(TEXT, parts=10, input_tokens=1_200, output_tokens=90)
LONG: Final = says("palavra " * 100, parts=100, between=0.03)


@asynccontextmanager
async def opened(
    ground: Ground, redis_url: str, behaviours: Mapping[str, Given], pace: Pace | None = None
) -> AsyncIterator[tuple[Fleeted, Door]]:
    """Serve the product with providers that behave like this."""
    async with (
        fleeted(ground, redis_url, behaviours, pace=pace) as shown,
        serving(ground, assistant=shown.assistant) as address,
        Door.open(address, ground) as door,
    ):
        yield shown, door


def wanted(**more: Any) -> dict[str, Any]:
    return {"input": {"messages": MESSAGES, **more}}


async def whole(door: Door, variables: Mapping[str, Any]) -> list[Any]:
    events: list[Any] = []
    async with door.subscribe(STREAM, variables) as stream:
        while (message := await stream.message())["type"] == "next":
            assert "errors" not in message["payload"], message
            events.append(message["payload"]["data"]["copilotStream"])
    assert message["type"] == "complete", message
    return events


def told(events: list[Any]) -> str:
    return "".join(each["text"] for each in events if each["__typename"] == "CopilotDelta")


async def test_a_suggestion_comes_over_a_socket(ground: Ground, redis_url: str, tenant: Tenant) -> None:
    await knowledge.add(ground, tenant, "Bolos", KNOWN)
    answer = says("O bolo custa R$ 45,00 [1]. Quer um?", parts=9)
    broken = Behaviour(mood=Mood.FAILS, status=500)

    async with opened(ground, redis_url, {"groq": broken, "openai": answer}) as (shown, door):
        events = await whole(await door.as_(tenant.owner), wanted(options={"model": "groq"}))
        model = shown.model("openai")

    kinds = list(dict.fromkeys(each["__typename"].removeprefix("Copilot") for each in events))
    assert kinds == ["Started", "Analysis", "Sources", "Failover", "Delta", "Usage", "Completed"]
    assert [each["seq"] for each in events][-1] == len({each["seq"] for each in events}) + events[-1]["seq"] - len(
        events
    )
    reply = events[-1]["reply"]
    assert reply["text"] == told(events) == "O bolo custa R$ 45,00. Quer um?"
    assert (reply["provider"], reply["model"], reply["generated"]) == ("openai", model.key, True)
    assert [(each["title"], each["quote"]) for each in reply["citations"]] == [("Bolos", KNOWN)]
    assert {"source": True, "name": "Bolos"} in reply["reasoning"]
    usage = next(each for each in events if each["__typename"] == "CopilotUsage")
    books = await ledger(ground, tenant.workspace_id)
    assert books.charges == ((books.only.id, usage["credits"]),)
    assert usage["creditsLeft"] == books.balance == TRIAL - usage["credits"]


async def test_to_unsubscribe_ends_it(ground: Ground, redis_url: str, tenant: Tenant) -> None:
    async with opened(ground, redis_url, {"openai": LONG}) as (shown, door):
        asking = await door.as_(tenant.owner)
        async with asking.socket() as socket:
            async with socket.subscribe(STREAM, wanted()) as stream:
                while (await stream.next())["__typename"] != "CopilotDelta":
                    pass
            await until(lambda: shown.servers["openai"].abandoned == 1)
            await until(lambda: shown.assistant.streams.running == 0)

    books = await ledger(ground, tenant.workspace_id)
    assert (books.only.outcome.value, len(books.charges), books.held) == ("cancelled", 1, 0)


async def test_who_loses_the_socket_goes_on_where_they_were(ground: Ground, redis_url: str, tenant: Tenant) -> None:
    async with opened(ground, redis_url, {"openai": LONG}) as (shown, door):
        asking = await door.as_(tenant.owner)
        given, seen = wanted(clientRequestId=uuid7().hex), []
        async with asking.socket() as socket, socket.subscribe(STREAM, given) as stream:
            while len(seen) < 8:
                seen.append(await stream.next())
            socket.connection.transport.abort()
        seen += await whole(asking, {**given, "after": seen[-1]["seq"]})

        assert shown.asked == {"openai": 1}
    assert seen[-1]["__typename"] == "CopilotCompleted"
    assert seen[-1]["reply"]["text"] == told(seen) == ("palavra " * 100).strip()


class Lines:
    """Reads a stream of server-sent events."""

    def __init__(self, response: Any) -> None:
        self._chunks = response.aiter_bytes()
        self._buffer = b""

    async def event(self) -> tuple[str | None, Any]:
        """Return the id and the event that come next; nothing at the end."""
        while True:
            frame, found, rest = self._buffer.partition(b"\n\n")
            if not found:
                self._buffer += await asyncio.wait_for(anext(self._chunks), 10)
                continue
            self._buffer = rest
            fields = dict(line.split(": ", 1) for line in frame.decode().split("\n") if ": " in line)
            if fields.get("event") == "complete" or b"event: complete" in frame:
                return None, None
            if fields.get("event") == "next":
                return fields.get("id"), orjson.loads(fields["data"])["data"]["copilotStream"]


@asynccontextmanager
async def lines(door: Door, variables: Mapping[str, Any], **more: str) -> AsyncIterator[Lines]:
    body = orjson.dumps({"query": STREAM, "variables": variables})
    headers = {"content-type": "application/json", "accept": "text/event-stream", **door.headers, **more}
    async with door.client.stream("POST", "/graphql", content=body, headers=headers) as response:
        yield Lines(response)


async def test_a_stream_of_events_goes_on_behind_its_last_id(ground: Ground, redis_url: str, tenant: Tenant) -> None:
    async with opened(ground, redis_url, {"openai": LONG}) as (shown, door):
        asking = await door.as_(tenant.owner)
        given, seen, last = wanted(clientRequestId=uuid7().hex), [], None
        async with lines(asking, given) as stream:
            while len(seen) < 8:
                last, event = await stream.event()
                seen.append(event)
        assert last == str(seen[-1]["seq"])
        async with lines(asking, given, **{"last-event-id": last}) as stream:
            while (found := await stream.event())[1] is not None:
                seen.append(found[1])

        assert shown.asked == {"openai": 1}
    assert seen[-1]["reply"]["text"] == told(seen) == ("palavra " * 100).strip()


async def test_a_reply_at_once_is_paid_once_however_often_it_is_sent(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    async with opened(ground, redis_url, {"openai": GOOD}) as (shown, door):
        asking = await door.as_(tenant.owner)
        given = wanted(clientRequestId=uuid7().hex)
        found = [await asking.mutate(SUGGEST, given) for _ in range(2)]

        assert shown.asked == {"openai": 1}
    books = await ledger(ground, tenant.workspace_id)
    assert found[0] == found[1]
    assert found[0]["reply"]["text"] == TEXT
    assert found[0]["userErrors"] == []
    assert books.charges == ((books.only.id, found[0]["usage"]["credits"]),)
    assert found[0]["usage"]["creditsLeft"] == books.balance


async def begun(asking: Door, shown: Fleeted, query: str, variables: Mapping[str, Any]) -> "asyncio.Task[Any]":
    """Send an operation, and wait until a model has begun to answer."""
    waiting = asyncio.create_task(asking.execute(query, variables))
    # the first one in a process waits for what judges messages
    await until(lambda: shown.servers["openai"].streaming == 1, seconds=30)
    await asyncio.sleep(0.3)
    return waiting


async def free(ground: Ground, tenant: Tenant, outcome: Outcome) -> None:
    """Wait for the books of the one request: it ended like this, and nothing was charged."""

    async def is_told() -> bool:
        return len((await ledger(ground, tenant.workspace_id)).usage) == 1

    await until_holds(is_told)
    books = await ledger(ground, tenant.workspace_id)
    assert (books.only.outcome, books.only.credits, books.charges) == (outcome, 0, ())
    assert (books.balance, books.held, books.open_holds) == (TRIAL, 0, 0)


async def test_a_reply_at_once_that_breaks_off_is_free_and_may_be_asked_for_again(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    cut = but(says(TEXT * 40, parts=10), mood=Mood.CUTS)
    async with opened(ground, redis_url, {"openai": [cut, GOOD]}) as (_, door):
        asking = await door.as_(tenant.owner)
        given = wanted(clientRequestId=uuid7().hex)
        reply = await asking.execute(SUGGEST, given)
        await free(ground, tenant, Outcome.PARTIAL)
        again: list[Any] = []

        async def is_answered() -> bool:
            again.append(await asking.execute(SUGGEST, given))
            return again[-1].body["data"] is not None

        await until_holds(is_answered)

    assert (reply.code, reply.body["data"]) == ("AI_UNAVAILABLE", None)
    assert again[-1].data["copilotSuggest"]["reply"]["text"] == TEXT
    assert len((await ledger(ground, tenant.workspace_id)).charges) == 1


async def test_a_reply_at_once_that_is_not_whole_in_time_is_unavailable_and_free(
    ground: Ground, redis_url: str, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    await heads.warm_heads()
    monkeypatch.setattr(suggesting, "WHOLE", 5.0)
    slow = says("palavra " * 100, parts=100, between=0.2)
    async with opened(ground, redis_url, {"openai": slow}) as (shown, door):
        asking = await door.as_(tenant.owner)
        reply = await asking.execute(SUGGEST, wanted())
        await until(lambda: shown.servers["openai"].abandoned == 1)
        await free(ground, tenant, Outcome.CANCELLED)

    assert reply.code == "AI_UNAVAILABLE"


async def test_a_reply_at_once_that_is_cut_is_paid_when_its_pieces_were_seen(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    async with opened(ground, redis_url, {"openai": LONG}) as (shown, door):
        asking = await door.as_(tenant.owner)
        given = wanted(clientRequestId=uuid7().hex, chatId="5511987654321@c.us")
        waiting = await begun(asking, shown, SUGGEST, given)
        async with asking.subscribe(STREAM, given) as stream:
            while (await stream.next())["__typename"] != "CopilotDelta":
                pass
            await asking.mutate(SUGGEST, wanted(chatId="5511987654321@c.us"))
            reply = await waiting

        assert shown.asked == {"openai": 2}
    books = await ledger(ground, tenant.workspace_id)
    assert reply.code == "AI_UNAVAILABLE"
    assert sorted((each.outcome, each.credits > 0) for each in books.usage) == [
        (Outcome.CANCELLED, True),
        (Outcome.COMPLETED, True),
    ]


@pytest.mark.parametrize("name", ["copilotSuggest", "correctText"])
async def test_a_model_answers_no_more_when_the_client_hangs_up(
    name: str, ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    query, variables = (SUGGEST, wanted()) if name == "copilotSuggest" else (CORRECT, QUERIES["correctText"][1])
    async with opened(ground, redis_url, {"openai": LONG}) as (shown, door):
        waiting = await begun(await door.as_(tenant.owner), shown, query, variables)

        waiting.cancel()
        await until(lambda: shown.servers["openai"].abandoned == 1, seconds=2)
        await free(ground, tenant, Outcome.CANCELLED)


async def test_who_hangs_up_may_send_the_same_request_again_for_a_while(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    pace = Pace(grace=2.0, flush=0.02, beat=0.1)
    async with opened(ground, redis_url, {"openai": LONG}, pace) as (shown, door):
        asking = await door.as_(tenant.owner)
        given = wanted(clientRequestId=uuid7().hex)
        waiting = await begun(asking, shown, SUGGEST, given)
        waiting.cancel()
        again = await asking.mutate(SUGGEST, given)

        assert shown.asked == {"openai": 1}
    assert again["reply"]["text"] == ("palavra " * 100).strip()
    assert len((await ledger(ground, tenant.workspace_id)).charges) == 1


async def test_a_mutation_is_carried_out_though_its_client_hangs_up(ground: Ground, door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    query = 'mutation { contactCreate(input: { name: "Ana", email: "ana@example.com" }) { userErrors { code } } }'
    body = orjson.dumps({"query": query})
    lines = ("POST /graphql HTTP/1.1", "host: here", "content-type: application/json", f"content-length: {len(body)}")
    head = "\r\n".join([*lines, *(f"{name}: {value}" for name, value in asking.headers.items()), "", ""])
    url = door.client.base_url

    _, writer = await asyncio.open_connection(url.host, url.port)
    writer.write(head.encode() + body)
    await writer.drain()
    writer.close()

    async def is_there() -> bool:
        return (await asking.execute("{ contacts { totalCount } }")).data["contacts"]["totalCount"] == 1

    await until_holds(is_there)


async def test_without_a_key_a_reply_is_labelled_and_costs_nothing(ground: Ground, door: Door, tenant: Tenant) -> None:
    await knowledge.add(ground, tenant, "Bolos", KNOWN)
    asking = await door.as_(tenant.owner)

    found = await asking.mutate(SUGGEST, wanted())
    events = await whole(asking, wanted())

    assert (found["reply"]["provider"], found["reply"]["model"], found["reply"]["generated"]) == ("local", None, False)
    assert "45,00" in found["reply"]["text"]
    assert [each["title"] for each in found["reply"]["citations"]] == ["Bolos"]
    assert (found["usage"], found["userErrors"]) == ({"credits": 0, "creditsLeft": TRIAL}, [])
    assert told(events) == events[-1]["reply"]["text"]


async def refusal(door: Door, **more: Any) -> list[str]:
    return [each["code"] for each in (await door.mutate(SUGGEST, wanted(**more)))["userErrors"]]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"messages": []}, ["messages"]),
        ({"messages": [{"fromCustomer": True, "text": ""}]}, ["messages", "0", "text"]),
        (
            {"messages": [{"fromCustomer": True, "text": "Me ensina a fazer uma bomba caseira?"}, *MESSAGES]},
            ["messages"],
        ),
        ({"alternatives": 4}, ["alternatives"]),
        ({"persona": "nobody"}, ["persona"]),
        ({"contactId": encode("contact", uuid7())}, ["contactId"]),
        ({"options": {"model": "nobody/nothing"}}, ["options", "model"]),
    ],
)
async def test_what_is_refused_of_a_suggestion_says_where_it_stands(
    ground: Ground, redis_url: str, tenant: Tenant, given: Any, field: list[str]
) -> None:
    async with opened(ground, redis_url, {"openai": GOOD}) as (_, door):
        found = await (await door.as_(tenant.owner)).mutate(SUGGEST, wanted(**given))

    assert [each["field"] for each in found["userErrors"]] == [field]


async def test_what_may_not_be_is_told_as_what_it_is(ground: Ground, redis_url: str, tenant: Tenant) -> None:
    async with opened(ground, redis_url, {"openai": GOOD}) as (shown, door):
        asking = await door.as_(tenant.owner)
        bad = {"messages": [{"fromCustomer": True, "text": "Me ensina a fazer uma bomba caseira?"}]}
        codes = {
            "blocked": await refusal(asking, **bad),
            "many": await refusal(asking, messages=MESSAGES * 11),
            "none": await refusal(asking, messages=[]),
            "alternatives": await refusal(asking, alternatives=4),
            "persona": await refusal(asking, persona="nobody"),
            "model": await refusal(asking, options={"model": "nobody/nothing"}),
        }
        async with ground.database.system() as session:
            own = CreditAccount.workspace_id == tenant.workspace_id
            await session.execute(update(CreditAccount).where(own).values(balance=0))
        codes["spent"] = await refusal(asking)
        turn = "mutation { settingsUpdate(input: { ai: { enabled: false } }) { userErrors { code } } }"
        await asking.mutate(turn)
        codes["off"] = await refusal(asking)
        events = await whole(asking, wanted())
        stranger = await door.execute(SUGGEST, wanted())
        unheard = await door.execute(TRANSLATE, {"text": "Bom dia", "to": "en"})

        assert shown.asked == {"openai": 0}
    assert codes == {
        "blocked": ["CONTENT_BLOCKED"],
        "many": ["TOO_MANY"],
        "none": ["REQUIRED"],
        "alternatives": ["INVALID"],
        "persona": ["NOT_FOUND"],
        "model": ["INVALID"],
        "spent": ["CREDITS_SPENT"],
        "off": ["AI_DISABLED"],
    }
    assert [(each["__typename"], each["code"]) for each in events] == [("CopilotFailed", "AI_DISABLED")]
    assert (stranger.code, unheard.code) == ("UNAUTHENTICATED", "UNAUTHENTICATED")


async def test_when_no_model_answers_it_is_unavailable_and_free(ground: Ground, redis_url: str, tenant: Tenant) -> None:
    async with opened(ground, redis_url, {"openai": Behaviour(mood=Mood.FAILS, status=500)}) as (_, door):
        asking = await door.as_(tenant.owner)
        reply = await asking.execute(SUGGEST, wanted())
        texts = await asking.execute(TRANSLATE, {"text": "Bom dia", "to": "en"})

    assert (reply.code, texts.code) == ("AI_UNAVAILABLE", "AI_UNAVAILABLE")
    assert (await ledger(ground, tenant.workspace_id)).balance == TRIAL


QUERIES: Final[Mapping[str, tuple[str, dict[str, Any], object, dict[str, Any]]]] = {
    "smartReplies": (
        REPLIES,
        {"messages": MESSAGES, "count": 2},
        {"replies": [{"text": "R$ 45,00!", "tone": "friendly"}, {"text": "São R$ 45.", "tone": "formal"}]},
        {"text": "R$ 45,00!", "tone": "FRIENDLY", "language": "PORTUGUESE"},
    ),
    "summarizeConversation": (
        SUMMARY,
        {"messages": MESSAGES},
        {
            "text": "Quer saber o preço.", "key_points": [], "decisions": [], "open_questions": [],
            "status": "pendente", "action_items": [{"text": "Dizer o preço", "owner": "team", "due": "2026-12-01"}],
        },
        {
            "summary": "Quer saber o preço.", "status": "PENDING",
            "actionItems": [{"text": "Dizer o preço", "owner": "TEAM", "due": "2026-12-01"}],
        },
    ),
    "translateText": (
        TRANSLATE,
        {"text": "Bom dia", "to": "en-US"},
        {"source_language": "pt", "text": "Good morning"},
        {"text": "Good morning", "sourceLanguage": "pt", "targetLanguage": "en"},
    ),
    "correctText": (
        CORRECT,
        {"text": "voce tem bolo", "tone": "FORMAL"},
        {"text": "Você tem bolo?"},
        {"text": "Você tem bolo?", "tone": "FORMAL"},
    ),
    "knowledgeAnswer": (
        ANSWER,
        {"question": "Quanto custa o bolo de cenoura?"},
        "Custa R$ 45,00 [1].",
        {"text": "Custa R$ 45,00.", "grounded": True},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", tuple(QUERIES))
async def test_a_text_is_written_by_a_model_and_its_cost_is_told(
    name: str, ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    query, variables, answer, expected = QUERIES[name]
    await knowledge.add(ground, tenant, "Bolos", KNOWN)

    async with opened(ground, redis_url, {"openai": says(answer)}) as (shown, door):
        asking = await door.as_(tenant.owner)
        found = [(await asking.execute(query, variables)).data[name] for _ in range(2)]
        model = shown.model("openai").key

        assert shown.asked == {"openai": 1}
    first, again = (each[0] if isinstance(each, list) else each for each in found)
    books = await ledger(ground, tenant.workspace_id)
    assert {key: first[key] for key in expected} == expected
    assert (first["provider"], first["generated"], first["method"]) == ("openai", True, "MODEL")
    assert (first["cost"]["model"], first["cost"]["cached"]) == (model, False)
    assert [(encode("airequest", key), cost) for key, cost in books.charges] == [
        (first["cost"]["requestId"], first["cost"]["credits"])
    ]
    assert (again["cost"]["credits"], again["cost"]["cached"], again["text" if "text" in again else "summary"]) == (
        0, True, first["text" if "text" in first else "summary"],
    )  # fmt: skip


@pytest.mark.parametrize("name", tuple(QUERIES))
async def test_without_a_key_a_text_is_labelled_or_needs_a_provider(
    name: str, ground: Ground, door: Door, tenant: Tenant
) -> None:
    query, variables, _, _ = QUERIES[name]
    await knowledge.add(ground, tenant, "Bolos", KNOWN)

    reply = await (await door.as_(tenant.owner)).execute(query, variables)

    if name in ("translateText", "correctText"):
        assert reply.code == "PROVIDER_NEEDED"
        return
    found = reply.data[name]
    for each in found if isinstance(found, list) else [found]:
        assert (each["provider"], each["generated"], each["cost"]) == ("local", False, None)


async def test_a_text_is_corrected_without_a_key(door: Door, tenant: Tenant) -> None:
    reply = await (await door.as_(tenant.owner)).execute(CORRECT, {"text": "voce tem bolo", "tone": None})

    found = reply.data["correctText"]
    assert (found["provider"], found["generated"]) == ("local", False)
    assert found["text"].lower().startswith("você")


@pytest.mark.parametrize("to", ["", "xx-", "fil", "português", "e", "en\x00"])
async def test_a_language_that_is_none_is_refused(ground: Ground, redis_url: str, tenant: Tenant, to: str) -> None:
    async with opened(ground, redis_url, {"openai": GOOD}) as (shown, door):
        reply = await (await door.as_(tenant.owner)).execute(TRANSLATE, {"text": "Bom dia", "to": to})

        assert shown.asked == {"openai": 0}
    assert reply.code not in (None, "INTERNAL_ERROR"), reply.body
    assert reply.errors[0]["extensions"]["field"] == ["to"]


async def test_the_longest_text_is_translated_however_it_is_masked(
    ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    said = ("a@b.co " * 857)[:6_000]
    answer = says({"source_language": "pt", "text": "Fine."})
    async with opened(ground, redis_url, {"openai": answer}) as (_, door):
        reply = await (await door.as_(tenant.owner)).execute(TRANSLATE, {"text": said, "to": "en"})

    assert reply.data["translateText"]["text"] == "Fine."
