"""A list takes the same number of SQL statements at 2 rows and at 50, with everything that hangs on its rows."""

from collections.abc import Callable, Iterator
from uuid import UUID

import pytest

from core.database import Database
from core.ground import Ground
from core.ids import uuid7
from models import CreditKind, Feature, FieldKind, Role
from services import crediting, custom_fields, labels, prompt_templates
from services.access import Actor
from services.contacts import creation, labelling
from services.contacts.drafting import ContactDraft
from services.custom_fields import FieldDraft
from services.labels import LabelDraft
from services.transaction import begin
from services.workspaces import invites
from tests.fixtures import knowledge
from tests.fixtures.asked import note, suggest
from tests.fixtures.door import Door
from tests.fixtures.operations import root_fields, widest
from tests.fixtures.statements import sent_to
from tests.fixtures.tenants import Tenant, join

FEW, MANY = 2, 50
LISTS = [
    "aiCreditLedger",
    "aiRequests",
    "auditLog",
    "contacts",
    "customFields",
    "invites",
    "knowledgeSources",
    "labels",
    "promptTemplates",
    "suggestions",
    "users",
]


@pytest.fixture
def statements(database: Database) -> Iterator[Callable[[], int]]:
    """A function that tells how many statements were sent since it was last asked."""
    with sent_to(database) as sent:

        def count() -> int:
            found = len(sent)
            sent.clear()
            return found

        yield count


async def furnish(ground: Ground, tenant: Tenant, amount: int) -> None:
    """Bring a workspace to so many rows of everything; each contact has another owner and other labels."""
    people: list[Actor] = [await join(ground, tenant, Role.MEMBER) for _ in range(amount - 1)]
    contact_ids: list[UUID] = []
    for number in range(amount):
        await knowledge.show(ground, tenant, f"Fonte {number}")
    async with begin(ground, tenant.owner) as tx:
        made = [await labels.create(tx, LabelDraft(name=f"Etiqueta {n}", color="#112233")) for n in range(amount)]
        for number in range(amount):
            await custom_fields.create(tx, FieldDraft(key=f"campo_{number}", label="Campo", kind=FieldKind.TEXT))
            await invites.create(tx, f"convidado{number}@example.com", Role.VIEWER)
            owner = tenant.owner if number == 0 else people[number - 1]
            draft = ContactDraft(name=f"Ana {number}", email=f"ana{number}@example.com", owner_id=owner.user_id)
            contact = await creation.create(tx, draft)
            contact_ids.append(contact.id)
            await labelling.add(tx, [contact.id], [made[number].id, made[0].id])
            await crediting.add(tx, CreditKind.TOPUP, 1, uuid7())
            await prompt_templates.save(tx, Feature.COPILOT, f"Fale de {number}.")
    asked = [
        {"contact_id": contact_id, "user_id": each.user_id}
        for contact_id, each in zip(contact_ids, (tenant.owner, *people), strict=True)
    ]
    await note(ground.database, tenant.workspace_id, *asked)
    await suggest(ground.database, tenant.workspace_id, *asked)


@pytest.fixture
async def sizes(ground: Ground, door: Door, tenant: Tenant, other_tenant: Tenant) -> tuple[Door, Door]:
    """Clients of a small and of a larger workspace."""
    await furnish(ground, tenant, FEW)
    await furnish(ground, other_tenant, MANY)
    return await door.as_(tenant.owner), await door.as_(other_tenant.owner)


def test_every_list_is_looked_at() -> None:
    connections = {each.name for each in root_fields("query") if str(each.field.type).endswith("Connection")}

    assert connections - {"userActivity"} == set(LISTS)


async def test_no_list_takes_more_statements_for_more_rows(
    sizes: tuple[Door, Door], statements: Callable[[], int]
) -> None:
    taken: dict[str, list[int]] = {}

    for each in [each for each in root_fields("query") if each.name in LISTS]:
        document = f"{{ {each.name}(first: {MANY}) {{ totalCount nodes {{ {_node(each.name)} }} }} }}"
        for door, amount in zip(sizes, (FEW, MANY), strict=True):
            statements()
            found = (await door.execute(document)).data[each.name]
            taken.setdefault(each.name, []).append(statements())
            assert len(found["nodes"]) >= amount, each.name

    assert {name: counts for name, counts in taken.items() if len(set(counts)) != 1} == {}
    assert taken["contacts"][0] <= 5, "the page, its count, labels, identities, and in one the owners and creators"


def _node(name: str) -> str:
    connection = next(each for each in root_fields("query") if each.name == name).field.type
    return widest(connection.fields["nodes"].type, 2)  # type: ignore[union-attr]
