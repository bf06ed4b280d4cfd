"""The way to PostgreSQL: reads and writes bound to a workspace, and the system's own work.

It knows no table. What keeps workspaces apart is in `core.database.walls`, and why in docs/decisions/0002.
"""

from core.database.engine import Database, PoolLimits, constraint_of
from core.database.sessions import ReadSession, WriteSession
from core.database.walls import WallBroken

__all__ = ["Database", "PoolLimits", "ReadSession", "WallBroken", "WriteSession", "constraint_of"]
