"""What happens while a suggestion is written. Every stream begins with `Started`, and ends with one of `ENDINGS`."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated, Final, Literal
from uuid import UUID

import orjson
from pydantic import Discriminator, TypeAdapter

from ai.passages import Passage
from ai.results import Language, Mood, Purpose


class Side(StrEnum):
    """Which side of a model the safety filter has stopped."""

    INPUT = "input"
    OUTPUT = "output"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """It begins. `model` is the one that is asked first; None where none is asked."""

    suggestion_id: UUID
    provider: str
    model: str | None
    strategy: str | None
    language: Language
    persona: str
    generated: bool
    kind: Literal["started"] = "started"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delta:
    """A piece of the text; `offset` code points came before it."""

    text: str
    offset: int
    kind: Literal["delta"] = "delta"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alternative:
    """Another way to say it, whole; `index` is from 1."""

    index: int
    text: str
    kind: Literal["alternative"] = "alternative"


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """What the customer wants, and how they sound. `flags` is what the safety filter saw in the message."""

    purpose: Purpose
    purpose_confidence: float
    mood: Mood
    mood_score: float
    language: Language
    flags: tuple[str, ...] = ()
    kind: Literal["analysis"] = "analysis"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Passages that the suggestion may rest on. `missing` are stores that could not be asked, and
    `sources`, while some cannot be searched yet.
    """

    passages: tuple[Passage, ...]
    grounded: bool
    missing: tuple[str, ...] = ()
    kind: Literal["sources"] = "sources"


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """The safety filter has stopped it: what came of the text is not to be used."""

    side: Side
    categories: tuple[str, ...]
    kind: Literal["blocked"] = "blocked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failover:
    """A model failed before its first word, and another is asked."""

    failed: str
    to: str
    reason: str
    kind: Literal["failover"] = "failover"


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What it took; money in micro-USD. `credits_left` is what the workspace can use now."""

    model: str | None
    input_tokens: int
    output_tokens: int
    micro_usd: int
    credits: int
    credits_left: int
    is_cached: bool
    is_estimated: bool
    kind: Literal["usage"] = "usage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cited:
    """A source that the text rests on, from `position` on backwards (code points)."""

    number: int
    position: int
    passage: Passage


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One thing that the text rests on: the title of a source, or the name of a rule."""

    source: bool
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Completed:
    """The text is whole, and can be sent as it is."""

    suggestion_id: UUID
    text: str
    provider: str
    model: str | None
    generated: bool
    confidence: float | None
    citations: tuple[Cited, ...] = ()
    reasons: tuple[Reason, ...] = ()
    kind: Literal["completed"] = "completed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """There is no text, or no more of it. `retryable` says whether to ask again helps, `field` which part
    of the request it is about.
    """

    code: str
    message: str
    retryable: bool
    field: tuple[str, ...] = ()
    kind: Literal["failed"] = "failed"


Event = Started | Delta | Alternative | Analysis | Sources | Blocked | Failover | Usage | Completed | Failed
ENDINGS: Final = (Completed, Failed, Blocked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """An event with its place in the stream, from 1."""

    seq: int
    event: Annotated[Event, Discriminator("kind")] = field()

    @property
    def is_last(self) -> bool:
        """Whether nothing comes behind it."""
        return isinstance(self.event, ENDINGS)


_MANY: Final = TypeAdapter(list[Numbered])


def written(events: list[Numbered]) -> bytes:
    """Write events as JSON."""
    return orjson.dumps(events)


def read(stored: bytes) -> list[Numbered]:
    """Read events as they were written."""
    return _MANY.validate_json(stored)


def merged(events: list[Numbered]) -> list[Numbered]:
    """Join pieces of text that follow each other: whoever is behind gets them as one, with the last one's place."""
    joined: list[Numbered] = []
    for each in events:
        before = joined[-1] if joined else None
        if before is not None and isinstance(before.event, Delta) and isinstance(each.event, Delta):
            piece = Delta(text=before.event.text + each.event.text, offset=before.event.offset)
            joined[-1] = Numbered(seq=each.seq, event=piece)
        else:
            joined.append(each)
    return joined
