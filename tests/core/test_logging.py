"""The log: lines of JSON or for people, with the request's id, and without secrets or personal data."""

import asyncio
import gzip
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from core.ids import encode, uuid7
from core.logging import bind_request, cleaned, redact

BLANK = "[removed]"
SECRETS = {
    "e-mail": "ana.beatriz+loja@padaria.com.br",
    "e-mail with an accent": "joão.conceição@padaria.com.br",
    "e-mail in an address": "ana%40padaria.com.br",
    "mobile": "+55 (11) 98765-4321",
    "mobile, no country": "(11) 98765-4321",
    "mobile, digits": "5511987654321",
    "mobile, local": "98765-4321",
    "landline": "+55 11 3456-7890",
    "foreign": "+351 912 345 678",
    "in an address": "%2B5511987654321",
    "WhatsApp": "5511987654321@s.whatsapp.net",
    "CPF": "123.456.789-09",
    "CPF, digits": "12345678909",
    "CNPJ": "12.345.678/0001-95",
    "CNPJ, letters": "12.ABC.345/01DE-35",
    "JWT": "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    "opaque token": "wQ3kVbN8sZ1yT5uR7eL2pM4oJ6hG9fD0cA3xWqYtIoP",
    "provider's key": "sk-proj-Ab12Cd34Ef56Gh78",
    "Stripe's key": "sk_live_51HxAbCdEf",
}
SENTENCES = [
    "{}",
    "call {}.",
    "call {}, now",
    "({})",
    "phone:{}",
    "'{}' is known",
    "a={};b=1",
    "x\n{}\ny",
    "{}|{}",
    "[{}]",
]
PLAIN = [
    "2026-11-24T19:12:34.106083Z",
    "2026-11-24 19:12:34",
    "0190a1b2-1234-7890-8123-456789012345",
    "contact_0190a1b2c3d4e5f60718293a4b5c6d7e",
    'File "/app/core/database/engine.py", line 1234, in _take',
    "asyncpg.exceptions.UniqueViolationError",
    "127.0.0.1:5432",
    "PostgreSQL 18.6.3 took 12.5 s for 10000 rows",
    "TOKEN_EXPIRED",
    "services.accounts.second_factor.RecoveryCodeUsed",
]


@pytest.mark.parametrize("sentence", SENTENCES)
@pytest.mark.parametrize("secret", SECRETS.values(), ids=SECRETS.keys())
def test_personal_data_and_tokens_are_removed_from_texts(secret: str, sentence: str) -> None:
    said = cleaned(sentence.format(secret, secret))

    assert secret not in said
    assert BLANK in said
    assert not any(part in said for part in ("987", "456.789", "padaria", "proj", "live", "ABC"))


@pytest.mark.parametrize("text", PLAIN)
def test_what_is_neither_secret_nor_personal_stays(text: str) -> None:
    assert cleaned(text) == text


@given(st.integers(min_value=1, max_value=50))
def test_ids_of_rows_and_requests_stay(count: int) -> None:
    for made in (uuid7() for _ in range(count)):
        for text in (str(made), encode("contact", made)):
            assert cleaned(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("postgresql://app:p4ss@db:5432/x", f"postgresql://{BLANK}@db:5432/x"),
        ("redis://:p4/ss@cache:6379/0", f"redis://{BLANK}@cache:6379/0"),
        ("Authorization: Bearer abc.def-ghi", f"Authorization: {BLANK}"),
        ("Bearer abc.def-ghi", f"Bearer {BLANK}"),
        ('{"password": "hunter two", "a": 1}', f'{{"password": {BLANK}, "a": 1}}'),
        ("GET /x?access_token=abc&page=2", f"GET /x?access_token={BLANK}&page=2"),
        ("refreshToken='abc'", f"refreshToken={BLANK}"),
    ],
)
def test_secrets_are_removed_by_what_stands_before_them(text: str, left: str) -> None:
    assert cleaned(text) == left


