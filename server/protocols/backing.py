"""What stands behind the endpoint, whichever protocol is spoken there."""

from dataclasses import dataclass

from resolvers.context import House
from server.engine import Engine
from server.persisted import PersistedDocuments
from server.protocols.sockets import Sockets


@dataclass(frozen=True, slots=True, kw_only=True)
class Backing:
    """The engine, and what operations and their streams need."""

    engine: Engine
    persisted: PersistedDocuments
    house: House
    sockets: Sockets
