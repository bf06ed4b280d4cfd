"""A workspace: what it is called, and how much of it is used."""

from datetime import datetime

import strawberry

import models
from graph import Entity
from models import Permission
from schema.errors import MutationPayload
from schema.idempotency import OnceInput


class Workspace(
    Entity[models.Workspace], prefix="workspace", tenant=models.Workspace.id, require=Permission.WORKSPACE_READ
):
    """One company's own room: its people, contacts and settings. Nobody sees into another."""

    name: str
    """What it is called."""

    slug: str
    """Its name as a part of an address; unique."""

    description: str | None
    """What it is for."""

    industry: str | None
    """The trade it is in."""

    logo_url: str | None
    """Where its logo is."""

    created_at: datetime
    """When it was founded."""

    updated_at: datetime
    """When it was last changed."""


@strawberry.type(description="How much of a workspace is used. Counting stops at a million.")
class WorkspaceUsage:
    members: int = strawberry.field(description="People in it.")
    open_invites: int = strawberry.field(description="Invitations that can be accepted.")
    contacts: int = strawberry.field(description="Contacts, archived ones included.")
    archived_contacts: int = strawberry.field(description="Archived contacts.")
    labels: int = strawberry.field(description="Labels.")
    custom_fields: int = strawberry.field(description="Custom fields in use.")
    contacts_created: int = strawberry.field(description="Contacts made since `since`.")
    events: int = strawberry.field(description="Events since `since`.")
    audited_acts: int = strawberry.field(description="Acts in the audit log since `since`.")
    since: datetime = strawberry.field(description="From when what happened is counted: thirty days ago.")


@strawberry.input(description="A new workspace.")
class WorkspaceCreateInput(OnceInput):
    name: str = strawberry.field(description="Up to 100 characters.")


@strawberry.type(description="The answer to `workspaceCreate`.")
class WorkspaceCreatePayload(MutationPayload):
    workspace: Workspace | None = strawberry.field(default=None, description="The new workspace.")


@strawberry.input(description="A change of the current workspace. What is left out stays.")
class WorkspaceUpdateInput:
    name: str | None = strawberry.field(default=strawberry.UNSET, description="Up to 100 characters.")
    description: str | None = strawberry.field(
        default=strawberry.UNSET, description="Up to 1,000 characters; null removes it."
    )
    industry: str | None = strawberry.field(
        default=strawberry.UNSET, description="Up to 100 characters; null removes it."
    )
    logo_url: str | None = strawberry.field(default=strawberry.UNSET, description="http or https; null removes it.")


@strawberry.type(description="The answer to `workspaceUpdate`.")
class WorkspaceUpdatePayload(MutationPayload):
    workspace: Workspace | None = strawberry.field(default=None, description="The workspace, as changed.")


@strawberry.input(description="Which workspace to delete: the current one.")
class WorkspaceDeleteInput:
    confirmation: str = strawberry.field(description="The workspace's name, exactly.")


@strawberry.type(description="The answer to `workspaceDelete`.")
class WorkspaceDeletePayload(MutationPayload):
    deleted_id: strawberry.ID | None = strawberry.field(
        default=None, description="The workspace that was given up. It is kept for thirty days, then gone."
    )


@strawberry.input(description="Which workspace to work in.")
class WorkspaceSwitchInput:
    id: strawberry.ID = strawberry.field(description="One of `workspaces`.")
