"""The way out for mail: an SMTP server, or a folder on a machine that has none. What mails say is not decided here."""

import asyncio
import os
from dataclasses import dataclass
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, make_msgid, parseaddr
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import aiosmtplib
import idna
import structlog

from core import clock
from core.errors import Unavailable
from core.ids import uuid7
from core.settings import Settings

_KEPT: Final = 200
_DEFAULT_PORTS: Final = {"smtp": 587, "smtps": 465}

log = structlog.stdlib.get_logger(__name__)


class MailAway(Unavailable):
    """The mail server does not take mail right now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    """One message to one person."""

    to: str
    subject: str
    text: str


class Mailer(Protocol):
    """Whatever takes mail."""

    async def send(self, mail: Mail) -> None:
        """Hand a mail over; raise `MailAway` when it was not taken."""
        ...


class SmtpMailer:
    """Sends through a server: `smtps://user:password@host` (TLS), or `smtp://...` (STARTTLS, unless `?starttls=no`)."""

    def __init__(self, url: str, sender: str, *, timeout: float = 20.0) -> None:
        parts = urlsplit(url)
        self._sender = sender
        self._timeout = timeout
        self._host = parts.hostname or "localhost"
        self._port = parts.port or _DEFAULT_PORTS[parts.scheme]
        self._user = unquote(parts.username) if parts.username else None
        self._password = unquote(parts.password) if parts.password else None
        self._is_tls = parts.scheme == "smtps"
        self._starts_tls = not self._is_tls and parse_qs(parts.query).get("starttls") != ["no"]

    async def send(self, mail: Mail) -> None:
        """Hand a mail to the server."""
        try:
            async with asyncio.timeout(self._timeout):
                await aiosmtplib.send(
                    _message(mail, self._sender),
                    hostname=self._host,
                    port=self._port,
                    username=self._user,
                    password=self._password,
                    use_tls=self._is_tls,
                    start_tls=self._starts_tls,
                    timeout=self._timeout,
                )
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise MailAway from error


class FolderMailer:
    """Writes mails as files, of which the newest 200 are kept. For development: they hold links that sign people in."""

    def __init__(self, folder: Path, sender: str) -> None:
        self._folder = folder
        self._sender = sender

    async def send(self, mail: Mail) -> None:
        """Write a mail."""
        name = await asyncio.to_thread(self._write, _message(mail, self._sender))
        log.info("mail written", file=name)

    def _write(self, message: EmailMessage) -> str:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = self._folder / f"{uuid7().hex}.eml"
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(message.as_bytes())
        for old in sorted(self._folder.glob("*.eml"))[:-_KEPT]:
            old.unlink(missing_ok=True)
        return file.name


def open_mailer(settings: Settings) -> Mailer:
    """Choose the way out."""
    if settings.mail.smtp_url is not None:
        return SmtpMailer(settings.mail.smtp_url.get_secret_value(), settings.mail.mail_from)
    return FolderMailer(settings.server.data_dir / "mail", settings.mail.mail_from)


def _message(mail: Mail, sender: str) -> EmailMessage:
    message = EmailMessage(SMTP if mail.to.isascii() else SMTPUTF8)
    message["From"] = _address(sender)
    message["To"] = _address(mail.to)
    # a line break in a header would begin another header
    message["Subject"] = " ".join(mail.subject.split())
    message["Date"] = format_datetime(clock.now())
    message["Message-ID"] = make_msgid(domain="whatshybrid.invalid")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(mail.text)
    return message


def _address(text: str) -> Address:
    """Read an address. A domain is written as the DNS knows it; only a mailbox may need a server with SMTPUTF8."""
    name, plain = parseaddr(text)
    mailbox, _, domain = plain.rpartition("@")
    return Address(display_name=name, username=mailbox, domain=domain if domain.isascii() else _in_dns(domain))


def _in_dns(domain: str) -> str:
    return idna.encode(domain, uts46=True).decode("ascii")
