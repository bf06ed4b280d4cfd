"""Whatever a provider says is understood, or is a failure of that provider; never a bug of ours."""

from contextlib import suppress
from typing import Any, Protocol

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai.catalogue import catalogue
from ai.drivers import anthropic, cohere, google, openai_shaped
from ai.errors import ProviderFailed
from ai.messages import Message, Request, Role
from ai.provider import Patience
from ai.upstream import Upstream

WORDS = st.sampled_from(
    [
        "choices", "delta", "content", "tool_calls", "function", "arguments", "finish_reason", "usage", "prompt_tokens",
        "completion_tokens", "x_groq", "error", "code", "type", "text", "message", "message-end", "content-delta",
        "tool-call-delta", "billed_units", "tokens", "input_tokens", "candidates", "finishReason", "promptFeedback",
        "blockReason", "stop", "ERROR", "429", "",
    ]
)  # fmt: skip
PLAIN = st.none() | st.booleans() | st.integers(-(2**40), 2**40) | st.floats(allow_nan=False) | WORDS
EVENTS = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=12
)
REQUEST = Request(messages=(Message(role=Role.USER, text="?"),), model=catalogue().models[0])


class Understands(Protocol):
    def take(self, payload: bytes) -> str: ...


async def replies() -> list[Understands]:
    nobody: Any = None
    upstream = Upstream(nobody, "openai", REQUEST, Patience())
    return [openai_shaped._Reply(REQUEST, upstream), cohere._Reply(REQUEST, upstream)]


@settings(deadline=None)
@given(event=EVENTS)
async def test_any_json_is_text_or_a_failure(event: Any) -> None:
    for reply in await replies():
        with suppress(ProviderFailed):
            assert isinstance(reply.take(orjson.dumps(event)), str)


@settings(deadline=None)
@given(event=EVENTS)
@pytest.mark.parametrize("sign", [anthropic.ANTHROPIC.sign, google.GOOGLE.sign], ids=["anthropic", "google"])
def test_any_json_has_a_sign_or_is_garbled(sign: Any, event: Any) -> None:
    with suppress(ValueError, LookupError, TypeError, AttributeError):
        sign(event)
