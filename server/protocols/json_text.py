"""JSON as clients send it: read with a limit of depth, and refused with a sentence."""

from collections.abc import Iterable
from typing import Final, cast

import orjson

NESTING: Final = 64


class JsonRefused(ValueError):
    """The text is no JSON, or is too deep. Says which."""


def parsed(text: bytes) -> object:
    """Read JSON.

    Raises:
        JsonRefused: it is none (bad UTF-8 and lone surrogates included), or is more than 64 levels deep.
    """
    try:
        found: object = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        message = f"this is no JSON ({error})"
        raise JsonRefused(message) from None
    if text.count(b"[") + text.count(b"{") > NESTING and _is_deep(found):
        message = f"the JSON may be {NESTING} levels deep"
        raise JsonRefused(message)
    return found


def _is_deep(value: object) -> bool:
    """Go down level by level; orjson itself refuses what is more than a thousand deep."""
    level = [value]
    for _ in range(NESTING):
        level = [below for each in level for below in _parts(each) if isinstance(below, (dict, list))]
        if not level:
            return False
    return True


def _parts(value: object) -> Iterable[object]:
    return cast("dict[str, object]", value).values() if isinstance(value, dict) else cast("list[object]", value)
