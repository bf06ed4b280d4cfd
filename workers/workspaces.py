"""What happens to workspaces at night, and the mail of their invitations."""

from core.ground import Ground
from services.workspaces import changing, invites
from services.workspaces.changing import PurgeWorkspaces
from services.workspaces.invites import MailInvite
from workers.registry import handles


@handles(MailInvite, timeout=30)
async def mail_invite(ground: Ground, job: MailInvite) -> None:
    """Mail an invitation."""
    await invites.mail_invite(ground, job.workspace_id, job.invite_id)


@handles(PurgeWorkspaces, timeout=600)
async def purge_workspaces(ground: Ground, job: PurgeWorkspaces) -> None:
    """Delete for good what was given up a month ago."""
    del job
    await changing.purge(ground)
