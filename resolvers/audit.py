"""The audit log, and what one person did."""

import models
from graph import Connection, Root, page
from models import Permission
from schema.audit import AuditEntry, AuditFilter, AuditOrder


class AuditQueries(Root):
    """Queries about what was done."""

    audit_log: Connection[AuditEntry] | None = page(
        models.AuditEntry.workspace_id, filter=AuditFilter, order=AuditOrder, require=Permission.AUDIT_READ
    )
    """What was done in the workspace, by whom, and from where."""
