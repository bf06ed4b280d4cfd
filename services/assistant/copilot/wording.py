"""A question to a model about a conversation, masked as a whole, and the way back of what it answers."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ai.conversations import Turn
from ai.engines import copilot
from ai.engines.citations import CitationStream
from ai.engines.copilot import Situation
from ai.engines.material import ContactFacts, Example
from ai.engines.question import Manner, Question
from ai.passages import Passage
from ai.privacy import Known, Masking, Unmasker
from ai.privacy.tokens import TOKEN
from ai.safety import Category, SafetyStream
from services.assistant.calls import Call
from services.assistant.copilot.asked import Asked
from services.assistant.copilot.background import Background

_HIDDEN: Final = "…"


@dataclass(frozen=True, slots=True, kw_only=True)
class Masked:
    """All that a model is told, as it may be told."""

    turns: tuple[Turn, ...]
    contact: ContactFacts | None
    passages: tuple[Passage, ...]
    examples: tuple[Example, ...]
    voice: str
    extra: str


def masked(call: Call, asked: Asked, known: Background) -> Masked:
    """Mask everything of one request at once, so that a name told in one place is masked in all."""
    facts = known.contact or ContactFacts()
    texts: list[str] = [each.text for each in asked.turns]
    texts += [facts.name, facts.company, facts.position, *facts.labels]
    texts += [part for each in known.passages for part in (each.title, each.text)]
    texts += _blanked([part for each in known.examples for part in (each.message, each.answer)], known.strangers)
    texts += [known.voice.instructions, call.extra]
    told = iter(call.mask(*texts))
    return Masked(
        turns=tuple(replace(each, text=next(told)) for each in asked.turns),
        contact=_facts(facts, told) if known.contact is not None else _skipped(told, facts),
        passages=tuple(replace(each, title=next(told), text=next(told)) for each in known.passages),
        examples=tuple(Example(message=next(told), answer=next(told)) for _ in known.examples),
        voice=next(told),
        extra=next(told),
    )


def _blanked(examples: Sequence[str], names: Sequence[str]) -> list[str]:
    """Return examples without what is personal: they are of other customers, so this call must not be able to put it
    back, whatever a model repeats.
    """
    return [TOKEN.sub(_HIDDEN, each) for each in Masking(Known(names=names)).mask_all(examples)]


def question(call: Call, asked: Asked, known: Background, told: Masked, *, variant: int = 0) -> Question[None]:
    """Ask for the team's next message; a `variant` from 1 on asks for another one."""
    situation = Situation(
        turns=told.turns, stage=asked.stage, contact=told.contact, passages=told.passages, examples=told.examples
    )
    return copilot.ask(situation, manner_of(call, known, told), variant=variant)


def manner_of(call: Call, known: Background, told: Masked) -> Manner:
    """Return how the copilot is asked: in a voice, with what the workspace adds."""
    spoken = call.manner(known.language, voice=told.voice, extra=told.extra)
    return replace(spoken, temperature=known.voice.temperature, max_tokens=known.voice.max_tokens)


class Reader:
    """Takes what a model streams; gives what may be shown: unmasked, without markers or spaces around all of it, and
    looked at for safety.

    `text` is what was given until now.
    """

    def __init__(self, call: Call, passages: Sequence[Passage]) -> None:
        self.text = ""
        self._spaces = ""
        self._unmasker = None if call.masking is None else Unmasker(call.masking)
        self._citations = CitationStream(passages)
        self._safety = SafetyStream(canary=call.canary, allowed_hosts=call.about.hosts)

    @property
    def blocked(self) -> tuple[Category, ...]:
        """Why nothing more is shown."""
        return self._safety.blocked

    def feed(self, chunk: str) -> str:
        """Take the next piece; return what is ready. Nothing is, once it is `blocked`."""
        plain = chunk if self._unmasker is None else self._unmasker.feed(chunk)
        return self._told(self._safety.feed(self._citations.feed(plain)))

    def flush(self) -> str:
        """Return what is left when the stream has ended."""
        rest = "" if self._unmasker is None else self._unmasker.flush()
        last = self._safety.feed(self._citations.feed(rest) + self._citations.flush())
        return self._told(last + self._safety.flush())

    def _told(self, text: str) -> str:
        """Take note of what is shown. Spaces wait for what stands behind them, as they may be the last."""
        waiting = self._spaces + text if self.text else text.lstrip()
        told = waiting.rstrip()
        self._spaces = waiting[len(told) :]
        self.text += told
        return told


def _facts(facts: ContactFacts, told: Iterator[str]) -> ContactFacts:
    name, company, position = next(told), next(told), next(told)
    return replace(facts, name=name, company=company, position=position, labels=tuple(next(told) for _ in facts.labels))


def _skipped(told: Iterator[str], facts: ContactFacts) -> None:
    _facts(facts, told)
