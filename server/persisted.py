"""Stored documents: a client names a document by the SHA-256 of its text instead of sending it.

Automatic: a sound text that comes with its name is stored on the way, in Redis for all processes. Trusted: nothing runs
but what the operator's file holds.
"""

import asyncio
import hashlib
import json
import re
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, Self, cast

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from core.errors import RateLimited
from core.limits import Quota, Throttle
from server.engine import Parameters, RequestRefused

_PREFIX: Final = "document:"
_SCHEME: Final = "sha256:"
_HASH: Final = re.compile(r"[0-9a-f]{64}")
_LIFETIME: Final = 30 * 24 * 3600
_TIMEOUT: Final = 1.0
_NEW: Final = Quota(limit=500, seconds=3_600)
_CHARACTERS_EACH: Final = 4_000
_NEAR: Final = 2_000
_NEAR_CHARACTERS: Final = 8_000_000

log = structlog.stdlib.get_logger(__name__)


class ManifestUnusable(Exception):
    """The file of trusted documents cannot be used. Says why."""


class PersistedDocuments:
    """Finds the text of what a client names. With `trusted`, texts by their hash, only those may run."""

    def __init__(self, redis: Redis, throttle: Throttle, trusted: Mapping[str, str] | None = None) -> None:
        self._redis = redis
        self._throttle = throttle
        self._trusted = trusted
        self._near: OrderedDict[str, str] = OrderedDict()
        self._characters = 0

    @classmethod
    def of(cls, redis: Redis, throttle: Throttle, manifest: Path | None) -> Self:
        """Make the store of one process; `manifest` is a JSON object of texts by `sha256:<hash>`.

        Raises:
            ManifestUnusable: it cannot be read, or a hash is not that of its text.
        """
        return cls(redis, throttle, None if manifest is None else _read(manifest))

    def concern(self, parameters: Parameters) -> bool:
        """Tell whether stored documents have anything to do with a request."""
        return self._trusted is not None or parameters.document_id is not None or bool(parameters.extensions)

    async def resolve(self, parameters: Parameters) -> Parameters:
        """Return the parameters with the text that they name.

        Raises:
            RequestRefused: the name is none, is not that of the text, or is unknown; or the text is not trusted.
        """
        name = _name(parameters)
        if self._trusted is not None:
            return self._resolve_trusted(parameters, name)
        if name is None:
            return parameters
        if parameters.query is not None:
            _require_match(name, parameters.query)
            return parameters
        text = self._near.get(name) or await self._fetch(name)
        if text is None:
            message = "PersistedQueryNotFound"
            raise RequestRefused.because(message, code="PERSISTED_QUERY_NOT_FOUND", status=404)
        self._keep_near(name, text)
        return parameters.asking(text)

    async def keep(self, parameters: Parameters, sender: str) -> None:
        """Store a text that came with its name. Call it when the text has proved to be a sound document.

        What a sender may put into Redis is limited; beyond it, a text is known to this process for a while.
        """
        if self._trusted is not None or parameters.query is None:
            return
        name = _name(parameters)
        if name is not None and name not in self._near:
            self._keep_near(name, parameters.query)
            with suppress(RateLimited):
                await self._throttle.spend(f"documents:{sender}", _NEW, 1 + len(parameters.query) // _CHARACTERS_EACH)
                await self._store(name, parameters.query)

    def _resolve_trusted(self, parameters: Parameters, name: str | None) -> Parameters:
        key = name or (None if parameters.query is None else _hash(parameters.query))
        text = None if key is None else (self._trusted or {}).get(key)
        if text is None or (parameters.query is not None and parameters.query != text):
            message = "Only documents that the operator of this server trusts may run here."
            raise RequestRefused.because(message, code="DOCUMENT_NOT_TRUSTED", status=403)
        return parameters.asking(text)

    async def _fetch(self, name: str) -> str | None:
        try:
            async with asyncio.timeout(_TIMEOUT):
                found = cast("bytes | None", await self._redis.get(_PREFIX + name))
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("stored documents cannot be read", reason=type(error).__name__)
            return None
        return None if found is None else found.decode()

    async def _store(self, name: str, text: str) -> None:
        try:
            async with asyncio.timeout(_TIMEOUT):
                await self._redis.set(_PREFIX + name, text, ex=_LIFETIME)
        except (RedisError, OSError, TimeoutError) as error:
            log.warning("a document is stored in this process alone", reason=type(error).__name__)

    def _keep_near(self, name: str, text: str) -> None:
        if name not in self._near:
            self._characters += len(text)
        self._near[name] = text
        self._near.move_to_end(name)
        while len(self._near) > _NEAR or self._characters > _NEAR_CHARACTERS:
            _, gone = self._near.popitem(last=False)
            self._characters -= len(gone)


def _name(parameters: Parameters) -> str | None:
    """Return the hash that a request names: `documentId`, or what Apollo calls a persisted query."""
    given = parameters.document_id
    name: Any
    if given is not None:
        name = given.removeprefix(_SCHEME) if given.startswith(_SCHEME) else ""
    else:
        apollo: Any = parameters.extensions.get("persistedQuery")
        if apollo is None:
            return None
        name = cast("dict[str, Any]", apollo).get("sha256Hash") if isinstance(apollo, dict) else ""
    if not isinstance(name, str) or not _HASH.fullmatch(name):
        message = 'Name a document as "sha256:" and the 64 hexadecimal digits of its SHA-256, in lower case.'
        raise RequestRefused.because(message)
    return name


def _require_match(name: str, text: str) -> None:
    if _hash(text) != name:
        raise RequestRefused.because("The hash is not that of the document's text.")


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _read(manifest: Path) -> dict[str, str]:
    try:
        given: object = json.loads(manifest.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        message = f"TRUSTED_DOCUMENTS: {manifest} cannot be read ({error})"
        raise ManifestUnusable(message) from error
    texts: dict[str, str] = {}
    for key, text in cast("dict[str, Any]", given if isinstance(given, dict) else {}).items():
        if not isinstance(text, str) or key != _SCHEME + _hash(text):
            message = f"TRUSTED_DOCUMENTS: {key[:80]} is not the hash of its text in {manifest}"
            raise ManifestUnusable(message)
        texts[key.removeprefix(_SCHEME)] = text
    if not texts:
        message = f'TRUSTED_DOCUMENTS: {manifest} is no JSON object of texts by "sha256:<hash>"'
        raise ManifestUnusable(message)
    return texts
