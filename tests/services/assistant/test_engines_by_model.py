"""Every engine over every provider's wire: a model answers, and the workspace pays for it once."""

import pytest

from core.ground import Ground
from models import Outcome
from services.crediting import TRIAL, price_of
from tests.fakes.providers.wire import WIRES
from tests.fixtures import knowledge
from tests.fixtures.fleets import fleeted, ledger, says
from tests.fixtures.tenants import Tenant
from tests.services.assistant.engines import ENGINES, KNOWN

READ, SAID = 1_200, 90
"""What the providers count."""


@pytest.mark.parametrize("provider", tuple(WIRES))
@pytest.mark.parametrize("name", tuple(ENGINES))
async def test_an_engine_answers_by_a_model_and_is_paid_once(
    name: str, provider: str, ground: Ground, redis_url: str, tenant: Tenant
) -> None:
    engine = ENGINES[name]
    if name == "knowledge":
        await knowledge.add(ground, tenant, "Bolos", KNOWN)
    answer = says(engine.answer, input_tokens=READ, output_tokens=SAID)

    async with fleeted(ground, redis_url, {provider: answer}) as shown:
        found = await engine.ask(shown.assistant, tenant.owner, shown.first(provider))
        model = shown.model(provider)
        asked = shown.asked

    books = await ledger(ground, tenant.workspace_id)
    row, cost = books.only, model.cost(READ, SAID)
    assert engine.is_right(found), found
    assert asked == {provider: 1}
    assert (row.feature, row.outcome, row.provider, row.model) == (
        engine.feature, Outcome.COMPLETED, provider, model.key,
    )  # fmt: skip
    assert (row.input_tokens, row.output_tokens, row.micro_usd, row.is_estimated) == (READ, SAID, cost, False)
    credits_ = price_of(cost) if cost else 0
    assert row.credits == credits_
    assert books.charges == (((row.id, credits_),) if cost else ())
    assert (books.balance, books.held, books.open_holds) == (TRIAL - credits_, 0, 0)
