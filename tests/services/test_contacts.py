"""Contacts as verbs: twins, batches, and what one commit holds."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import func, select

from core.database import Database
from core.errors import DomainError, Invalid
from core.ground import Ground
from core.ids import uuid7
from models import Contact, ContactIdentity, IdentityKind, Role
from services.access import PermissionMissing
from services.contacts import archiving, change, creation, labelling
from services.contacts.drafting import ContactDraft
from services.contacts.errors import AddressMissing, ContactDuplicate, ContactStale, ContactUnknown, TooMany
from services.labels import LabelDraft
from services.labels import create as create_label
from services.transaction import begin
from tests.fixtures.contacts import acts_of, log_of, make
from tests.fixtures.tenants import Tenant, join


async def stored(database: Database, tenant: Tenant) -> int:
    async with database.read(tenant.workspace_id) as session:
        return await session.scalar(
            select(func.count()).select_from(Contact).where(Contact.workspace_id == tenant.workspace_id)
        )


async def upsert(ground: Ground, tenant: Tenant, **given: Any) -> change.Outcome:
    async with begin(ground, tenant.owner) as tx:
        return await change.upsert(tx, ContactDraft(**given))


async def upsert_all(ground: Ground, tenant: Tenant, drafts: list[ContactDraft]) -> list[change.Outcome]:
    async with begin(ground, tenant.owner) as tx:
        return await change.upsert_all(tx, drafts)


async def test_of_two_creates_with_one_phone_one_wins_and_the_other_names_it(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    spellings = ["(11) 98765-4321", "+55 11 8765-4321"] * 4

    found = await asyncio.gather(
        *(make(ground, tenant.owner, name=f"Ana {n}", phone=each) for n, each in enumerate(spellings)),
        return_exceptions=True,
    )

    (winner,) = [each for each in found if isinstance(each, Contact)]
    lost = [each for each in found if isinstance(each, ContactDuplicate)]
    assert len(lost) == len(spellings) - 1
    assert {each.conflict for each in lost} == {winner.id}
    assert {each.field for each in lost} == {("phone",)}
    assert await stored(database, tenant) == 1
    assert len([each for each in await log_of(database, tenant.workspace_id) if each[0] == "contact.created"]) == 1


async def test_upserts_at_once_make_one_contact(ground: Ground, database: Database, tenant: Tenant) -> None:
    found = await asyncio.gather(
        *(upsert(ground, tenant, name=f"Ana {n}", phone="11987654321", email="ana@example.com") for n in range(8))
    )

    assert len({each.contact.id for each in found if each.contact is not None}) == 1
    assert [each.is_new for each in found].count(True) == 1
    assert await stored(database, tenant) == 1


async def test_batches_at_once_in_opposite_orders_wait_for_each_other(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    drafts = [ContactDraft(email=f"p{n}@example.com", lead_score=n) for n in range(40)]

    first, second = await asyncio.gather(
        upsert_all(ground, tenant, drafts), upsert_all(ground, tenant, list(reversed(drafts)))
    )

    assert not [each.problems for each in (*first, *second) if each.problems]
    assert await stored(database, tenant) == 40


async def test_a_batch_of_five_hundred_keeps_what_is_good_and_nothing_of_what_is_not(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    drafts = [ContactDraft(name=f"Ana {n}", email=f"ana{n}@example.com") for n in range(500)]
    drafts[7] = ContactDraft(name="Sem dono", email="semdono@example.com", owner_id=uuid7())
    drafts[8] = ContactDraft(name="x" * 300, phone="nada")
    drafts[9] = ContactDraft(name="Sem endereço")
    drafts[499] = ContactDraft(name="Outra vez", email="ana0@example.com")

    outcomes = await upsert_all(ground, tenant, drafts)

    codes = {n: [each.code for each in found.problems] for n, found in enumerate(outcomes) if found.problems}
    assert codes == {7: ["OWNER_UNKNOWN"], 8: ["TOO_LONG", "PHONE_INVALID"], 9: ["ADDRESS_MISSING"]}
    assert outcomes[499].contact is outcomes[0].contact
    assert await stored(database, tenant) == 496
    told = [each for each in await log_of(database, tenant.workspace_id) if each[0].startswith("contact.")]
    assert [(kind, len(ids)) for kind, ids in told] == [("contact.created", 496), ("contact.updated", 1)]
    acts = [each.action for each in await acts_of(database, tenant.workspace_id)]
    assert (acts.count("contact.create"), acts.count("contact.update")) == (496, 1)


async def test_a_draft_that_cannot_change_its_contact_leaves_it_and_the_others_go_on(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    ana = await make(ground, tenant.owner, name="Ana", phone="11987654321", external_id="1")
    await make(ground, tenant.owner, name="Bia", email="bia@example.com")

    outcomes = await upsert_all(
        ground,
        tenant,
        [
            ContactDraft(phone="11987654321", name="Perdida", owner_id=uuid7()),
            ContactDraft(phone="11987654321", name="Perdida", external_id=None, owner_id=uuid7()),
            ContactDraft(email="carla@example.com"),
            ContactDraft(phone="11987654321", company="Padaria"),
        ],
    )

    assert [[each.code for each in found.problems] for found in outcomes] == [
        ["OWNER_UNKNOWN"], ["OWNER_UNKNOWN"], [], [],
    ]  # fmt: skip
    async with database.read(tenant.workspace_id) as session:
        found = await session.scalar(select(Contact).where(Contact.id == ana.id))
        assert (found.name, found.company, found.owner_id) == ("Ana", "Padaria", None)
        kept = await session.scalars(select(ContactIdentity.key).where(ContactIdentity.contact_id == ana.id))
        assert sorted(kept) == ["+551187654321", "1"]


async def test_a_batch_that_fails_half_way_leaves_nothing(ground: Ground, database: Database, tenant: Tenant) -> None:
    drafts = [ContactDraft(email=f"ana{n}@example.com") for n in range(20)]

    async def fail() -> None:
        async with begin(ground, tenant.owner) as tx:
            await change.upsert_all(tx, drafts)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await stored(database, tenant) == 0
    assert not [each for each in await log_of(database, tenant.workspace_id) if each[0].startswith("contact.")]


async def test_a_batch_of_more_than_five_hundred_is_refused(ground: Ground, database: Database, tenant: Tenant) -> None:
    with pytest.raises(TooMany):
        await upsert_all(ground, tenant, [ContactDraft(email=f"a{n}@example.com") for n in range(501)])

    assert await stored(database, tenant) == 0


async def test_an_upsert_that_changes_nothing_says_nothing(ground: Ground, database: Database, tenant: Tenant) -> None:
    given = {"name": "Ana", "phone": "11987654321", "external_id": "7", "email": "ana@example.com"}
    await upsert(ground, tenant, **given)
    before = await log_of(database, tenant.workspace_id), len(await acts_of(database, tenant.workspace_id))

    again = await upsert(ground, tenant, **given)

    assert not again.is_new
    assert not again.changed
    assert before == (await log_of(database, tenant.workspace_id), len(await acts_of(database, tenant.workspace_id)))


async def test_addresses_of_two_contacts_name_neither(ground: Ground, tenant: Tenant) -> None:
    await make(ground, tenant.owner, name="Ana", phone="11987654321")
    other = await make(ground, tenant.owner, name="Bia", email="bia@example.com")

    with pytest.raises(ContactDuplicate) as refused:
        await upsert(ground, tenant, phone="11987654321", email="bia@example.com")

    assert refused.value.conflict == other.id
    assert refused.value.field == ("email",)


async def test_a_refused_contact_leaves_nothing_in_a_transaction_that_goes_on(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    ana = await make(ground, tenant.owner, name="Ana", phone="11987654321")

    async with begin(ground, tenant.owner) as tx:
        with pytest.raises(ContactDuplicate) as refused:
            await creation.create(tx, ContactDraft(name="Bia", phone="11987654321", email="bia@example.com"))
        await creation.create(tx, ContactDraft(name="Bia", email="bia@example.com"))

    assert (refused.value.conflict, refused.value.field) == (ana.id, ("phone",))
    assert await stored(database, tenant) == 2
    acts = [each.action for each in await acts_of(database, tenant.workspace_id)]
    assert acts.count("contact.create") == 2


async def test_an_upsert_needs_an_address(ground: Ground, tenant: Tenant) -> None:
    with pytest.raises(AddressMissing):
        await upsert(ground, tenant, name="Ana")


async def test_all_that_is_wrong_is_told_at_once(ground: Ground, tenant: Tenant) -> None:
    with pytest.raises(Invalid) as refused:
        await make(
            ground,
            tenant.owner,
            name="",
            phone="1",
            email="x",
            whatsapp_id="x",
            avatar_url="x",
            lead_score=101,
            notes="\x00",
            custom={"nada": 1},
        )

    assert [each.code for each in refused.value.problems] == [
        "REQUIRED", "URL_INVALID", "TEXT_INVALID", "LEAD_SCORE_INVALID", "PHONE_INVALID", "WHATSAPP_ID_INVALID",
        "EMAIL_INVALID", "CUSTOM_VALUE_INVALID",
    ]  # fmt: skip


async def test_a_change_says_what_changed_and_which_addresses_went(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    contact = await make(ground, tenant.owner, name="Ana", external_id="7", phone="11987654321")

    async with begin(ground, tenant.owner) as tx:
        await change.update(tx, contact.id, ContactDraft(name="Bia", external_id="8", phone=None, company=None))

    entry = (await acts_of(database, tenant.workspace_id))[-1]
    assert entry.action == "contact.update"
    assert entry.subject_id == contact.id
    assert entry.changes == {
        "name": {"before": "Ana", "after": "Bia"},
        "phone": {"before": "+5511987654321", "after": None},
        "external": {"before": "7", "after": "8"},
    }


async def test_a_second_number_beside_the_first_is_kept(ground: Ground, database: Database, tenant: Tenant) -> None:
    contact = await make(ground, tenant.owner, name="Ana", phone="11987654321")

    async with begin(ground, tenant.owner) as tx:
        await change.update(tx, contact.id, ContactDraft(phone="11987654321", whatsapp_id="5521987654321@c.us"))

    async with database.read(tenant.workspace_id) as session:
        kept = await session.scalars(
            select(ContactIdentity.value)
            .where(ContactIdentity.contact_id == contact.id, ContactIdentity.kind == IdentityKind.PHONE)
            .order_by(ContactIdentity.id)
        )
        assert list(kept) == ["+5511987654321", "+5521987654321"]


async def test_a_refused_change_leaves_all_as_it_was(ground: Ground, database: Database, tenant: Tenant) -> None:
    other = await make(ground, tenant.owner, name="Bia", email="bia@example.com")
    contact = await make(ground, tenant.owner, name="Ana", phone="11987654321", email="ana@example.com")
    before = await log_of(database, tenant.workspace_id)

    for draft in (
        ContactDraft(name="Carla", phone=None, email="bia@example.com"),
        ContactDraft(name="Carla", phone=None, owner_id=uuid7()),
        ContactDraft(name="Carla", phone=None, lead_score=-1),
    ):
        with pytest.raises(DomainError):
            async with begin(ground, tenant.owner) as tx:
                await change.update(tx, contact.id, draft)

    async with database.read(tenant.workspace_id) as session:
        found = await session.scalar(select(Contact).where(Contact.id == contact.id))
        assert (found.name, found.phone, found.email) == ("Ana", "+5511987654321", "ana@example.com")
        kept = await session.scalars(select(ContactIdentity.key).where(ContactIdentity.contact_id == contact.id))
        assert sorted(kept) == ["+551187654321", "ana@example.com"]
    assert await log_of(database, tenant.workspace_id) == before
    assert other.name == "Bia"


async def test_a_change_of_what_was_changed_meanwhile_is_refused(ground: Ground, tenant: Tenant) -> None:
    contact = await make(ground, tenant.owner, name="Ana", external_id="7")
    seen = contact.updated_at

    async with begin(ground, tenant.owner) as tx:
        await change.update(tx, contact.id, ContactDraft(external_id="8"), if_updated_at=seen)
    with pytest.raises(ContactStale):
        async with begin(ground, tenant.owner) as tx:
            await change.update(tx, contact.id, ContactDraft(name="Bia"), if_updated_at=seen)


async def test_of_two_changes_of_one_state_one_is_refused(ground: Ground, tenant: Tenant) -> None:
    contact = await make(ground, tenant.owner, name="Ana")

    async def rename(name: str) -> Contact:
        async with begin(ground, tenant.owner) as tx:
            return await change.update(tx, contact.id, ContactDraft(name=name), if_updated_at=contact.updated_at)

    found = await asyncio.gather(rename("Bia"), rename("Carla"), return_exceptions=True)

    assert sorted(type(each) is ContactStale for each in found) == [False, True]


class TestMany:
    async def test_archiving_and_restoring_tell_only_of_what_moved(
        self, ground: Ground, database: Database, tenant: Tenant
    ) -> None:
        ids = [(await make(ground, tenant.owner, name=f"Ana {n}")).id for n in range(3)]
        async with begin(ground, tenant.owner) as tx:
            await archiving.archive(tx, ids[:1])

        async with begin(ground, tenant.owner) as tx:
            away = await archiving.archive(tx, [*ids, ids[0]])
        async with begin(ground, tenant.owner) as tx:
            back = await archiving.restore(tx, ids)
        async with begin(ground, tenant.owner) as tx:
            await archiving.restore(tx, ids)

        assert [each.id for each in away] == ids
        assert all(each.is_archived and each.archived_at for each in away)
        assert not any(each.is_archived or each.archived_at for each in back)
        told = [each for each in await log_of(database, tenant.workspace_id) if each[0] != "contact.created"][-3:]
        assert [(kind, set(which)) for kind, which in told] == [
            ("contact.archived", {ids[0]}),
            ("contact.archived", set(ids[1:])),
            ("contact.restored", set(ids)),
        ]
        acts = [each.action for each in await acts_of(database, tenant.workspace_id)]
        assert (acts.count("contact.archive"), acts.count("contact.restore")) == (3, 3)

    @pytest.mark.parametrize("verb", [archiving.archive, archiving.restore, archiving.remove], ids=lambda v: v.__name__)
    async def test_one_unknown_contact_stops_all(
        self, ground: Ground, database: Database, tenant: Tenant, other_tenant: Tenant, verb: Any
    ) -> None:
        mine = await make(ground, tenant.owner, name="Ana")
        theirs = await make(ground, other_tenant.owner, name="Bia")
        before = await log_of(database, tenant.workspace_id)

        with pytest.raises(ContactUnknown):
            async with begin(ground, tenant.owner) as tx:
                await verb(tx, [mine.id, theirs.id])
        with pytest.raises(TooMany):
            async with begin(ground, tenant.owner) as tx:
                await verb(tx, [uuid7() for _ in range(501)])

        assert await log_of(database, tenant.workspace_id) == before
        assert await stored(database, other_tenant) == 1

    async def test_deleting_takes_addresses_along_and_frees_them(
        self, ground: Ground, database: Database, tenant: Tenant
    ) -> None:
        contact = await make(ground, tenant.owner, name="Ana", phone="11987654321")

        async with begin(ground, tenant.owner) as tx:
            gone = await archiving.remove(tx, [contact.id])
        again = await make(ground, tenant.owner, name="Ana", phone="11987654321")

        assert gone == [contact.id]
        assert again.id != contact.id
        assert ("contact.deleted", (contact.id,)) in await log_of(database, tenant.workspace_id)

    async def test_five_hundred_contacts_bear_fifty_labels_at_once(
        self, ground: Ground, database: Database, tenant: Tenant
    ) -> None:
        drafts = [ContactDraft(email=f"a{n}@example.com") for n in range(500)]
        contacts = [each.contact.id for each in await upsert_all(ground, tenant, drafts) if each.contact]
        async with begin(ground, tenant.owner) as tx:
            labels = [(await create_label(tx, LabelDraft(name=f"L{n}", color="#112233"))).id for n in range(50)]

        async with begin(ground, tenant.owner) as tx:
            await labelling.add(tx, contacts, labels)
        async with begin(ground, tenant.owner) as tx:
            await labelling.add(tx, contacts, labels)
        async with begin(ground, tenant.owner) as tx:
            await labelling.remove(tx, contacts, labels)

        told = [each[0] for each in await log_of(database, tenant.workspace_id)]
        assert told.count("contact.labels_changed") == 2
        acts = [each.action for each in await acts_of(database, tenant.workspace_id)]
        assert (acts.count("contact.labels_add"), acts.count("contact.labels_remove")) == (500, 500)

    async def test_a_contact_bears_a_hundred_labels_and_no_more(self, ground: Ground, tenant: Tenant) -> None:
        contact = await make(ground, tenant.owner, name="Ana")
        async with begin(ground, tenant.owner) as tx:
            labels = [(await create_label(tx, LabelDraft(name=f"L{n}", color="#112233"))).id for n in range(101)]
        for start in (0, 50):
            async with begin(ground, tenant.owner) as tx:
                await labelling.add(tx, [contact.id], labels[start : start + 50])

        with pytest.raises(TooMany):
            async with begin(ground, tenant.owner) as tx:
                await labelling.add(tx, [contact.id], labels[100:])


async def test_the_same_label_put_on_by_many_at_once_is_there_once(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    contacts = [(await make(ground, tenant.owner, name=f"Ana {n}")).id for n in range(6)]
    async with begin(ground, tenant.owner) as tx:
        labels = [(await create_label(tx, LabelDraft(name=f"L{n}", color="#112233"))).id for n in range(3)]

    async def put(turn: int) -> None:
        async with begin(ground, tenant.owner) as tx:
            await labelling.add(tx, contacts[turn % 2 :: 2], labels if turn % 4 < 2 else labels[::-1])

    await asyncio.gather(*(put(turn) for turn in range(8)))

    acts = [each.action for each in await acts_of(database, tenant.workspace_id)]
    assert acts.count("contact.labels_add") == 6


@pytest.mark.parametrize("role", [Role.VIEWER])
async def test_who_may_not_write_changes_nothing(
    ground: Ground, database: Database, tenant: Tenant, role: Role
) -> None:
    viewer = await join(ground, tenant, role)

    for verb in (
        lambda tx: creation.create(tx, ContactDraft(name="Ana")),
        lambda tx: change.upsert(tx, ContactDraft(email="a@example.com")),
        lambda tx: change.upsert_all(tx, []),
        lambda tx: archiving.archive(tx, []),
        lambda tx: archiving.remove(tx, []),
        lambda tx: labelling.add(tx, [], []),
    ):
        with pytest.raises(PermissionMissing):
            async with begin(ground, viewer) as tx:
                await verb(tx)

    assert await stored(database, tenant) == 0
