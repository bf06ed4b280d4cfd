"""Labels as verbs: names, order, twins, and what one commit holds."""

import asyncio

import pytest
from sqlalchemy import select

from core.database import Database
from core.errors import Invalid
from core.ground import Ground
from core.ids import uuid7
from models import Contact, Label, Role
from services import labels
from services.access import PermissionMissing
from services.contacts import labelling
from services.labels import LabelDraft, LabelNameTaken, LabelsFull, LabelUnknown, OrderIncomplete
from services.transaction import begin
from tests.fixtures.contacts import acts_of, log_of, make
from tests.fixtures.tenants import Tenant, join


async def add(ground: Ground, tenant: Tenant, *names: str) -> list[Label]:
    async with begin(ground, tenant.owner) as tx:
        return [await labels.create(tx, LabelDraft(name=each, color="#aabbcc")) for each in names]


async def in_order(database: Database, tenant: Tenant) -> list[str]:
    statement = select(Label.name).where(Label.workspace_id == tenant.workspace_id).order_by(Label.position, Label.id)
    async with database.read(tenant.workspace_id) as session:
        return list(await session.scalars(statement))


async def test_new_labels_stand_behind_all_others_also_when_made_at_once(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    made = await asyncio.gather(*(add(ground, tenant, f"L{n}") for n in range(6)))

    assert sorted(each.position for (each,) in made) == [1, 2, 3, 4, 5, 6]
    assert len(await in_order(database, tenant)) == 6


@pytest.mark.parametrize("name", ["URGENTE", "urgênte", " Urgente ", "Ｕrgente"])
async def test_a_name_is_taken_whatever_its_accents_and_case(ground: Ground, tenant: Tenant, name: str) -> None:
    await add(ground, tenant, "Urgente")

    with pytest.raises(LabelNameTaken):
        await add(ground, tenant, name)


async def test_of_two_labels_with_one_name_made_at_once_one_wins(ground: Ground, tenant: Tenant) -> None:
    found = await asyncio.gather(*(add(ground, tenant, "Frio") for _ in range(5)), return_exceptions=True)

    assert [type(each) is LabelNameTaken for each in found].count(False) == 1


async def test_a_new_order_is_of_all_labels_and_logged_once(ground: Ground, database: Database, tenant: Tenant) -> None:
    made = await add(ground, tenant, "A", "B", "C")
    wanted = [made[2].id, made[0].id, made[1].id]

    async with begin(ground, tenant.owner) as tx:
        ordered = await labels.reorder(tx, wanted)
    async with begin(ground, tenant.owner) as tx:
        await labels.reorder(tx, wanted)

    assert [(each.id, each.position) for each in ordered] == list(zip(wanted, (1, 2, 3), strict=True))
    assert await in_order(database, tenant) == ["C", "A", "B"]
    assert [each for each in await log_of(database, tenant.workspace_id) if each[0] == "label.reordered"] == [
        ("label.reordered", tuple(wanted))
    ]
    assert [each.action for each in await acts_of(database, tenant.workspace_id)].count("label.reorder") == 1


async def test_an_order_that_forgets_doubles_or_invents_a_label_is_refused(
    ground: Ground, database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    a, b = [each.id for each in await add(ground, tenant, "A", "B")]
    (theirs,) = await add(ground, other_tenant, "C")

    for wrong in ([a], [a, b, b], [a, a], [a, b, uuid7()], [a, theirs.id], []):
        with pytest.raises(OrderIncomplete):
            async with begin(ground, tenant.owner) as tx:
                await labels.reorder(tx, wrong)

    assert await in_order(database, tenant) == ["A", "B"]


async def test_orders_at_once_leave_one_of_them(ground: Ground, database: Database, tenant: Tenant) -> None:
    ids = [each.id for each in await add(ground, tenant, *"ABCDE")]

    async def put(order: list) -> None:
        async with begin(ground, tenant.owner) as tx:
            await labels.reorder(tx, order)

    await asyncio.gather(*(put(each) for each in (ids[::-1], ids[2:] + ids[:2], ids[::-1])))

    assert await in_order(database, tenant) in [list("EDCBA"), list("CDEAB")]


async def test_deleting_a_label_takes_it_off_its_contacts(ground: Ground, database: Database, tenant: Tenant) -> None:
    a, b = [each.id for each in await add(ground, tenant, "A", "B")]
    contact = await make(ground, tenant.owner, name="Ana")
    async with begin(ground, tenant.owner) as tx:
        await labelling.add(tx, [contact.id], [a, b])

    with pytest.raises(LabelUnknown):
        async with begin(ground, tenant.owner) as tx:
            await labels.remove(tx, [a, uuid7()])
    async with begin(ground, tenant.owner) as tx:
        await labels.remove(tx, [a, a])
    async with begin(ground, tenant.owner) as tx:
        left = await labelling.remove(tx, [contact.id], [b])

    assert await in_order(database, tenant) == ["B"]
    assert isinstance(left[0], Contact)
    assert ("label.deleted", (a,)) in await log_of(database, tenant.workspace_id)


async def test_changes_are_told_when_there_are_any(ground: Ground, database: Database, tenant: Tenant) -> None:
    (label,) = await add(ground, tenant, "A")

    for draft in (LabelDraft(name="B", description=" "), LabelDraft(name="B"), LabelDraft(color="#AABBCC")):
        async with begin(ground, tenant.owner) as tx:
            changed = await labels.change(tx, label.id, draft)

    assert (changed.name, changed.color, changed.description) == ("B", "#AABBCC", None)
    assert [each[0] for each in await log_of(database, tenant.workspace_id)].count("label.updated") == 1
    entry = (await acts_of(database, tenant.workspace_id))[-1]
    assert (entry.action, entry.changes) == ("label.update", {"name": {"before": "A", "after": "B"}})


async def test_all_that_is_wrong_is_told_at_once(ground: Ground, tenant: Tenant) -> None:
    with pytest.raises(Invalid) as refused:
        async with begin(ground, tenant.owner) as tx:
            await labels.create(tx, LabelDraft(name="x" * 61, color="red", description="\x00"))

    assert [(each.code, each.field) for each in refused.value.problems] == [
        ("TOO_LONG", ("name",)), ("COLOR_INVALID", ("color",)), ("TEXT_INVALID", ("description",)),
    ]  # fmt: skip


async def test_a_workspace_has_five_hundred_labels_at_most(ground: Ground, tenant: Tenant) -> None:
    await add(ground, tenant, *(f"L{n}" for n in range(2)))
    async with begin(ground, tenant.owner) as tx:
        tx.session.add_all(
            Label(workspace_id=tenant.workspace_id, name=f"M{n}", color="#000000", position=n) for n in range(498)
        )

    with pytest.raises(LabelsFull):
        await add(ground, tenant, "mais")


async def test_who_may_not_write_changes_nothing(ground: Ground, tenant: Tenant) -> None:
    viewer = await join(ground, tenant, Role.VIEWER)

    with pytest.raises(PermissionMissing):
        async with begin(ground, viewer) as tx:
            await labels.create(tx, LabelDraft(name="A", color="#000000"))
