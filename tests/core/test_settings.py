"""Settings: read from the environment, frozen, and refused with a line that names the variable and no secret."""

import json
import re
import stat
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pydantic import ValidationError

from core.security.local import with_local_secrets
from core.settings import Environment, Settings, SettingsInvalid, Strategy, load_settings, variables

STRONG = {
    "JWT_SECRET": "Zr8q1Xv0Lw5uK2nB7yC4mT9sD3hG6jF0pQeRaWtU",
    "JWT_REFRESH_SECRET": "b5N0cV8xM2kJ7hG4fD1sA9pO6iU3yT0rE8wQ2lKz",
}
PRODUCTION = {
    "APP_ENV": "production",
    "DATABASE_URL": "postgresql://app:x@db/app",
    "REDIS_URL": "redis://redis:6379/0",
    "MONGO_URL": "mongodb://mongo:27017",
    "QDRANT_URL": "http://qdrant:6333",
    **STRONG,
}


def refusal(environ: Mapping[str, str]) -> str:
    with pytest.raises(SettingsInvalid) as refused:
        load_settings(environ)
    return str(refused.value)


def test_nothing_needs_to_be_set() -> None:
    settings = load_settings({})

    assert settings.server.env is Environment.DEVELOPMENT
    assert (settings.server.host, settings.server.port) == ("127.0.0.1", 8000)
    assert settings.server.public_url == "http://localhost:8000"
    assert settings.server.data_dir == Path(".data")
    assert settings.stores.database_url is None
    assert settings.ai.ai_routing_strategy is Strategy.BALANCED
    assert not any(settings.ai.configured().values())


def test_a_variable_that_is_set_to_nothing_is_not_set() -> None:
    assert load_settings({"DATABASE_URL": "", "REDIS_HOST": "  ", "PORT": ""}) == load_settings({})


def test_the_names_of_the_products_variables_are_these() -> None:
    named = set(variables())

    assert {"DATABASE_URL", "REDIS_URL", "REDIS_HOST", "REDIS_PORT", "MONGO_URL", "QDRANT_URL"} <= named
    assert {"JWT_SECRET", "JWT_REFRESH_SECRET", "SENTRY_DSN", "AI_ROUTING_STRATEGY"} <= named
    assert {"STRIPE_SECRET_KEY", "STRIPE_WEBHOOK_SECRET", "OLLAMA_BASE_URL"} <= named
    assert {f"{each}_API_KEY" for each in ("OPENAI", "ANTHROPIC", "GOOGLE_AI", "GROQ", "MISTRAL", "COHERE")} <= named


def test_redis_is_named_by_its_parts_too() -> None:
    parts = {"REDIS_HOST": "cache", "REDIS_PORT": "6380", "REDIS_PASSWORD": "a/b@c#d"}

    assert load_settings(parts).stores.redis_url == "redis://:a%2Fb%40c%23d@cache:6380/0"
    assert load_settings({**parts, "REDIS_URL": "rediss://other/1"}).stores.redis_url == "rediss://other/1"


