"""Scores of leads: worked out from what is known, kept when they change, shown unless a person wrote another."""

import asyncio
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event, select, text

from ai.conversations import Speaker, Turn
from ai.results import LeadScore as Found
from core.database import Database, WriteSession
from core.errors import Invalid
from core.ground import Ground
from core.ids import uuid7
from models import Contact, Event, EventType, LeadScore, Sentiment
from services import leads, settings
from services.assistant.errors import SuggestionsOff
from services.contacts import archiving, change
from services.contacts.drafting import ContactDraft
from services.contacts.errors import ContactUnknown
from services.leads import HistoryTooLong
from services.settings import AiDraft, SettingsDraft
from services.transaction import begin
from tests.fixtures.contacts import acts_of, log_of, make, plant
from tests.fixtures.tenants import Tenant

KNOWN: dict[str, Any] = {"company": "Padaria Pão Nosso", "position": "Diretora", "sentiment": Sentiment.POSITIVE}


async def queued(database: Database, tenant: Tenant) -> int:
    """How many jobs of a workspace wait."""
    own = {"own": f"%{tenant.workspace_id}%"}
    statement = text("SELECT count(*) FROM pgqueuer WHERE convert_from(payload, 'UTF8') LIKE :own")
    async with database.system() as session:
        return int(await session.scalar(statement, own) or 0)


async def told_of(database: Database, tenant: Tenant) -> list[str]:
    """The events of a workspace's contacts, the first first."""
    return [name for name, _ in await log_of(database, tenant.workspace_id) if name.startswith("contact.")]


