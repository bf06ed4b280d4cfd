"""Workspaces: the current one, all of one's own, and their beginning, change and end."""

from dataclasses import asdict
from typing import cast

import strawberry

import models
from core.ids import encode
from graph import Root, one
from models import Permission
from resolvers.accounts import signed_in
from resolvers.context import Context
from resolvers.fields import account_mutation, mutation, query
from resolvers.inputs import given
from schema.account import WorkspaceSwitchPayload
from schema.workspace import (
    Workspace,
    WorkspaceCreateInput,
    WorkspaceCreatePayload,
    WorkspaceDeleteInput,
    WorkspaceDeletePayload,
    WorkspaceSwitchInput,
    WorkspaceUpdateInput,
    WorkspaceUpdatePayload,
    WorkspaceUsage,
)
from services.transaction import Transaction
from services.workspaces import changing, membership, usage


@query()
async def workspaces(context: Context) -> list[Workspace]:
    """All workspaces that the person who asks is in, in the order of joining; fifty at most."""
    return [Workspace.of(each) for each in await membership.all_of(context.ground, context.identity)]


@query(Permission.WORKSPACE_READ)
async def workspace_usage(context: Context) -> WorkspaceUsage:
    """How much of the current workspace is used."""
    return WorkspaceUsage(**asdict(await usage.measure(context.ground, context.actor)))


class WorkspaceQueries(Root):
    """Queries about workspaces."""

    workspace: Workspace | None = one(models.Workspace.id, require=Permission.WORKSPACE_READ)
    """The current workspace: the one that the access token names."""

    workspaces: list[Workspace] = workspaces
    workspace_usage: WorkspaceUsage = workspace_usage


@account_mutation(signed_in=True, idempotent=True)
async def workspace_create(context: Context, input: WorkspaceCreateInput) -> WorkspaceCreatePayload:
    """Make another workspace, as its owner. `workspaceSwitch` begins to work in it."""
    made = await changing.create(context.ground, context.identity, context.origin, input.name, context.keys.asked)
    if not made.is_new:
        context.keys.replayed.append("workspaceCreate")
    return WorkspaceCreatePayload(workspace=Workspace.of(made.workspace))


@mutation(Permission.WORKSPACE_WRITE)
async def workspace_update(tx: Transaction, input: WorkspaceUpdateInput) -> WorkspaceUpdatePayload:
    """Change the current workspace."""
    draft = changing.WorkspaceDraft(
        name=given(input.name),
        description=given(input.description),
        industry=given(input.industry),
        logo_url=given(input.logo_url),
    )
    return WorkspaceUpdatePayload(workspace=Workspace.of(await changing.change(tx, draft)))


@mutation(Permission.WORKSPACE_DELETE)
async def workspace_delete(tx: Transaction, input: WorkspaceDeleteInput) -> WorkspaceDeletePayload:
    """Give the current workspace up. Nobody works in it from now on; it is kept for thirty days, then gone."""
    gone = await changing.give_up(tx, input.confirmation)
    return WorkspaceDeletePayload(deleted_id=strawberry.ID(encode(cast("str", Workspace.prefix), gone.id)))


@account_mutation(signed_in=True)
async def workspace_switch(context: Context, input: WorkspaceSwitchInput) -> WorkspaceSwitchPayload:
    """Work in another of one's workspaces: answers with tokens for it."""
    workspace_id = Workspace.key_of(input.id, field=("id",))
    return signed_in(WorkspaceSwitchPayload, await membership.switch(context.ground, context.identity, workspace_id))


MUTATIONS = (workspace_create, workspace_update, workspace_delete, workspace_switch)
