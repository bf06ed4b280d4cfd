"""New documents are looked at one in a turn of the loop, so that whoever sends many does not hold up the others."""

import asyncio

from core.ground import Ground
from core.settings import Introspection
from resolvers.context import Context
from server.engine import Engine, Parameters
from server.engine.budget import Budget
from services.access import Origin
from tests.fixtures.houses import house_of
from tests.fixtures.stage import Stage

MANY = 20


async def turns_meanwhile(engine: Engine, context: Context, texts: list[str]) -> int:
    """Prepare texts at once; return how many turns somebody else had until all were done."""
    preparing = asyncio.gather(*(engine.prepare(Parameters(query=each), context) for each in texts))
    turns = 0
    while not preparing.done():
        await asyncio.sleep(0)
        turns += 1
    await preparing
    return turns


async def test_others_have_a_turn_after_each_new_document(ground: Ground) -> None:
    engine = Engine(Stage().schema(), Budget(ground.throttle), Introspection.ANYBODY)
    context = Context(house_of(ground), Origin())
    texts = [f"{{ __typename }} # {each}" for each in range(MANY)]

    new = await turns_meanwhile(engine, context, texts)
    known = await turns_meanwhile(engine, context, texts)

    assert new >= MANY
    assert known < MANY / 2
