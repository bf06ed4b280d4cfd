"""The search itself: what is away, what changed meanwhile, whose it is, and how long it takes."""

import asyncio
import time
from dataclasses import replace

import pytest

from core.errors import Invalid
from core.ground import Ground
from core.vectors import Vectors, VectorsAway
from models.documents import SourceState
from services.knowledge import retrieval
from services.knowledge.drafting import SourceDraft
from services.knowledge.lexical import Lexicon
from services.knowledge.retrieval import search
from services.knowledge.storage import Wanted, shelf_of
from tests.fixtures import knowledge
from tests.fixtures.tenants import Tenant

FEE = "A taxa de entrega é R$ 6,00 no Centro."
HOURS = "Abrimos de segunda a sexta das 7h às 19h."


async def test_without_vectors_words_alone_are_searched_and_it_says_so(ground: Ground, tenant: Tenant) -> None:
    for title, text in (("Entregas", FEE), ("Horário", HOURS)):
        await knowledge.add(ground, tenant, title, text)
    away = replace(ground, vectors=Vectors("http://127.0.0.1:9"))

    found = await search(away, tenant.workspace_id, "taxa de entrega")
    await away.vectors.close()

    assert found.degraded == ("vectors",)
    assert (found.passages[0].text, found.is_grounded) == (FEE, True)


async def test_what_was_indexed_without_vectors_is_found_and_gets_them_when_tried_again(
    ground: Ground, tenant: Tenant
) -> None:
    away = replace(ground, vectors=Vectors("http://127.0.0.1:9"))
    with pytest.raises(VectorsAway):
        await knowledge.add(away, tenant, "Entregas", FEE)
    await away.vectors.close()
    (source,) = (await retrieval._libraries.of(await retrieval.shelf_of(ground, tenant.workspace_id))).sources.values()
    before = await search(ground, tenant.workspace_id, "taxa de entrega")

    await knowledge.index(ground, tenant, source.id)
    after = await search(ground, tenant.workspace_id, "taxa de entrega")

    assert (source.state, source.has_vectors) == (SourceState.READY, False)
    assert (before.passages[0].text, before.degraded) == (FEE, ("vectors",))
    assert (after.passages[0].text, after.degraded) == (FEE, ())


async def test_nothing_is_known_at_first(ground: Ground, tenant: Tenant) -> None:
    found = await search(ground, tenant.workspace_id, "taxa de entrega")

    assert (found.passages, found.is_grounded, found.degraded) == ((), False, ())


async def test_while_a_source_is_not_searchable_yet_a_search_says_so(ground: Ground, tenant: Tenant) -> None:
    before = await search(ground, tenant.workspace_id, "taxa de entrega")
    await knowledge.show(ground, tenant, "Horário")
    first = await search(ground, tenant.workspace_id, "taxa de entrega")
    await knowledge.add(ground, tenant, "Entregas", FEE)

    beside = await search(ground, tenant.workspace_id, "taxa de entrega")
    (late,) = [each for each in await (await shelf_of(ground, tenant.workspace_id)).page(Wanted()) if not each.version]
    await knowledge.index(ground, tenant, late.id)
    after = await search(ground, tenant.workspace_id, "taxa de entrega")

    assert [each.degraded for each in (before, first, beside, after)] == [(), ("sources",), ("sources",), ()]
    assert [each.is_grounded for each in (first, beside, after)] == [False, True, True]


async def test_a_source_that_failed_is_not_waited_for(ground: Ground, tenant: Tenant) -> None:
    await knowledge.show(ground, tenant, "Horário")
    shelf = await shelf_of(ground, tenant.workspace_id)
    (source,) = await shelf.page(Wanted())

    await shelf.fail(source.id, "LIMIT_REACHED", "Too much.")

    assert (await search(ground, tenant.workspace_id, "taxa de entrega")).degraded == ()