def test_what_a_database_adds_to_a_refusal_is_removed() -> None:
    said = cleaned(
        "UniqueViolationError: duplicate key\nDETAIL:  Key (name)=(Ana Beatriz) already exists.\n"
        "[SQL: INSERT INTO contacts VALUES ($1, $2)]\n[parameters: ('Ana Beatriz', 'Padaria')]\n(Background: e3q8)"
    )

    assert "Ana" not in said
    assert "Padaria" not in said
    assert "[SQL: INSERT INTO contacts VALUES ($1, $2)]" in said


@pytest.mark.parametrize("text", ["a" * 200_000, "a@" * 50_000, "1 " * 50_000, "token=" * 20_000, "Aa1-" * 50_000])
def test_long_texts_are_read_in_linear_time(text: str) -> None:
    quarter, whole = work_of(text[: len(text) // 4]), work_of(text)

    assert whole < 10 * quarter
    assert whole < 2.0


def work_of(text: str) -> float:
    """Return the seconds that this thread works on cleaning a text, whatever else the machine does meanwhile."""
    began, runs = time.thread_time(), 0
    while (spent := time.thread_time() - began) < 0.05:
        cleaned(text)
        runs += 1
    return spent / runs


@pytest.mark.parametrize(
    "key",
    [
        "password",
        "password_hash",
        "newPassword",
        "access_token",
        "refreshToken",
        "jwt_secret",
        "openai_api_key",
        "apiKey",
        "Authorization",
        "cookie",
        "set-cookie",
        "email",
        "user_email",
        "emails",
        "phone",
        "phone_key",
        "telefone",
        "wa_id",
        "cpf",
        "recovery_codes",
        "otp",
        "code",
        "to",
    ],
)
@pytest.mark.parametrize("value", ["plain", 7, ["plain"], {"a": "plain"}, b"plain"])
def test_the_value_of_a_telling_key_is_removed_wherever_it_stands(key: str, value: object) -> None:
    line = redact(None, "info", {"event": "x", key: value, "inside": [{"more": {key: value}}]})

    assert line == {"event": "x", key: BLANK, "inside": [{"more": {key: BLANK}}]}


def test_values_of_every_shape_are_looked_through() -> None:
    class Person:
        def __repr__(self) -> str:
            return "<Person ana@example.com>"

    line = redact(
        None,
        "info",
        {
            "event": "mail to ana@example.com",
            "person": Person(),
            "several": ({"11987654321"}, ["ana@example.com"], b"ana@example.com"),
            "by": {"ana@example.com": 1},
            "number": 5511987654321,
            "count": 12_345,
            "part": 0.5,
            "no": None,
            "request_id": "0190a1b2c3d4e5f60718293a4b5c6d7e",
        },
    )

    assert "ana@" not in str(line)
    assert "987654321" not in str(line)
    assert (line["count"], line["part"], line["no"]) == (12_345, 0.5, None)
    assert line["request_id"] == "0190a1b2c3d4e5f60718293a4b5c6d7e"


def test_a_value_that_holds_itself_is_written_once() -> None:
    endless: dict[str, object] = {}
    endless["again"] = endless

    assert redact(None, "info", {"event": "x", "endless": endless})["event"] == "x"


_LINES = """
import contextvars, logging as stdlib, sys, structlog
from core import logging
from core.settings import Environment
logging.configure(Environment(sys.argv[1]), "info")
log = structlog.stdlib.get_logger("here")
def work():
    logging.bind_request("request-1")
    log.info("made", contact="contact_1", email="ana@example.com")
    try:
        raise ValueError("no such phone +55 11 98765-4321")
    except ValueError:
        log.exception("failed")
contextvars.copy_context().run(work)
stdlib.getLogger("library").warning("sent to %s", "ana@example.com")
stdlib.getLogger("alembic.runtime.migration").info("Running upgrade")
log.debug("quiet")
"""


def lines(environment: str, code: str = _LINES, **more: str) -> str:
    """Log in a process of its own: logging is a process's."""
    run = subprocess.run(
        [sys.executable, "-c", code, environment],
        capture_output=True,
        text=True,
        timeout=30,
        env={**os.environ, **more},
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout == ""
    return run.stderr


def test_production_writes_one_json_object_a_line_with_the_requests_id() -> None:
    text = lines("production")

    made, failed, library = (json.loads(line) for line in text.splitlines())
    assert (made["event"], made["level"], made["logger"], made["request_id"]) == ("made", "info", "here", "request-1")
    assert made["contact"] == "contact_1"
    assert made["timestamp"].endswith("Z")
    assert failed["request_id"] == "request-1"
    assert "ValueError: no such phone" in failed["exception"]
    assert library["event"] == f"sent to {BLANK}"
    assert "request_id" not in library
    assert "ana@" not in text
    assert "98765" not in text


def test_development_writes_lines_for_people_and_is_quiet_about_migrations() -> None:
    text = lines("development")

    first = text.splitlines()[0]
    assert not first.startswith("{")
    assert "made" in first
    assert "request_id=request-1" in first
    assert "Traceback" in text
    assert "Running upgrade" not in text
    assert "quiet" not in text
    assert "ana@" not in text
    assert "98765" not in text


class _Collector(BaseHTTPRequestHandler):
    """Takes what is reported, as Sentry's ingestion does (develop.sentry.dev/sdk/data-model/envelopes)."""

    received: ClassVar[list[bytes]] = []

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        self.received.append(gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body)
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, format: str, *args: Any) -> None:
        del format, args


@pytest.fixture
def sentry() -> Iterator[str]:
    """An address that takes reports."""
    _Collector.received.clear()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Collector)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://public@127.0.0.1:{server.server_address[1]}/1"
    server.shutdown()
    thread.join()
    server.server_close()


_REPORTS = """
import sys, structlog
from core import logging
from core.reporting import reporter
from core.settings import load_settings
settings = load_settings()
logging.configure(settings.server.env, "info", reporter(settings, "1.2.3"))
log = structlog.stdlib.get_logger("here")
log.info("not a report")
def work(phone, secret="hunter2hunter2"):
    raise ValueError(f"no such phone {phone}")
logging.bind_request("request-1")
try:
    work("+55 11 98765-4321")
except ValueError as error:
    log.error("failed", exc_info=error, email="ana@example.com")
"""


def test_errors_are_reported_without_personal_data(sentry: str) -> None:
    lines("development", _REPORTS, SENTRY_DSN=sentry)

    (envelope,) = _Collector.received
    report = next(each for each in map(json.loads, envelope.splitlines()) if "exception" in each)
    error = report["exception"]["values"][0]
    assert (error["type"], error["value"]) == ("ValueError", f"no such phone {BLANK}")
    assert [frame["function"] for frame in error["stacktrace"]["frames"]] == ["<module>", "work"]
    assert report["tags"] == {"request_id": "request-1", "logger": "here", "event": "failed"}
    assert (report["release"], report["environment"]) == ("1.2.3", "development")
    for secret in (b"98765-4321", b"ana@example", b"hunter2"):
        assert secret not in envelope


def test_without_an_address_nothing_is_imported_or_reported() -> None:
    code = _REPORTS + "\nassert 'sentry_sdk' not in sys.modules\n"

    lines("development", code, SENTRY_DSN="")


async def test_bound_ids_end_with_the_task_of_their_request() -> None:
    async def request() -> dict[str, Any]:
        bind_request("request-1")
        return await asyncio.create_task(within())

    async def within() -> dict[str, Any]:
        return structlog.contextvars.get_contextvars()

    assert await asyncio.create_task(request()) == {"request_id": "request-1"}
    assert structlog.contextvars.get_contextvars() == {}
