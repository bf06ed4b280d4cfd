"""Short replies to choose from, written by a model in the tones that are asked for."""

from collections.abc import Sequence
from typing import Annotated, Final

from pydantic import BaseModel

from ai.conversations import Turn
from ai.engines.citations import validated
from ai.engines.material import asked, conversation, passage_blocks
from ai.engines.question import Manner, Origin, Question, instructed, posed
from ai.engines.shapes import PLAIN, Text, at_most
from ai.passages import Passage
from ai.prompting import load
from ai.results import Language, Method, Reply, Tone

_TURNS: Final = 20
_MOST: Final = 5


class ReplyAnswer(BaseModel):
    """A reply."""

    text: Text
    tone: Annotated[Tone, PLAIN]


class RepliesAnswer(BaseModel):
    """Different replies, the best first."""

    replies: Annotated[list[ReplyAnswer], at_most(_MOST)]


def ask(
    turns: Sequence[Turn],
    manner: Manner,
    *,
    count: int = 3,
    tones: Sequence[Tone] = tuple(Tone),
    passages: Sequence[Passage] = (),
) -> Question[RepliesAnswer]:
    """Ask for `count` (1 to 5) replies to the last twenty masked turns, taking the tones in turn."""
    prompt = load("smart_replies", manner.language)
    number = min(max(count, 1), _MOST)
    wanted = list(dict.fromkeys(tones)) or list(Tone)
    named = ", ".join(wanted[place % len(wanted)].value for place in range(number))
    system = instructed(prompt, manner.canary, writes=True, count=str(number), tones=named, voice=manner.voice)
    blocks = asked(passage_blocks(passages), conversation(turns, _TURNS), prompt.render("request"))
    return posed(prompt, (system, blocks), manner, kind=RepliesAnswer, usual=(0.8, 900))


def read(
    answer: RepliesAnswer,
    origin: Origin,
    *,
    language: Language,
    count: int = 3,
    tones: Sequence[Tone] = tuple(Tone),
) -> tuple[Reply, ...]:
    """Return up to `count` different replies, unmasked and without markers; those in a wanted tone come first."""
    wanted = frozenset(tones) or frozenset(Tone)
    found = {text: each.tone for each in answer.replies if (text := validated(origin.unmask(each.text), ()).text)}
    ranked = sorted(found.items(), key=lambda each: each[1] not in wanted)
    return tuple(
        Reply(provider=origin.provider, method=Method.MODEL, text=text, tone=tone, language=language)
        for text, tone in ranked[: min(max(count, 1), _MOST)]
    )
