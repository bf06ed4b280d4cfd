"""A workspace's own keys of model providers, which stand before the server's.

A key is sealed together with its workspace and its provider, so that a row which was copied elsewhere does not open. It
leaves the vault only for the pipeline; people see its last four characters.
"""

import re
from collections.abc import Iterable, Sequence
from typing import Final
from uuid import UUID

import orjson
import structlog
from pydantic import SecretStr
from sqlalchemy import func, select

from ai.catalogue import KEYED, ModelProvider
from ai.provider import Credential
from core.errors import Conflict, Invalid, NotFound
from core.ground import Ground
from core.ids import uuid7
from core.security.vault import SealBroken, Vault
from models import EventType, Permission, ProviderKey
from services.access import Actor
from services.transaction import Transaction

_KEY: Final = re.compile(r"[!-~]{8,500}")
_HINT: Final = 4

log = structlog.stdlib.get_logger(__name__)


class KeyInvalid(Invalid):
    """Write the key as its provider shows it: 8 to 500 printable ASCII characters without spaces."""

    code = "KEY_INVALID"


class ProviderKeyless(Conflict):
    """This provider is opened by an address, which only the server names: OLLAMA_BASE_URL."""

    code = "PROVIDER_KEYLESS"


class ProviderKeyUnknown(NotFound):
    """This workspace has no key of this provider."""


async def put(tx: Transaction, provider: ModelProvider, key: str) -> ProviderKey:
    """Keep a key of a provider, in the place of the one before it.

    Raises:
        ProviderKeyless: the provider is opened by an address.
        KeyInvalid: it is no key.
    """
    tx.require(Permission.AI_MANAGE)
    if provider not in KEYED:
        raise ProviderKeyless(field=("provider",))
    bare = key.strip()
    if not _KEY.fullmatch(bare):
        raise KeyInvalid(field=("key",))
    await _lock(tx)
    row = await _find(tx, provider)
    if row is None:
        row = ProviderKey(id=uuid7(), workspace_id=tx.workspace_id, provider=provider.value)
        tx.session.add(row)
    row.secret = tx.ground.vault.seal(_bound(tx.workspace_id, provider, bare))
    row.hint, row.created_by_id = bare[-_HINT:], tx.actor.user_id
    tx.audit("ai_key.set", row)
    await tx.session.flush()
    tx.publish(EventType.SETTINGS_UPDATED, tx.workspace_id, changed=["ai_keys"])
    return row


async def remove(tx: Transaction, provider: ModelProvider) -> ModelProvider:
    """Forget the key of a provider.

    Raises:
        ProviderKeyUnknown: there is none.
    """
    tx.require(Permission.AI_MANAGE)
    await _lock(tx)
    row = await _find(tx, provider)
    if row is None:
        raise ProviderKeyUnknown(field=("provider",))
    tx.audit("ai_key.delete", row, changes={"provider": {"before": row.provider, "after": None}})
    await tx.session.delete(row)
    tx.publish(EventType.SETTINGS_UPDATED, tx.workspace_id, changed=["ai_keys"])
    return provider


async def every(ground: Ground, actor: Actor) -> Sequence[ProviderKey]:
    """Return the keys of the actor's workspace, without their secrets: one a provider, in the catalogue's order."""
    actor.require(Permission.AI_MANAGE)
    own = select(ProviderKey).where(ProviderKey.workspace_id == actor.workspace_id, ProviderKey.provider.in_(KEYED))
    async with ground.database.read(actor.workspace_id) as session:
        found = {each.provider: each for each in await session.scalars(own)}
    return [found[each] for each in KEYED if each in found]


def unsealed(sealed_keys: Iterable[tuple[str, bytes]], vault: Vault, workspace_id: UUID) -> dict[str, Credential]:
    """Open keys of a workspace, given by provider as they are kept. One that does not open is logged, and left out."""
    found: dict[str, Credential] = {}
    for provider, sealed in sealed_keys:
        if provider not in KEYED:
            continue
        try:
            found[provider] = Credential(secret=_opened(vault, sealed, workspace_id, provider))
        except SealBroken:
            log.error("a provider's key does not open", workspace_id=str(workspace_id), provider=provider)  # noqa: TRY400  (a traceback adds nothing)
    return found


def _opened(vault: Vault, sealed: bytes, workspace_id: UUID, provider: str) -> SecretStr:
    """Return the key that was sealed for a workspace and a provider; raise `SealBroken` for any other."""
    try:
        kept = orjson.loads(vault.unseal(sealed))
    except orjson.JSONDecodeError as error:
        raise SealBroken from error
    match kept:
        case [str(holder), str(opens), str(key)] if holder == str(workspace_id) and opens == provider:
            return SecretStr(key)
        case _:
            raise SealBroken


def _bound(workspace_id: UUID, provider: ModelProvider, key: str) -> bytes:
    return orjson.dumps([str(workspace_id), provider.value, key])


async def _lock(tx: Transaction) -> None:
    """Let the keys of the workspace be changed by one at a time."""
    name = f"provider keys {tx.workspace_id}"
    await tx.session.execute(select(func.pg_advisory_xact_lock(func.hashtextextended(name, 0))))


async def _find(tx: Transaction, provider: ModelProvider) -> ProviderKey | None:
    here = (ProviderKey.workspace_id == tx.workspace_id, ProviderKey.provider == provider.value)
    return await tx.session.scalar(select(ProviderKey).where(*here).with_for_update())
