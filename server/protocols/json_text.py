"""JSON as clients send it: read with a limit of depth, and refused with a sentence."""

import json
import re
from collections.abc import Iterable
from typing import Final, Never, cast

import orjson

from core.text import NO_CHARACTER

NESTING: Final = 64
_HALF: Final = re.compile("[\ud800-\udfff]")
_ESCAPED: Final = re.compile(rb"\\u[dD][89a-fA-F]")
_DEEPER_THAN_ORJSON_READS: Final = "depth limit exceeded"


class JsonRefused(ValueError):
    """The text is no JSON, or is too deep. Says which."""


class JsonTooDeep(JsonRefused):
    """The text is JSON, and too deep."""


def parsed(text: bytes) -> object:
    """Read JSON. Half of a character, as a client writes that cuts an emoji in two, is read as U+FFFF, which is none:
    JSON allows it, no value does, and whoever takes the value says so of its field.

    Raises:
        JsonRefused: it is none (bad UTF-8 included).
        JsonTooDeep: it is more than 64 levels deep.
    """
    too_deep = f"the JSON may be {NESTING} levels deep"
    try:
        found: object = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        if error.msg.startswith(_DEEPER_THAN_ORJSON_READS):
            raise JsonTooDeep(too_deep) from None
        found = _with_halves(text, error)
    if text.count(b"[") + text.count(b"{") > NESTING and _is_deep(found):
        raise JsonTooDeep(too_deep)
    return found


def _with_halves(text: bytes, error: ValueError) -> object:
    message = f"this is no JSON ({error})"
    if not _ESCAPED.search(text):
        raise JsonRefused(message) from None
    try:
        return _whole(json.loads(text, parse_constant=_refuse))
    except (ValueError, RecursionError):
        raise JsonRefused(message) from None


def _refuse(constant: str) -> Never:
    raise ValueError(constant)


def _whole(value: object) -> object:
    """Put U+FFFF in the place of each half of a character."""
    if isinstance(value, str):
        return _HALF.sub(NO_CHARACTER, value)
    if isinstance(value, dict):
        return {_HALF.sub(NO_CHARACTER, name): _whole(each) for name, each in cast("dict[str, object]", value).items()}
    if isinstance(value, list):
        return [_whole(each) for each in cast("list[object]", value)]
    return value


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
