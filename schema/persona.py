"""Personas: the voices of suggested replies."""

import strawberry

import models
from graph import Entity, computed
from models import Permission, persona
from schema.enums import Persona
from schema.errors import MutationPayload
from schema.idempotency import OnceInput


class PersonaVoice(Entity[models.CustomPersona], prefix="persona", require=Permission.AI_USE):
    """A persona: how suggested replies are worded. Six come with the product; `node` finds the workspace's own."""

    key: Persona | None = computed(persona.built_in, models.CustomPersona.id)
    """Which of the product's it is; null for one of the workspace's own."""

    name: str
    """How it is called. The product's are named in the language of the workspace."""

    instructions: str
    """What models are told of how to write."""

    temperature: float
    """How varied replies are, from 0 to 1."""

    max_tokens: int
    """How long a reply may be, in tokens: a token is about four letters."""

    is_built_in: bool = computed(persona.is_built_in, models.CustomPersona.id)
    """Whether it comes with the product, and so cannot be changed."""


@strawberry.input(description="A new persona.")
class PersonaCreateInput(OnceInput):
    name: str = strawberry.field(description="Up to 60 characters; accents and case do not make a new name.")
    instructions: str = strawberry.field(description="How to write, up to 2,000 characters, in any language.")
    temperature: float = strawberry.field(default=0.7, description="How varied replies are, from 0 to 1.")
    max_tokens: int = strawberry.field(default=400, description="How long a reply may be, 50 to 2,000 tokens.")


@strawberry.type(description="The answer to `personaCreate`.")
class PersonaCreatePayload(MutationPayload):
    persona: PersonaVoice | None = strawberry.field(default=None, description="The new persona.")


@strawberry.input(description="A change of a persona of the workspace. What is left out stays.")
class PersonaUpdateInput:
    id: strawberry.ID = strawberry.field(description="The persona; none of those that come with the product.")
    name: str | None = strawberry.field(default=strawberry.UNSET, description="Up to 60 characters.")
    instructions: str | None = strawberry.field(default=strawberry.UNSET, description="Up to 2,000 characters.")
    temperature: float | None = strawberry.field(default=strawberry.UNSET, description="From 0 to 1.")
    max_tokens: int | None = strawberry.field(default=strawberry.UNSET, description="50 to 2,000.")


@strawberry.type(description="The answer to `personaUpdate`.")
class PersonaUpdatePayload(MutationPayload):
    persona: PersonaVoice | None = strawberry.field(default=None, description="The persona, as changed.")


@strawberry.input(description="Which persona to delete.")
class PersonaDeleteInput:
    id: strawberry.ID = strawberry.field(description="The persona; none of those that come with the product.")


@strawberry.type(description="The answer to `personaDelete`.")
class PersonaDeletePayload(MutationPayload):
    deleted_id: strawberry.ID | None = strawberry.field(default=None, description="What was deleted.")
