"""Google's format for Gemini (`streamGenerateContent`), translated by litellm."""

from typing import Any, Final

from ai.client import Sign, Wire
from ai.errors import FailureKind, kind_of_status


def _sign(event: Any) -> Sign | FailureKind:
    if "error" in event:
        return kind_of_status(int(event["error"]["code"]))
    if "promptFeedback" in event and event["promptFeedback"].get("blockReason"):
        return FailureKind.REFUSED
    is_last = any(each.get("finishReason") for each in event.get("candidates", ()))
    return Sign.WHOLE if is_last else Sign.MOVES


GOOGLE: Final = Wire(
    name="google",
    prefix="gemini",
    root="https://generativelanguage.googleapis.com",
    path="/v1beta",
    sign=_sign,
)