def test_the_process_wins_over_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".env").write_text("PORT=9001\nHOST=127.0.0.9\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("HOST", raising=False)
    monkeypatch.setenv("PORT", "9002")

    settings = load_settings()

    assert (settings.server.host, settings.server.port) == ("127.0.0.9", 9002)


@pytest.mark.parametrize(
    ("variable", "value", "remedy"),
    [
        ("PORT", "eighty", "whole number"),
        ("PORT", "0", "whole number"),
        ("PORT", "70000", "whole number"),
        ("APP_ENV", "staging", "'development', 'test' or 'production'"),
        ("RUN_WORKERS", "perhaps", "true or false"),
        ("DATABASE_URL", "mysql://root:hunter2hunter2@db/x", "postgresql://"),
        ("DATABASE_URL", "postgresql://app:hunter2/hunter2@db:5432/x", "%2F"),
        ("DATABASE_URL", "postgresql://", "name its server"),
        ("DATABASE_URL", "postgresql:///x", "name its server"),
        ("REDIS_URL", "http://:hunter2hunter2@cache", "redis://"),
        ("REDIS_URL", "redis://", "name its server"),
        ("REDIS_URL", "unix://", "name its socket"),
        ("REDIS_PORT", "hunter2", "whole number"),
        ("MONGO_URL", "hunter2hunter2", "mongodb://"),
        ("MONGO_URL", "mongodb://", "name its server"),
        ("MONGO_URL", "mongodb://app:hunter2hunter2@one:27017,two:hunter2", "port as a number"),
        ("QDRANT_URL", "qdrant:6333", "http://"),
        ("QDRANT_URL", "http://qdrant\t:6333", "one line"),
        ("MONGO_URL", "mongodb://h/?w=1&w=2", "do not go together"),
        ("QDRANT_URL", "http://", "name its server"),
        ("PUBLIC_URL", "https://", "name its server"),
        ("SMTP_URL", "ftp://user:hunter2hunter2@mail", "smtp://"),
        ("SMTP_URL", "smtp://", "name its server"),
        ("MAIL_FROM", "nobody", "Name <address@example.com>"),
        ("SENTRY_DSN", "hunter2hunter2", "https://"),
        ("OLLAMA_BASE_URL", "localhost:11434", "http://"),
        ("AI_ROUTING_STRATEGY", "cheapest", "'cost_optimized'"),
        ("ALLOWED_ORIGINS", "https://a.example,b.example", "https://"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,proxy", "10.0.0.0/8"),
        ("BCRYPT_ROUNDS", "40", "whole number"),
        ("LOG_LEVEL", "loud", "'debug'"),
        ("DURABILITY", "hunter2", "'durable' or 'fast'"),
        ("PUBLIC_URL", "example.com", "https://"),
        ("DATABASE_URL", "postgresql://u:hunter2@.com/x", "host name"),
        ("DATABASE_URL", f"postgresql://u:hunter2@{'a' * 64}.example.com/x", "host name"),
        ("DATABASE_URL", "postgresql://u:hunter2@db:99999/x", "1 to 65535"),
        ("DATABASE_URL", "postgresql://u:hunter2@db:000099999/x", "1 to 65535"),
        ("DATABASE_URL", "postgresql://u:hunter2@db/x?sslmode=verify-full", "sslrootcert"),
        ("DATABASE_URL", "postgresql://u:hunter2@db:0/x", "1 to 65535"),
        ("DATABASE_URL", "postgresql://u:hunter2@hunter2@db/x", "%40"),
        ("DATABASE_URL", "postgresql://u:hunter2%zz@db/x", "%25"),
        ("DATABASE_URL", "postgresql://u:p%zz@[::1/x", "[::1]"),
        ("DATABASE_URL", "postgresql://u:hunter2@/x?host=/sockets&port=abc", "port as a number"),
        ("DATABASE_URL", "postgresql://u:hunter2@/x?host=.com", "host name"),
        ("DATABASE_URL", "postgresql://u:hunter2@db/x?hunter2", "parameter=value"),
        ("DATABASE_URL", "postgresql://u:hunter2@db/x?target_session_attrs=zz", "read-write"),
        ("DATABASE_URL", "postgresql://u:hunter2@db/x?sslmode=hunter2", "verify-full"),
        ("DATABASE_URL", "postgresql://u:hunter2@db/x?sslmode=require&sslrootcert=/nope", "/nope"),
        ("DATABASE_URL", f"postgresql://u:hunter2@db/x?sslmode=require&sslrootcert={__file__}", "certificates"),
        ("DATABASE_URL", "postgresql://u:hunter2@db/x?sslmode=disable&sslnegotiation=direct", "write it as"),
        ("DATABASE_URL", "postgresql://u:hunter2@db/x?channel_binding=require", "cannot bind"),
        ("DATABASE_URL", "postgresql://u:hunter2@db/x?gssencmode=require", "disable or prefer"),
        ("REDIS_URL", "redis://127.0.0.1:1/0?socket_timeout=hunter2", "socket_timeout"),
        ("REDIS_URL", "unix:///nope.sock?db=hunter2", "the option db"),
        ("REDIS_URL", "redis://:hunter2@cache/0?hunter=1", "the option hunter"),
        ("REDIS_URL", "redis://:hunter2@cache/0?ssl_ca_certs=/nope", "rediss://"),
        ("REDIS_URL", "rediss://:hunter2@cache/0?ssl_ca_certs=/nope", "/nope"),
        ("REDIS_URL", f"rediss://:hunter2@cache/0?ssl_ca_certs={__file__}", "certificate"),
        ("REDIS_URL", "rediss://:hunter2@cache/0?ssl_cert_reqs=zzz", "refuses a value"),
        ("REDIS_URL", "redis://:hunter2@cache/0?max_connections=-1", "refuses a value"),
        ("REDIS_URL", "redis://:hunter2@cache?db=-1", "the option db"),
        ("REDIS_URL", "redis://:hunter2@cache?socket_timeout=nan", "socket_timeout"),
        ("REDIS_URL", "redis://:hunter2@cache?protocol=zz", "refuses a value"),
        ("REDIS_URL", "rediss://:hunter2@cache/0?ssl_ca_path=/nope", "/nope"),
        ("REDIS_URL", "redis://:hunter2@cache/0?hunter2", "option=value"),
        ("REDIS_URL", "redis://:hunter2@cache/abc", "database as a number"),
        ("REDIS_URL", "redis://:hunter2@[::1/0", "[::1]"),
        ("REDIS_URL", "redis://:hunter2@a..b/0", "host name"),
        ("REDIS_URL", "redis://:hunter2@cache:99999/0", "port as a number"),
        ("REDIS_HOST", "redis://:hunter2@x", "REDIS_URL"),
        ("REDIS_HOST", "a hunter2", "REDIS_URL"),
        ("REDIS_HOST", "cache:6379", "REDIS_URL"),
        ("MONGO_URL", "mongodb://app:hunter2@ss:word@127.0.0.1:27000/a", "%40"),
        ("MONGO_URL", "mongodb://u:hunter2:q@127.0.0.1:27000/a", "%3A"),
        ("MONGO_URL", "mongodb://hunter2%zz@127.0.0.1/a", "%25"),
        ("MONGO_URL", "mongodb://u:hunter2@127.0.0.1:99999/a", "1 to 65535"),
        ("MONGO_URL", "mongodb://u:hunter2@[::1/a", "[::1]"),
        ("MONGO_URL", "mongodb://u:hunter2@.com/a", "host name"),
        ("MONGO_URL", "mongodb+srv://u:hunter2@a.b.c:123/a", "without a port"),
        ("MONGO_URL", "mongodb+srv://u:hunter2@a.b.c,d.b.c/a", "one server"),
        ("MONGO_URL", "mongodb://u:hunter2@h/?tlsCAFile=/nope&tls=true", "/nope"),
        ("MONGO_URL", f"mongodb://u:hunter2@h/?tlsCAFile={__file__}&tls=true", "certificates"),
        ("MONGO_URL", "mongodb+srv://u:hunter2@a.b.c/?tlsCAFile=/nope", "/nope"),
        ("MONGO_URL", "mongodb://u:hunter2@h/?tls=zzz", "the option tls"),
        ("MONGO_URL", "mongodb://u:hunter2@h/?authMechanism=zzz", "the option authMechanism"),
        ("MONGO_URL", "mongodb://u:hunter2@h/?hunter=1", "the option hunter"),
        ("MONGO_URL", "mongodb+srv://u:hunter2@a.b.c/?hunter=1", "the option hunter"),
        ("MONGO_URL", "mongodb://u:hunter2@h/?hunter2", "option=value"),
        ("MONGO_URL", "mongodb://u:hunter2@h/a hunter2", "write it as"),
        ("MONGO_URL", "mongodb://u:hunter2@a,b/?directConnection=true", "do not go together"),
    ],
)
def test_a_bad_value_is_refused_with_one_line_that_helps(
    variable: str, value: str, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))

    said = refusal({variable: value})

    assert said.startswith(f"{variable}: ")
    assert remedy in said
    assert "\n" not in said
    assert "hunter2" not in said


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("DATABASE_URL", "postgresql://app:word@db.example.com/x?sslmode=require"),
        ("DATABASE_URL", "postgresql:///x?host=/run/postgresql"),
        ("REDIS_URL", "unix:///run/redis.sock"),
        ("MONGO_URL", "mongodb://app:word@one:27017,two,[::1]:27018/x?replicaSet=rs0"),
        ("MONGO_URL", "mongodb+srv://app:word@cluster.example.com/x"),
        ("DATABASE_URL", "postgresql+asyncpg://app:w%40rd@one:5432,two:5433/x?target_session_attrs=read-write"),
        ("DATABASE_URL", "postgresql://app@[::1]:5432/x?sslmode=prefer&options=endpoint%3Dep-cool"),
        ("REDIS_URL", "rediss://user:word@cache.example.com:6380/1?ssl_cert_reqs=none&health_check_interval=30"),
        ("REDIS_URL", "redis://[::1]"),
        ("MONGO_URL", "mongodb://app:w%40rd@one/x?retryWrites=true&w=majority&tls=true&authSource=admin"),
        ("MONGO_URL", "mongodb://one/?readPreference=nearest&readPreferenceTags=dc:a"),
        ("MONGO_URL", "mongodb://one/?authMechanism=MONGODB-OIDC&authMechanismProperties=ENVIRONMENT:k8s"),
        ("MONGO_URL", "mongodb://one/?ssl=true&compressors=zlib&zlibCompressionLevel=3&maxIdleTimeMS=9&wtimeoutMS=9"),
        ("MONGO_URL", "mongodb://%2Ftmp%2Fmongodb-27017.sock/x"),
        ("MONGO_URL", "mongodb://app:word@a.mongo.cosmos.azure.com:10255/?ssl=true"),
        ("REDIS_HOST", "cache_1"),
        ("ALLOWED_ORIGINS", "chrome-extension://abcdefghijklmnop,https://app.example.com"),
    ],
)
def test_addresses_of_many_forms_are_accepted(variable: str, value: str) -> None:
    load_settings({variable: value})


