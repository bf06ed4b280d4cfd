"""The product as a process: its first minute, two of them, the ends it may meet, and what is left after each."""

import json
import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
import websockets.sync.client as sockets
from websockets.exceptions import ConnectionClosed

from core.settings import load_settings
from server import process, seed
from tests.fixtures.processes import all_gone, working_on
from tests.fixtures.served import ROOT, Served, ordinary_user, place, run, served

CREATE = """
mutation ($name: String!, $phone: String!) {
  contactCreate(input: { name: $name, phone: $phone }) { contact { id name } userErrors { code message } }
}
"""
NAMES = "{ contacts(first: 100) { nodes { name } } }"


def create(product: Served, token: str, name: str, phone: str) -> None:
    """Create a contact, and see it acknowledged."""
    made = product.execute(CREATE, token, name=name, phone=phone)["contactCreate"]
    assert made["userErrors"] == []
    assert made["contact"]["name"] == name


def names(product: Served) -> set[str]:
    return {each["name"] for each in product.execute(NAMES, product.sign_in())["contacts"]["nodes"]}


def test_a_killed_process_leaves_nothing_but_its_data_to_the_one_that_waited_for_it() -> None:
    with place() as folder, served(folder) as first:
        assert first.ready() < 40
        first.says("is ready after")
        token = first.sign_in()
        create(first, token, "Iracema Couto", "+55 85 98877-6655")
        _greets(first)
        _is_private(folder)
        assert run("server.verify_audit", folder).returncode == 0
        with following(first) as events, served(folder, port=first.port) as second:
            second.says(f"in use by process {first.process.pid}")
            mine = set(working_on(folder))

            os.kill(first.process.pid, signal.SIGKILL)
            second.ready()

            assert not mine & set(working_on(folder))
            assert "Iracema Couto" in names(second)
            before = events.read_text().count("CONTACT_CREATED")
            create(second, second.sign_in(), "Depois da queda", "+55 85 98877-6656")
            assert until_written(events, "CONTACT_CREATED", before + 1), events.read_text()
            second.kill()
            assert all_gone(folder)


@contextmanager
def following(product: Served) -> Iterator[Path]:
    """Follow the demo workspace as the README says, and see one event; yield the file with what is printed."""
    file = product.folder.parent / "followed"
    example = [sys.executable, str(ROOT / "examples" / "follow.py")]
    where = {**os.environ, "WHATSHYBRID_URL": f"{product.url}/graphql"}
    with file.open("wb") as out, subprocess.Popen(example, stdout=out, stderr=subprocess.STDOUT, env=where) as follower:
        try:
            assert until_written(file, "listening", 1)
            assert sees(product, file), file.read_text()
            yield file
        finally:
            follower.kill()


def sees(product: Served, file: Path) -> bool:
    """Make contacts until the follower, which takes a moment to subscribe, has printed one."""
    token = product.sign_in()
    for number in range(10, 60):
        create(product, token, f"Antes da queda {number}", f"+55 85 98877-66{number}")
        if until_written(file, "CONTACT_CREATED", 1, 0.5):
            return True
    return False


def until_written(file: Path, words: str, times: int, seconds: float = 15.0) -> bool:
    """Wait until a file holds some words so often."""
    deadline = time.monotonic() + seconds
    while file.read_text().count(words) < times:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _greets(product: Served) -> None:
    lines = product.said
    assert f"http://localhost:{product.port}/graphql" in lines
    assert f"{seed.EMAIL} / {seed.PASSWORD}" in lines
    assert seed.WORKSPACE in lines
    assert "Context impl" not in lines
    assert "Running upgrade" not in lines


