"""Scores of leads: worked out from what is known, kept when they change, shown unless a person wrote another."""

import asyncio
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import delete, select, text

from ai.conversations import Speaker, Turn
from ai.results import LeadScore as Found
from core.database import Database
from core.errors import Invalid
from core.ground import Ground
from core.ids import uuid7
from models import Contact, LeadScore, Sentiment
from services import jobs, leads, settings
from services.assistant.errors import SuggestionsOff
from services.contacts import change
from services.contacts.drafting import ContactDraft
from services.contacts.errors import ContactUnknown, TooMany
from services.leads import HistoryTooLong, ScoreLeads
from services.settings import AiDraft, SettingsDraft
from services.transaction import begin
from tests.fixtures.contacts import acts_of, log_of, make, plant
from tests.fixtures.tenants import Tenant

KNOWN = {"company": "Padaria Pão Nosso", "position": "Diretora", "sentiment": Sentiment.POSITIVE}


async def queued(database: Database, tenant: Tenant) -> list[ScoreLeads]:
    """The jobs of a workspace that wait, the first first."""
    statement = text("SELECT payload FROM pgqueuer WHERE entrypoint = 'score_leads' ORDER BY id")
    async with database.system() as session:
        found = [jobs.parse("score_leads", bytes(each)) for each in await session.scalars(statement)]
    return [each for each in found if isinstance(each, ScoreLeads) and each.workspace_id == tenant.workspace_id]


async def work_off(ground: Ground, database: Database, tenant: Tenant) -> int:
    """Do the jobs of a workspace that wait; return how many there were."""
    waiting = await queued(database, tenant)
    for each in waiting:
        await leads.work(ground, each)
    async with database.system() as session:
        await session.execute(
            text("DELETE FROM pgqueuer WHERE entrypoint = 'score_leads' AND convert_from(payload, 'UTF8') LIKE :own"),
            {"own": f"%{tenant.workspace_id}%"},
        )
    return len(waiting)


async def contact_of(database: Database, tenant: Tenant, contact_id: UUID) -> Contact:
    async with database.read(tenant.workspace_id) as session:
        return (await session.scalars(select(Contact).where(Contact.id == contact_id))).one()


async def changed(ground: Ground, tenant: Tenant, contact_id: UUID, **given: Any) -> Contact:
    async with begin(ground, tenant.owner) as tx:
        return await change.update(tx, contact_id, ContactDraft(**given))


async def kept(ground: Ground, tenant: Tenant, contact_id: UUID) -> list[int]:
    return [each.score for each in await leads.history(ground, tenant.owner, contact_id, 100)]


def points(found: Found) -> dict[str, tuple[int, bool]]:
    return {each.name: (each.points, each.is_known) for each in found.factors}


async def test_a_score_is_of_what_is_known_and_the_rest_counts_half(ground: Ground, tenant: Tenant) -> None:
    nobody = await make(ground, tenant.owner, name="Ana")
    boss = await make(ground, tenant.owner, name="Bia", **KNOWN)

    blank, known = [await leads.score(ground, tenant.owner, each.id) for each in (nobody, boss)]

    assert (blank.score, {is_known for _, is_known in points(blank).values()}) == (50, {False})
    assert known.score == 70
    assert points(known) == {
        "purchase_intent": (15, False), "position": (16, True), "sentiment": (14, True),
        "engagement": (7, False), "response_time": (8, False), "company": (10, True),
    }  # fmt: skip
    assert known.score == sum(each.points for each in known.factors)


