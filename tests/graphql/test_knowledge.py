"""The knowledge base through the door."""

from typing import Any

import pytest

from core.database import Database
from core.ground import Ground
from core.ids import decode, encode, uuid7
from models import Role
from tests.fixtures import knowledge
from tests.fixtures.contacts import acts_of
from tests.fixtures.door import Door
from tests.fixtures.tenants import Tenant, join

ERRORS = "userErrors { code message field }"
SOURCE = "source { id kind title language state progress version chunkCount size url versions { number size } }"
CREATE = (
    f"mutation($input: KnowledgeSourceCreateInput!) {{ knowledgeSourceCreate(input: $input) {{ {SOURCE} {ERRORS} }} }}"
)
UPDATE = (
    f"mutation($input: KnowledgeSourceUpdateInput!) {{ knowledgeSourceUpdate(input: $input) {{ {SOURCE} {ERRORS} }} }}"
)
REFRESH = f"""mutation($input: KnowledgeSourceRefreshInput!) {{
  knowledgeSourceRefresh(input: $input) {{ {SOURCE} {ERRORS} }} }}"""
DELETE = (
    f"mutation($input: KnowledgeSourceDeleteInput!) {{ knowledgeSourceDelete(input: $input) {{ deletedId {ERRORS} }} }}"
)
REINDEX = f"mutation {{ knowledgeReindex {{ sourceCount {ERRORS} }} }}"
ONE = "query($id: ID!) { knowledgeSource(id: $id) { id title state version versions { number createdById } } }"
TEXT = "query($id: ID!, $version: Int) { knowledgeText(id: $id, version: $version) { number text pairs { question } } }"
SEARCH = """query($question: String!, $limit: Int! = 5) { knowledgeSearch(question: $question, limit: $limit) {
  grounded degraded passages { sourceId title quote start end score url } } }"""
LIST = """query($first: Int, $after: String, $kind: SourceKind, $search: String) {
  knowledgeSources(first: $first, after: $after, kind: $kind, search: $search) {
    totalCount nodes { title } pageInfo { hasNextPage hasPreviousPage endCursor } } }"""
NODE = "query($id: ID!) { node(id: $id) { id } }"
FEES = "A taxa de entrega é R$ 6,00 no Centro. O prazo é de 40 minutos."

UPLOAD = encode("upload", uuid7())
TITLE_AND_LANGUAGE = [("TOO_LONG", "title"), ("LANGUAGE_UNKNOWN", "language")]
NOT_WITH_A_TEXT = [("CONTENT_INVALID", "url"), ("CONTENT_INVALID", "uploadId")]


def key(id: str) -> Any:
    return decode("source", id)


async def add(asking: Door, ground: Ground, tenant: Tenant, **given: Any) -> str:
    made = (await asking.mutate(CREATE, {"input": given}))["source"]
    await knowledge.index(ground, tenant, key(made["id"]))
    return made["id"]


async def test_a_source_is_added_searched_changed_and_deleted(
    ground: Ground, door: Door, database: Database, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)
    address = "https://example.com/entregas"

    made = (await asking.mutate(CREATE, {"input": {"title": "Entregas", "text": FEES}}))["source"]
    await knowledge.index(ground, tenant, key(made["id"]))
    await asking.mutate(UPDATE, {"input": {"id": made["id"], "url": address}})
    await knowledge.index(ground, tenant, key(made["id"]), 2)
    found = (await asking.execute(SEARCH, {"question": "qual a taxa de entrega?"})).data["knowledgeSearch"]
    await asking.mutate(UPDATE, {"input": {"id": made["id"], "title": "Fretes"}})
    await knowledge.index(ground, tenant, key(made["id"]), 3)
    shown = (await asking.execute(ONE, {"id": made["id"]})).data["knowledgeSource"]
    first = (await asking.execute(TEXT, {"id": made["id"], "version": 1})).data["knowledgeText"]
    gone = await asking.mutate(DELETE, {"input": {"id": made["id"]}})

    assert (made["kind"], made["state"], made["language"], made["version"]) == ("TEXT", "PENDING", "pt-BR", None)
    (passage,) = found["passages"]
    assert (found["grounded"], found["degraded"]) == (True, [])
    assert passage["quote"] == FEES[passage["start"] : passage["end"]]
    assert (passage["sourceId"], passage["url"]) == (made["id"], address)
    assert 0.5 < passage["score"] <= 1
    assert (shown["title"], shown["state"], shown["version"]) == ("Fretes", "READY", 3)
    owner = encode("user", tenant.owner_user.id)
    assert shown["versions"] == [{"number": each, "createdById": owner} for each in (1, 2, 3)]
    assert (first["number"], first["text"]) == (1, FEES)
    assert gone["deletedId"] == made["id"]
    assert (await asking.execute(ONE, {"id": made["id"]})).data == {"knowledgeSource": None}
    acts = [each.action for each in await acts_of(database, tenant.workspace_id) if each.subject == "KnowledgeSource"]
    assert acts == [f"knowledge.source_{each}" for each in ("add", "update", "update", "delete")]


