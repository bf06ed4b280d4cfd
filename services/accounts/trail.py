"""What people do to their own accounts, noted in the audit log of the workspace that they work in."""

from models import User
from services.access import Identity
from services.transaction import SystemTransaction


def note(tx: SystemTransaction, identity: Identity, action: str, user: User) -> None:
    """Add an entry to the log of the person's workspace; an account without one leaves none."""
    if identity.actor is not None:
        tx.within(identity.actor).audit(action, user, changes={})
