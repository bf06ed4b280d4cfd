"""Node and the clients that the suite runs in it: found, or installed from the lock file, once for all workers."""

import fcntl
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
_OLDEST = 20
_INSTALL = ["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"]
_PATIENCE = 180


@cache
def lacking() -> str | None:
    """Return what is missing to run the clients; None when nothing is."""
    if not _has_node():
        return f"no Node.js {_OLDEST} or newer"
    with (Path(tempfile.gettempdir()) / "whatshybrid-clients.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not _is_installed() and not _installs():
            return "the clients could not be installed (npm ci in tests/clients)"
    return None


def _has_node() -> bool:
    if shutil.which("node") is None:
        return False
    said = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    return said.startswith("v") and int(said[1:].partition(".")[0] or 0) >= _OLDEST


def _is_installed() -> bool:
    made, lock = HERE / "node_modules" / ".package-lock.json", HERE / "package-lock.json"
    return made.is_file() and made.stat().st_mtime >= lock.stat().st_mtime


def _installs() -> bool:
    if shutil.which("npm") is None:
        return False
    try:
        return subprocess.run(_INSTALL, cwd=HERE, capture_output=True, timeout=_PATIENCE).returncode == 0
    except subprocess.TimeoutExpired:
        return False