async def test_a_faq_is_made_of_pairs(ground: Ground, door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    pairs = [{"question": "Aceita Pix?", "answer": "Sim."}, {"question": "Abre domingo?", "answer": "Não abrimos."}]

    source_id = await add(asking, ground, tenant, title="Dúvidas", pairs=pairs)

    found = (await asking.execute(SEARCH, {"question": "vcs abrem domingo", "limit": 1})).data["knowledgeSearch"]
    assert [each["quote"] for each in found["passages"]] == ["Abre domingo?\nNão abrimos."]
    text = (await asking.execute(TEXT, {"id": source_id})).data["knowledgeText"]
    assert [each["question"] for each in text["pairs"]] == ["Aceita Pix?", "Abre domingo?"]


async def test_a_source_is_added_once_for_a_key(ground: Ground, door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    given = {"input": {"title": "Entregas", "text": FEES, "idempotencyKey": "um"}}

    first = await asking.mutate(CREATE, given)
    again = await asking.mutate(CREATE, given)
    await knowledge.index(ground, tenant, key(first["source"]["id"]))

    assert again == first
    assert (await asking.execute(LIST)).data["knowledgeSources"]["totalCount"] == 1


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"title": ""}, [("REQUIRED", "title"), ("REQUIRED", "text")]),
        ({"url": "ftp://x"}, [("URL_INVALID", "url")]),
        ({"url": "https://x.example", "title": "x" * 201, "language": "?"}, TITLE_AND_LANGUAGE),
        ({"title": "x", "text": "x", "pairs": []}, [("CONTENT_INVALID", "pairs")]),
        ({"title": "x", "text": "x", "url": "https://x.example", "uploadId": UPLOAD}, NOT_WITH_A_TEXT),
        ({"uploadId": UPLOAD}, [("NOT_FOUND", "uploadId")]),
        ({"uploadId": "source_x"}, [("NOT_FOUND", "uploadId")]),
        ({"title": "x", "pairs": []}, [("PAIRS_INVALID", "pairs")]),
        (
            {"title": "x", "pairs": [{"question": "q", "answer": "x" * 5001}]},
            [("TOO_LONG", "pairs", "0", "answer")],
        ),
    ],
)
async def test_what_is_refused_is_told_by_field(door: Door, tenant: Tenant, given: Any, told: Any) -> None:
    asking = await door.as_(tenant.owner)

    payload = await asking.mutate(CREATE, {"input": given})

    assert [(each["code"], *each["field"]) for each in payload["userErrors"]] == told
    assert payload["source"] is None


async def test_pages_go_on_where_the_last_ended(ground: Ground, door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    for number in range(3):
        await add(asking, ground, tenant, title=f"Fonte {number}", text="Um texto.")

    first = (await asking.execute(LIST, {"first": 2})).data["knowledgeSources"]
    rest = (await asking.execute(LIST, {"first": 2, "after": first["pageInfo"]["endCursor"]})).data["knowledgeSources"]
    none = (await asking.execute(LIST, {"kind": "PDF"})).data["knowledgeSources"]
    one = (await asking.execute(LIST, {"search": "FONTE 1"})).data["knowledgeSources"]

    assert [each["title"] for each in first["nodes"]] == ["Fonte 2", "Fonte 1"]
    assert [each["title"] for each in rest["nodes"]] == ["Fonte 0"]
    assert (first["totalCount"], first["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (3, True, False)
    assert rest["pageInfo"]["hasPreviousPage"]
    assert (none["totalCount"], none["nodes"]) == (0, [])
    assert [each["title"] for each in one["nodes"]] == ["Fonte 1"]
    assert (await asking.execute(LIST, {"first": 0})).code == "BAD_PAGE_SIZE"
    assert (await asking.execute(LIST, {"after": "x"})).code == "BAD_CURSOR"


async def test_nobody_reads_or_changes_anothers_knowledge(
    ground: Ground, door: Door, tenant: Tenant, other_tenant: Tenant
) -> None:
    asking, other = await door.as_(tenant.owner), await door.as_(other_tenant.owner)
    theirs = await add(other, ground, other_tenant, title="Entregas", text=FEES)

    found = (await asking.execute(SEARCH, {"question": "taxa de entrega"})).data["knowledgeSearch"]
    refused = [
        (await asking.mutate(document, {"input": {"id": each, **more}}))["userErrors"][0]["code"]
        for each in (theirs, encode("source", uuid7()), "x")
        for document, more in ((UPDATE, {"title": "x"}), (REFRESH, {}), (DELETE, {}))
    ]

    assert found == {"grounded": False, "degraded": [], "passages": []}
    assert set(refused) == {"NOT_FOUND"}
    assert (await asking.execute(ONE, {"id": theirs})).data == {"knowledgeSource": None}
    assert (await asking.execute(TEXT, {"id": theirs})).data == {"knowledgeText": None}
    assert (await asking.execute(NODE, {"id": theirs})).data == {"node": None}
    assert (await other.execute(ONE, {"id": theirs})).data["knowledgeSource"]["title"] == "Entregas"


async def test_a_viewer_reads_and_does_not_write(ground: Ground, door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    await add(asking, ground, tenant, title="Entregas", text=FEES)
    viewer = await door.as_(await join(ground, tenant, Role.VIEWER))

    assert (await viewer.execute(LIST)).data["knowledgeSources"]["totalCount"] == 1
    assert (await viewer.execute(CREATE, {"input": {"title": "A", "text": "b"}})).code == "FORBIDDEN"
    assert (await viewer.execute(REINDEX)).code == "FORBIDDEN"
    assert (await asking.mutate(REINDEX))["sourceCount"] == 1
