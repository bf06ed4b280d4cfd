"""Answers that were given before, for a while: of one workspace, to the same masked question, by the same model.

What is kept is masked as it was sent, and sealed. Without Redis nothing is kept, and nothing is missed.
"""

import asyncio
import hashlib
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

import orjson
import structlog
from redis.exceptions import RedisError

from ai.messages import Request
from core.ground import Ground
from core.security.vault import SealBroken

_PREFIX: Final = "ai:answer:"
_TIMEOUT: Final = 0.3
_LARGEST: Final = 100_000
_AWAY: Final = (RedisError, OSError, TimeoutError)

log = structlog.stdlib.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """An answer as the model gave it: its tokens of personal data are not put back."""

    text: str
    model: str


def key_of(workspace_id: UUID, request: Request, *, without: str = "") -> str:
    """Name what a request would be answered with. `without` is what is another word in each call and means nothing."""
    said = [(each.role.value, each.text.replace(without, "") if without else each.text) for each in request.messages]
    shape = None if request.shape is None else (request.shape.name, request.shape.json_schema)
    asked: list[Any] = [said, shape, request.model.key, request.temperature, request.max_tokens, request.stop]
    digest = hashlib.blake2b(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS), digest_size=20).hexdigest()
    return f"{_PREFIX}{workspace_id.hex}:{digest}"


async def find(ground: Ground, key: str) -> Kept | None:
    """Return what was answered, or None."""
    try:
        async with asyncio.timeout(_TIMEOUT):
            sealed: bytes | None = await ground.redis.get(key)
    except _AWAY as error:
        log.warning("answers are not kept", reason=type(error).__name__)
        return None
    if sealed is None:
        return None
    try:
        kept = orjson.loads(ground.vault.unseal(sealed))
    except SealBroken:
        return None
    return Kept(text=kept["text"], model=kept["model"]) if kept["key"] == key else None


async def keep(ground: Ground, key: str, kept: Kept) -> None:
    """Keep an answer for as long as the settings say."""
    seconds = ground.settings.ai.ai_cache_ttl
    if seconds == 0 or len(kept.text) > _LARGEST:
        return
    # the key is sealed with it, so that what is kept under one name opens under no other
    sealed = ground.vault.seal(orjson.dumps({"key": key, "text": kept.text, "model": kept.model}))
    try:
        async with asyncio.timeout(_TIMEOUT):
            await ground.redis.set(key, sealed, ex=seconds)
    except _AWAY as error:
        log.warning("an answer was not kept", reason=type(error).__name__)
