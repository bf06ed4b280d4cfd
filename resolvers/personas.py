"""Personas: the voices of suggested replies."""

import strawberry

from core.ids import encode
from graph import Root
from models import Permission
from resolvers.context import Context
from resolvers.fields import mutation, query
from resolvers.inputs import given
from schema.persona import (
    PersonaCreateInput,
    PersonaCreatePayload,
    PersonaDeleteInput,
    PersonaDeletePayload,
    PersonaUpdateInput,
    PersonaUpdatePayload,
    PersonaVoice,
)
from services import personas
from services.personas import PersonaDraft
from services.transaction import Transaction


@query(Permission.AI_USE)
async def personas_(context: Context) -> list[PersonaVoice]:
    """The voices that replies can be written in: the product's six, then the workspace's own by name, fifty at most."""
    return [PersonaVoice.of(each) for each in await personas.every(context.ground, context.actor)]


class PersonaQueries(Root):
    """Queries about personas."""

    personas: list[PersonaVoice] = personas_


@mutation(Permission.AI_MANAGE, idempotent=True)
async def persona_create(tx: Transaction, input: PersonaCreateInput) -> PersonaCreatePayload:
    """Add a persona of the workspace's own."""
    draft = PersonaDraft(
        name=input.name,
        instructions=input.instructions,
        temperature=input.temperature,
        max_tokens=input.max_tokens,
    )
    return PersonaCreatePayload(persona=PersonaVoice.of(await personas.create(tx, draft)))


@mutation(Permission.AI_MANAGE)
async def persona_update(tx: Transaction, input: PersonaUpdateInput) -> PersonaUpdatePayload:
    """Change a persona of the workspace's own. Replies that are being written keep what they began with."""
    draft = PersonaDraft(
        name=given(input.name),
        instructions=given(input.instructions),
        temperature=given(input.temperature),
        max_tokens=given(input.max_tokens),
    )
    changed = await personas.change(tx, PersonaVoice.key_of(input.id, field=("id",)), draft)
    return PersonaUpdatePayload(persona=PersonaVoice.of(changed))


@mutation(Permission.AI_MANAGE)
async def persona_delete(tx: Transaction, input: PersonaDeleteInput) -> PersonaDeletePayload:
    """Delete a persona of the workspace's own. What was written in it stays."""
    gone = await personas.remove(tx, PersonaVoice.key_of(input.id, field=("id",)))
    return PersonaDeletePayload(deleted_id=strawberry.ID(encode("persona", gone)))


MUTATIONS = (persona_create, persona_update, persona_delete)
