"""What a conversation came to, told by a model."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator

from ai.conversations import Speaker, Turn
from ai.engines.material import asked, conversation
from ai.engines.question import Manner, Origin, Question, instructed, posed
from ai.engines.shapes import PLAIN, Line, Text, at_most
from ai.prompting import load
from ai.results import ActionItem, Method, Status, Summary

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


def ask(turns: Sequence[Turn], manner: Manner, *, today: date, longest: int = 500) -> Question[SummaryAnswer]:
    """Ask what the last 200 masked turns came to, told in about `longest` characters (100 to 2,000).

    `today` is the day where the speakers are. The summary is in the language of the instructions.
    """
    prompt = load("summary", manner.language)
    request = prompt.render("request", today=today.isoformat(), weekday=str(today.isoweekday()))
    most = str(min(max(longest, _LEAST), _MOST))
    messages = (instructed(prompt, manner.canary, longest=most), asked(conversation(turns, _TURNS), request))
    return posed(prompt, messages, manner, kind=SummaryAnswer, usual=(0.2, 1_500))


def read(answer: SummaryAnswer, origin: Origin) -> Summary:
    """Return what a provider's model told, unmasked, nothing twice."""
    unmask = origin.unmask
    items = [ActionItem(text=unmask(each.text), owner=each.owner, due=each.due) for each in answer.action_items]
    return Summary(
        provider=origin.provider,
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
