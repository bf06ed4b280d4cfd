"""What a conversation came to, told by a model."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator

from ai.conversations import Speaker, Turn
from ai.engines.material import asked, conversation
from ai.engines.question import Question, instructed, stamp
from ai.engines.shapes import PLAIN, Line, Text, at_most
from ai.prompting import load
from ai.results import ActionItem, Language, Method, Status, Summary

_TURNS: Final = 200
_LEAST: Final = 100
_MOST: Final = 2_000


def _day(value: object) -> object:
    return None if value == "" else value


class ActionAnswer(BaseModel):
    """Something that one side has to do."""

    text: Line
    owner: Annotated[Speaker, PLAIN]
    due: Annotated[date | None, BeforeValidator(_day)]


class SummaryAnswer(BaseModel):
    """What a conversation came to."""

    text: Text
    key_points: Annotated[list[Line], at_most(8)]
    decisions: Annotated[list[Line], at_most(8)]
    open_questions: Annotated[list[Line], at_most(8)]
    action_items: Annotated[list[ActionAnswer], at_most(10)]
    status: Annotated[Status, PLAIN]


def ask(
    turns: Sequence[Turn],
    *,
    today: date,
    language: Language,
    longest: int = 500,
    canary: str,
    temperature: float = 0.2,
    max_tokens: int = 1_500,
) -> Question[SummaryAnswer]:
    """Ask what the last 200 masked turns came to, in a language, told in about `longest` characters (100 to 2,000).

    `today` is the day where the speakers are.
    """
    prompt = load("summary", language)
    request = prompt.render("request", today=today.isoformat(), weekday=str(today.isoweekday()))
    most = str(min(max(longest, _LEAST), _MOST))
    return Question(
        messages=(instructed(prompt, canary, longest=most), asked(conversation(turns, _TURNS), request)),
        temperature=temperature,
        max_tokens=max_tokens,
        kind=SummaryAnswer,
        prompt=stamp(prompt),
    )


def read(answer: SummaryAnswer, *, unmask: Callable[[str], str], provider: str) -> Summary:
    """Return what a provider's model told, unmasked, nothing twice."""
    items = [ActionItem(text=unmask(each.text), owner=each.owner, due=each.due) for each in answer.action_items]
    return Summary(
        provider=provider,
        method=Method.MODEL,
        text=unmask(answer.text),
        key_points=_once(answer.key_points, unmask),
        decisions=_once(answer.decisions, unmask),
        open_questions=_once(answer.open_questions, unmask),
        action_items=tuple(dict.fromkeys(items)),
        status=answer.status,
    )


def _once(lines: Sequence[str], unmask: Callable[[str], str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(unmask, lines)))
