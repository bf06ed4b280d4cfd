"""What the team could answer next: the conversation in roles of a chat, with what is known around it as data."""

from collections.abc import Callable, Iterable, Sequence
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
from ai.engines.question import Question, instructed, stamp
from ai.passages import Passage
from ai.prompting import load
from ai.results import CopilotReply, Language, Method, Rule

_TURNS: Final = 20
_ANGLES: Final = 3
_WARMER: Final = 0.1
_HOTTEST: Final = 1.0


def ask(
    turns: Sequence[Turn],
    *,
    voice: str,
    stage: DealStage | None,
    contact: ContactFacts | None,
    passages: Sequence[Passage],
    examples: Sequence[Example],
    language: Language,
    canary: str,
    extra: str = "",
    temperature: float = 0.7,
    max_tokens: int = 500,
    variant: int = 0,
) -> Question[None]:
    """Ask for the team's next message after the last twenty masked turns.

    `voice` and `extra` are the workspace's own words, and hold nothing that a customer wrote. A `variant` from 1 on
    asks for another suggestion: shorter, with a question, or warmer, in turn, and a little more freely each.
    """
    prompt = load("copilot", language)
    guidance = prompt.render(f"stage_{stage}") if stage is not None else prompt.render("stage_unknown")
    system = instructed(prompt, canary, writes=True, voice=voice, stage=guidance, extra=extra)
    opening = "\n".join(
        each
        for each in (
            contact_block(contact) if contact is not None else "",
            passage_blocks(passages),
            example_blocks(examples),
        )
        if each
    )
    request = prompt.render("request")
    if variant > 0:
        request = f"{request}\n{prompt.render(f'variant_{(variant - 1) % _ANGLES + 1}')}"
    return Question(
        messages=(system, *chat(opening, recent(turns, _TURNS), request)),
        temperature=min(temperature + _WARMER * max(variant, 0), max(_HOTTEST, temperature)),
        max_tokens=max_tokens,
        kind=None,
        prompt=stamp(prompt),
    )


def read(
    answer: str,
    *,
    passages: Sequence[Passage],
    evidence: Evidence,
    rules: Iterable[Rule] = (),
    unmask: Callable[[str], str],
    provider: str,
) -> CopilotReply:
    """Return the suggestion, unmasked and without markers, with what it cites of the unmasked `passages`.

    `rules` are those that shaped the question; that nothing is cited is told as one more.
    """
    cited = validated(unmask(answer), passages)
    named = [*rules] if cited.citations else [*rules, Rule.NO_SOURCE]
    return CopilotReply(
        provider=provider,
        method=Method.MODEL,
        text=cited.text,
        citations=cited.citations,
        confidence=confidence(evidence),
        grounds=grounds(cited.sources, named),
    )


def rules_of(
    turns: Sequence[Turn],
    *,
    voice: str,
    stage: DealStage | None,
    contact: ContactFacts | None,
    examples: Sequence[Example],
) -> tuple[Rule, ...]:
    """Return which rules shape a question that is asked with this."""
    applied = (
        (Rule.CONVERSATION, bool(turns)),
        (Rule.CONTACT, contact is not None),
        (Rule.DEAL_STAGE, stage is not None),
        (Rule.VOICE, bool(voice)),
        (Rule.EXAMPLES, bool(examples)),
    )
    return tuple(rule for rule, is_applied in applied if is_applied)
