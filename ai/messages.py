"""What is said to a model and what comes back, in words that no provider owns.

Text only. Tokens are counted by the provider, or estimated where it does not say; money is whole micro-USD.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, Final, Self

from ai.catalogue import Model

_CHARACTERS_PER_TOKEN: Final = 4
_TOKENS_PER_MESSAGE: Final = 4

JsonSchema = Mapping[str, Any]


class Role(StrEnum):
    """Who speaks."""

    SYSTEM = "system"
    USER = "user"
    ASSISTANT = "assistant"


class FinishReason(StrEnum):
    """Why a model stopped."""

    STOP = "stop"
    LENGTH = "length"
    FILTERED = "filtered"


class Means(StrEnum):
    """How a model is made to answer in a shape: natively, as the arguments of a tool, or by being asked to."""

    FORMAT = "format"
    TOOL = "tool"
    PROMPT = "prompt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One thing said."""

    role: Role
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """The JSON that an answer must be: a name (letters, digits, underscore), a JSON schema, and how it is asked for."""

    name: str
    json_schema: JsonSchema
    by: Means = Means.FORMAT


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One question to one model. `max_tokens` bounds the answer; `temperature` None leaves it to the model."""

    messages: tuple[Message, ...]
    model: Model
    temperature: float | None = 0.7
    max_tokens: int = 1_024
    stop: tuple[str, ...] = ()
    shape: Shape | None = None

    def to(self, model: Model) -> Self:
        """Return the same question to another model."""
        return replace(self, model=model)


@dataclass(frozen=True, slots=True, kw_only=True)
class Usage:
    """What an answer took. `is_estimated` when the provider did not count for us, as when a stream was cut."""

    input_tokens: int = 0
    output_tokens: int = 0
    micro_usd: int = 0
    is_estimated: bool = False

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            input_tokens=self.input_tokens + other.input_tokens,
            output_tokens=self.output_tokens + other.output_tokens,
            micro_usd=self.micro_usd + other.micro_usd,
            is_estimated=self.is_estimated or other.is_estimated,
        )


@dataclass(frozen=True, slots=True)
class Delta:
    """A piece of the answer's text; never empty."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class End:
    """The last word of a stream that was not cut."""

    finish: FinishReason
    usage: Usage


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """A whole answer."""

    text: str
    finish: FinishReason
    usage: Usage
    model: Model


def counted(model: Model, input_tokens: int, output_tokens: int) -> Usage:
    """Return the usage that a provider counted, priced. A count below nothing is nothing.

    Raises:
        Unpriced: the model has no price.
    """
    read, said = max(input_tokens, 0), max(output_tokens, 0)
    return Usage(input_tokens=read, output_tokens=said, micro_usd=model.cost(read, said))


def estimated(request: Request, characters: int) -> Usage:
    """Return the usage of a request of which so many characters of the answer came, without a count.

    Raises:
        Unpriced: the model has no price.
    """
    usage = counted(request.model, estimated_tokens(request.messages), -(-characters // _CHARACTERS_PER_TOKEN))
    return replace(usage, is_estimated=True)


def estimated_tokens(messages: tuple[Message, ...]) -> int:
    """Guess how many tokens messages are: four characters a token and four for each message. No tokenizer is loaded."""
    return sum(-(-len(each.text) // _CHARACTERS_PER_TOKEN) + _TOKENS_PER_MESSAGE for each in messages)
