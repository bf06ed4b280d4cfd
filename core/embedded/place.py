"""What the three servers have in common: the name of their user and database, and the shape the supervisor expects."""

from typing import Final, Literal, Protocol

from core.embedded.process import Plan

Durability = Literal["durable", "fast"]

NAME: Final = "whatshybrid"


class Server(Protocol):
    """One kind of server: how it is prepared, run and asked. `restarts`: how often it is begun again."""

    name: str
    restarts: int

    @property
    def url(self) -> str:
        """The address, with all that is needed to enter."""
        ...

    async def prepare(self) -> None:
        """Make or check what the server needs before it runs."""
        ...

    def plan(self) -> Plan:
        """Return how to run it."""
        ...

    async def probe(self) -> None:
        """Ask for a sign of life; any error means "not yet"."""
        ...
