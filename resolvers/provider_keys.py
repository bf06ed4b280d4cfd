"""A workspace's own keys of model providers."""

from graph import Root
from models import Permission
from resolvers.context import Context
from resolvers.fields import mutation, query
from schema.provider_key import AiKey, AiKeyDeleteInput, AiKeyDeletePayload, AiKeySetInput, AiKeySetPayload
from services import provider_keys
from services.transaction import Transaction


@query(Permission.AI_MANAGE)
async def ai_keys(context: Context) -> list[AiKey]:
    """The workspace's own keys of model providers: one a provider, seven at most."""
    return [AiKey.of(each) for each in await provider_keys.every(context.ground, context.actor)]


class ProviderKeyQueries(Root):
    """Queries about keys of providers."""

    ai_keys: list[AiKey] = ai_keys


@mutation(Permission.AI_MANAGE)
async def ai_key_set(tx: Transaction, input: AiKeySetInput) -> AiKeySetPayload:
    """Keep a key of a provider, in the place of the one before it. The answer never holds the key."""
    return AiKeySetPayload(ai_key=AiKey.of(await provider_keys.put(tx, input.provider, input.key)))


@mutation(Permission.AI_MANAGE)
async def ai_key_delete(tx: Transaction, input: AiKeyDeleteInput) -> AiKeyDeletePayload:
    """Forget the key of a provider. The server's own, if it has one, is used again."""
    return AiKeyDeletePayload(deleted_provider=await provider_keys.remove(tx, input.provider))


MUTATIONS = (ai_key_set, ai_key_delete)
