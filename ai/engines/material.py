"""What an engine gives a model to read: turns, passages, a contact and examples, each in data blocks of its own.

Every turn has its own block, so that no text can end one and begin another in somebody else's name. All bounds are in
characters; of a conversation the newest turns are kept.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from ai.conversations import Speaker, Turn
from ai.messages import Message, Role
from ai.passages import Passage
from ai.safety import data_block

LONGEST: Final = 4_000
"""How much is read of one message or passage."""

_CONVERSATION: Final = 24_000
_PASSAGES: Final = 8
_EXAMPLES: Final = 4
_LABELS: Final = 10
_FACT: Final = 120


class DealStage(StrEnum):
    """Where a deal stands, in the six stages for which there is guidance."""

    LEAD = "lead"
    QUALIFICATION = "qualification"
    PROPOSAL = "proposal"
    NEGOTIATION = "negotiation"
    CLOSED_WON = "closed_won"
    CLOSED_LOST = "closed_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactFacts:
    """What is known of whom is written to, masked; `sentiment` is 0 to 1, `lead_score` 0 to 100."""

    name: str = ""
    company: str = ""
    position: str = ""
    sentiment: float | None = None
    lead_score: int | None = None
    labels: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What a customer wrote once, and the answer that the team sent; both masked."""

    message: str
    answer: str


def recent(turns: Sequence[Turn], most: int, characters: int = _CONVERSATION) -> tuple[Turn, ...]:
    """Return the newest turns that fit, at most so many, in their order; empty ones are left out."""
    kept: list[Turn] = []
    for turn in reversed(turns):
        text = turn.text.strip()[:LONGEST]
        if not text:
            continue
        characters -= len(text)
        if len(kept) == most or (kept and characters < 0):
            break
        kept.append(Turn(speaker=turn.speaker, text=text))
    return tuple(reversed(kept))


def turn_block(turn: Turn) -> str:
    """Return a turn as data, labelled with who speaks."""
    return data_block(turn.speaker.value, turn.text)


def conversation(turns: Sequence[Turn], most: int) -> str:
    """Return the newest turns as data, a block each."""
    return "\n".join(turn_block(each) for each in recent(turns, most))


def passage_blocks(passages: Sequence[Passage]) -> str:
    """Return passages as data; block `passage_1` is what `[1]` cites. At most eight."""
    return "\n".join(
        data_block(f"passage_{number}", f"{each.title[:_FACT]}\n{each.text[:LONGEST]}")
        for number, each in enumerate(passages[:_PASSAGES], 1)
    )


def readable(passages: Sequence[Passage]) -> Sequence[Passage]:
    """Return the passages that a model is given, which are those it can cite."""
    return passages[:_PASSAGES]


def contact_block(contact: ContactFacts) -> str:
    """Return what is known of a contact as data; nothing when nothing is."""
    facts = {
        "name": contact.name,
        "company": contact.company,
        "position": contact.position,
        "sentiment": "" if contact.sentiment is None else f"{contact.sentiment:.2f}",
        "lead_score": "" if contact.lead_score is None else str(contact.lead_score),
        "labels": ", ".join(_fact(each) for each in contact.labels[:_LABELS]),
    }
    lines = [f"{name}: {_fact(value) if name != 'labels' else value}" for name, value in facts.items() if value.strip()]
    return data_block("contact", "\n".join(lines)) if lines else ""


def example_blocks(examples: Sequence[Example]) -> str:
    """Return answers that the team sent before as data; at most four."""
    return "\n".join(
        f"{data_block(f'example_{number}_message', each.message[:LONGEST])}\n"
        f"{data_block(f'example_{number}_answer', each.answer[:LONGEST])}"
        for number, each in enumerate(examples[:_EXAMPLES], 1)
    )


def chat(opening: str, turns: Iterable[Turn], request: str) -> tuple[Message, ...]:
    """Return what was said in roles of a chat, customers' turns as data, between an opening and the request.

    What one role says in a row is one message, and the first is a user's, as some providers want it.
    """
    said = [(Role.USER, opening)] if opening else []
    for turn in turns:
        is_customer = turn.speaker is Speaker.CUSTOMER
        said.append((Role.USER, turn_block(turn)) if is_customer else (Role.ASSISTANT, turn.text))
    if said and said[0][0] is Role.ASSISTANT:
        # a conversation that the team began
        said[0] = (Role.USER, data_block(Speaker.TEAM.value, said[0][1]))
    runs: list[tuple[Role, list[str]]] = []
    for role, text in [*said, (Role.USER, request)]:
        if runs and runs[-1][0] is role:
            runs[-1][1].append(text)
        else:
            runs.append((role, [text]))
    return tuple(Message(role=role, text="\n".join(texts)) for role, texts in runs)


def asked(*parts: str) -> Message:
    """Return a user's message of data blocks and the request behind them; empty parts are left out."""
    return Message(role=Role.USER, text="\n\n".join(each for each in parts if each))


def _fact(value: str) -> str:
    return " ".join(value.split())[:_FACT]
