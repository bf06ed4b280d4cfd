"""Prompt templates."""

import models
from graph import Connection, Root, page
from models import Permission
from resolvers.fields import mutation
from schema.prompt_template import (
    PromptTemplate,
    PromptTemplateActivateInput,
    PromptTemplateActivatePayload,
    PromptTemplateDeactivateInput,
    PromptTemplateDeactivatePayload,
    PromptTemplateFilter,
    PromptTemplateOrder,
    PromptTemplateSaveInput,
    PromptTemplateSavePayload,
)
from services import prompt_templates
from services.transaction import Transaction


class PromptTemplateQueries(Root):
    """Queries about prompt templates."""

    prompt_templates: Connection[PromptTemplate] | None = page(
        models.PromptTemplate.workspace_id,
        filter=PromptTemplateFilter,
        order=PromptTemplateOrder,
        require=Permission.AI_MANAGE,
    )
    """All versions of what the workspace adds to what models are told, the latest first."""


@mutation(Permission.AI_MANAGE)
async def prompt_template_save(tx: Transaction, input: PromptTemplateSaveInput) -> PromptTemplateSavePayload:
    """Add a version for a feature, and use it from now on. Saving the text that is in use adds none."""
    saved = await prompt_templates.save(tx, input.feature, input.body)
    return PromptTemplateSavePayload(prompt_template=PromptTemplate.of(saved))


@mutation(Permission.AI_MANAGE)
async def prompt_template_activate(
    tx: Transaction, input: PromptTemplateActivateInput
) -> PromptTemplateActivatePayload:
    """Use a version of before again."""
    used = await prompt_templates.activate(tx, PromptTemplate.key_of(input.id, field=("id",)))
    return PromptTemplateActivatePayload(prompt_template=PromptTemplate.of(used))


@mutation(Permission.AI_MANAGE)
async def prompt_template_deactivate(
    tx: Transaction, input: PromptTemplateDeactivateInput
) -> PromptTemplateDeactivatePayload:
    """Use no version for a feature: models are told what the product tells them, and nothing in addition."""
    rested = await prompt_templates.deactivate(tx, input.feature)
    return PromptTemplateDeactivatePayload(prompt_template=None if rested is None else PromptTemplate.of(rested))


MUTATIONS = (prompt_template_save, prompt_template_activate, prompt_template_deactivate)
