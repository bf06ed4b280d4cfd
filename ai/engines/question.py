"""What an engine asks: messages ready for any model, and the kind of the answer where it has a shape."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from pydantic import BaseModel

from ai.catalogue import Model
from ai.messages import Message, Request, Role
from ai.prompting import Prompt, load
from ai.results import Language

_COMMON: Final = "common"
_GAP: Final = re.compile(r"\n{3,}")

T = TypeVar("T", bound=BaseModel | None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How something is asked. `language` is that of the instructions, `canary` is `ai.safety.new_canary` of this call.

    `voice` and `extra` are the workspace's own words, on how it speaks and on what to heed beside: they are
    instructions, and hold nothing that a customer wrote. Without `temperature` and `max_tokens` those of the engine
    are taken.
    """

    language: Language
    canary: str
    voice: str = ""
    extra: str = ""
    temperature: float | None = None
    max_tokens: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Who answered: the provider's name, and how to put back what was masked for it."""

    provider: str
    unmask: Callable[[str], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[T]):
    """One question. `kind` is None where the answer is text; `prompt` names the words it is asked with, those of the
    engine and the version of the rules that all share: `copilot.pt@1+1`.
    """

    messages: tuple[Message, ...]
    temperature: float
    max_tokens: int
    kind: type[T] | None
    prompt: str

    def request(self, model: Model) -> Request:
        """Return it as a request to a model, without the shape, which `ai.structured.ask_for` adds."""
        return Request(messages=self.messages, model=model, temperature=self.temperature, max_tokens=self.max_tokens)


def posed(
    prompt: Prompt,
    messages: tuple[Message, ...],
    manner: Manner,
    *,
    kind: type[T] | None,
    usual: tuple[float, int],
) -> Question[T]:
    """Return a question; `usual` are the engine's temperature and bound of the answer in tokens."""
    temperature, max_tokens = usual
    return Question(
        messages=messages,
        temperature=temperature if manner.temperature is None else manner.temperature,
        max_tokens=manner.max_tokens or max_tokens,
        kind=kind,
        prompt=f"{prompt.stamp}+{load(_COMMON, prompt.language).version}",
    )


def instructed(prompt: Prompt, canary: str, *, writes: bool = False, **values: str) -> Message:
    """Return the system message of a prompt with the rules that all engines share.

    `writes` adds those for what a customer will read.
    """
    common = load(_COMMON, prompt.language)
    rules = [common.render("data")]
    if writes:
        rules.append(common.render("truth"))
    if canary:
        rules.append(common.render("secret", canary=canary))
    text = prompt.render("system", rules="\n".join(rules), **values)
    return Message(role=Role.SYSTEM, text=_GAP.sub("\n\n", text))
