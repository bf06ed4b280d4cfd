"""JSON as clients send it: read with a limit of depth, and refused with a sentence."""

from typing import Final

import orjson

NESTING: Final = 64
_QUOTE, _ESCAPE = 0x22, 0x5C


class JsonRefused(ValueError):
    """The text is no JSON, or is too deep. Says which."""


def parsed(text: bytes) -> object:
    """Read JSON.

    Raises:
        JsonRefused: it is none (bad UTF-8 and lone surrogates included), or is more than 64 levels deep.
    """
    if text.count(b"[") + text.count(b"{") > NESTING and _is_deep(text):
        message = f"the JSON may be {NESTING} levels deep"
        raise JsonRefused(message)
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        message = f"this is no JSON ({error})"
        raise JsonRefused(message) from None


def _is_deep(text: bytes) -> bool:
    """Count the brackets outside of strings."""
    depth, is_text, is_escaped = 0, False, False
    for each in text:
        if is_text:
            is_text = is_escaped or each != _QUOTE
            is_escaped = not is_escaped and each == _ESCAPE
        elif each == _QUOTE:
            is_text = True
        elif each in b"[{":
            depth += 1
            if depth > NESTING:
                return True
        elif each in b"]}":
            depth -= 1
    return False
