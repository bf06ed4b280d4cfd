"""Answers in a shape: a pydantic model is asked for by the best means a model has, and what comes is that or an error.

Never a silent default. What is almost JSON is repaired (quotes, fences, commas), what does not validate is asked for
once more with the reasons, and then it is an error which knows what was spent.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final, Generic, TypeVar, cast

import orjson
from pydantic import BaseModel, ValidationError

from ai.catalogue import Capability, Model
from ai.messages import Completion, Means, Message, Request, Role, Shape, Usage
from core.errors import Unavailable

_ASKS: Final = 2
_LARGEST: Final = 100_000
_REASONS: Final = 10
_NAME: Final = re.compile(r"[^a-zA-Z0-9_]")
_UNASKED: Final = frozenset({"default", "title"})
_ILLEGIBLE: Final = re.compile(
    r"(\\\\|\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2})"
    r"|\\u(?:00(?:0[0-8eEfF]|1[\da-fA-F]|7[fF])|[dD][89a-fA-F][\da-fA-F]{2})"
)
"""Control characters and halves of characters as JSON escapes them; no store takes them. The group is what stays."""

T = TypeVar("T", bound=BaseModel)


class Misshapen(Unavailable):
    """The model's answer has not the shape that is needed: try again."""

    def __init__(self, usage: Usage) -> None:
        """`usage` is what all asks took."""
        self.usage = usage
        super().__init__()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaped(Generic[T]):
    """An answer in its shape, what all asks took together, how many there were, and the model of the last."""

    value: T
    usage: Usage
    asks: int
    model: Model


@cache
def shape_of(kind: type[BaseModel]) -> Shape:
    """Return the shape of a pydantic model: every field required, nothing beyond it, as strict formats want it."""
    return Shape(name=_NAME.sub("_", kind.__name__), json_schema=_strict(kind.model_json_schema()))


def fitted(request: Request, model: Model) -> Request:
    """Return a request to this model: a shape is asked for natively, else as a tool's arguments, else in words."""
    shape = request.shape
    if shape is None:
        return request.to(model)
    if Capability.JSON in model.capabilities:
        return replace(request, model=model, shape=replace(shape, by=Means.FORMAT))
    if Capability.TOOLS in model.capabilities:
        return replace(request, model=model, shape=replace(shape, by=Means.TOOL))
    schema = orjson.dumps(dict(shape.json_schema)).decode()
    words = f"Answer with one JSON object and nothing else. It must be valid under this JSON schema:\n{schema}"
    rule = Message(role=Role.SYSTEM, text=words)
    return replace(request, model=model, messages=(*request.messages, rule), shape=replace(shape, by=Means.PROMPT))


async def ask_for(kind: type[T], request: Request, ask: Callable[[Request], Awaitable[Completion]]) -> Shaped[T]:
    """Ask for an answer of a kind; `ask` answers one request, by whichever model.

    Raises:
        Misshapen: the second answer was not of that kind either. And whatever `ask` raises.
    """
    shaped, usage = replace(request, shape=shape_of(kind)), Usage()
    for number in range(1, _ASKS + 1):
        completion = await ask(shaped)
        usage += completion.usage
        try:
            value = parsed(kind, completion.text)
        except ValidationError as error:
            shaped = replace(shaped, messages=(*shaped.messages, *_again(completion.text, error)))
        else:
            return Shaped(value=value, usage=usage, asks=number, model=completion.model)
    raise Misshapen(usage)


def parsed(kind: type[T], text: str) -> T:
    """Return what a text says, if need be after repair.

    Raises:
        ValidationError: it is nothing of that kind.
    """
    text = _ILLEGIBLE.sub(r"\1", text[:_LARGEST])
    try:
        return kind.model_validate_json(text)
    except ValidationError as error:
        repaired = _repaired(text)
        if not isinstance(repaired, dict):
            raise
        try:
            return kind.model_validate(repaired)
        except ValidationError:
            if error.errors()[0]["type"] == "json_invalid":
                raise
            raise error from None


def _repaired(text: str) -> Any:
    # its import is only worth it when something is broken
    from json_repair import repair_json

    library: Any = repair_json
    found: Any = library(text, return_objects=True, skip_json_loads=True)
    if not isinstance(found, list):
        return found
    # words around an object become parts of a list
    objects: list[Any] = [each for each in cast("list[Any]", found) if isinstance(each, dict)]
    return objects[0] if len(objects) == 1 else None


def _again(text: str, error: ValidationError) -> tuple[Message, Message]:
    """Return what was answered, and what is wrong with it."""
    faults = error.errors(include_url=False, include_input=False)[:_REASONS]
    reasons = "\n".join(f"- {'.'.join(map(str, each['loc'])) or 'answer'}: {each['msg']}" for each in faults)
    words = f"That is not valid:\n{reasons}\nAnswer again with the whole corrected JSON object and nothing else."
    return Message(role=Role.ASSISTANT, text=text[:_LARGEST] or "{}"), Message(role=Role.USER, text=words)


def _strict(schema: Any) -> Any:
    """Close every object of a schema, and drop what is no rule. Names of fields are not keywords."""
    if isinstance(schema, list):
        return [_strict(each) for each in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    strict: dict[str, Any] = {}
    for key, value in cast("dict[str, Any]", schema).items():
        if key in ("properties", "$defs"):
            strict[key] = {name: _strict(part) for name, part in value.items()}
        elif key not in _UNASKED:
            strict[key] = _strict(value)
    if "properties" in strict:
        strict |= {"additionalProperties": False, "required": list(strict["properties"])}
    return strict
