"""OpenAI's moderation of a text, beside our own rules: it sees meanings where those see phrases, and costs nothing.

Only a masked text is given to it. What it flags is put into our categories; whether that stops anything is decided as
for the rules: a customer may swear, threaten or despair, and is answered.
https://platform.openai.com/docs/api-reference/moderations
"""

import asyncio
import time
from collections.abc import Mapping
from typing import Final

import httpx
import orjson
from pydantic import BaseModel, Field, ValidationError

from ai.errors import FailureKind, ProviderFailed, kind_of_status, wait_of
from ai.provider import Credential
from ai.safety.verdicts import OF_INPUT, Assessment, Category, Finding, Severity, assessed

PROVIDER: Final = "openai"
MODEL: Final = "omni-moderation-latest"
PATIENCE: Final = 1.5
"""Seconds that a verdict is worth."""

_ROOT: Final = "https://api.openai.com"
_OK: Final = 200
_LONGEST: Final = 100_000
_SURE: Final = 0.5
_KEYS_MOST: Final = 1_000
_REST: Final = 30.0
_LONG_REST: Final = 600.0
_LASTING: Final = frozenset((FailureKind.AUTH, FailureKind.MISSING, FailureKind.REFUSED, FailureKind.GARBLED))

# `violence` tells of it, and does not ask how it is done: that is `illicit/violent`
_MEANINGS: Final[Mapping[str, tuple[Category, Severity]]] = {
    "harassment": (Category.PROFANITY, Severity.MEDIUM),
    "harassment/threatening": (Category.THREAT, Severity.HIGH),
    "hate": (Category.HATE, Severity.MEDIUM),
    "hate/threatening": (Category.HATE, Severity.HIGH),
    "illicit": (Category.FRAUD, Severity.HIGH),
    "illicit/violent": (Category.WEAPONS, Severity.HIGH),
    "self-harm": (Category.SELF_HARM, Severity.MEDIUM),
    "self-harm/intent": (Category.SELF_HARM, Severity.HIGH),
    "self-harm/instructions": (Category.SELF_HARM, Severity.HIGH),
    "sexual": (Category.SEXUAL, Severity.MEDIUM),
    "sexual/minors": (Category.SEXUAL_MINORS, Severity.HIGH),
    "violence": (Category.VIOLENCE, Severity.MEDIUM),
    "violence/graphic": (Category.VIOLENCE, Severity.MEDIUM),
}


class _Result(BaseModel):
    categories: dict[str, bool | None]
    category_scores: dict[str, float | None] = Field(default_factory=dict[str, float | None])


class _Answer(BaseModel):
    results: list[_Result] = Field(min_length=1, max_length=1)


class Moderator:
    """Asks for verdicts in one process. A key that gets none is left alone: half a minute, or ten where that lasts."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._resting: dict[str, float] = {}

    async def judge(self, text: str, credential: Credential) -> Assessment | None:
        """Return what is said of a masked text that goes to a model; None while the key is left alone.

        Raises:
            ProviderFailed: there is no verdict, or not in time.
        """
        now = time.monotonic()
        if self._resting.get(credential.scope, 0.0) > now:
            return None
        try:
            found = await _asked(self._client, text, credential)
        except ProviderFailed as failure:
            if len(self._resting) >= _KEYS_MOST:
                self._resting.clear()
            rest = _LONG_REST if failure.kind in _LASTING else max(failure.retry_after or 0.0, _REST)
            self._resting[credential.scope] = now + rest
            raise
        return assessed(list(_findings(found, len(text)).values()), OF_INPUT)


async def _asked(client: httpx.AsyncClient, text: str, credential: Credential) -> _Result:
    root = (credential.address or _ROOT).rstrip("/").removesuffix("/v1")
    headers = {"content-type": "application/json"}
    if credential.secret is not None:
        headers["authorization"] = f"Bearer {credential.secret.get_secret_value()}"
    body = orjson.dumps({"model": MODEL, "input": text})
    try:
        async with (
            asyncio.timeout(PATIENCE),
            client.stream(
                "POST", f"{root}/v1/moderations", headers=headers, content=body, timeout=PATIENCE
            ) as response,
        ):
            if response.status_code != _OK:
                raise _failed(kind_of_status(response.status_code), wait_of(response.headers.get("retry-after")))
            return _Answer.model_validate_json(await _read(response)).results[0]
    except (TimeoutError, httpx.TimeoutException):
        raise _failed(FailureKind.TIMEOUT) from None
    except httpx.ConnectError:
        raise _failed(FailureKind.UNREACHABLE) from None
    except httpx.HTTPError:
        raise _failed(FailureKind.CUT) from None
    except ValidationError:
        raise _failed(FailureKind.GARBLED) from None


async def _read(response: httpx.Response) -> bytes:
    content = b""
    async for piece in response.aiter_bytes():
        content += piece
        if len(content) > _LONGEST:
            raise _failed(FailureKind.GARBLED)
    return content


def _findings(found: _Result, size: int) -> dict[str, Finding]:
    """Return what is flagged, as far as we have a word for it; what is hardly so is not as bad."""
    findings: dict[str, Finding] = {}
    for name, is_flagged in found.categories.items():
        if is_flagged and name in _MEANINGS:
            category, severity = _MEANINGS[name]
            is_sure = (found.category_scores.get(name) or 0.0) >= _SURE
            known = severity if is_sure else min(severity, Severity.MEDIUM)
            findings[name] = Finding(category=category, severity=known, start=0, end=size)
    return findings


def _failed(kind: FailureKind, retry_after: float | None = None) -> ProviderFailed:
    return ProviderFailed(kind, provider=PROVIDER, model=MODEL, retry_after=retry_after)
