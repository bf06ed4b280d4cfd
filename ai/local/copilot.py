"""What the team could answer, without a key: sentences of the knowledge base word for word, or a template. Quotes in
another language than the customer's are told to be that.

A greeting is added where one is due, with the name that is known. The same conversation always gives the same reply.
"""

import asyncio
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from ai.conversations import Speaker, Turn
from ai.local import phrases
from ai.local.framing import framed
from ai.local.quotes import best_quotes, joined
from ai.local.replies import Addressed, suggest_replies
from ai.passages import Passage
from ai.privacy.reading import read
from ai.results import LOCAL, Intent, Language, Method, Purpose, Result, Tone

_ASKED: Final = 5
_NAME: Final = 60
_PIECE: Final = re.compile(r"\s*\S+|\s+")
# to thanks, complaints and greetings nobody wants a sentence of the price list
_SOCIAL: Final = frozenset((Purpose.GREETING, Purpose.GOODBYE, Purpose.COMPLAINT))
_SURE: Final = 0.5
_HELLO: Final = {
    Language.PORTUGUESE: ("Olá, {name}!", "Olá!"),
    Language.ENGLISH: ("Hello, {name}!", "Hello!"),
    Language.SPANISH: ("¡Hola, {name}!", "¡Hola!"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalReply(Result):
    """What could be answered. The text cites as a model would, `[1]` for the first passage; `cited` are the numbers."""

    text: str
    cited: tuple[int, ...]


async def compose(
    turns: Sequence[Turn],
    *,
    passages: Sequence[Passage],
    intent: Intent,
    language: Language,
    to: Addressed,
) -> LocalReply:
    """Return what could be answered to what the customer wrote last.

    `passages` are those of a search that says that they are about it: of another one give none; then nothing is
    affirmed, and the team is going to look. `intent` is that of the last message, and `language` that of the customer.
    """
    asked = _asked(turns)
    if passages and is_wish(intent):
        quotes = await asyncio.to_thread(best_quotes, "\n".join(asked), passages)
        if quotes:
            hello = _hello(turns, asked, language, to)
            said = framed(joined(quotes), language)
            text = f"{hello} {said}" if hello else said
            cited = tuple(dict.fromkeys(each.number for each in quotes))
            return LocalReply(provider=LOCAL, method=Method.EXTRACTIVE, text=text, cited=cited)
    (reply,) = suggest_replies(intent.purpose, language, to=to, tones=(Tone.NEUTRAL,), count=1)
    return LocalReply(provider=LOCAL, method=Method.TEMPLATE, text=reply.text, cited=())


def pieces(text: str) -> Iterator[str]:
    """Yield a text word by word, as a stream would bring it; joined they are the text."""
    return (match[0] for match in _PIECE.finditer(text))


def is_wish(intent: Intent) -> bool:
    """Say whether a message wants to know something, and does not only greet, thank or complain."""
    is_social = intent.purpose in _SOCIAL and intent.confidence >= _SURE
    return not is_social or any(each not in _SOCIAL for each in intent.also)


def _asked(turns: Sequence[Turn]) -> list[str]:
    """Return what the customer wrote since the team spoke last, or last of all."""
    asked: list[str] = []
    for turn in reversed(turns):
        if turn.speaker is Speaker.TEAM and asked:
            break
        if turn.speaker is Speaker.CUSTOMER:
            asked.append(turn.text)
    return asked[:_ASKED][::-1]


def _hello(turns: Sequence[Turn], asked: Sequence[str], language: Language, to: Addressed) -> str:
    """Return a greeting where the customer greets, or nobody of the team has spoken yet."""
    is_first = all(each.speaker is Speaker.CUSTOMER for each in turns)
    if not is_first and not any(phrases.GREETING.search(read(each).low.strip()) for each in asked):
        return ""
    named, plain = _HELLO[language]
    name = " ".join(to.name.split())[:_NAME]
    return named.replace("{name}", name) if name else plain