async def test_messages_are_read_for_the_score_and_nothing_of_them_is_kept(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    contact = await make(ground, tenant.owner, name="Ana")
    await work_off(ground, database, tenant)
    before = await kept(ground, tenant, contact.id)
    eager = [
        Turn(speaker=Speaker.TEAM, text="Quero reclamar, que atendimento horrível!"),
        Turn(speaker=Speaker.CUSTOMER, text="Adorei! Quero comprar dois bolos, pode fechar o pedido."),
    ]
    upset = [Turn(speaker=Speaker.CUSTOMER, text="Quero reclamar, meu pedido chegou errado e ninguém responde!")]

    better = await leads.score(ground, tenant.owner, contact.id, eager)
    worse = await leads.score(ground, tenant.owner, contact.id, upset)

    assert better.score > 60 > 45 > worse.score
    assert points(better)["purchase_intent"] == (30, True)
    assert points(better)["engagement"] == (7, False)
    assert await kept(ground, tenant, contact.id) == before


@pytest.mark.parametrize(
    ("messages", "field"),
    [
        (["x"] * 21, ("messages",)),
        (["oi", ""], ("messages", "1", "text")),
        (["x" * 5_001], ("messages", "0", "text")),
        (["a\x00"], ("messages", "0", "text")),
    ],
)
async def test_messages_are_twenty_texts_at_most(
    ground: Ground, tenant: Tenant, messages: list[str], field: tuple[str, ...]
) -> None:
    contact = await make(ground, tenant.owner, name="Ana")

    said = [Turn(speaker=Speaker.CUSTOMER, text=each) for each in messages]
    with pytest.raises(Invalid) as refused:
        await leads.score(ground, tenant.owner, contact.id, said)

    assert refused.value.problems[0].field == field


async def test_only_contacts_of_the_workspace_are_scored(ground: Ground, tenant: Tenant, other_tenant: Tenant) -> None:
    theirs = await make(ground, other_tenant.owner, name="Ana")

    for contact_id in (theirs.id, uuid7()):
        with pytest.raises(ContactUnknown):
            await leads.score(ground, tenant.owner, contact_id)
    assert await leads.history(ground, tenant.owner, theirs.id, 10) == []


async def test_a_new_contact_is_scored_by_a_job_that_starts_no_other(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    contact = await make(ground, tenant.owner, name="Ana", **KNOWN)

    done = await work_off(ground, database, tenant)

    found = await contact_of(database, tenant, contact.id)
    assert (done, await queued(database, tenant)) == (1, [])
    assert (found.lead_score, found.updated_at) == (70, contact.updated_at)
    (row,) = await leads.history(ground, tenant.owner, contact.id, 10)
    assert (row.score, row.recommendation, row.provider, row.reasons) == (70, "warm", "local", [])
    assert row.factors["company"] == {"points": 10, "most": 10, "known": True}
    told = [each for each in await log_of(database, tenant.workspace_id) if each[0].startswith("contact")]
    assert told == [(name, (contact.id,)) for name in ("contact.created", "contact.lead_scored", "contact.updated")]
    act = (await acts_of(database, tenant.workspace_id))[-1]
    assert (act.action, act.changes, act.actor_id) == (
        "contact.score", {"lead_score": {"before": 0, "after": 70}}, None,
    )  # fmt: skip


async def test_a_job_that_runs_twice_keeps_one_score(ground: Ground, database: Database, tenant: Tenant) -> None:
    contact = await make(ground, tenant.owner, name="Ana")
    (job,) = await queued(database, tenant)

    await asyncio.gather(*(leads.work(ground, job) for _ in range(4)))

    assert await kept(ground, tenant, contact.id) == [50]
    assert [each[0] for each in await log_of(database, tenant.workspace_id)].count("contact.lead_scored") == 1


async def test_what_the_score_is_not_made_of_starts_no_job(ground: Ground, database: Database, tenant: Tenant) -> None:
    contact = await make(ground, tenant.owner, name="Ana", company="Padaria")
    await work_off(ground, database, tenant)

    await changed(ground, tenant, contact.id, name="Ana Maria", notes="x", lead_score=50, company="Padaria")
    quiet = await work_off(ground, database, tenant)
    await changed(ground, tenant, contact.id, sentiment=Sentiment.NEGATIVE)
    heard = await work_off(ground, database, tenant)

    assert (quiet, heard) == (0, 1)
    assert await kept(ground, tenant, contact.id) == [48, 55]


async def test_a_factor_that_becomes_known_is_kept_though_the_score_is_the_same(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    contact = await make(ground, tenant.owner, name="Ana")
    await work_off(ground, database, tenant)

    await changed(ground, tenant, contact.id, sentiment=Sentiment.NEUTRAL)
    await work_off(ground, database, tenant)

    first, second = (await leads.history(ground, tenant.owner, contact.id, 10))[::-1]
    assert (first.score, second.score) == (50, 50)
    assert [each.factors["sentiment"]["known"] for each in (first, second)] == [False, True]
    assert [each[0] for each in await log_of(database, tenant.workspace_id)].count("contact.updated") == 2


@pytest.mark.parametrize("by_hand", ["at first", "later", "as nothing"])
async def test_a_score_that_a_person_wrote_is_left_alone(
    ground: Ground, database: Database, tenant: Tenant, by_hand: str
) -> None:
    written = 0 if by_hand == "as nothing" else 93
    given = {"lead_score": written} if by_hand == "at first" else {}
    contact = await make(ground, tenant.owner, name="Ana", **given)
    await work_off(ground, database, tenant)
    if by_hand != "at first":
        await changed(ground, tenant, contact.id, lead_score=written)

    await changed(ground, tenant, contact.id, company="Padaria")
    await work_off(ground, database, tenant)

    assert (await contact_of(database, tenant, contact.id)).lead_score == written
    assert await kept(ground, tenant, contact.id) == [55, 50]


async def test_a_score_follows_what_is_known(ground: Ground, database: Database, tenant: Tenant) -> None:
    contact = await make(ground, tenant.owner, name="Ana")
    scores = []

    for given in ({}, {"company": "Padaria"}, {"position": "CEO"}, {"company": None, "position": None}):
        if given:
            await changed(ground, tenant, contact.id, **given)
        await work_off(ground, database, tenant)
        scores.append((await contact_of(database, tenant, contact.id)).lead_score)

    assert scores == [50, 55, 63, 50]
    assert await kept(ground, tenant, contact.id) == scores[::-1]


async def test_an_import_is_scored_by_one_job(ground: Ground, database: Database, tenant: Tenant) -> None:
    drafts = [ContactDraft(email=f"ana{n}@example.com", company="Padaria") for n in range(60)]
    async with begin(ground, tenant.owner) as tx:
        made = await change.upsert_all(tx, drafts)
    ids = [each.contact.id for each in made if each.contact is not None]

    (job,) = await queued(database, tenant)
    await work_off(ground, database, tenant)
    async with begin(ground, tenant.owner) as tx:
        await change.upsert_all(tx, [*drafts[1:], ContactDraft(email="ana0@example.com", position="Gerente")])

    assert [UUID(hex=each) for each in job.contact_ids.split()] == ids
    assert {(await contact_of(database, tenant, each)).lead_score for each in ids[:3]} == {55}
    assert [each.contact_ids for each in await queued(database, tenant)] == [ids[0].hex]
    told = await log_of(database, tenant.workspace_id)
    assert [len(each[1]) for each in told if each[0] == "contact.lead_scored"] == [60]


async def test_more_than_five_hundred_are_several_jobs_and_never_one(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    ids = await plant(database, tenant.workspace_id, ({"name": f"Ana {n}", "company": "P"} for n in range(501)))

    async with begin(ground, tenant.owner) as tx:
        leads.rescore(tx, [*ids, ids[0]])
    with pytest.raises(TooMany):
        async with begin(ground, tenant.owner) as tx:
            await leads.score_all(tx, ids)

    assert [len(each.contact_ids.split()) for each in await queued(database, tenant)] == [500, 1]


async def test_contacts_that_are_gone_or_of_others_are_left_out(
    ground: Ground, database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    mine, gone = [await make(ground, tenant.owner, name="Ana") for _ in range(2)]
    theirs = await make(ground, other_tenant.owner, name="Ana")
    async with database.write(tenant.workspace_id) as session:
        await session.execute(delete(Contact).where(Contact.id == gone.id))

    ids = " ".join(each.id.hex for each in (mine, gone, theirs))
    await leads.work(ground, ScoreLeads(workspace_id=tenant.workspace_id, contact_ids=ids))
    await leads.work(ground, ScoreLeads(workspace_id=uuid7(), contact_ids=ids))

    assert await kept(ground, tenant, mine.id) == [50]
    async with database.read(other_tenant.workspace_id) as session:
        assert (await session.scalars(select(LeadScore))).all() == []


async def test_a_models_reasons_are_kept_beside_a_score_that_is_the_same(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    contact = await make(ground, tenant.owner, name="Ana")
    await work_off(ground, database, tenant)
    async with database.read(tenant.workspace_id) as session:
        lead = await leads.facts(session, tenant.workspace_id, contact.id)
    found = await leads.score(ground, tenant.owner, contact.id)

    async with begin(ground, tenant.owner) as tx:
        await leads.keep(tx, {contact.id: found}, ["Pediu preço duas vezes."])

    assert lead.company is None
    latest, _ = await leads.history(ground, tenant.owner, contact.id, 10)
    assert (latest.score, latest.reasons) == (50, ["Pediu preço duas vezes."])


async def test_a_workspace_that_wants_no_suggestions_gets_no_scores(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    async with begin(ground, tenant.owner) as tx:
        await settings.change(tx, SettingsDraft(ai=AiDraft(ai_enabled=False)))
    contact = await make(ground, tenant.owner, name="Ana")
    await work_off(ground, database, tenant)

    with pytest.raises(SuggestionsOff):
        await leads.score(ground, tenant.owner, contact.id)
    assert await kept(ground, tenant, contact.id) == []


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_a_history_has_a_hundred_items_at_most(ground: Ground, tenant: Tenant, first: int) -> None:
    with pytest.raises(HistoryTooLong):
        await leads.history(ground, tenant.owner, uuid7(), first)
