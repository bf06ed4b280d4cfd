"""Search: accents and case aside, parts of words, numbers in any spelling, words of the notes; over indexes."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from sqlalchemy import ClauseElement, Executable, select, text
from sqlalchemy.ext.compiler import compiles

from core.database import Database
from core.ground import Ground
from models import Contact, Role
from services.contacts import searching
from tests.fixtures.contacts import SEARCH, make, plant
from tests.fixtures.door import Door
from tests.fixtures.tenants import Tenant, found_tenant, join

PEOPLE = [
    {"name": "Ana Conceição", "company": "Padaria São José", "email": "ana.c@example.com", "phone": "+5511987654321"},
    {"name": "BRUNO Müller", "notes": "Pediu orçamento de pães; reunião na terça-feira.", "phone": "+551187650000"},
    {"name": "أحمد عبد الله", "company": "Łódź Ørsted", "phone": "+351912345678"},
    {"name": "Иван Пётр", "position": "Gerente de compras"},
    {"name": "100% Suco_Bom \\ Cia", "company": "Ação & Reação"},
    {"name": "Дом 🍞", "notes": "не звонить"},
]


class Explained(Executable, ClauseElement):
    """The plan of a statement, with the statement's own parameters."""

    inherit_cache = False

    def __init__(self, statement: Executable) -> None:
        self.statement = statement


@compiles(Explained)
def _explain(element: Explained, compiler: Any, **given: Any) -> str:
    return "EXPLAIN (ANALYZE) " + compiler.process(element.statement, **given)


Search = Callable[[str], Awaitable[list[str]]]


@pytest.fixture
async def search(door: Door, tenant: Tenant, other_tenant: Tenant, database: Database) -> Search:
    """Search among the people, whose twins are in another workspace."""
    for each in (tenant, other_tenant):
        shown = {"company": None, "email": None, "phone": None, "position": None, "notes": None}
        await plant(database, each.workspace_id, [{**shown, **row} for row in PEOPLE])
    asking = await door.as_(tenant.owner)

    async def search(words: str) -> list[str]:
        page = (await asking.execute(SEARCH, {"search": words})).data["contacts"]
        return sorted(each["name"].split()[0] for each in page["nodes"])

    return search


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("conceicao", ["Ana"]),
        ("CONCEIÇÃO", ["Ana"]),
        ("ceiç", ["Ana"]),
        ("conceição ana", ["Ana"]),
        ("ana sao jose", ["Ana"]),
        ("example.com", ["Ana"]),
        ("muller bruno", ["BRUNO"]),
        ("orcamento", ["BRUNO"]),
        ("orçamentos", ["BRUNO"]),
        ("reunião e orçamento na terça", ["BRUNO"]),
        ("bruno orçamento", ["BRUNO"]),
        ("gerente", ["Иван"]),
        ("أحمد", ["أحمد"]),
        ("lodz orsted", ["أحمد"]),
        ("иван", ["Иван"]),
        ("ПЕТР", ["Иван"]),
        ("звонить", ["Дом"]),
        ("🍞", ["Дом"]),
        ("%", ["100%"]),
        ("_", ["100%"]),
        ("\\", ["100%"]),
        ("0% suco_b", ["100%"]),
        ("sucoXbom", []),
        ("-ana", []),
        ("ana or bruno", []),
        ('"', []),
        ("ana & !bruno | (", []),
        ("ninguém", []),
        ("'; drop table contacts; --", []),
    ],
)
async def test_words_find_whom_they_should(search: Search, words: str, found: list[str]) -> None:
    assert await search(words) == found


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("+55 (11) 98765-4321", ["Ana"]),
        ("11 8765-4321", ["Ana"]),
        ("5511 8765 4321", ["Ana"]),
        ("(011) 98765.4321", ["Ana"]),
        ("00 55 11 98765 4321", ["Ana"]),
        ("98765-4321", ["Ana"]),
        ("4321", ["Ana"]),
        ("+55 11 98765-0000", ["BRUNO"]),
        ("11 98765 0000", ["BRUNO"]),
        ("98765-0000", ["BRUNO"]),
        ("8765", ["Ana", "BRUNO"]),
        ("+351 912 345 678", ["أحمد"]),
        ("912 345", ["أحمد"]),
        ("ana 98765-4321", ["Ana"]),
        ("bruno 98765-4321", []),
        ("21 98765-4321", []),
    ],
)
async def test_a_number_is_found_in_any_spelling(search: Search, words: str, found: list[str]) -> None:
    assert await search(words) == found


