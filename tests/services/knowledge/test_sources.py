"""Sources as verbs: what is kept, shown, logged, found and forgotten, and what is left between two stores."""

from contextlib import suppress
from datetime import timedelta

import pytest
from sqlalchemy import text as sql

from core import clock
from core.database import Database
from core.documents import Documents, DocumentsAway
from core.errors import Invalid
from core.ground import Ground
from core.ids import uuid7
from models import Role
from models.documents import SourceKind, SourceState
from services import documents
from services.access import PermissionMissing
from services.knowledge import indexing, retrieval, sources
from services.knowledge.drafting import QuestionAnswer, SourceDraft
from services.knowledge.indexing import ForgetKnowledge, ForgetSource, ReindexKnowledge
from services.knowledge.sources import SourcesFull, SourceUnknown
from services.knowledge.storage import Wanted, shelf_of
from services.transaction import begin
from tests.fixtures import knowledge
from tests.fixtures.contacts import acts_of, log_of
from tests.fixtures.tenants import Tenant, join

FEES = "# Entrega\n\nA taxa de entrega é R$ 6,00 no Centro.\n\n# Troca\n\nTrocamos produtos com defeito em 24 horas."


async def jobs_of(database: Database, tenant: Tenant) -> list[str]:
    statement = sql("SELECT entrypoint FROM pgqueuer WHERE convert_from(payload, 'utf8') LIKE :id ORDER BY id")
    async with database.system() as session:
        return list(await session.scalars(statement, {"id": f"%{tenant.workspace_id}%"}))


