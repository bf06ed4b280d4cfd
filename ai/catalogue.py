"""Which models there are, and what is known of each before it is asked. The data is `catalogue.toml` beside this.

A model without a price is shown, and refused for metered use; nothing is ever free because its price is unknown.
"""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field

from core.errors import Invalid

_DATA: Final = Path(__file__).with_name("catalogue.toml")
_MILLION: Final = 1_000_000
_LATEST: Final = "latest"
_LOCAL_MODELS: Final = 200


class UnknownModel(Invalid):
    """There is no such model in the catalogue."""


class Unpriced(Invalid):
    """This model has no known price, so nothing can be charged for it."""


class ModelProvider(StrEnum):
    """Who runs models, in the order of the catalogue."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    GOOGLE = "google"
    GROQ = "groq"
    MISTRAL = "mistral"
    COHERE = "cohere"
    TOGETHER = "together"
    OLLAMA = "ollama"


KEYED: Final = tuple(each for each in ModelProvider if each is not ModelProvider.OLLAMA)
"""The providers that are opened by a key alone. An Ollama has an address, which is the server's to name."""


class Capability(StrEnum):
    """What a model can do beyond text: answers bound to a JSON schema, tool calls, pictures."""

    JSON = "json"
    TOOLS = "tools"
    VISION = "vision"


class Region(StrEnum):
    """Where a provider keeps what it is told, by its own terms for the plain API."""

    US = "us"
    EU = "eu"
    CANADA = "ca"
    HERE = "here"
    """On a machine of whoever runs this product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model at a provider.

    Prices are micro-USD for a million tokens, None when unknown. `quality` is 0 to 100, our own estimate. The priors
    hold until something was measured: milliseconds to the first token, tokens a second.
    """

    provider: str
    name: str
    context: int
    price_in: int | None
    price_out: int | None
    quality: int
    first_token_ms: int
    tokens_per_second: int
    capabilities: frozenset[Capability]
    region: Region
    fixed_temperature: bool = False
    key: str = field(init=False)
    """The name in the whole catalogue: `groq/openai/gpt-oss-20b`."""

    def __post_init__(self) -> None:
        """Make the key, which is asked for often."""
        object.__setattr__(self, "key", f"{self.provider}/{self.name}")

    @property
    def is_priced(self) -> bool:
        """Whether use of it can be charged."""
        return self.price_in is not None and self.price_out is not None

    def cost(self, input_tokens: int, output_tokens: int) -> int:
        """Return the price of so many tokens in micro-USD, rounded up.

        Raises:
            Unpriced: the price is unknown.
        """
        if self.price_in is None or self.price_out is None:
            raise Unpriced
        return -(-(input_tokens * self.price_in + output_tokens * self.price_out) // _MILLION)


class Catalogue:
    """All models, in the providers' order; the first of a provider is its default."""

    def __init__(self, models: Iterable[Model], aliases: Mapping[str, str], any_model: Iterable[Model] = ()) -> None:
        """`aliases` lead from old keys and names to keys; `any_model` are patterns for providers that run any model."""
        self._models = {each.key: each for each in models}
        self._all = tuple(self._models.values())
        self._aliases = dict(aliases)
        self._any = {each.provider: each for each in any_model}

    @property
    def models(self) -> tuple[Model, ...]:
        """Every model."""
        return self._all

    @property
    def aliases(self) -> Mapping[str, str]:
        """Names that are understood, and the keys they lead to."""
        return self._aliases

    @property
    def providers(self) -> tuple[str, ...]:
        """The providers' names, in order."""
        return tuple(dict.fromkeys(each.provider for each in self._models.values()))

    def get(self, name: str) -> Model:
        """Return a model by its key, its name at the provider where only one has it, or an alias of either.

        A name of a local server's may lack `:latest`. One that did not say what it has may have any model.

        Raises:
            UnknownModel: it is none of these.
        """
        key = self._aliases.get(name, name)
        for each in (key, f"{key}:{_LATEST}"):
            if each in self._models:
                return self._models[each]
            named = [model for model in self._models.values() if model.name == each]
            if len(named) == 1:
                return named[0]
        unsaid = self._unsaid(key)
        if unsaid is None:
            raise UnknownModel
        return unsaid

    def _unsaid(self, key: str) -> Model | None:
        """Return a model of a provider that runs any and did not say which, as it is named with its tag."""
        provider, _, name = key.partition("/")
        if provider in self._any and name:
            return self._local(provider, name)
        untagged = key.partition(":")[0]
        found = [each for each in self._models.values() if each.name == untagged and each.provider in self._any]
        return replace(found[0], name=key) if found else None

    def _local(self, provider: str, name: str) -> Model:
        said = {each.name: each for each in self.of(provider)}
        return replace(said.get(name.partition(":")[0], self._any[provider]), name=name)

    def of(self, provider: str) -> tuple[Model, ...]:
        """Return a provider's models."""
        return tuple(each for each in self._models.values() if each.provider == provider)

    def with_local(self, provider: str, names: Iterable[str]) -> "Catalogue":
        """Return a catalogue where a provider of any model has exactly these, as it said itself; a bounded number.

        What the data says of a model by its name without a tag (`llama3.2:latest`) holds for it.
        """
        found = [self._local(provider, name) for name in list(names)[:_LOCAL_MODELS] if name]
        others = [each for each in self._models.values() if each.provider != provider]
        unsaid = [each for each in self._any.values() if each.provider != provider]
        return Catalogue([*others, *found], self._aliases, unsaid)


class _ModelEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str
    context: Annotated[int, Field(gt=0)]
    price_in: Annotated[int, Field(ge=0)] | None = None
    price_out: Annotated[int, Field(ge=0)] | None = None
    quality: Annotated[int, Field(ge=0, le=100)]
    first_token_ms: Annotated[int, Field(gt=0)]
    tokens_per_second: Annotated[int, Field(gt=0)]
    can: frozenset[Capability] = frozenset()
    fixed_temperature: bool = False
    aliases: tuple[str, ...] = ()
    stands_for_any: bool = False


class _ProviderEntry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    region: Region
    models: tuple[_ModelEntry, ...]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    providers: dict[str, _ProviderEntry]


@cache
def catalogue() -> Catalogue:
    """Return the catalogue that this release ships with."""
    data = _File.model_validate(tomllib.loads(_DATA.read_text(encoding="utf-8")))
    models: list[Model] = []
    aliases: dict[str, str] = {}
    patterns: list[Model] = []
    for provider, entry in data.providers.items():
        for each in entry.models:
            model = Model(
                provider=provider,
                region=entry.region,
                capabilities=each.can,
                **each.model_dump(exclude={"aliases", "can", "stands_for_any"}),
            )
            if each.stands_for_any:
                patterns.append(model)
                continue
            models.append(model)
            for alias in each.aliases:
                aliases[alias] = aliases[f"{provider}/{alias}"] = model.key
    return Catalogue(models, aliases, patterns)
