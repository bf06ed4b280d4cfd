"""Real servers from wheels in a local folder, for a machine that has none. See docs/decisions/0001.

Only the start of a process uses this. Everything else knows addresses, and cannot tell an embedded store from another.
"""

from core.embedded.folder import FolderInUse, FolderUnusable
from core.embedded.process import StoreFailed
from core.embedded.stores import Addresses, EmbeddedStores, database_of

__all__ = ["Addresses", "EmbeddedStores", "FolderInUse", "FolderUnusable", "StoreFailed", "database_of"]
