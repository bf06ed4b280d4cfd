"""A provider's moderation of a message, beside the answer to it: of what is written for customers by a model.

It is asked where an OpenAI key counts that the workspace lets be used, with masked text alone: not at all where masking
is off. It begins together with the model and holds up no token: its verdict is looked at before each piece is shown,
and a piece that is ready before the verdict is shown. The whole answer waits for the verdict, which comes within a
second and a half of the question or not at all; when it stops the message, the answer ends as blocked, whatever of it
was shown. Without a verdict the rules of `ai.safety` stand, and they have looked at the message before.
"""

import asyncio
from typing import Final

import structlog

from ai.errors import ProviderFailed
from ai.provider import Credential
from ai.safety import Category, Verdict
from ai.safety.moderation import PROVIDER
from services.assistant.calls import Call

_NOTHING: Final[tuple[Category, ...]] = ()

log = structlog.stdlib.get_logger(__name__)


class Watch:
    """The verdict on one masked text, on its way. Stop it when nobody needs it any more."""

    def __init__(self, call: Call, text: str) -> None:
        credential = _credential(call) if text else None
        self._work = (
            None if credential is None else asyncio.create_task(_judged(call, text, credential), name="a moderation")
        )

    @property
    def blocked(self) -> tuple[Category, ...]:
        """Why the text is stopped, as far as is known now."""
        work = self._work
        return work.result() if work is not None and work.done() and not work.cancelled() else _NOTHING

    async def verdict(self) -> tuple[Category, ...]:
        """Wait until it is known, or is worth nothing any more."""
        return _NOTHING if self._work is None else await self._work

    def stop(self) -> None:
        """Wait for it no more."""
        if self._work is not None:
            self._work.cancel()


async def _judged(call: Call, text: str, credential: Credential) -> tuple[Category, ...]:
    try:
        found = await call.assistant.fleet.moderator.judge(text, credential)
    except ProviderFailed as failure:
        log.info("a message was not moderated", kind=failure.kind.value, workspace=str(call.actor.workspace_id))
        return _NOTHING
    return tuple(found.categories) if found is not None and found.verdict is Verdict.BLOCK else _NOTHING


def _credential(call: Call) -> Credential | None:
    if call.masking is None or PROVIDER not in call.providers:
        return None
    return call.assistant.fleet.credential(PROVIDER, call.terms.own)
