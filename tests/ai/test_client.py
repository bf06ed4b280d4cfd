"""litellm is far away until it is needed, and then it is quiet."""

import subprocess
import sys
from importlib.metadata import version

QUIET = """
import asyncio, logging, socket, sys
logging.basicConfig(level=logging.DEBUG)
logging.getLogger("asyncio").setLevel(logging.INFO)
import ai.client, ai.drivers.anthropic, ai.drivers.google, ai.drivers.cohere, ai.drivers.openai_shaped
assert "litellm" not in sys.modules and "openai" not in sys.modules, "it is imported too early"

asked = []
def refuse(*given, **_):
    asked.append(given)
    raise OSError("no network here")
socket.socket.connect = refuse
socket.getaddrinfo = refuse

asyncio.run(ai.client.warm())
assert not asked, asked
import litellm
assert litellm.telemetry is False and litellm.callbacks == [] and litellm.disable_hf_tokenizer_download
assert litellm.success_callback == [] and litellm.failure_callback == []
assert "mcp" not in sys.modules and "boto3" not in sys.modules
"""


def test_it_is_imported_late_and_asks_nothing_of_the_network() -> None:
    run = subprocess.run([sys.executable, "-c", QUIET], capture_output=True, text=True, timeout=120)

    assert run.returncode == 0, run.stderr
    assert run.stdout == ""
    assert run.stderr == ""


def test_it_is_the_release_that_was_looked_at() -> None:
    assert version("litellm") == "1.106.2"