@pytest.mark.parametrize(
    "parameter",
    [
        "connect_timeout=5",
        "keepalives=1",
        "keepalives_idle=30",
        "gssencmode=disable",
        "application_name=app",
        "channel_binding=prefer",
        "channel_binding=disable",
    ],
)
def test_what_only_libpq_makes_something_of_is_not_handed_on(parameter: str) -> None:
    def kept(query: str) -> str | None:
        return load_settings({"DATABASE_URL": f"postgres://app:w%23rd@db/x{query}"}).stores.database_url

    assert kept(f"?{parameter}") == "postgresql://app:w%23rd@db/x"
    assert kept(f"?sslmode=require&{parameter}&jit=off") == "postgresql://app:w%23rd@db/x?sslmode=require&jit=off"


def test_a_variable_of_libpq_that_is_wrong_is_named_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PGPORT", "hunter2")

    said = refusal({"DATABASE_URL": "postgresql://app@db/x"})

    assert said.startswith("DATABASE_URL: ")
    assert "PGPORT" in said
    assert "hunter2" not in said


def test_redis_is_named_by_an_ip_address_too() -> None:
    assert load_settings({"REDIS_HOST": "::1"}).stores.redis_url == "redis://[::1]:6379/0"


def test_a_file_in_another_encoding_is_refused_with_a_remedy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_bytes("MAIL_FROM=José <jose@example.com>".encode("latin-1"))

    with pytest.raises(SettingsInvalid, match="UTF-8"):
        load_settings()


