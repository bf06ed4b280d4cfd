"""Pages and files through the door: added, read by the night shift's own handlers, and found."""

from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID

import docx
import pytest
from sqlalchemy import text as sql

from core.database import Database
from core.fetching import Reach
from core.ground import Ground
from core.ids import decode, encode
from services.jobs import parse
from services.knowledge import loading
from services.knowledge.loading import ReadSource
from tests.fixtures import files, knowledge
from tests.fixtures.door import Door
from tests.fixtures.sites import Site, page, reach, running
from tests.fixtures.tenants import Tenant
from workers import topics
from workers.registry import handlers

ERRORS = "userErrors { code message field }"
SHOWN = """id kind title state url filename progress version versions { number } chunkCount readAt reason
  failure { code message } faults { line message } faultCount"""
UPLOAD = f"mutation($input: UploadCreateInput!) {{ uploadCreate(input: $input) {{ uploadId url {ERRORS} }} }}"
CREATE = f"""mutation($input: KnowledgeSourceCreateInput!) {{
  knowledgeSourceCreate(input: $input) {{ source {{ {SHOWN} }} {ERRORS} }} }}"""
REFRESH = f"""mutation($input: KnowledgeSourceRefreshInput!) {{
  knowledgeSourceRefresh(input: $input) {{ source {{ {SHOWN} }} {ERRORS} }} }}"""
DELETE = f"""mutation($input: KnowledgeSourceDeleteInput!) {{
  knowledgeSourceDelete(input: $input) {{ deletedId {ERRORS} }} }}"""
ONE = f"query($id: ID!) {{ knowledgeSource(id: $id) {{ {SHOWN} }} }}"
LIST = "{ knowledgeSources { nodes { id state } } }"
SEARCH = """query($question: String!) { knowledgeSearch(question: $question) {
  grounded passages { sourceId title quote url } } }"""
PRICES = 'nome,preço\nPão francês,"R$ 18,90"\nBolo de cenoura,"R$ 32,00"\nCesta,caro\n'


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running() as opened:
        opened.pages["/"] = page("<title>Entregas</title><p>A taxa de entrega é R$ 6,00 no Centro.</p>".encode())
        yield opened


def key(id: str) -> UUID:
    found = decode("source", id)
    assert found is not None
    return found


async def night(ground: Ground, database: Database, tenant: Tenant) -> list[str]:
    """Do the jobs of a workspace that are queued, and those that they queue, once each; return which they were."""
    assert topics.TOPICS
    statement = sql("SELECT id, entrypoint, payload FROM pgqueuer WHERE convert_from(payload, 'utf8') LIKE :id")
    done: dict[int, str] = {}
    while True:
        async with database.system() as session:
            rows = (await session.execute(statement, {"id": f"%{tenant.workspace_id}%"})).all()
        queued = [each for each in sorted(rows, key=lambda each: each.id) if each.id not in done]
        if not queued:
            return list(done.values())
        for each in queued:
            done[each.id] = each.entrypoint
            await handlers()[each.entrypoint].call(ground, parse(each.entrypoint, each.payload))


async def send(asking: Door, filename: str, body: bytes) -> str:
    """Send a file to an address of its own; return the upload's id."""
    given = {"filename": filename, "contentType": "", "size": len(body)}
    made = await asking.mutate(UPLOAD, {"input": given})
    assert (await asking.client.put(made["url"], content=body)).status_code == 204
    return made["uploadId"]


async def add(asking: Door, **given: Any) -> Any:
    made = await asking.mutate(CREATE, {"input": given})
    assert made["userErrors"] == []
    return made["source"]


async def shown(asking: Door, id: str) -> Any:
    return (await asking.execute(ONE, {"id": id})).data["knowledgeSource"]


async def found(asking: Door, question: str) -> Any:
    return (await asking.execute(SEARCH, {"question": question})).data["knowledgeSearch"]


def word() -> bytes:
    document = docx.Document()
    document.add_heading("Trocas", 1)
    document.add_paragraph("Trocamos produtos com defeito em sete dias.")
    return files.word(document)


