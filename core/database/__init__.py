"""The way to PostgreSQL: reads and writes bound to a workspace, and the system's own work.

It knows no table. What keeps workspaces apart is in `core.database.walls`, and why in docs/decisions/0002.
"""

from core.database import wire
from core.database.connection import CommitRefused
from core.database.engine import Database, PoolLimits, unpooled
from core.database.errors import (
    ConstraintViolated,
    DatabaseAway,
    DatabaseBusy,
    DatabaseSlow,
    OutcomeUnknown,
    StatementRefused,
    constraint_of,
    state_of,
)
from core.database.patience import Patience
from core.database.rows import RowReading
from core.database.sessions import CommitMisplaced, ReadSession, WriteSession
from core.database.walls import WallBroken

__all__ = [
    "CommitMisplaced",
    "CommitRefused",
    "ConstraintViolated",
    "Database",
    "DatabaseAway",
    "DatabaseBusy",
    "DatabaseSlow",
    "OutcomeUnknown",
    "Patience",
    "PoolLimits",
    "ReadSession",
    "RowReading",
    "StatementRefused",
    "WallBroken",
    "WriteSession",
    "constraint_of",
    "state_of",
    "unpooled",
    "wire",
]
