"""The voices that come with the product: how each writes on WhatsApp. The data is `personas.toml` beside this."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from ai.results import Language

_DATA: Final = Path(__file__).with_name("personas.toml")
_Title = Annotated[str, Field(min_length=3, max_length=60)]
_Instructions = Annotated[str, Field(min_length=200, max_length=2_000)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Voice:
    """A way to write, in each language. `temperature` is 0 to 1; `max_tokens` bounds what is written."""

    key: str
    titles: Mapping[Language, str]
    instructions: Mapping[Language, str]
    temperature: float
    max_tokens: int


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    temperature: Annotated[float, Field(ge=0, le=1)]
    max_tokens: Annotated[int, Field(ge=50, le=2_000)]
    titles: dict[Language, _Title]
    instructions: dict[Language, _Instructions]


def spoken(language: str) -> Language:
    """Return the language that a BCP 47 tag asks for: `es-MX` is Spanish. Portuguese for what is not worked in."""
    bare = language.partition("-")[0].lower()
    return Language(bare) if bare in set(Language) else Language.PORTUGUESE


@cache
def voices() -> Mapping[str, Voice]:
    """Return the voices by their keys, in order."""
    entries = TypeAdapter(dict[str, _Entry]).validate_python(tomllib.loads(_DATA.read_text(encoding="utf-8")))
    found = {
        key: Voice(
            key=key,
            titles=MappingProxyType(entry.titles),
            instructions=MappingProxyType({each: text.strip() for each, text in entry.instructions.items()}),
            temperature=entry.temperature,
            max_tokens=entry.max_tokens,
        )
        for key, entry in entries.items()
    }
    return MappingProxyType(found)
