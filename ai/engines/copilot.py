"""What the team could answer next: the conversation in roles of a chat, with what is known around it as data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from ai.conversations import Turn
from ai.engines.citations import validated
from ai.engines.confidence import Evidence, confidence, grounds
from ai.engines.material import (
    ContactFacts,
    DealStage,
    Example,
    chat,
    contact_block,
    example_blocks,
    passage_blocks,
    recent,
)
from ai.engines.question import Manner, Origin, Question, instructed, posed
from ai.passages import Passage
from ai.prompting import load
from ai.results import CopilotReply, Method, Rule

_TURNS: Final = 20
_ANGLES: Final = 3
_WARMER: Final = 0.1
_HOTTEST: Final = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """What is known when a message is to be written, all of it masked: the turns, of which the last twenty are read,
    the deal's stage, whom it is for, passages (the first eight) and what was answered before (the first four).
    """

    turns: Sequence[Turn]
    stage: DealStage | None = None
    contact: ContactFacts | None = None
    passages: Sequence[Passage] = ()
    examples: Sequence[Example] = ()


def ask(situation: Situation, manner: Manner, *, variant: int = 0) -> Question[None]:
    """Ask for the team's next message.

    A `variant` from 1 on asks for another suggestion: shorter, with a question, or warmer, in turn, and a little more
    freely each.
    """
    prompt = load("copilot", manner.language)
    guidance = prompt.render(f"stage_{situation.stage or 'unknown'}")
    system = instructed(prompt, manner.canary, writes=True, voice=manner.voice, stage=guidance, extra=manner.extra)
    opening = "\n".join(
        each
        for each in (
            contact_block(situation.contact) if situation.contact is not None else "",
            passage_blocks(situation.passages),
            example_blocks(situation.examples),
        )
        if each
    )
    request = prompt.render("request")
    if variant > 0:
        request = f"{request}\n{prompt.render(f'variant_{(variant - 1) % _ANGLES + 1}')}"
    messages = (system, *chat(opening, recent(situation.turns, _TURNS), request))
    question: Question[None] = posed(prompt, messages, manner, kind=None, usual=(0.7, 500))
    freer = min(question.temperature + _WARMER * max(variant, 0), max(_HOTTEST, question.temperature))
    return replace(question, temperature=freer)


def read(
    answer: str,
    origin: Origin,
    *,
    passages: Sequence[Passage],
    evidence: Evidence,
    rules: Iterable[Rule] = (),
) -> CopilotReply:
    """Return the suggestion, unmasked and without markers, with what it cites of the unmasked `passages`.

    `rules` are those that shaped the question; that nothing is cited is told as one more.
    """
    cited = validated(origin.unmask(answer), passages)
    named = [*rules] if cited.citations else [*rules, Rule.NO_SOURCE]
    return CopilotReply(
        provider=origin.provider,
        method=Method.MODEL,
        text=cited.text,
        citations=cited.citations,
        confidence=confidence(_measured(evidence, is_cited=bool(cited.citations))),
        grounds=grounds(cited.sources, named),
    )


def _measured(evidence: Evidence, *, is_cited: bool) -> Evidence:
    """Return what was measured of a reply: where it cites nothing, no passage speaks for it."""
    return evidence if is_cited or evidence.retrieval is None else replace(evidence, retrieval=0.0)


def rules_of(situation: Situation, manner: Manner) -> tuple[Rule, ...]:
    """Return which rules shape a question that is asked with this."""
    applied = (
        (Rule.CONVERSATION, bool(situation.turns)),
        (Rule.CONTACT, situation.contact is not None),
        (Rule.DEAL_STAGE, situation.stage is not None),
        (Rule.VOICE, bool(manner.voice)),
        (Rule.EXAMPLES, bool(situation.examples)),
    )
    return tuple(rule for rule, is_applied in applied if is_applied)
