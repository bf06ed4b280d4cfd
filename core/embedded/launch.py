"""Becomes a server: run as a script by `core.embedded.process`, it prepares this process and executes the command.

    launch.py PARENT SIGNAL AS LOCK -- COMMAND...

It asks the kernel to be sent SIGNAL when its parent's thread ends (Linux), takes the store's lock and keeps it as long
as the server and its children live, and stops being root when AS says so. It imports only the standard library.
"""

import ctypes
import fcntl
import os
import sys
import time
from pathlib import Path

_CLONE_NEWUSER = 0x10000000
_PR_SET_PDEATHSIG = 1
_NOBODY = 65534
_PATIENCE = 20.0
_LOCKED = 75


def die_with(parent: int, signal: int) -> None:
    """End with the parent. It may have ended already."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)


def lock(file: str) -> None:
    """Wait until nobody holds the store; a server that was killed may need a moment to end."""
    handle = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(handle, True)
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                sys.stderr.write("another server still holds this store\n")
                sys.exit(_LOCKED)
            time.sleep(0.05)
        else:
            return


def become_nobody() -> None:
    """Stop being root, inside a user namespace of our own: files that are root's look like nobody's in it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(_CLONE_NEWUSER):
        raise OSError(ctypes.get_errno(), "unshare")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    for name in ("uid_map", "gid_map"):
        Path(f"/proc/self/{name}").write_text(f"{_NOBODY} 0 1", encoding="ascii")


def main(arguments: list[str]) -> None:
    """Prepare, then execute the command."""
    parent, signal, identity, lock_file, _, *command = arguments
    die_with(int(parent), int(signal))
    if lock_file:
        lock(lock_file)
    if identity == "namespace":
        become_nobody()
        die_with(os.getppid(), int(signal))
    elif identity == "setuid":
        os.setgroups([])
        os.setgid(_NOBODY)
        os.setuid(_NOBODY)
        die_with(os.getppid(), int(signal))
    os.execv(command[0], command)  # noqa: S606  (the command is ours)


if __name__ == "__main__":
    main(sys.argv[1:])
