"""Credits of the workspace."""

import models
from graph import Connection, Root, one, page
from models import Permission
from schema.credit import CreditEntry, CreditFilter, CreditOrder, Credits


class CreditQueries(Root):
    """Queries about credits."""

    ai_credits: Credits | None = one(models.CreditAccount.workspace_id, require=Permission.WORKSPACE_READ)
    """What the workspace may let models write for."""

    ai_credit_ledger: Connection[CreditEntry] | None = page(
        models.CreditEntry.workspace_id, filter=CreditFilter, order=CreditOrder, require=Permission.WORKSPACE_READ
    )
    """Every movement of the workspace's credits."""
