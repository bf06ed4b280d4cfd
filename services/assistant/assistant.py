"""What the product asks models with: the ground, the fleet of this process, and the suggestions that it writes."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ai.fleet import Fleet, open_fleet
from core.ground import Ground
from services.assistant.copilot.streams import Streams
from services.assistant.learned import Learned
from services.assistant.tracing import Traces


@dataclass(frozen=True, slots=True, kw_only=True)
class Assistant:
    """What every request to a model needs. Opened once a process, like the ground; `streams` are what it writes, and
    `traces` what is kept of requests.
    """

    ground: Ground
    fleet: Fleet
    streams: Streams
    traces: Traces
    learned: Learned = field(default_factory=Learned)


@asynccontextmanager
async def open_assistant(ground: Ground, redis_url: str) -> AsyncGenerator[Assistant]:
    """Open what models are asked with; at the end, what is being written is settled before anything closes."""
    async with open_fleet(ground.settings.ai, ground.redis, redis_url) as fleet:
        streams, traces = Streams(ground), Traces(ground)
        try:
            yield Assistant(ground=ground, fleet=fleet, streams=streams, traces=traces)
        finally:
            await streams.stop()
            await traces.stop()
