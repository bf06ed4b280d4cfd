"""Mail: over a real socket to an SMTP server that takes, refuses and hangs; and as files in development."""

import asyncio
import email
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTPUTF8
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.smtp import SMTP
from pydantic import SecretStr

from core.mail import FolderMailer, Mail, MailAway, SmtpMailer, open_mailer
from core.settings import Mail as MailSettings
from core.settings import Server, Settings
from tests.fixtures.redis_server import free_port

SENDER = "WhatsHybrid <no-reply@example.com>"
MAIL = Mail(to="ana@example.com", subject="Redefinir sua senha", text="Olá, Ana!\n\nhttps://example.com/#token=abc\n")


@dataclass
class Box:
    """Takes mail, or answers what it is told to."""

    answer: str | None = None
    taken: list[Any] = field(default_factory=list)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802
        if self.answer is not None and self.answer.startswith("550"):
            return self.answer
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802
        self.taken.append(envelope)
        return self.answer or "250 OK"

    def opened(self) -> EmailMessage:
        """Return the one mail that was taken. No property: the server looks at every attribute before there is one."""
        (envelope,) = self.taken
        return email.message_from_bytes(envelope.content, policy=SMTPUTF8)  # type: ignore[return-value]


@asynccontextmanager
async def serving(box: Box) -> AsyncIterator[str]:
    port = free_port()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(
        lambda: SMTP(box, enable_SMTPUTF8=True, hostname="mx", loop=loop), "127.0.0.1", port
    )
    async with server:
        yield f"smtp://127.0.0.1:{port}?starttls=no"


async def test_a_mail_arrives_as_it_was_written() -> None:
    box = Box()
    async with serving(box) as url:
        await SmtpMailer(url, SENDER).send(MAIL)

    assert box.taken[0].rcpt_tos == ["ana@example.com"]
    assert box.taken[0].mail_from == "no-reply@example.com"
    assert box.opened()["Subject"] == MAIL.subject
    assert box.opened()["From"] == SENDER
    assert box.opened()["Auto-Submitted"] == "auto-generated"
    assert box.opened().get_content().replace("\r\n", "\n") == MAIL.text


@pytest.mark.parametrize("answer", ["421 Try later", "550 No such user", "554 Refused", "451 Greylisted"])
async def test_a_mail_that_is_not_taken_is_told(answer: str) -> None:
    async with serving(Box(answer=answer)) as url:
        with pytest.raises(MailAway) as refused:
            await SmtpMailer(url, SENDER).send(MAIL)

    assert "ana@" not in str(refused.value)


async def test_a_server_that_is_away_is_told() -> None:
    with pytest.raises(MailAway):
        await SmtpMailer(f"smtp://127.0.0.1:{free_port()}?starttls=no", SENDER).send(MAIL)


async def test_a_server_that_hangs_is_given_up() -> None:
    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    port = free_port()
    async with await asyncio.start_server(hang, "127.0.0.1", port):
        async with asyncio.timeout(3):
            with pytest.raises(MailAway):
                await SmtpMailer(f"smtp://127.0.0.1:{port}?starttls=no", SENDER, timeout=0.3).send(MAIL)


async def test_a_server_without_encryption_gets_nothing_unless_it_is_said() -> None:
    box = Box()
    async with serving(box) as url:
        with pytest.raises(MailAway):
            await SmtpMailer(url.removesuffix("?starttls=no"), SENDER).send(MAIL)

    assert box.taken == []


async def test_a_line_break_in_a_subject_begins_no_header() -> None:
    box = Box()
    async with serving(box) as url:
        await SmtpMailer(url, SENDER).send(
            Mail(to="ana@example.com", subject="Convite\r\nBcc: eve@example.com", text="x")
        )

    assert box.opened()["Bcc"] is None
    assert box.taken[0].rcpt_tos == ["ana@example.com"]


@pytest.mark.parametrize(
    ("address", "received"),
    [
        ("ana@padária.com.br", "ana@xn--padria-rta.com.br"),
        ("josé@example.com", "josé@example.com"),
        ("o'hara+x@example.com", "o'hara+x@example.com"),
    ],
)
async def test_addresses_of_the_whole_world_get_their_mail(address: str, received: str) -> None:
    box = Box()
    async with serving(box) as url:
        await SmtpMailer(url, SENDER).send(Mail(to=address, subject="Olá", text="x"))

    assert box.taken[0].rcpt_tos == [received]


async def test_without_a_server_mails_are_files_that_only_the_owner_reads(tmp_path: Path) -> None:
    folder = tmp_path / "mail"

    await FolderMailer(folder, SENDER).send(MAIL)

    (file,) = folder.glob("*.eml")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    message = email.message_from_bytes(file.read_bytes(), policy=SMTPUTF8)
    assert message["To"] == "ana@example.com"
    assert "#token=abc" in message.get_content()  # type: ignore[attr-defined]


def subjects_in(folder: Path) -> list[int]:
    return sorted(int(email.message_from_bytes(each.read_bytes())["Subject"]) for each in folder.glob("*.eml"))


async def test_the_newest_two_hundred_mails_are_kept(tmp_path: Path) -> None:
    mailer = FolderMailer(tmp_path, SENDER)

    for number in range(203):
        await mailer.send(Mail(to="ana@example.com", subject=f"{number}", text="x"))

    assert subjects_in(tmp_path) == list(range(3, 203))


def test_the_settings_choose_the_way_out(tmp_path: Path) -> None:
    here = Server(data_dir=tmp_path)
    with_server = Settings(server=here, mail=MailSettings(smtp_url=SecretStr("smtps://user:pass@mx.example.com")))

    assert isinstance(open_mailer(with_server), SmtpMailer)
    assert isinstance(open_mailer(Settings(server=here)), FolderMailer)