def _is_private(folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {each for each in folder.rglob("*") if each.lstat().st_mode & 0o077 and not each.is_symlink()} == set()


@pytest.fixture
def user() -> int | None:
    """An ordinary user when the suite runs as root; whoever runs it otherwise."""
    return ordinary_user()


def test_two_run_side_by_side_as_root_and_as_an_ordinary_user(user: int | None) -> None:
    with place() as mine, place() as yours, served(mine) as one:
        if user is not None:
            os.chown(yours.parent, user, user)
        one.ready()
        _is_refused_the_port_of(one, yours, user)
        with served(yours, user=user) as other:
            other.ready()
            create(one, one.sign_in(), "Só aqui", "+55 85 98877-6655")
            create(other, other.sign_in(), "Só ali", "+55 85 98877-6655")

            assert "Só aqui" in names(one) - names(other)
            assert "Só ali" in names(other) - names(one)
            assert yours.stat().st_uid == (os.geteuid() if user is None else user)
            _ends_in_order(one)
            code, seconds = other.end(signal.SIGINT)
            assert code == 0, other.said
            assert seconds < 10
            assert "Traceback" not in other.said


def _is_refused_the_port_of(one: Served, folder: Path, user: int | None) -> None:
    with served(folder, port=one.port, user=user) as late:
        code = late.process.wait(60)

        assert code == 1
        assert late.said.splitlines()[-1].startswith(f"PORT: {one.port} is in use on 127.0.0.1.")
        assert "Traceback" not in late.said
        assert working_on(folder) == []


def _ends_in_order(product: Served) -> None:
    """SIGTERM: sockets hear that the service restarts, stores end after them, and no write is lost."""
    with sockets.connect(f"ws://127.0.0.1:{product.port}/graphql", subprotocols=["graphql-transport-ws"]) as socket:
        line = {"authorization": f"Bearer {product.sign_in()}"}
        socket.send(json.dumps({"type": "connection_init", "payload": line}))
        assert json.loads(socket.recv(10))["type"] == "connection_ack"
        query = "subscription { workspaceEvents { __typename } }"
        socket.send(json.dumps({"id": "1", "type": "subscribe", "payload": {"query": query}}))
        socket.send(json.dumps({"type": "ping"}))
        assert json.loads(socket.recv(10))["type"] == "pong"

        code, seconds = product.end(signal.SIGTERM)

        assert _farewell(socket) in (1001, 1012)
    assert code == 0, product.said
    assert seconds < 5
    assert working_on(product.folder) == []
    assert (product.folder / "lock").read_text() == ""
    assert "Traceback" not in product.said


def _farewell(socket: sockets.ClientConnection) -> int | None:
    """Read a socket to its end; return the code that it was closed with."""
    with suppress(ConnectionClosed):
        while True:
            socket.recv(5)
    return socket.close_code


@pytest.mark.parametrize(
    ("environ", "code", "words"),
    [
        ({"PORT": "eighty"}, 1, "PORT: "),
        ({"DATABASE_URL": "postgresql://app:hunter2@127.0.0.1:1/app"}, 1, "DATABASE_URL: the database cannot be used"),
        (
            {"MONGO_URL": "mongodb://app:hunter2@127.0.0.1:1/?tlsCAFile=/nope&tls=true"},
            1,
            "MONGO_URL: the file '/nope'",
        ),
        ({"MONGO_URL": "mongodb://app:hunter2@127.0.0.1:1/?hunter=1"}, 1, "MONGO_URL: correct the option hunter"),
        ({"HOST": "192.0.2.1"}, 1, "HOST: 192.0.2.1 is not an address of this machine"),
    ],
)
def test_what_cannot_start_says_why_in_a_line(environ: dict[str, str], code: int, words: str) -> None:
    everything = {
        "REDIS_URL": "redis://127.0.0.1:1",
        "MONGO_URL": "mongodb://127.0.0.1:1",
        "QDRANT_URL": "http://127.0.0.1:1",
    }
    with place() as folder:
        refused = run("server", folder, **{**everything, "DATABASE_URL": "postgresql://127.0.0.1:1/x", **environ})

        assert refused.returncode == code
        assert refused.stderr.startswith(words)
        assert "Traceback" not in refused.stderr
        assert "hunter2" not in refused.stderr


async def test_what_another_store_does_is_not_blamed_on_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    async def upgrade(_url: str) -> None: ...

    def refuse(*_: object) -> None:
        message = "a file of another store"
        raise FileNotFoundError(message)

    monkeypatch.setattr(process.run, "upgrade", upgrade)
    monkeypatch.setattr(process, "open_ground", refuse)
    places = process.Places(database="", redis="", documents="", vectors="")

    with pytest.raises(FileNotFoundError):
        async with process.running(load_settings({}), places, process.Steps(print)):
            pass
