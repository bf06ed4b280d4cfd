"""What was said between a customer and the team, as the engines read it."""

from dataclasses import dataclass
from enum import StrEnum


class Speaker(StrEnum):
    """Which side speaks."""

    CUSTOMER = "customer"
    TEAM = "team"


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One message."""

    speaker: Speaker
    text: str