async def test_a_search_tells_nothing_of_numbers_to_those_who_may_not_read_them(
    ground: Ground, door: Door, tenant: Tenant, database: Database
) -> None:
    ana = {
        "name": "Ana",
        "company": "São José",
        "email": "ana@example.com",
        "phone": "+5511987654321",
        "notes": "Pediu orçamento",
    }
    await plant(database, tenant.workspace_id, [{**ana, "notes": "Pediu orçamento"}])
    await make(ground, tenant.owner, phone="11987651234")
    viewer = await door.as_(await join(ground, tenant, Role.VIEWER))

    async def found(words: str) -> int:
        return len((await viewer.execute(SEARCH, {"search": words})).data["contacts"]["nodes"])

    for words in ("+5511987654321", "98765-4321", "4321", "98765", "ana 98765", "ana +55", "987", "1234", "+55"):
        assert await found(words) == 0, words
    for words in ("ana", "AN jose", "example.com", "ana orcamentos", "orçamento"):
        assert await found(words) == 1, words


@pytest.mark.parametrize("words", ["", "   ", "\t\n"])
async def test_no_words_are_no_search(search: Search, words: str) -> None:
    assert len(await search(words)) == len(PEOPLE)


async def test_words_that_cannot_be_text_are_refused(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)

    for words in ("\x00", "a" * 1001):
        assert (await asking.execute(SEARCH, {"search": words})).code == "BAD_FILTER"


@pytest.mark.parametrize("words", ["conceicao rara", "raridade", "+55 11 98765-4321", "rara raridade"])
@pytest.mark.parametrize("may", [True, False])
async def test_the_indexes_answer_a_search_among_twenty_thousand(
    database: Database, words: str, crowd: Tenant, may: bool
) -> None:
    condition = searching.condition(words, lambda _: may, Contact)
    assert condition is not None
    statement = select(Contact.id).where(Contact.workspace_id == crowd.workspace_id, condition)
    # as the system: to a walled role PostgreSQL gives no index for operators that it does not know to be leakproof
    async with database.system() as session:
        plan = "\n".join(await session.scalars(Explained(statement)))
    async with database.read(crowd.workspace_id) as session:
        found = list(await session.scalars(statement))

    assert len(found) == (1 if may or not words.startswith("+") else 0)
    assert "Seq Scan on contacts" not in plan, plan
    assert "Bitmap Index Scan on ix_contacts_search_text" in plan, plan


@pytest.fixture(scope="module")
async def crowd(ground: Ground, database: Database) -> Tenant:
    """A workspace with twenty thousand contacts, one of whom is rare."""
    tenant = await found_tenant(ground)
    async with database.system() as session:
        await session.execute(
            text(
                "INSERT INTO contacts (workspace_id, id, name, company, phone, notes, custom)"
                " SELECT :ws, gen_random_uuid(), md5(n::text), md5((n * 7)::text), '+55119' || (10000000 + n),"
                " md5((n * 3)::text), '{}' FROM generate_series(1, 20000) n"
            ),
            {"ws": tenant.workspace_id},
        )
    await plant(
        database,
        tenant.workspace_id,
        [{"name": "Conceição Rara", "notes": "uma raridade", "phone": "+5511987654321"}],
    )
    async with database.system() as session:
        await session.execute(text("SET LOCAL ROLE NONE"))
        await session.execute(text("ANALYZE contacts"))
        for index in ("search_text", "search_document"):
            await session.execute(text(f"SELECT gin_clean_pending_list('ix_contacts_{index}')"))
    return tenant
