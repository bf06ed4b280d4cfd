"""The product's own verbs leave the same behind, and say the same, by compiled mutations as by the executor.

Two workspaces begin alike. Each generated mutation is sent to both, one of which goes each way; ids stand for each
other by the order in which they were first told.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import orjson
import pytest
import sqlalchemy as sa

import models
from core.ground import Ground
from resolvers.context import Context
from server.engine.engine import Engine
from server.engine.request import Parameters, RequestRefused
from services.access import Identity, Origin
from tests.equivalence.acting import Acts, Ways
from tests.equivalence.chance import Chance, Dice, happens, pick
from tests.equivalence.values import Known
from tests.equivalence.writing import Offer, Writer
from tests.fixtures.houses import house_of
from tests.fixtures.operations import SCHEMA
from tests.fixtures.tenants import found_tenant

# graphql-core leaves what it began of an object that an error empties
pytestmark = pytest.mark.filterwarnings("ignore:coroutine .* was never awaited:RuntimeWarning")

STEPS: Final = 80
_PREFIXES: Final = ("contact", "label", "field", "user", "persona", "prompt")
_OFTEN: Final = ("contactCreate", "contactUpdate", "contactUpsert", "contactsUpsert", "labelCreate", "contactLabelsAdd")
_SELDOM: Final = (
    "contactArchive", "contactRestore", "contactDelete", "contactLabelsRemove", "labelUpdate", "labelDelete",
    "labelReorder", "customFieldCreate", "customFieldUpdate", "customFieldArchive", "personaCreate", "personaUpdate",
    "personaDelete", "promptTemplateSave", "promptTemplateActivate", "promptTemplateDeactivate", "aiBudgetSet",
    "settingsUpdate", "workspaceUpdate", "knowledgeReindex", "suggestionFeedback",
)  # fmt: skip
DEEDS: Final = Offer(
    schema=SCHEMA, operation="mutation", roots=(*_OFTEN * 5, *_SELDOM), unstable=frozenset({"Workspace.slug"})
)
_MADE: Final = """mutation ($person: ContactCreateInput!, $name: String!, $key: String!) {
  contactCreate(input: $person) { ...Made }
  again: contactCreate(input: $person) { ...Made duplicateOf { id labels { name } } }
  labelCreate(input: {name: $name, color: "#00aa00"}) { label { id name color } userErrors { code message field } }
  customFieldCreate(input: {key: $key, label: $name, kind: TEXT, idempotencyKey: $name}) { customField { id key } }
  __typename
}
fragment Made on ContactCreatePayload {
  contact { id name owner { id } identities { value } } userErrors { code field }
}"""
_ID: Final = re.compile("[0-9a-f]{32}")
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00")
_STATE: Final = """{
  contacts(first: 100, filter: {isArchived: {isNull: false}}) { totalCount nodes {
    id name phone email notes customFields isArchived leadScore labels { id name } identities { kind value } } }
  labels(first: 100) { nodes { id name color position } }
  customFields(first: 100) { nodes { id key label isRequired options } }
  auditLog(first: 100) { nodes { action } totalCount }
}"""


@dataclass(slots=True, kw_only=True)
class Workspace:
    """One of the two, with its way: `named` are its ids by the numbers that stand for them."""

    engine: Engine
    ground: Ground
    identity: Identity
    named: dict[str, str] = field(default_factory=dict[str, str])

    async def said(self, text: str, given: Mapping[str, Any], key: str | None = None) -> str:
        """Send an operation, in which numbers stand for ids; return the answer, in which they do as well."""
        context = Context(house_of(self.ground), Origin(ip="127.0.0.1", request_id="suite"), idempotency_key=key)
        context.renew(self.identity)
        context._standing.checked_at = float("inf")
        sent = self._own(orjson.dumps({"query": text, "variables": given}).decode())
        try:
            operation = await self.engine.prepare(Parameters(**orjson.loads(sent)), context)
        except RequestRefused as refusal:
            return repr([each.formatted for each in refusal.errors])
        body = orjson.loads((await self.engine.run(operation)).text)
        body["extensions"].pop("plan", None)
        body["extensions"]["cost"] = body["extensions"]["cost"]["actual"]
        return _MOMENT.sub("then", _ID.sub(self._number, orjson.dumps(body).decode()))

    def _own(self, text: str) -> str:
        for own, number in self.named.items():
            text = text.replace(number, own)
        return text

    def _number(self, found: re.Match[str]) -> str:
        return self.named.setdefault(found[0], f"{len(self.named):032x}")


@pytest.fixture
async def twins(ground: Ground) -> tuple[Workspace, Workspace]:
    ways = Ways(ground, Acts(rows={}))
    found: list[Workspace] = []
    for engine in (ways.verbs, ways.executor):
        tenant = await found_tenant(ground)
        async with ground.database.system() as session:
            of = models.Workspace.id == tenant.workspace_id
            await session.execute(sa.update(models.Workspace).where(of).values(name="Padaria"))
        found.append(Workspace(engine=engine, ground=ground, identity=tenant.identity))
    return found[0], found[1]


@pytest.mark.parametrize("number", range(3))
async def test_generated_deeds(twins: tuple[Workspace, Workspace], number: int) -> None:
    chance = Dice(number)

    for step in range(STEPS):
        text, given = (_MADE, _person(step)) if step % 10 == 0 else _written(twins[0], chance)
        key = pick(chance, ("a", "b", "c")) if happens(chance, 10) else None
        by_verbs, by_executor = [await each.said(text, given, key) for each in twins]
        assert by_verbs == by_executor, f"{text}\n{given}\n{by_verbs}\n{by_executor}"

    states = [await each.said(_STATE, {}) for each in twins]
    assert states[0].startswith('{"data":{"contacts":{"totalCount":')
    assert states[0] == states[1]
    assert len(twins[0].named) > STEPS / 5, "little was made"


def _person(number: int) -> Mapping[str, Any]:
    person = {"name": f"Ana {number}", "email": f"ana{number}@exemplo.com.br", "idempotencyKey": f"key {number // 20}"}
    return {"person": person, "name": f"Novo {number}", "key": f"campo_{number}"}


def _written(workspace: Workspace, chance: Chance) -> tuple[str, Mapping[str, Any]]:
    written = Writer(DEEDS, _known(workspace), chance).operation()
    return written.text, written.given


def _known(workspace: Workspace) -> Known:
    numbers = [*workspace.named.values(), f"{10**6:032x}"]
    return Known(ids={prefix: [f"{prefix}_{each}" for each in numbers] for prefix in _PREFIXES})