@pytest.mark.parametrize(
    ("filename", "body", "kind", "question", "quote"),
    [
        (
            "Manual.pdf",
            files.pdf("Abrimos de segunda a sexta das 7h as 19h."),
            "PDF",
            "vocês abrem de segunda a sexta?",
            "das 7h as",
        ),
        ("Trocas.docx", word(), "DOCX", "trocam produto com defeito?", "em sete dias"),
        ("Tabela.csv", PRICES.encode(), "CSV", "preço do bolo de cenoura", "Bolo de cenoura. Preço: R$ 32,00."),
        ("Pix.txt", "A chave Pix é o CNPJ.".encode(), "TEXT", "qual a chave pix?", "A chave Pix é o CNPJ."),
    ],
)
async def test_a_file_is_sent_read_and_found(
    ground: Ground,
    door: Door,
    database: Database,
    tenant: Tenant,
    filename: str,
    body: bytes,
    kind: str,
    question: str,
    quote: str,
) -> None:
    asking = await door.as_(tenant.owner)

    made = await add(asking, uploadId=await send(asking, filename, body))
    listed = (await asking.execute(LIST)).data["knowledgeSources"]["nodes"]
    nothing = await found(asking, question)
    jobs = await night(ground, database, tenant)

    assert (made["kind"], made["state"], made["title"], made["version"]) == (kind, "PENDING", filename, None)
    assert (listed, nothing["passages"]) == ([{"id": made["id"], "state": "PENDING"}], [])
    assert jobs == ["read_source", "index_source"]
    ready = await shown(asking, made["id"])
    assert (ready["state"], ready["progress"], ready["filename"], ready["failure"]) == ("READY", 1.0, filename, None)
    answer = await found(asking, question)
    assert answer["grounded"]
    assert quote in answer["passages"][0]["quote"]
    assert answer["passages"][0]["sourceId"] == made["id"]