def test_every_bad_value_is_told_at_once() -> None:
    said = refusal({"PORT": "x", "MONGO_URL": "x", "LOG_LEVEL": "x"})

    assert [line.split(":", 1)[0] for line in said.splitlines()] == ["PORT", "MONGO_URL", "LOG_LEVEL"]


def test_words_of_fixed_meaning_are_read_in_any_case() -> None:
    settings = load_settings({"LOG_LEVEL": "INFO", "APP_ENV": "Test"})

    assert (settings.observability.log_level, settings.server.env) == ("info", Environment.TEST)


def test_a_home_is_found_in_the_folders_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/somewhere")

    assert load_settings({"DATA_DIR": "~/data"}).server.data_dir == Path("/somewhere/data")


@pytest.mark.parametrize("variable", ["DATABASE_URL", "REDIS_URL", "MONGO_URL", "QDRANT_URL", *STRONG])
def test_production_needs_real_servers_and_secrets(variable: str) -> None:
    assert load_settings(PRODUCTION).server.env is Environment.PRODUCTION

    said = refusal({name: value for name, value in PRODUCTION.items() if name != variable})

    assert said.startswith(f"{variable}: ")
    assert "\n" not in said


@pytest.mark.parametrize(
    "weak",
    [
        "short",
        "a" * 64,
        "change-me-change-me-change-me-change-me",
        "your-super-secret-jwt-key-here-please",
        "default" * 6,
    ],
)
def test_production_refuses_default_and_weak_secrets_without_showing_them(weak: str) -> None:
    for variable in STRONG:
        said = refusal({**PRODUCTION, variable: weak})

        assert said.startswith(f"{variable}: ")
        assert weak not in said


