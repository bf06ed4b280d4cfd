"""The filter behind a model that streams: an answer is shown by whole words, each looked at with what stands before it.

What it stops is never shown to its end. A look takes a while, so it is spent only where a rule can end, or a link may
be; every other word passes at once.
"""

import re
from collections.abc import Collection, Iterator, Sequence
from itertools import pairwise
from typing import Final

from ai.privacy.reading import WORD, read
from ai.safety.disguise import bared
from ai.safety.filtering import FILTER, check_output
from ai.safety.rules import single
from ai.safety.verdicts import OF_OUTPUT, Category, Finding, Verdict, is_stopped

_WINDOW: Final = 400
"""Characters before the new ones that are looked at with them."""
_LONGEST: Final = 200
"""Characters that are waited for until a word ends."""
_TOLD: Final = 3
"""Letters of the canary from which on an answer waits."""
_BEFORE: Final = 40
"""Characters in which the word before is looked for."""
_ENDINGS: Final = FILTER.endings(OF_OUTPUT)
_LAST_WORDS: Final = frozenset(each.split()[-1] for each in _ENDINGS)
_BEGINNINGS: Final = frozenset(word[:size] for word in _LAST_WORDS for size in range(1, len(word) + 1))
# a link has a dot before a letter, or a colon before what is neither a digit nor a space
_LIKE_A_LINK: Final = re.compile(r"\.[^\W\d_]|:[^\s\d]")
# letters that stand alone may spell a word together
_SPELT: Final = re.compile(r"(?<![^\s])(?:[^\W_]\s)+\Z")


class SafetyStream:
    """Passes an answer on as it comes. Once it is `blocked`, which tells why, nothing more is passed on."""

    __slots__ = ("_canary", "_doubt", "_hosts", "_is_cut", "_letters", "_read", "_shown", "_text", "blocked")

    def __init__(self, *, canary: str = "", allowed_hosts: Collection[str] = ()) -> None:
        self.blocked: tuple[Category, ...] = ()
        self._canary = canary.lower()
        self._hosts = allowed_hosts
        self._text = ""
        self._shown = 0
        self._read: int = 0
        self._doubt: int | None = None
        self._is_cut: bool = False
        self._letters = ""

    def feed(self, piece: str) -> str:
        """Take the next piece; return what is ready, which may be nothing."""
        if self.blocked or not piece:
            return ""
        self._text += piece
        is_spelling = self._spells(piece)
        self._read_on()
        return "" if self.blocked or is_spelling else self._pass(self._ready())

    def flush(self) -> str:
        """Return what is left when the stream has ended."""
        if not self.blocked:
            self._stop(self._findings(len(self._text)))
        return "" if self.blocked else self._pass(len(self._text))

    def _read_on(self) -> None:
        """Look at the words that are whole now, where a rule may end in one of them."""
        end = max(self._text.rfind(" "), self._text.rfind("\n")) + 1
        is_cut = end <= self._read and len(self._text) - self._read > _LONGEST
        end = len(self._text) if is_cut else end
        if end <= self._read:
            return
        if is_cut or self._is_cut or self._doubt is not None or self._may_end_a_rule(end):
            self._look(end, is_cut=is_cut)
        self._read, self._is_cut = end, is_cut

    def _may_end_a_rule(self, end: int) -> bool:
        for view in _views(self._text[self._shown : end]):
            if _LIKE_A_LINK.search(view):
                return True
            if not _LAST_WORDS.isdisjoint(_words(view)):
                begin = max(0, self._shown - _BEFORE)
                return any(map(_ends_as_a_rule, _views(self._text[begin:end])))
        return False

    def _look(self, end: int, *, is_cut: bool) -> None:
        """Look at what is not shown yet. What is found in the last word waits for one more: `morrer` may be followed
        by `de rir`.
        """
        found = self._findings(end)
        self._stop([each for each in found if is_cut or WORD.search(self._text, each.end, end)])
        self._doubt = min((each.start for each in found), default=None)

    def _findings(self, end: int) -> Sequence[Finding]:
        """Find what stops an answer, with places of the text that is kept."""
        start = max(0, self._shown - _WINDOW)
        if start:
            start = max(self._text.find(" ", start, self._shown), start)
        said = check_output(self._text[start:end], canary=self._canary, allowed_hosts=self._hosts)
        if said.verdict is not Verdict.BLOCK:
            return ()
        return [each.moved(start) for each in said.findings if is_stopped(each, OF_OUTPUT)]

    def _stop(self, found: Sequence[Finding]) -> None:
        self.blocked = tuple(dict.fromkeys(each.category for each in found))

    def _spells(self, piece: str) -> bool:
        """Tell whether the letters until now may be the beginning of the canary, however they are set apart."""
        if not self._canary:
            return False
        self._letters += "".join(filter(str.isalnum, read(piece).low))
        if self._canary in self._letters:
            self.blocked = (Category.PROMPT_LEAK,)
        self._letters = self._letters[-len(self._canary) :]
        at = self._letters.find(self._canary[:_TOLD])
        while at >= 0:
            if self._canary.startswith(self._letters[at:]):
                return True
            at = self._letters.find(self._canary[:_TOLD], at + 1)
        return False

    def _ready(self) -> int:
        """Return up to where the text may be shown."""
        if self._doubt is not None:
            return self._doubt
        spelt = _SPELT.search(self._text, self._shown, self._read)
        if spelt is not None and self._read - spelt.start() < _LONGEST:
            return spelt.start()
        return len(self._text) if _is_plain_beginning(self._text[self._read :]) else self._read

    def _pass(self, end: int) -> str:
        if end <= self._shown:
            return ""
        ready = self._text[self._shown : end]
        self._shown = end
        if end > 2 * _WINDOW:
            self._forget(end - _WINDOW)
        return ready

    def _forget(self, size: int) -> None:
        size = self._text.find(" ", size, self._read)
        if size > 0:
            self._text = self._text[size:]
            self._shown -= size
            self._read -= size


def _is_plain_beginning(text: str) -> bool:
    """Tell whether a word that goes on can be no word in which a rule ends, whatever it becomes."""
    return len(text) > 1 and text.isalpha() and all(single(view) not in _BEGINNINGS for view in _views(text))


def _ends_as_a_rule(text: str) -> bool:
    words = tuple(_words(text))
    return not (_ENDINGS.isdisjoint(words) and _ENDINGS.isdisjoint(map(" ".join, pairwise(words))))


def _views(text: str) -> Iterator[str]:
    return (each.text for each in bared(text))


def _words(text: str) -> Iterator[str]:
    return map(single, WORD.findall(text))