async def test_the_faults_of_a_table_are_shown(ground: Ground, door: Door, database: Database, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    made = await add(asking, title="Preços", uploadId=await send(asking, "Tabela.csv", PRICES.encode()))

    await night(ground, database, tenant)

    ready = await shown(asking, made["id"])
    assert (ready["title"], ready["chunkCount"], ready["faultCount"]) == ("Preços", 3, 1)
    assert ready["faults"] == [{"line": 4, "message": "The price cannot be read: write it as R$ 1.234,56."}]


async def test_a_file_that_cannot_be_read_says_why(
    ground: Ground, door: Door, database: Database, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)
    secret = files.pdf("Segredo.", password="senha")
    made = await add(asking, uploadId=await send(asking, "Manual.pdf", secret))

    await night(ground, database, tenant)

    failed = await shown(asking, made["id"])
    message = "This file asks for a password: save it without one."
    assert (failed["state"], failed["reason"]) == ("FAILED", message)
    assert failed["failure"] == {"code": "FILE_ENCRYPTED", "message": message}


async def test_a_page_is_read_found_cited_and_read_again(
    ground: Ground, door: Door, site: Site, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)

    made = await add(asking, url=site.url("/"))
    await knowledge.load(ground, tenant, key(made["id"]), reach(site))
    (passage,) = (await found(asking, "qual a taxa de entrega?"))["passages"]
    site.pages["/"] = page("<title>Entregas</title><p>A taxa de entrega é R$ 9,00 no Centro.</p>".encode())
    again = await asking.mutate(REFRESH, {"input": {"id": made["id"]}})
    await knowledge.load(ground, tenant, key(made["id"]), reach(site))

    assert (made["kind"], made["state"], made["url"]) == ("URL", "PENDING", site.url("/"))
    assert (passage["title"], passage["url"]) == ("Entregas", site.url("/"))
    assert (again["userErrors"], again["source"]["version"]) == ([], 1)
    ready = await shown(asking, made["id"])
    assert (ready["version"], ready["versions"]) == (2, [{"number": 1}, {"number": 2}])
    assert ready["readAt"] > again["source"]["readAt"]
    assert "R$ 9,00" in (await found(asking, "qual a taxa de entrega?"))["passages"][0]["quote"]


async def test_a_page_of_this_machine_is_never_connected_to(
    ground: Ground, door: Door, database: Database, site: Site, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)
    spelled = ("127.0.0.1", "localhost", "[::1]", "127.1", "2130706433", "[::ffff:127.0.0.1]")
    made = [await add(asking, url=site.url("/", host)) for host in spelled]
    plain = await add(asking, url="http://127.0.0.1/")

    await night(ground, database, tenant)
    open_port = Reach(ports=frozenset({("http", site.port)}))
    for each in made:
        job = ReadSource(workspace_id=tenant.workspace_id, source_id=key(each["id"]))
        await loading.load(ground, job, open_port)

    for each in (*made, plain):
        failed = await shown(asking, each["id"])
        assert (failed["state"], failed["failure"]["code"]) == ("FAILED", "URL_NOT_ALLOWED"), each["url"]
        assert failed["version"] is None
    assert site.connections == 0


async def test_a_source_may_be_deleted_while_it_waits(
    ground: Ground, door: Door, database: Database, site: Site, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)
    waiting = [
        (await add(asking, url=site.url("/")))["id"],
        (await add(asking, uploadId=await send(asking, "Pix.txt", b"A chave.")))["id"],
    ]

    gone = [(await asking.mutate(DELETE, {"input": {"id": each}}))["deletedId"] for each in waiting]
    await night(ground, database, tenant)

    assert gone == waiting
    assert [await shown(asking, each) for each in waiting] == [None, None]
    assert (await asking.execute(LIST)).data["knowledgeSources"]["nodes"] == []


async def test_an_upload_that_has_not_arrived_or_is_anothers_makes_no_source(
    door: Door, tenant: Tenant, other_tenant: Tenant
) -> None:
    asking, other = await door.as_(tenant.owner), await door.as_(other_tenant.owner)
    announced = await asking.mutate(UPLOAD, {"input": {"filename": "a.txt", "contentType": "", "size": 3}})
    theirs = await send(other, "Pix.txt", b"A chave.")

    refused = [
        (await asking.mutate(CREATE, {"input": {"uploadId": each}}))["userErrors"][0]
        for each in (announced["uploadId"], theirs, encode("source", tenant.workspace_id))
    ]

    assert [(each["code"], each["field"]) for each in refused] == [
        ("UPLOAD_UNFINISHED", ["uploadId"]),
        ("NOT_FOUND", ["uploadId"]),
        ("NOT_FOUND", ["uploadId"]),
    ]
    assert refused[1]["message"] == refused[2]["message"]


async def test_a_file_becomes_one_source(ground: Ground, door: Door, database: Database, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    upload_id = await send(asking, "Pix.txt", "A chave Pix é o CNPJ.".encode())
    await add(asking, uploadId=upload_id)

    before = (await asking.mutate(CREATE, {"input": {"uploadId": upload_id}}))["userErrors"]
    await night(ground, database, tenant)
    after = (await asking.mutate(CREATE, {"input": {"uploadId": upload_id}}))["userErrors"]

    assert [(each["code"], each["field"]) for each in before] == [("NOT_FOUND", ["uploadId"])]
    assert before == after


async def test_only_a_page_is_read_again(ground: Ground, door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    written = encode("source", await knowledge.add(ground, tenant, "Pix", "A chave é o CNPJ."))

    refused = (await asking.mutate(REFRESH, {"input": {"id": written}}))["userErrors"]

    assert [(each["code"], each["field"]) for each in refused] == [("CONFLICT", ["id"])]


async def test_a_page_is_added_once_for_a_key(door: Door, database: Database, site: Site, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)

    first, again = [await add(asking, url=site.url("/"), idempotencyKey="um") for _ in range(2)]

    assert first == again
    assert len((await asking.execute(LIST)).data["knowledgeSources"]["nodes"]) == 1
