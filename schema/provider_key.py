"""A workspace's own keys of model providers. They are set, and never shown again."""

from datetime import datetime

import strawberry

import models
from graph import Row, computed, one
from models import Permission
from schema.enums import ModelProvider
from schema.errors import MutationPayload
from schema.user import User


def named(provider: str) -> ModelProvider:
    """Return the provider of a stored name."""
    return ModelProvider(provider)


class AiKey(Row[models.ProviderKey], require=Permission.AI_MANAGE):
    """A key of a provider that the workspace set for itself. It stands before the server's own."""

    provider: ModelProvider = computed(named, models.ProviderKey.provider)
    """Whose key it is."""

    hint: str
    """Its last four characters; nothing else of it is ever shown."""

    updated_at: datetime
    """When it was set."""

    created_by: User | None = one(models.ProviderKey.created_by_id, models.User.id)
    """Who set it; null when that person is not in the workspace any more."""


@strawberry.input(description="A key of a provider.")
class AiKeySetInput:
    provider: ModelProvider = strawberry.field(
        description="Whose key it is. `OLLAMA` has none: its address is the server's to name."
    )
    key: str = strawberry.field(
        description="The key, 8 to 500 printable ASCII characters without spaces. It is kept encrypted."
    )


@strawberry.type(description="The answer to `aiKeySet`.")
class AiKeySetPayload(MutationPayload):
    ai_key: AiKey | None = strawberry.field(default=None, description="What is shown of the key.")


@strawberry.input(description="Which provider's key to forget.")
class AiKeyDeleteInput:
    provider: ModelProvider = strawberry.field(description="Whose key it is.")


@strawberry.type(description="The answer to `aiKeyDelete`.")
class AiKeyDeletePayload(MutationPayload):
    deleted_provider: ModelProvider | None = strawberry.field(default=None, description="Whose key was forgotten.")
