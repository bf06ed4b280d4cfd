"""What stands for a masked value: `⟦CPF_1⟧`. The number counts values of a kind; a letter tells other spellings apart.

`⟦PHONE_2b⟧` is the second spelling of the number that `⟦PHONE_2⟧` stands for. A call may have a mark of its own, which
stands before the number: `⟦CPF_k3_1⟧`.
"""

import re
from string import ascii_lowercase
from typing import Final

from ai.privacy.spans import Kind

_OPENERS: Final = r"\[⟦【〚"
_CLOSERS: Final = r"\]⟧】〛"
_KINDS: Final = "|".join(Kind)
_LONGEST_KIND: Final = max(map(len, Kind))
# models write tokens in lower case, in other brackets, with spaces inside, and escape the line for Markdown
_LINE: Final = r"\\?_"
TOKEN: Final = re.compile(
    rf"[{_OPENERS}] {{0,2}}({_KINDS})(?:{_LINE}([a-z][a-z0-9]{{0,7}}))?"
    rf"{_LINE}(\d{{1,6}})([a-z]{{0,2}}) {{0,2}}[{_CLOSERS}]",
    re.IGNORECASE | re.ASCII,
)
"""A token as a model may write it."""

MARK: Final = re.compile(r"[a-z][a-z0-9]{0,7}", re.ASCII)
"""What a call may put into its tokens."""

_BEGINNINGS: Final = "|".join(sorted({kind[:size] for kind in Kind for size in range(1, len(kind))}, reverse=True))
_BEGUN: Final = re.compile(
    rf"[{_OPENERS}] {{0,2}}(?:{_BEGINNINGS}|(?:{_KINDS})"
    rf"(?:\\|(?:{_LINE}[a-z][a-z0-9]{{0,7}})?(?:\\|{_LINE}(?:\d{{1,6}}[a-z]{{0,2}} {{0,2}})?)?)?)?",
    re.IGNORECASE | re.ASCII,
)
LONGEST: Final = 5 + _LONGEST_KIND + 10 + 2 + 6 + 2 + 2
"""The most characters that the beginning of a token may have: bracket, spaces, kind, mark, number, letters, spaces."""


def token(kind: Kind, number: int, *, mark: str = "", spelling: int = 0) -> str:
    """Write the token of a value; `spelling` counts from 0, the first."""
    name = f"{kind.upper()}_{mark}_" if mark else f"{kind.upper()}_"
    return f"⟦{name}{number}{_letters(spelling)}⟧"


def canonical(match: re.Match[str]) -> str:
    """Return the token that was meant by one that a model wrote."""
    kind, mark, number, letters = match.groups()
    name = f"{kind.upper()}_{mark.lower()}_" if mark else f"{kind.upper()}_"
    return f"⟦{name}{number}{letters.lower()}⟧"


def begun(text: str) -> int:
    """Return where a token begins that the text's end cuts off; the length of the text when none does."""
    size = len(text)
    opener = max((text.rfind(each, size - LONGEST if size > LONGEST else 0) for each in "[⟦【〚"), default=-1)
    return opener if opener >= 0 and _BEGUN.fullmatch(text, opener) else size


def _letters(spelling: int) -> str:
    more, last = divmod(spelling, len(ascii_lowercase))
    first = ascii_lowercase[more - 1] if more else ""
    return first + ascii_lowercase[last] if spelling else ""
