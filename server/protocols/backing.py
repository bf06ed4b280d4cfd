"""What stands behind the endpoint, whichever protocol is spoken there."""

from dataclasses import dataclass

from core.ground import Ground
from server.engine import Engine
from server.persisted import PersistedDocuments
from server.protocols.sockets import Sockets
from services.feed import Feed


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """The engine, and what operations and their streams need."""

    engine: Engine
    persisted: PersistedDocuments
    ground: Ground
    feed: Feed
    sockets: Sockets