async def test_a_workspace_finds_its_own_words_only(ground: Ground, tenant: Tenant, other_tenant: Tenant) -> None:
    mine = await knowledge.add(ground, tenant, "Entregas", FEE)
    await knowledge.add(ground, other_tenant, "Entregas", FEE.replace("6", "9"))

    found = await asyncio.gather(*(search(ground, tenant.workspace_id, "taxa de entrega") for _ in range(20)))

    assert {each.source_id for one in found for each in one.passages} == {mine}


async def test_searches_beside_changes_find_one_version_or_the_other(ground: Ground, tenant: Tenant) -> None:
    source_id = await knowledge.add(ground, tenant, "Entregas", FEE)
    await knowledge.add(ground, tenant, "Horário", HOURS)

    async def look() -> set[str]:
        seen: set[str] = set()
        for _ in range(30):
            found = await search(ground, tenant.workspace_id, "taxa de entrega", 1)
            seen.add(found.passages[0].text)
        return seen

    async def alter() -> None:
        for price in ("7", "8"):
            await knowledge.change(ground, tenant, source_id, SourceDraft(text=FEE.replace("6", price)))

    seen, _ = await asyncio.gather(look(), alter())
    last = await search(ground, tenant.workspace_id, "taxa de entrega", 1)

    assert seen <= {FEE.replace("6", each) for each in "678"}
    assert last.passages[0].text == FEE.replace("6", "8")


async def test_a_question_is_checked(ground: Ground, tenant: Tenant) -> None:
    for wrong in ("", "x" * 1_001, "a\x00"):
        with pytest.raises(Invalid):
            await retrieval.search_as(ground, tenant.owner, wrong, 5)


@pytest.mark.parametrize("limit", [-1, 0, 21])
async def test_more_or_fewer_passages_than_there_may_be_are_refused(ground: Ground, tenant: Tenant, limit: int) -> None:
    with pytest.raises(Invalid) as refused:
        await retrieval.search_as(ground, tenant.owner, "taxa de entrega", limit)

    assert [(each.code, each.field) for each in refused.value.problems] == [("BAD_PAGE_SIZE", ("limit",))]


async def test_scores_fall_from_the_first_to_the_last_and_are_as_many_as_asked_for(
    ground: Ground, tenant: Tenant
) -> None:
    await knowledge.add(
        ground, tenant, "Casa", f"# Entrega\n\n{FEE}\n\n# Horário\n\n{HOURS}\n\n# Pix\n\nAceitamos Pix."
    )

    found = await search(ground, tenant.workspace_id, "taxa de entrega no centro", 2)

    scores = [each.score for each in found.passages]
    assert len(scores) == 2
    assert scores == sorted(scores, reverse=True)
    assert all(0 <= each <= 1 for each in scores)


async def test_a_warm_search_of_a_small_workspace_takes_little(ground: Ground, tenant: Tenant) -> None:
    for number in range(10):
        await knowledge.add(ground, tenant, f"Fonte {number}", f"{FEE} {number}")
    await search(ground, tenant.workspace_id, "aquece")
    taken: list[float] = []

    for number in range(30):
        began = time.perf_counter()
        await search(ground, tenant.workspace_id, f"qual a taxa de entrega {number}?")
        taken.append(time.perf_counter() - began)

    assert sorted(taken)[len(taken) // 2] < 0.1, "30 ms on a machine with nothing else to do"


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("entrega", 0),
        ("ENTRÉGAS", 0),
        ("entreqa", 0),
        ("frete", 0),
        ("abrem", 1),
        ("hrario", 1),
        ("sushi", None),
        ("tarantula", None),
    ],
)
def test_words_are_compared_without_accents_endings_and_slips(asked: str, found: int | None) -> None:
    scores = Lexicon([FEE, f"Horário. {HOURS}"]).score(asked)

    assert (int(scores.bm25.argmax()) if scores.bm25.any() else None) == found
