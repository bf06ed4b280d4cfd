"""Which form of an answer a client accepts (RFC 9110, section 12.5.1; GraphQL over HTTP, section 6)."""

from enum import Enum
from functools import lru_cache
from typing import Final


class Form(Enum):
    """A form of an answer, by its media type. `line` is what the header `content-type` says, and `is_stream` whether it
    can carry several answers.
    """

    JSON = "application/json"
    RESPONSE = "application/graphql-response+json"
    EVENTS = "text/event-stream"
    MULTIPART = "multipart/mixed"

    def __init__(self, kind: str) -> None:
        self.line = f"{kind}; charset=utf-8".encode()
        self.is_stream = not kind.startswith("application/")


_STREAMS: Final = (Form.EVENTS, Form.MULTIPART)
_LONGEST: Final = 1_000
_MOST: Final = 30
_REMEMBERED: Final = 500
# what a client means that accepts anything, or says nothing: old clients know JSON alone
_BEFORE: Final = (Form.JSON, Form.RESPONSE, Form.EVENTS, Form.MULTIPART)


def accepted(line: str | None) -> Form | None:
    """Return the form that a client likes best of those that it accepts; None when it accepts none of ours."""
    return Form.JSON if line is None else _liked(line[:_LONGEST])


def accepted_stream(line: str | None) -> Form | None:
    """Return the kind of stream that a client likes best; None when it names none."""
    return None if line is None else _best(line[:_LONGEST], _STREAMS)


@lru_cache(_REMEMBERED)
def _liked(line: str) -> Form | None:
    return _best(line, _BEFORE) if line.strip() else Form.JSON


def _best(line: str, forms: tuple[Form, ...]) -> Form | None:
    ranges = [_read(part) for part in line.split(",")[:_MOST]]
    best: tuple[float, int] | None = None
    chosen: Form | None = None
    for place, form in enumerate(forms):
        quality = _quality(form, ranges)
        rank = (quality, -_asked_at(form, ranges, place))
        if quality > 0 and (best is None or rank > best):
            best, chosen = rank, form
    return chosen


def _read(part: str) -> tuple[str, float]:
    name, *parameters = (piece.strip().lower() for piece in part.split(";"))
    quality = 1.0
    for each in parameters:
        key, _, value = each.partition("=")
        if key.strip() == "q":
            try:
                quality = min(1.0, max(0.0, float(value)))
            except ValueError:
                quality = 0.0
    return name, quality


def _quality(form: Form, ranges: list[tuple[str, float]]) -> float:
    """Return how much a form is liked: the most specific range that fits decides."""
    kind = form.value.split("/")[0]
    for wanted in (form.value, f"{kind}/*", "*/*"):
        found = [quality for name, quality in ranges if name == wanted]
        if found and (wanted != "*/*" or not form.is_stream):
            return max(found)
    return 0.0


def _asked_at(form: Form, ranges: list[tuple[str, float]], place: int) -> int:
    """Return where a form stands: what is named comes in the order of the line, and before what is only covered."""
    named = [index for index, (name, _) in enumerate(ranges) if name == form.value]
    return named[0] if named else _MOST + place
