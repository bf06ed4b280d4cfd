"""Pages and files that become sources: what is read, what is told, and what two runs or a deletion leave behind."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import docx
import pytest

from core import clock
from core.database import Database
from core.documents import DATABASE
from core.errors import Conflict, Invalid
from core.fetching import FetchFailed, Reach
from core.ground import Ground
from models.documents import RowFault, SourceState
from services import uploads
from services.knowledge import indexing, loading, retrieval, sources
from services.knowledge.drafting import ContentInvalid, NewSource, SourceDraft
from services.knowledge.indexing import ForgetKnowledge, ForgetSource, ReindexKnowledge
from services.knowledge.loading import ReadSource
from services.knowledge.sources import SourceUnread, SourceWithoutPage
from services.knowledge.storage import Wanted, shelf_of
from services.transaction import begin
from services.uploads import UploadDraft, UploadUnfinished
from tests.fixtures import files, knowledge
from tests.fixtures.contacts import acts_of, log_of
from tests.fixtures.sites import HERE, Answer, Site, leading, page, reach, running
from tests.fixtures.tenants import Tenant

HTML = "<title>Padaria São José</title><main><h1>Entregas</h1><p>A taxa de entrega é {} no Centro.</p></main>"
QUESTION = "qual a taxa de entrega no centro?"
PRICES = (
    "nome;preço;descrição\nPão francês;R$ 18,90;o quilo\n;R$ 1,00;sem nome\nBolo de cenoura;R$ 32,00;com chocolate\n"
    f"Cesta;caro;{'uma cesta de café da manhã ' * 60}\n"
)


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with running() as opened:
        opened.pages["/entregas"] = fees("R$ 6,00")
        yield opened


def fees(price: str) -> Answer:
    return page(HTML.format(price).encode())


def job(tenant: Tenant, source_id: Any) -> ReadSource:
    return ReadSource(workspace_id=tenant.workspace_id, source_id=source_id)


async def uploads_of(ground: Ground, tenant: Tenant) -> int:
    store, here = ground.documents.client[DATABASE], {"workspace_id": tenant.workspace_id}
    return await store["uploads"].count_documents(here) + await store["upload_parts"].count_documents(here)


async def test_a_page_is_shown_at_once_and_found_when_it_was_read(
    ground: Ground, database: Database, site: Site, tenant: Tenant
) -> None:
    source_id = await knowledge.add_page(ground, tenant, site.url("/entregas"))
    waiting = await knowledge.source_of(ground, tenant, source_id)
    listed = await sources.page(ground, tenant.owner, Wanted(size=10))
    nothing = await retrieval.search(ground, tenant.workspace_id, QUESTION)

    await knowledge.load(ground, tenant, source_id, reach(site))

    assert (waiting.state, waiting.version, waiting.title) == (SourceState.PENDING, 0, "loja.example/entregas")
    assert [each.id for each in listed.sources] == [source_id]
    assert nothing.passages == ()
    shown = await knowledge.source_of(ground, tenant, source_id)
    assert (shown.state, shown.version, shown.title, shown.done) == (SourceState.READY, 1, "Padaria São José", 1.0)
    assert shown.read_at is not None
    assert [each.created_by for each in shown.versions] == [tenant.owner_user.id]
    found = await retrieval.search(ground, tenant.workspace_id, QUESTION)
    assert found.is_grounded
    best = found.passages[0]
    assert "R$ 6,00" in best.text
    assert (best.title, best.url) == ("Padaria São José", site.url("/entregas"))
    events = [each[0] for each in await log_of(database, tenant.workspace_id) if each[0].startswith("knowledge")]
    assert events == ["knowledge.source_added", "knowledge.source_changed"]


async def test_a_title_that_somebody_gave_stays(ground: Ground, site: Site, tenant: Tenant) -> None:
    source_id = await knowledge.add_page(ground, tenant, site.url("/entregas"), title="Fretes")

    await knowledge.load(ground, tenant, source_id, reach(site))

    assert (await knowledge.source_of(ground, tenant, source_id)).title == "Fretes"


async def test_read_again_only_another_text_makes_a_version(
    ground: Ground, database: Database, site: Site, tenant: Tenant
) -> None:
    source_id = await knowledge.add_page(ground, tenant, site.url("/entregas"))
    await knowledge.load(ground, tenant, source_id, reach(site))
    first = await knowledge.source_of(ground, tenant, source_id)

    async with begin(ground, tenant.owner) as tx:
        await sources.refresh(tx, source_id)
    await knowledge.load(ground, tenant, source_id, reach(site))
    same = await knowledge.source_of(ground, tenant, source_id)
    site.pages["/entregas"] = fees("R$ 9,00")
    await knowledge.load(ground, tenant, source_id, reach(site))
    other = await knowledge.source_of(ground, tenant, source_id)

    assert (same.state, same.version, same.done, len(same.versions)) == (SourceState.READY, 1, 1.0, 1)
    assert first.read_at is not None
    assert same.read_at is not None
    assert same.read_at > first.read_at
    assert [each.number for each in other.versions] == [1, 2]
    assert len({each.content_hash for each in other.versions}) == 2
    found = await retrieval.search(ground, tenant.workspace_id, QUESTION)
    assert ["R$ 9,00" in each.text for each in found.passages] == [True]
    acts = [each.action for each in await acts_of(database, tenant.workspace_id) if each.subject == "KnowledgeSource"]
    assert acts == ["knowledge.source_add", "knowledge.source_refresh"]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "intranet.example"])
async def test_a_page_inside_the_network_is_refused_and_nothing_is_connected_to(
    ground: Ground, site: Site, tenant: Tenant, host: str
) -> None:
    async def resolve(_host: str, _port: int) -> list[Any]:
        return [HERE]

    outside = Reach(resolve=resolve, ports=frozenset({("http", site.port)}))
    source_id = await knowledge.add_page(ground, tenant, site.url("/entregas", host))

    await loading.load(ground, job(tenant, source_id), outside)

    shown = await knowledge.source_of(ground, tenant, source_id)
    assert (shown.state, shown.failure_code, shown.version) == (SourceState.FAILED, "URL_NOT_ALLOWED", 0)
    assert site.connections == 0


async def test_a_page_that_leads_inside_the_network_is_refused(ground: Ground, site: Site, tenant: Tenant) -> None:
    site.pages["/"] = leading("http://10.0.0.1/")
    source_id = await knowledge.add_page(ground, tenant, site.url("/"))

    await loading.load(ground, job(tenant, source_id), reach(site))

    shown = await knowledge.source_of(ground, tenant, source_id)
    assert (shown.state, shown.failure_code) == (SourceState.FAILED, "URL_NOT_ALLOWED")


async def test_a_server_in_trouble_is_asked_again_six_times_in_all(ground: Ground, site: Site, tenant: Tenant) -> None:
    site.pages["/entregas"] = page(status="503 Service Unavailable")
    source_id = await knowledge.add_page(ground, tenant, site.url("/entregas"))

    for _ in range(loading.TRIES - 1):
        with pytest.raises(FetchFailed):
            await loading.load(ground, job(tenant, source_id), reach(site))
    waiting = await knowledge.source_of(ground, tenant, source_id)
    await loading.load(ground, job(tenant, source_id), reach(site))
    failed = await knowledge.source_of(ground, tenant, source_id)
    site.pages["/entregas"] = fees("R$ 6,00")
    await knowledge.load(ground, tenant, source_id, reach(site))

    assert (waiting.state, waiting.failure_code, waiting.tries) == (SourceState.PENDING, "FETCH_FAILED", 5)
    assert (failed.state, failed.failure_code, len(site.asked)) == (SourceState.FAILED, "FETCH_FAILED", 7)
    shown = await knowledge.source_of(ground, tenant, source_id)
    assert (shown.state, shown.failure_code, shown.reason, shown.tries) == (SourceState.READY, None, None, 0)


async def test_a_page_that_is_gone_fails_at_once_and_what_it_said_is_still_found(
    ground: Ground, database: Database, site: Site, tenant: Tenant
) -> None:
    source_id = await knowledge.add_page(ground, tenant, site.url("/entregas"))
    await knowledge.load(ground, tenant, source_id, reach(site))
    site.pages["/entregas"] = page(status="404 Not Found")

    await loading.load(ground, job(tenant, source_id), reach(site))

    shown = await knowledge.source_of(ground, tenant, source_id)
    assert (shown.state, shown.failure_code, shown.version) == (SourceState.FAILED, "PAGE_REFUSED", 1)
    assert shown.reason == "The page's server does not give it out (status 404)."
    assert (await retrieval.search(ground, tenant.workspace_id, QUESTION)).is_grounded
    assert (await log_of(database, tenant.workspace_id))[-1] == ("knowledge.source_changed", (source_id,))


async def test_jobs_of_one_page_at_once_make_one_version(ground: Ground, site: Site, tenant: Tenant) -> None:
    source_id = await knowledge.add_page(ground, tenant, site.url("/entregas"))

    await asyncio.gather(*(loading.load(ground, job(tenant, source_id), reach(site)) for _ in range(3)))
    await knowledge.index(ground, tenant, source_id)
    await knowledge.load(ground, tenant, source_id, reach(site))

    assert await (await shelf_of(ground, tenant.workspace_id)).newest(source_id) == 1
    assert (await knowledge.source_of(ground, tenant, source_id)).state is SourceState.READY


async def test_a_source_that_is_deleted_while_it_is_read_leaves_nothing(
    ground: Ground, site: Site, tenant: Tenant
) -> None:
    early = await knowledge.add_page(ground, tenant, site.url("/entregas"))
    late = await knowledge.add_page(ground, tenant, site.url("/entregas"))

    async def remove(source_id: Any) -> None:
        async with begin(ground, tenant.owner) as tx:
            await sources.remove(tx, source_id)

    async def answer(head: str, writer: asyncio.StreamWriter) -> None:
        await remove(late)
        await fees("R$ 6,00")(head, writer)

    site.pages["/entregas"] = answer
    await remove(early)
    for each in (early, late):
        await loading.load(ground, job(tenant, each), reach(site))
        await indexing.forget(ground, ForgetSource(workspace_id=tenant.workspace_id, source_id=each))
        await loading.load(ground, job(tenant, each), reach(site))

    shelf = await shelf_of(ground, tenant.workspace_id)
    assert len(site.asked) == 1
    assert [await shelf.newest(each) for each in (early, late)] == [0, 0]
    assert await shelf.count_all() == 0


async def test_each_row_of_a_table_is_one_passage_and_its_faults_are_told(ground: Ground, tenant: Tenant) -> None:
    source_id = await knowledge.add_file(ground, tenant, "Tabela.csv", PRICES.encode())

    await knowledge.load(ground, tenant, source_id)
    await knowledge.load(ground, tenant, source_id)

    shown = await knowledge.source_of(ground, tenant, source_id)
    assert (shown.state, shown.version, shown.chunk_count, shown.filename) == (SourceState.READY, 1, 3, "Tabela.csv")
    assert (shown.title, shown.fault_count) == ("Tabela.csv", 2)
    assert shown.faults[0] == RowFault(line=3, message="The row has no name.")
    assert [each.line for each in shown.faults] == [3, 5]
    found = await retrieval.search(ground, tenant.workspace_id, "preço do bolo de cenoura")
    assert found.passages[0].text == "Bolo de cenoura — com chocolate. Preço: R$ 32,00."
    assert max(len(each.text) for each in found.passages) > 1_500
    assert await uploads_of(ground, tenant) == 0


async def test_a_new_title_keeps_the_rows_of_a_table_apart(ground: Ground, tenant: Tenant) -> None:
    source_id = await knowledge.add_file(ground, tenant, "Tabela.csv", PRICES.encode())
    await knowledge.load(ground, tenant, source_id)

    await knowledge.change(ground, tenant, source_id, SourceDraft(title="Preços"))

    shown = await knowledge.source_of(ground, tenant, source_id)
    assert (shown.title, shown.version, shown.chunk_count, shown.fault_count) == ("Preços", 2, 3, 2)


async def test_a_table_from_the_web_is_read_as_one(ground: Ground, site: Site, tenant: Tenant) -> None:
    site.pages["/precos"] = page(PRICES.encode("cp1252"), kind="text/csv; charset=windows-1252")
    source_id = await knowledge.add_page(ground, tenant, site.url("/precos"))

    await knowledge.load(ground, tenant, source_id, reach(site))

    assert (await knowledge.source_of(ground, tenant, source_id)).chunk_count == 3


async def test_files_of_every_kind_are_found(ground: Ground, tenant: Tenant) -> None:
    document = docx.Document()
    document.add_heading("Trocas", 1)
    document.add_paragraph("Trocamos produtos com defeito em sete dias.")
    for name, body in (
        ("Manual.pdf", files.pdf("Abrimos de segunda a sexta das 7h as 19h.", title="Funcionamento")),
        ("Trocas.docx", files.word(document)),
        ("Pix.txt", "A chave Pix é o CNPJ da padaria.".encode()),
    ):
        await knowledge.load(ground, tenant, await knowledge.add_file(ground, tenant, name, body))

    titles = [
        (await retrieval.search(ground, tenant.workspace_id, each)).passages[0].title
        for each in ("que horas abrem na segunda?", "posso trocar produto com defeito?", "qual a chave pix?")
    ]

    assert titles == ["Funcionamento", "Trocas", "Pix.txt"]


async def test_a_file_that_cannot_be_read_fails_once_and_is_discarded(ground: Ground, tenant: Tenant) -> None:
    source_id = await knowledge.add_file(ground, tenant, "Manual.pdf", b"%PDF-1.7 nothing")

    for _ in range(2):
        await loading.load(ground, job(tenant, source_id))

    shown = await knowledge.source_of(ground, tenant, source_id)
    assert (shown.state, shown.failure_code) == (SourceState.FAILED, "FILE_UNREADABLE")
    assert await uploads_of(ground, tenant) == 0
    await indexing.reindex(ground, ReindexKnowledge(workspace_id=tenant.workspace_id))
    assert (await knowledge.source_of(ground, tenant, source_id)).state is SourceState.FAILED


async def test_a_file_that_ran_out_before_it_was_read_says_so(ground: Ground, tenant: Tenant) -> None:
    source_id = await knowledge.add_file(ground, tenant, "Pix.txt", b"A chave.")
    await ground.documents.client[DATABASE]["uploads"].delete_many({"workspace_id": tenant.workspace_id})

    await loading.load(ground, job(tenant, source_id))

    shown = await knowledge.source_of(ground, tenant, source_id)
    assert (shown.state, shown.failure_code) == (SourceState.FAILED, "NOT_FOUND")


async def test_a_job_that_died_before_its_file_was_discarded_goes_on(
    ground: Ground, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    source_id = await knowledge.add_file(ground, tenant, "Pix.txt", "A chave Pix é o CNPJ.".encode())

    async def die(*_: object) -> None:
        raise ConnectionError

    with monkeypatch.context() as patched:
        patched.setattr(loading, "_discard", die)
        with pytest.raises(ConnectionError):
            await loading.load(ground, job(tenant, source_id))
    kept = await uploads_of(ground, tenant)
    await knowledge.load(ground, tenant, source_id)

    shown = await knowledge.source_of(ground, tenant, source_id)
    assert (kept > 0, await uploads_of(ground, tenant)) == (True, 0)
    assert (shown.state, shown.version, len(shown.versions)) == (SourceState.READY, 1, 1)


async def test_a_deleted_source_takes_its_file_along_and_a_purged_workspace_all(ground: Ground, tenant: Tenant) -> None:
    source_id = await knowledge.add_file(ground, tenant, "Pix.txt", b"A chave.")
    await knowledge.send(ground, tenant, "Outro.txt", b"Outra chave.")
    before = await uploads_of(ground, tenant)

    await indexing.forget(ground, ForgetSource(workspace_id=tenant.workspace_id, source_id=source_id))
    between = await uploads_of(ground, tenant)
    await indexing.forget_all(ground, ForgetKnowledge(workspace_id=tenant.workspace_id))

    assert (before, between, await uploads_of(ground, tenant)) == (4, 2, 0)


async def test_what_was_not_read_within_a_day_has_failed(ground: Ground, site: Site, tenant: Tenant) -> None:
    source_id = await knowledge.add_page(ground, tenant, site.url("/entregas"))
    shelf = await shelf_of(ground, tenant.workspace_id)
    await indexing.tidy(ground)
    early = await knowledge.source_of(ground, tenant, source_id)

    here = {"_id": source_id}
    store = ground.documents.client[DATABASE]["knowledge_sources"]
    await store.update_one(here, {"$set": {"updated_at": clock.now() - timedelta(hours=25)}})
    await indexing.tidy(ground)

    shown = await shelf.find(source_id)
    assert shown is not None
    assert (early.state, shown.state, shown.reason) == (SourceState.PENDING, SourceState.FAILED, indexing.LATE)


async def test_what_fits_no_page_or_file_is_refused(ground: Ground, site: Site, tenant: Tenant) -> None:
    unread = await knowledge.add_page(ground, tenant, site.url("/entregas"))
    read = await knowledge.add_page(ground, tenant, site.url("/entregas"))
    written = await knowledge.add(ground, tenant, "Pix", "A chave é o CNPJ.")
    await knowledge.load(ground, tenant, read, reach(site))

    for source_id, draft, refusal, told in (
        (unread, SourceDraft(title="x"), SourceUnread, [("CONFLICT", ("id",))]),
        (
            read,
            SourceDraft(text="x", url="https://x.example"),
            Invalid,
            [(ContentInvalid.code, (each,)) for each in ("text", "url")],
        ),
    ):
        with pytest.raises(refusal) as refused:
            async with begin(ground, tenant.owner) as tx:
                await sources.change(tx, source_id, draft)
        assert [(each.code, each.field) for each in refused.value.problems] == told
    with pytest.raises(SourceWithoutPage):
        async with begin(ground, tenant.owner) as tx:
            await sources.refresh(tx, written)


async def test_a_file_that_has_not_arrived_is_no_source(ground: Ground, tenant: Tenant) -> None:
    async with begin(ground, tenant.owner) as tx:
        announced = await uploads.announce(tx, UploadDraft(filename="a.txt", content_type="", size=3))

    with pytest.raises(UploadUnfinished) as refused:
        async with begin(ground, tenant.owner) as tx:
            await sources.create(tx, NewSource(upload_id=announced.id))

    assert isinstance(refused.value, Conflict)
    assert refused.value.field == ("upload_id",)
