"""What builds the container and starts the composition, read rather than run: not every machine has docker."""

import json
import re
from pathlib import Path

from core.settings import load_settings, variables

ROOT = Path(__file__).parents[2]
ROOMS = ("ai", "core", "graph", "migrations", "models", "resolvers", "schema", "server", "services", "workers")
STORES = ("postgres", "redis", "mongo", "qdrant")
GIVEN = {
    "JWT_SECRET": "Zr8q1Xv0Lw5uK2nB7yC4mT9sD3hG6jF0pQeRaWtU",
    "JWT_REFRESH_SECRET": "b5N0cV8xM2kJ7hG4fD1sA9pO6iU3yT0rE8wQ2lKz",
    "POSTGRES_PASSWORD": "abc123",
}
DOCKERFILE = (ROOT / "Dockerfile").read_text(encoding="utf-8").replace("\\\n", " ")
COMPOSE = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
EVERYWHERE = ".".join("0000")  # every address of the container
ENV_EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")


def instructions(name: str) -> list[str]:
    return [line.split(None, 1)[1] for line in DOCKERFILE.splitlines() if line.startswith(f"{name} ")]


def copied() -> list[str]:
    """Return what is copied from the build's folder."""
    return [source for line in instructions("COPY") if not line.startswith("--from") for source in line.split()[:-1]]


def services() -> dict[str, str]:
    """Return the text of each service of the composition."""
    text = COMPOSE[COMPOSE.index("\nservices:\n") : COMPOSE.index("\nvolumes:\n")]
    return {match[1]: match[2] for match in re.finditer(r"^  (\w+):\n((?:    .*\n|\n)+)", text, re.MULTILINE)}


def environment() -> dict[str, str]:
    """Return what the API and the worker are both given."""
    text = COMPOSE[COMPOSE.index("environment: &places\n") : COMPOSE.index("  depends_on:")]
    return {match[1]: match[2].strip('"') for match in re.finditer(r"^    ([A-Z_]+): (.+)$", text, re.MULTILINE)}


def test_everything_that_is_copied_exists_and_is_let_in() -> None:
    let_in = {
        line[1:] for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines() if line.startswith("!")
    }

    for source in copied():
        assert (ROOT / source).exists(), source
        assert source.rstrip("/").split("/")[0] in let_in, source


def test_every_room_is_copied() -> None:
    assert set(ROOMS) <= set(copied())


def test_the_image_has_stages_and_its_last_one_is_not_root() -> None:
    last = DOCKERFILE[DOCKERFILE.rindex("\nFROM ") :]

    assert len(instructions("FROM")) >= 2
    assert re.search(r"^USER (?!root|0)\w+", last, re.MULTILINE)
    assert last.index("\nUSER ") < last.index("\nCMD ")
    assert "npm" not in last


def test_what_is_installed_is_pinned_by_hash() -> None:
    installs = [line for line in instructions("RUN") if "pip install" in line]

    assert len(installs) == 1
    assert installs[0].count("pip install") == installs[0].count("--require-hashes") == 2


def test_the_image_is_asked_whether_it_is_ready_by_a_program_that_it_has() -> None:
    (check,) = instructions("HEALTHCHECK")

    command = json.loads(check.split("CMD", 1)[1])

    assert command[:2] == ["python", "-c"]
    assert "/health/ready" in command[2]
    compile(command[2], "healthcheck", "exec")


def test_the_images_environment_is_one_that_the_settings_read() -> None:
    given = dict(part.split("=", 1) for line in instructions("ENV") for part in line.split())

    assert {"APP_ENV", "HOST", "PORT", "DATA_DIR"} <= set(given)
    assert given["APP_ENV"] == "production"
    assert given["HOST"] == EVERYWHERE
    assert set(given) - {"PATH"} <= {*variables(), "PYTHONPATH", "PYTHONUNBUFFERED", "PYTHONDONTWRITEBYTECODE"}


def test_the_composition_starts_stores_api_and_worker() -> None:
    found = services()

    assert set(found) == {"api", "worker", *STORES}
    assert 'command: ["python", "-m", "workers"]' in found["worker"]
    assert 'RUN_WORKERS: "false"' in found["api"]
    for name in ("api", "worker"):
        assert "<<: *product" in found[name]
    for name in STORES:
        assert f"    {name}: {{ condition: " in COMPOSE
        assert re.search(r"^    image: [\w/]+:v?\d", found[name], re.MULTILINE)


def test_the_settings_take_what_the_composition_gives() -> None:
    given = {name: filled(value) for name, value in environment().items()}

    settings = load_settings(given)

    assert settings.server.env.value == "production"
    assert set(given) <= set(variables())
    assert (settings.server.host, settings.server.port) == (EVERYWHERE, 8000)
    assert settings.stores.database_url == "postgresql://whatshybrid:abc123@postgres:5432/whatshybrid"
    for url in (settings.stores.redis_url, settings.stores.mongo_url, settings.stores.qdrant_url):
        assert url is not None
        assert re.split(r"[:/]+", url)[1] in services()


def filled(value: str) -> str:
    """Fill in variables as compose does: `${NAME:?error}`, `${NAME:-default}`."""

    def fill(match: "re.Match[str]") -> str:
        return GIVEN.get(match[1]) or match[2] or ""

    return re.sub(r"\$\{(\w+)(?::\?[^}]*|:-([^}]*))?\}", fill, value)


def test_every_variable_of_the_composition_is_listed() -> None:
    asked = set(re.findall(r"\$\{(\w+)", COMPOSE))

    assert asked == {"POSTGRES_PASSWORD", "JWT_SECRET", "JWT_REFRESH_SECRET", "PUBLIC_URL"}
    for name in asked:
        assert f"# {name}=" in ENV_EXAMPLE


def test_what_keeps_data_keeps_it_in_a_volume_and_is_not_open_to_the_net() -> None:
    volumes = COMPOSE[COMPOSE.index("\nvolumes:\n") :]

    for name in STORES:
        assert "ports:" not in services()[name]
        assert f'volumes: ["{name}:/' in services()[name]
        assert f"\n  {name}:\n" in volumes
    assert 'ports: ["127.0.0.1:8000:8000"]' in services()["api"]
