"""Becomes a server: run as a script by `core.embedded.process`, it prepares this process and executes the command.

    launch.py '{"parent": 1, "signal": 15, "identity": "self", "lock": "", "linger": 8, "stale": [], "command": []}'

It asks the kernel to be sent `signal` when its parent's thread ends (Linux), takes the store's lock and keeps it as
long as the server and its children live, and stops being root when `identity` says so. It imports only the standard
library; the interpreter is gone when the command runs.
"""

import ctypes
import fcntl
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TypedDict

CLONE_NEWUSER = 0x10000000
PR_SET_PDEATHSIG = 1
NOBODY = 65534
_PAUSE = 0.05
_KILL_AFTER = 5.0
_GIVE_UP_AFTER = 10.0
_LOCKED = 75
_CANNOT = 126


class Order(TypedDict):
    """What is to become of this process. `linger`: seconds after which a left-over server is asked to end."""

    parent: int
    signal: int
    identity: str
    lock: str
    linger: float
    stale: list[str]
    command: list[str]


def die_with(parent: int, number: int) -> None:
    """End with the parent. It may have ended already. Elsewhere than on Linux the next start ends what is left."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, number, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit(0)


def lock(order: Order) -> None:
    """Wait until nobody holds the store, and write down who does; ask a server that was left over to end.

    The handle is inherited by the server and its children, so a free lock means that all of them have ended.
    """
    handle = os.open(order["lock"], os.O_RDWR | os.O_CREAT, 0o600)
    os.set_inheritable(handle, True)
    began = time.monotonic()
    asked = 0
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waited = time.monotonic() - began - order["linger"]
            if waited > _GIVE_UP_AFTER:
                fail(_LOCKED, "another server still holds this store")
            steps = (waited > 0) + (waited > _KILL_AFTER)
            if steps > asked:
                asked = steps
                end_holder(os.pread(handle, 20, 0), order, signal.SIGKILL if steps > 1 else order["signal"])
            time.sleep(_PAUSE)
        else:
            os.ftruncate(handle, 0)
            os.pwrite(handle, str(os.getpid()).encode(), 0)
            return


def end_holder(said: bytes, order: Order, number: int) -> None:
    """Signal the process that wrote itself into the lock, when it still is the same program."""
    if not said.isdigit():
        return
    asked = subprocess.run(["ps", "-p", said.decode(), "-o", "args="], capture_output=True, text=True, check=False)  # noqa: S603, S607
    if Path(order["command"][0]).name in asked.stdout:
        try:
            os.kill(int(said), number)
        except ProcessLookupError:
            return


def become_nobody() -> None:
    """Stop being root, inside a user namespace of our own: files that are root's look like nobody's in it."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWUSER):
        fail(_CANNOT, f"user namespaces are barred ({os.strerror(ctypes.get_errno())})")
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    for name in ("uid_map", "gid_map"):
        Path(f"/proc/self/{name}").write_text(f"{NOBODY} 0 1", encoding="ascii")


def fail(code: int, message: str) -> None:
    """End with one line for the log."""
    sys.stderr.write(f"{message}\n")
    sys.exit(code)


def main(order: Order) -> None:
    """Prepare, then execute the command."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    os.umask(0o077)
    die_with(order["parent"], order["signal"])
    if order["lock"]:
        lock(order)
    for file in order["stale"]:
        Path(file).unlink(missing_ok=True)
    if order["identity"] == "namespace":
        become_nobody()
    elif order["identity"] == "setuid":
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    # the kernel forgets the wish when the identity changes
    die_with(order["parent"], order["signal"])
    command = order["command"]
    try:
        os.execv(command[0], command)  # noqa: S606  (the command is ours)
    except OSError as error:
        fail(_CANNOT, f"{command[0]} cannot be run here ({error.strerror})")


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