async def test_a_source_is_found_by_what_it_says_once_its_job_is_done(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    async with begin(ground, tenant.owner) as tx:
        made = await sources.add(tx, SourceKind.TEXT, SourceDraft(title="Entregas", text=FEES))
    before = await sources.find(ground, tenant.owner, made.id)
    await knowledge.index(ground, tenant, made.id)

    found = await retrieval.search(ground, tenant.workspace_id, "qto é o frete pro centro?")
    shown = await knowledge.source_of(ground, tenant, made.id)

    assert (made.state, before) == (SourceState.PENDING, None)
    assert (shown.state, shown.version, shown.chunk_count, shown.done) == (SourceState.READY, 1, 2, 1.0)
    assert (found.is_grounded, found.degraded) == (True, ())
    best = found.passages[0]
    assert best.text == FEES[best.start : best.end]
    assert "R$ 6,00" in best.text
    assert (best.title, best.source_id) == ("Entregas", made.id)
    assert await jobs_of(database, tenant) == ["index_source"]
    events = [each[0] for each in await log_of(database, tenant.workspace_id) if each[0].startswith("knowledge")]
    assert events == ["knowledge.source_added", "knowledge.source_changed"]
    entry = (await acts_of(database, tenant.workspace_id))[-1]
    assert (entry.action, entry.subject, entry.subject_id) == ("knowledge.source_add", "KnowledgeSource", made.id)
    assert "R$" not in str(entry.changes)


async def test_a_new_version_takes_the_old_ones_place_when_it_is_ready(ground: Ground, tenant: Tenant) -> None:
    source_id = await knowledge.add(ground, tenant, "Preços", "O pão francês custa R$ 18,90 o quilo.")
    async with begin(ground, tenant.owner) as tx:
        await sources.change(tx, source_id, SourceDraft(text="O pão francês custa R$ 21,00 o quilo."))
    between = await retrieval.search(ground, tenant.workspace_id, "preço do pão francês")
    await knowledge.index(ground, tenant, source_id, 2)

    after = await retrieval.search(ground, tenant.workspace_id, "preço do pão francês")
    await knowledge.index(ground, tenant, source_id, 1)
    still = await retrieval.search(ground, tenant.workspace_id, "preço do pão francês")

    assert [each.text for each in between.passages] == ["O pão francês custa R$ 18,90 o quilo."]
    assert [each.text for each in after.passages] == ["O pão francês custa R$ 21,00 o quilo."]
    assert still.passages == after.passages
    shown = await knowledge.source_of(ground, tenant, source_id)
    assert [each.number for each in shown.versions] == [1, 2]
    old = await sources.text_at(ground, tenant.owner, source_id, 1)
    assert old is not None
    assert old.text.endswith("18,90 o quilo.")
    assert len(await ground.vectors.search(tenant.workspace_id, [1.0] * 512, 10)) == 1


async def test_what_changes_nothing_makes_no_version(ground: Ground, database: Database, tenant: Tenant) -> None:
    source_id = await knowledge.add(ground, tenant, "Preços", "Pão a R$ 1,00.")

    async with begin(ground, tenant.owner) as tx:
        await sources.change(tx, source_id, SourceDraft(title=" Preços ", text="Pão a R$ 1,00."))

    assert await (await shelf_of(ground, tenant.workspace_id)).newest(source_id) == 1
    assert await jobs_of(database, tenant) == ["index_source"]


async def test_a_deleted_source_is_gone_from_every_store(ground: Ground, database: Database, tenant: Tenant) -> None:
    source_id = await knowledge.add(ground, tenant, "Entregas", FEES)
    kept = await knowledge.add(ground, tenant, "Horário", "Abrimos às 7h e fechamos às 19h.")

    async with begin(ground, tenant.owner) as tx:
        await sources.remove(tx, source_id)
    hidden = await retrieval.search(ground, tenant.workspace_id, "taxa de entrega no centro")
    await indexing.forget(ground, ForgetSource(workspace_id=tenant.workspace_id, source_id=source_id))
    await knowledge.index(ground, tenant, source_id)

    assert {each.source_id for each in hidden.passages} == {kept}
    assert not hidden.is_grounded
    shelf = await shelf_of(ground, tenant.workspace_id)
    assert await shelf.find_any(source_id) is None
    assert await shelf.newest(source_id) == 0
    assert len(await ground.vectors.search(tenant.workspace_id, [1.0] * 512, 10)) == 1
    assert (await log_of(database, tenant.workspace_id))[-1] == ("knowledge.source_deleted", (source_id,))
    with pytest.raises(SourceUnknown):
        async with begin(ground, tenant.owner) as tx:
            await sources.remove(tx, source_id)


async def test_what_was_rolled_back_is_never_shown_and_tidied_in_a_week(ground: Ground, tenant: Tenant) -> None:
    kept = await knowledge.add(ground, tenant, "Preços", "Pão a R$ 1,00.")
    with suppress(RuntimeError):
        async with begin(ground, tenant.owner) as tx:
            lost = await sources.add(tx, SourceKind.TEXT, SourceDraft(title="Perdido", text="Nada disto vale."))
            await sources.remove(tx, kept)
            raise RuntimeError
    shelf = await shelf_of(ground, tenant.workspace_id)
    shown = await sources.page(ground, tenant.owner, Wanted(size=10))
    await indexing.tidy(ground)
    too_soon = await shelf.find_any(lost.id)

    await shelf._set(lost.id, {}, created_at=clock.now() - timedelta(days=8))
    await shelf._set(kept, {}, removed_at=clock.now() - timedelta(days=8))
    await indexing.tidy(ground)

    assert shown.sources == []
    assert too_soon is not None
    assert await shelf.find_any(lost.id) is None
    assert (await knowledge.source_of(ground, tenant, kept)).version == 1


async def test_indexing_twice_leaves_as_much_as_once(ground: Ground, tenant: Tenant) -> None:
    source_id = await knowledge.add(ground, tenant, "Entregas", FEES)

    await knowledge.index(ground, tenant, source_id)
    await indexing.reindex(ground, ReindexKnowledge(workspace_id=tenant.workspace_id))
    waiting = await knowledge.source_of(ground, tenant, source_id)
    await knowledge.index(ground, tenant, source_id, again=True)

    shown = await knowledge.source_of(ground, tenant, source_id)
    assert (waiting.state, waiting.version, waiting.done) == (SourceState.PENDING, 1, 0.0)
    assert (shown.state, shown.chunk_count, len(shown.versions)) == (SourceState.READY, 2, 1)
    assert len(await (await shelf_of(ground, tenant.workspace_id)).chunks(shown)) == 2
    assert len(await ground.vectors.search(tenant.workspace_id, [1.0] * 512, 10)) == 2


async def test_each_pair_of_a_faq_and_each_product_is_a_passage(ground: Ground, tenant: Tenant) -> None:
    faq = await knowledge.add_faq(
        ground, tenant, "Dúvidas", ("Aceita Pix?", "Sim, a chave é o CNPJ."), ("Abre domingo?", "Não abrimos.")
    )
    rows = await knowledge.add(
        ground, tenant, "Produtos", "Pão francês: R$ 18,90 o kg\nBolo de cenoura: R$ 32,00", SourceKind.CSV
    )

    pix = await retrieval.search(ground, tenant.workspace_id, "vcs aceitam pix?")
    cake = await retrieval.search(ground, tenant.workspace_id, "bolo de cenoura")

    assert pix.passages[0].text == "Aceita Pix?\nSim, a chave é o CNPJ."
    assert cake.passages[0].text == "Bolo de cenoura: R$ 32,00"
    assert [(await knowledge.source_of(ground, tenant, each)).chunk_count for each in (faq, rows)] == [2, 2]


async def test_all_that_is_wrong_is_told_at_once(ground: Ground, tenant: Tenant) -> None:
    pair = [QuestionAnswer(question="", answer="a")]
    for kind, draft, told in (
        (SourceKind.TEXT, SourceDraft(), [("REQUIRED", ("title",)), ("REQUIRED", ("text",))]),
        (
            SourceKind.TEXT,
            SourceDraft(title="x" * 201, text="x", language="Português"),
            [("TOO_LONG", ("title",)), ("LANGUAGE_UNKNOWN", ("language",))],
        ),
        (SourceKind.TEXT, SourceDraft(title="x", text="x" * 500_001), [("TOO_LONG", ("text",))]),
        (SourceKind.TEXT, SourceDraft(title="x", text="x", pairs=pair), [("PAIRS_INVALID", ("pairs",))]),
        (SourceKind.FAQ, SourceDraft(title="x"), [("PAIRS_INVALID", ("pairs",))]),
        (SourceKind.FAQ, SourceDraft(title="x", pairs=pair), [("REQUIRED", ("pairs", "0", "question"))]),
    ):
        with pytest.raises(Invalid) as refused:
            async with begin(ground, tenant.owner) as tx:
                await sources.add(tx, kind, draft)

        assert [(each.code, each.field) for each in refused.value.problems] == told


async def test_a_workspace_has_a_thousand_sources_at_most(
    ground: Ground, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sources, "SOURCES_MOST", 1)
    await knowledge.add(ground, tenant, "Um", "Um texto.")

    with pytest.raises(SourcesFull):
        await knowledge.add(ground, tenant, "Dois", "Outro texto.")


async def test_what_makes_too_many_parts_fails_and_says_why(
    ground: Ground, tenant: Tenant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(indexing, "CHUNKS_MOST", 1)

    source_id = await knowledge.add(ground, tenant, "Entregas", FEES)

    shown = await knowledge.source_of(ground, tenant, source_id)
    assert (shown.state, shown.reason, shown.version) == (SourceState.FAILED, indexing.FULL, 0)


async def test_who_may_not_write_changes_nothing(ground: Ground, tenant: Tenant) -> None:
    viewer = await join(ground, tenant, Role.VIEWER)

    with pytest.raises(PermissionMissing):
        async with begin(ground, viewer) as tx:
            await sources.add(tx, SourceKind.TEXT, SourceDraft(title="x", text="x"))


async def test_pages_are_of_a_kind_and_by_words_of_the_title(ground: Ground, tenant: Tenant) -> None:
    for title in ("Ação de Graças", "Entregas", "Ação (Natal)"):
        await knowledge.add(ground, tenant, title, "x y z")
    await knowledge.add_faq(ground, tenant, "Ação e dúvidas", ("a", "b"))

    found = await sources.page(ground, tenant.owner, Wanted(words="AÇÃO", kind=SourceKind.TEXT, size=1))
    rest = await sources.page(
        ground, tenant.owner, Wanted(words="acao", kind=SourceKind.TEXT, after=found.sources[0].id, size=5)
    )
    odd = await sources.page(ground, tenant.owner, Wanted(words="(natal", size=5))

    assert [each.title for each in found.sources] == ["Ação (Natal)"]
    assert (found.has_next, found.total) == (True, 2)
    assert [each.title for each in rest.sources] == ["Ação de Graças"]
    assert (rest.has_next, rest.total) == (False, 2)
    assert [each.title for each in odd.sources] == ["Ação (Natal)"]


async def test_a_purged_workspace_leaves_nothing(ground: Ground, tenant: Tenant, other_tenant: Tenant) -> None:
    await knowledge.add(ground, tenant, "Entregas", FEES)
    theirs = await knowledge.add(ground, other_tenant, "Entregas", FEES)

    await indexing.forget_all(ground, ForgetKnowledge(workspace_id=tenant.workspace_id))

    assert await (await shelf_of(ground, tenant.workspace_id)).count_all() == 0
    assert await ground.vectors.search(tenant.workspace_id, [1.0] * 512, 10) == []
    assert (await knowledge.source_of(ground, other_tenant, theirs)).version == 1


async def test_a_document_store_that_is_away_stops_the_verb_and_nothing_else(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    import dataclasses

    away = dataclasses.replace(ground, documents=Documents("mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=200"))
    try:
        with pytest.raises(DocumentsAway):
            await retrieval.search(away, tenant.workspace_id, "frete")
        with pytest.raises(DocumentsAway):
            async with begin(away, tenant.owner) as tx:
                await sources.add(tx, SourceKind.TEXT, SourceDraft(title="x", text="x"))
    finally:
        await away.documents.close()

    await documents.opened(ground)
    assert await jobs_of(database, tenant) == []
    assert await sources.find(ground, tenant.owner, uuid7()) is None
