"""What the product asks models with: the ground, and the fleet of this process."""

from dataclasses import dataclass

from ai.fleet import Fleet
from core.ground import Ground
from services.assistant.copilot.streams import Streams


@dataclass(frozen=True, slots=True, kw_only=True)
class Assistant:
    """What every request to a model needs. Opened once a process, like the ground; `streams` are what it writes."""

    ground: Ground
    fleet: Fleet
    streams: Streams
