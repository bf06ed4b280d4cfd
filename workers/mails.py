"""Mails that were promised by a commit."""

from core.ground import Ground
from services.accounts import links
from services.accounts.links import MailLink
from workers.registry import handles


@handles(MailLink, timeout=30)
async def mail_link(ground: Ground, job: MailLink) -> None:
    """Mail a link that resets a password or proves an address."""
    await links.mail_link(ground, job.token_id)