def test_production_refuses_one_secret_for_both_purposes() -> None:
    said = refusal({**PRODUCTION, "JWT_REFRESH_SECRET": STRONG["JWT_SECRET"]})

    assert said.startswith("JWT_REFRESH_SECRET: ")
    assert STRONG["JWT_SECRET"] not in said


def test_production_refuses_stores_that_may_forget() -> None:
    assert refusal({**PRODUCTION, "DURABILITY": "fast"}).startswith("DURABILITY: ")


def test_the_tree_is_frozen() -> None:
    settings = load_settings({})

    with pytest.raises(ValidationError):
        settings.server = settings.server
    with pytest.raises(ValidationError):
        settings.server.port = 1


def test_the_tree_shows_no_secret_when_it_is_printed() -> None:
    secret = "hunter2hunter2hunter2"
    given = {name: secret for name in variables() if re.search(r"KEY|SECRET|PASSWORD", name)}
    addresses = {
        "DATABASE_URL": f"postgresql://app:{secret}@db/app",
        "REDIS_URL": f"redis://:{secret}@cache",
        "MONGO_URL": f"mongodb://app:{secret}@mongo",
        "QDRANT_URL": f"http://app:{secret}@qdrant",
        "SMTP_URL": f"smtp://app:{secret}@mail",
        "SENTRY_DSN": f"https://{secret}@sentry.example/1",
    }

    settings = load_settings({**given, **addresses})

    assert secret not in repr(settings)
    assert secret not in str(settings)


def development(folder: Path, **more: str) -> Settings:
    return load_settings({"DATA_DIR": str(folder), **more})


def test_a_machine_makes_its_secrets_once_for_its_owners_eyes(tmp_path: Path) -> None:
    folder = tmp_path / "data"

    first, second = with_local_secrets(development(folder)), with_local_secrets(development(folder))

    assert first.security == second.security
    assert first.security.jwt_secret != first.security.jwt_refresh_secret
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [(each.name, stat.S_IMODE(each.stat().st_mode)) for each in folder.iterdir()] == [("secrets.json", 0o600)]


def test_processes_that_make_secrets_at_once_get_the_same(tmp_path: Path) -> None:
    with ThreadPoolExecutor(16) as pool:
        made = list(pool.map(lambda _: with_local_secrets(development(tmp_path)).security, range(64)))

    assert all(each == made[0] for each in made)
    assert [each.name for each in tmp_path.iterdir()] == ["secrets.json"]


def test_given_secrets_stay_and_missing_ones_are_added(tmp_path: Path) -> None:
    settings = with_local_secrets(development(tmp_path, JWT_SECRET=STRONG["JWT_SECRET"]))

    assert settings.security.jwt_secret is not None
    assert settings.security.jwt_secret.get_secret_value() == STRONG["JWT_SECRET"]
    assert settings.security.jwt_refresh_secret is not None


def test_with_given_secrets_the_folder_is_not_touched(tmp_path: Path) -> None:
    with_local_secrets(development(tmp_path / "data", **STRONG))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("kept", ["", "{", "[]", json.dumps({"jwt_secret": "kept-secret"})])
def test_damaged_secrets_are_refused_with_a_remedy(tmp_path: Path, kept: str) -> None:
    (tmp_path / "secrets.json").write_text(kept)

    with pytest.raises(SettingsInvalid, match=r"^DATA_DIR: .*secrets.json is damaged: delete it") as refused:
        with_local_secrets(development(tmp_path))

    assert "kept-secret" not in str(refused.value)


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")

    with pytest.raises(SettingsInvalid, match=r"^DATA_DIR: .* cannot be used"):
        with_local_secrets(development(tmp_path / "data"))
