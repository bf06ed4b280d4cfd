"""Which accepted replies may be shown to a model for other customers: those that name nobody.

The CRM knows the names of contacts, and they are masked; a husband or a neighbour stands in no list. So what may be a
name keeps an example away: a word with a capital that is neither usual nor one of the workspace's own, and in any
writing what many people are called. A rare name in small letters is not noticed.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from ai.local.replies import templates
from ai.privacy.words import GIVEN_NAMES, SURNAMES
from core.text import fold
from services.knowledge.subjects import is_usual
from services.knowledge.words import STEM, WORD, stems, words
from services.suggestions import Example

_LETTERS: Final = re.compile(r"[^\W\d_]{2,}")


def nameless(taken: Iterable[Example], own: Iterable[str], most: int) -> Sequence[Example]:
    """Return the first examples in which nothing may be a name but words of the workspace's `own` texts."""
    known = frozenset(word for text in own for word in WORD.findall(fold(text)))
    found: list[Example] = []
    for each in taken:
        if len(found) == most:
            break
        told = {word for name in each.names for word in WORD.findall(fold(name))}
        if not any(_may_name(text, known | told) for text in (each.asked, each.answered)):
            found.append(each)
    return found


def _may_name(text: str, known: frozenset[str]) -> bool:
    for match in _LETTERS.finditer(text):
        word = next(words(match[0]), "")
        if not word or word in known:
            continue
        if (is_usual(word) or word[:STEM] in _said_by_teams()) and (match[0].islower() or word not in GIVEN_NAMES):
            continue
        if not match[0].islower() or word in GIVEN_NAMES or word in SURNAMES:
            return True
    return False


@cache
def _said_by_teams() -> frozenset[str]:
    return frozenset(stem for each in templates() for stem in stems(each))
