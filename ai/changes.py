"""What differs between a text and its correction, word by word."""

import re
from difflib import SequenceMatcher
from typing import Final

from ai.results import Change

_WORD: Final = re.compile(r"\w+|\s+|[^\w\s]")


def changes(before: str, after: str) -> tuple[Change, ...]:
    """Return what is replaced, put in or taken out, in order; offsets are those of `before`."""
    old, new = _WORD.findall(before), _WORD.findall(after)
    places = [0]
    for each in old:
        places.append(places[-1] + len(each))
    return tuple(
        Change(
            start=places[first],
            end=places[last],
            before="".join(old[first:last]),
            after="".join(new[start:end]),
        )
        for kind, first, last, start, end in SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
        if kind != "equal"
    )
