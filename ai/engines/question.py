"""What an engine asks: messages ready for any model, and the kind of the answer where it has a shape."""

import re
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

from pydantic import BaseModel

from ai.catalogue import Model
from ai.messages import Message, Request, Role
from ai.prompting import Prompt, load

_COMMON: Final = "common"
_GAP: Final = re.compile(r"\n{3,}")

T = TypeVar("T", bound=BaseModel | None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(Generic[T]):
    """One question. `kind` is None where the answer is text; `prompt` names the words it was asked with."""

    messages: tuple[Message, ...]
    temperature: float
    max_tokens: int
    kind: type[T] | None
    prompt: str

    def request(self, model: Model) -> Request:
        """Return it as a request to a model, without the shape, which `ai.structured.ask_for` adds."""
        return Request(messages=self.messages, model=model, temperature=self.temperature, max_tokens=self.max_tokens)


def instructed(prompt: Prompt, canary: str, *, writes: bool = False, **values: str) -> Message:
    """Return the system message of a prompt with the rules that all engines share.

    `writes` adds those for what a customer will read. `canary` is `ai.safety.new_canary` of this call; empty has none.
    """
    common = load(_COMMON, prompt.language)
    rules = [common.render("data")]
    if writes:
        rules.append(common.render("truth"))
    if canary:
        rules.append(common.render("secret", canary=canary))
    text = prompt.render("system", rules="\n".join(rules), **values)
    return Message(role=Role.SYSTEM, text=_GAP.sub("\n\n", text))


def stamp(prompt: Prompt) -> str:
    """Return which words a question is asked with: those of the engine, and of the shared rules."""
    return f"{prompt.stamp}+{load(_COMMON, prompt.language).version}"