@contextmanager
def inserts(database: Database) -> Generator[list[str]]:
    """The statements that write scores down while this is open."""
    sent: list[str] = []

    def note(statement: str) -> None:
        if "INSERT INTO lead_scores" in statement:
            sent.append(statement)

    def note_ours(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        note(statement)

    async def fetch(session: WriteSession, statement: str, *arguments: object) -> Sequence[Any]:
        note(statement)
        return await fetched(session, statement, *arguments)

    fetched = WriteSession.fetch
    event.listen(database.engine.sync_engine, "before_cursor_execute", note_ours)
    WriteSession.fetch = fetch
    try:
        yield sent
    finally:
        WriteSession.fetch = fetched
        event.remove(database.engine.sync_engine, "before_cursor_execute", note_ours)


async def contact_of(database: Database, tenant: Tenant, contact_id: UUID) -> Contact:
    async with database.read(tenant.workspace_id) as session:
        return (await session.scalars(select(Contact).where(Contact.id == contact_id))).one()


async def changed(ground: Ground, tenant: Tenant, contact_id: UUID, **given: Any) -> Contact:
    async with begin(ground, tenant.owner) as tx:
        return await change.update(tx, contact_id, ContactDraft(**given))


async def kept(ground: Ground, tenant: Tenant, contact_id: UUID) -> list[int]:
    return [each.score for each in await leads.history(ground, tenant.owner, contact_id, 100)]


async def events_of(database: Database, tenant: Tenant) -> Sequence[Event]:
    contacts = Event.type.in_([each for each in EventType if each.value.startswith("contact.")])
    statement = select(Event).where(Event.workspace_id == tenant.workspace_id, contacts).order_by(Event.seq)
    async with database.read(tenant.workspace_id) as session:
        return (await session.scalars(statement)).all()


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


async def test_a_new_contact_has_its_score_at_once_and_nothing_else_is_told(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    contact = await make(ground, tenant.owner, name="Ana", **KNOWN)

    found = await contact_of(database, tenant, contact.id)
    assert (contact.lead_score, found.lead_score, found.updated_at) == (70, 70, contact.updated_at)
    (row,) = await leads.history(ground, tenant.owner, contact.id, 10)
    assert (row.score, row.recommendation, row.provider, row.reasons) == (70, "warm", "local", [])
    assert row.factors["company"] == {"points": 10, "most": 10, "known": True}
    assert (await queued(database, tenant), await told_of(database, tenant)) == (0, ["contact.created"])
    (act,) = [each for each in await acts_of(database, tenant.workspace_id) if each.action.startswith("contact")]
    assert (act.action, act.changes["lead_score"]) == ("contact.create", {"before": None, "after": 70})


async def test_a_change_of_what_the_score_is_made_of_is_scored_at_once(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    contact = await make(ground, tenant.owner, name="Ana")

    after = await changed(ground, tenant, contact.id, company="Padaria")

    found = await contact_of(database, tenant, contact.id)
    assert (after.lead_score, found.lead_score, found.updated_at) == (55, 55, after.updated_at)
    assert await queued(database, tenant) == 0
    told = [each for each in await events_of(database, tenant) if each.type is not EventType.CONTACT_CREATED]
    assert [(each.type, each.payload["changed"]) for each in told] == [
        (EventType.CONTACT_LEAD_SCORED, []), (EventType.CONTACT_UPDATED, ["company", "lead_score"]),
    ]  # fmt: skip
    acts = (await acts_of(database, tenant.workspace_id))[-2:]
    assert [(each.action, each.changes) for each in acts] == [
        ("contact.update", {"company": {"before": None, "after": "Padaria"}}),
        ("contact.score", {"lead_score": {"before": 50, "after": 55}}),
    ]


async def test_a_change_that_is_made_several_times_keeps_one_score(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    contact = await make(ground, tenant.owner, name="Ana")

    await asyncio.gather(*(changed(ground, tenant, contact.id, company="Padaria") for _ in range(4)))

    assert await kept(ground, tenant, contact.id) == [55, 50]
    assert (await told_of(database, tenant)).count("contact.lead_scored") == 1


async def test_changes_at_the_same_time_are_all_in_the_score(ground: Ground, tenant: Tenant) -> None:
    contact = await make(ground, tenant.owner, name="Ana")

    await asyncio.gather(*(changed(ground, tenant, contact.id, **{name: KNOWN[name]}) for name in KNOWN))

    scores = await kept(ground, tenant, contact.id)
    assert (len(scores), scores[0], scores[-1]) == (4, 70, 50)


async def test_what_the_score_is_not_made_of_changes_no_score(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    contact = await make(ground, tenant.owner, name="Ana", company="Padaria")

    await changed(ground, tenant, contact.id, name="Ana Maria", notes="x", lead_score=50, company="Padaria")
    quiet = await kept(ground, tenant, contact.id)
    await changed(ground, tenant, contact.id, sentiment=Sentiment.NEGATIVE)

    assert (quiet, await kept(ground, tenant, contact.id)) == ([55], [48, 55])
    assert (await told_of(database, tenant)).count("contact.lead_scored") == 1


async def test_a_factor_that_becomes_known_is_kept_though_the_score_is_the_same(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    contact = await make(ground, tenant.owner, name="Ana")

    await changed(ground, tenant, contact.id, sentiment=Sentiment.NEUTRAL)

    first, second = (await leads.history(ground, tenant.owner, contact.id, 10))[::-1]
    assert (first.score, second.score) == (50, 50)
    assert [each.factors["sentiment"]["known"] for each in (first, second)] == [False, True]
    assert await told_of(database, tenant) == ["contact.created", "contact.lead_scored", "contact.updated"]


@pytest.mark.parametrize("by_hand", ["at first", "later", "as nothing"])
async def test_a_score_that_a_person_wrote_is_left_alone(
    ground: Ground, database: Database, tenant: Tenant, by_hand: str
) -> None:
    written = 0 if by_hand == "as nothing" else 93
    given = {"lead_score": written} if by_hand == "at first" else {}
    contact = await make(ground, tenant.owner, name="Ana", **given)
    if by_hand != "at first":
        await changed(ground, tenant, contact.id, lead_score=written)

    await changed(ground, tenant, contact.id, company="Padaria")

    assert (await contact_of(database, tenant, contact.id)).lead_score == written
    assert await kept(ground, tenant, contact.id) == [55, 50]


async def test_a_score_that_is_given_with_a_change_is_shown_though_it_is_the_old_one(
    ground: Ground, tenant: Tenant
) -> None:
    contact = await make(ground, tenant.owner, name="Ana")

    after = await changed(ground, tenant, contact.id, company="Padaria", lead_score=50)

    assert after.lead_score == 50
    assert await kept(ground, tenant, contact.id) == [55, 50]


async def test_a_contact_that_never_had_a_score_gets_one_when_more_is_known(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    (contact_id,) = await plant(database, tenant.workspace_id, [{"name": "Ana"}])

    after = await changed(ground, tenant, contact_id, company="Padaria")

    assert (after.lead_score, await kept(ground, tenant, contact_id)) == (55, [55])


async def test_a_score_follows_what_is_known(ground: Ground, database: Database, tenant: Tenant) -> None:
    contact = await make(ground, tenant.owner, name="Ana")
    scores: list[int] = []

    for given in ({}, {"company": "Padaria"}, {"position": "CEO"}, {"company": None, "position": None}):
        if given:
            await changed(ground, tenant, contact.id, **given)
        scores.append((await contact_of(database, tenant, contact.id)).lead_score)

    assert scores == [50, 55, 63, 50]
    assert await kept(ground, tenant, contact.id) == scores[::-1]


async def test_the_scores_of_an_import_are_written_by_one_statement(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    drafts = [ContactDraft(email=f"ana{n}@example.com", company="Padaria") for n in range(60)]
    with inserts(database) as first:
        async with begin(ground, tenant.owner) as tx:
            made = await change.upsert_all(tx, drafts)
    ids = [each.contact.id for each in made if each.contact is not None]
    named = [ContactDraft(email=f"ana{n}@example.com", position="Gerente") for n in range(20)]
    with inserts(database) as second:
        async with begin(ground, tenant.owner) as tx:
            await change.upsert_all(tx, [*drafts[20:], *named])

    assert (len(first), len(second), await queued(database, tenant)) == (1, 1, 0)
    scores = [(await contact_of(database, tenant, each)).lead_score for each in (ids[0], ids[19], ids[20], ids[59])]
    assert scores == [61, 61, 55, 55]
    told = await log_of(database, tenant.workspace_id)
    assert [each for each in told if each[0].startswith("contact.")] == [
        ("contact.created", tuple(ids)), ("contact.lead_scored", tuple(ids[:20])), ("contact.updated", tuple(ids[:20])),
    ]  # fmt: skip


async def test_a_contact_that_an_import_makes_and_changes_has_both_scores(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    more = ContactDraft(email="ana@example.com", company="Padaria")
    drafts = [ContactDraft(email="ana@example.com"), more, ContactDraft(email="ana@example.com", notes="x")]

    async with begin(ground, tenant.owner) as tx:
        made, *_ = await change.upsert_all(tx, drafts)

    assert made.contact is not None
    assert (await contact_of(database, tenant, made.contact.id)).lead_score == made.contact.lead_score == 55
    assert await kept(ground, tenant, made.contact.id) == [55, 50]


async def test_a_score_that_an_import_gives_is_left_alone_by_its_other_drafts(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    more = ContactDraft(email="ana@example.com", company="Padaria")

    async with begin(ground, tenant.owner) as tx:
        made, *_ = await change.upsert_all(tx, [ContactDraft(email="ana@example.com", lead_score=50), more])

    assert made.contact is not None
    assert (await contact_of(database, tenant, made.contact.id)).lead_score == made.contact.lead_score == 50
    assert await kept(ground, tenant, made.contact.id) == [55, 50]


async def test_a_draft_that_is_refused_takes_no_score_from_the_contact_that_another_draft_changed(
    ground: Ground, database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    good = ContactDraft(email="ana@example.com", company="Padaria")
    bad = ContactDraft(email="ana@example.com", position="CEO", owner_id=other_tenant.owner.user_id)

    async with begin(ground, tenant.owner) as tx:
        made, _, refused = await change.upsert_all(tx, [ContactDraft(email="ana@example.com"), good, bad])

    assert made.contact is not None
    assert bool(refused.problems)
    assert (await contact_of(database, tenant, made.contact.id)).lead_score == made.contact.lead_score == 55


async def test_what_an_import_refuses_has_no_score(
    ground: Ground, database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    nobody = other_tenant.owner.user_id
    drafts = [ContactDraft(email="bia@example.com", owner_id=nobody), ContactDraft(email="ana@example.com")]

    async with begin(ground, tenant.owner) as tx:
        refused, made = await change.upsert_all(tx, drafts)

    assert (refused.contact, bool(refused.problems), made.is_new) == (None, True, True)
    async with database.read(tenant.workspace_id) as session:
        rows = (await session.scalars(select(LeadScore))).all()
    assert made.contact is not None
    assert [(each.contact_id, each.score) for each in rows] == [(made.contact.id, 50)]


async def test_an_upsert_scores_the_contact_that_it_makes(ground: Ground, tenant: Tenant) -> None:
    async with begin(ground, tenant.owner) as tx:
        made = await change.upsert(tx, ContactDraft(email="ana@example.com"))
    async with begin(ground, tenant.owner) as tx:
        after = await change.upsert(tx, ContactDraft(email="ana@example.com", company="Padaria"))

    assert made.contact is not None
    assert after.contact is not None
    assert (made.contact.lead_score, after.contact.lead_score) == (50, 55)
    assert await kept(ground, tenant, made.contact.id) == [55, 50]


async def test_a_models_reasons_are_kept_beside_a_score_that_is_the_same(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    contact = await make(ground, tenant.owner, name="Ana")
    async with database.read(tenant.workspace_id) as session:
        lead = await leads.facts(session, tenant.workspace_id, contact.id)
    found = await leads.score(ground, tenant.owner, contact.id)

    async with begin(ground, tenant.owner) as tx:
        (locked,) = await archiving.chosen(tx, [contact.id])
        moved = await leads.keep(tx, {locked: found}, reasons=["Pediu preço duas vezes."])

    assert (lead.company, moved) == (None, frozenset())
    latest, _ = await leads.history(ground, tenant.owner, contact.id, 10)
    assert (latest.score, latest.reasons) == (50, ["Pediu preço duas vezes."])


async def test_a_workspace_that_wants_no_suggestions_has_scores_and_is_told_none(
    ground: Ground, tenant: Tenant
) -> None:
    async with begin(ground, tenant.owner) as tx:
        await settings.change(tx, SettingsDraft(ai=AiDraft(ai_enabled=False)))
    contact = await make(ground, tenant.owner, name="Ana")

    with pytest.raises(SuggestionsOff):
        await leads.score(ground, tenant.owner, contact.id)
    assert (contact.lead_score, await kept(ground, tenant, contact.id)) == (50, [50])


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_a_history_has_a_hundred_items_at_most(ground: Ground, tenant: Tenant, first: int) -> None:
    with pytest.raises(HistoryTooLong):
        await leads.history(ground, tenant.owner, uuid7(), first)
