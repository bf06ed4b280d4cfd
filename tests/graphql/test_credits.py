"""Credits through the door: what there is, and where it went."""

from core.ground import Ground
from core.ids import encode, uuid7
from models import Role
from services import crediting
from services.transaction import begin
from tests.fixtures.door import Door
from tests.fixtures.tenants import Tenant, join

CREDITS = """query ($filter: CreditFilter) {
  aiCredits { balance held available granted }
  aiCreditLedger(filter: $filter) { totalCount nodes { kind amount balanceAfter feature user { id } } } }"""


async def test_the_account_and_its_ledger_are_shown(ground: Ground, door: Door, tenant: Tenant) -> None:
    settled, running = uuid7(), uuid7()
    async with begin(ground, tenant.owner) as tx:
        for each in (settled, running):
            await crediting.hold(tx, each, "copilot", 10)
        await crediting.settle(tx, settled, 3_500)
    viewer = await join(ground, tenant, Role.VIEWER)

    data = (await (await door.as_(viewer)).execute(CREDITS)).data
    used = (await (await door.as_(viewer)).execute(CREDITS, {"filter": {"kind": {"eq": "CONSUME"}}})).data

    assert data["aiCredits"] == {"balance": 996, "held": 10, "available": 986, "granted": 1_000}
    consumed = {
        "kind": "CONSUME", "amount": -4, "balanceAfter": 996, "feature": "copilot",
        "user": {"id": encode("user", tenant.owner_user.id)},
    }  # fmt: skip
    granted = {"kind": "GRANT", "amount": 1_000, "balanceAfter": 1_000, "feature": None, "user": None}
    assert data["aiCreditLedger"] == {"totalCount": 2, "nodes": [consumed, granted]}
    assert used["aiCreditLedger"] == {"totalCount": 1, "nodes": [consumed]}
