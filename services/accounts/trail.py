"""What people do to their own accounts, noted in the audit log of the workspace that they work in.

An account without a workspace leaves no entry.
"""

from collections.abc import Mapping

from core.ids import UserId, WorkspaceId
from models import User
from services.access import Actor, Identity, Origin
from services.accounts.homes import home_of
from services.transaction import SystemTransaction


def note(
    tx: SystemTransaction, identity: Identity, action: str, user: User, changes: Mapping[str, object] | None = None
) -> None:
    """Note what a signed-in person did."""
    if identity.actor is not None:
        tx.within(identity.actor).audit(action, user, changes=changes or {})


async def note_at_home(tx: SystemTransaction, origin: Origin, action: str, user: User) -> None:
    """Note what somebody did who proved to be a person by a link, in the workspace that a sign-in would open."""
    workspace_id = await home_of(tx, user.id, None)
    if workspace_id is not None:
        actor = Actor.of_account(WorkspaceId(workspace_id), UserId(user.id), origin)
        tx.within(actor).audit(action, user, changes={})
