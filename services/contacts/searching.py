"""How words become a condition over contacts: parts of names, companies and addresses, or words of position and notes.

Accents and case do not count, and no character is special. Words are folded by the database, as the stored texts were.
A word that may be a part of a phone number is looked for with and without Brazil's ninth digit. Both indexes are GIN:
trigrams of `search_text`, lexemes of `search_document`.
"""

from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_

from core import phone
from models import Contact

WORDS: Final = 8
_LANGUAGE: Final = "portuguese"


def condition(words: str) -> ColumnElement[bool] | None:
    """Return the condition: every word is found somewhere, or all are in the notes, or all are one phone number."""
    parts = words.split()[:WORDS]
    if not parts:
        return None
    number = _numbers(words)
    return or_(
        and_(*(or_(_found(each), *([] if number else _numbers(each))) for each in parts)), _noted(words), *number
    )


def _found(word: str) -> ColumnElement[bool]:
    folded: ColumnElement[str] = func.fold(word)
    for special in ("\\", "%", "_"):
        folded = func.replace(folded, special, "\\" + special)
    return or_(Contact.search_text.like(func.concat("%", folded, "%"), escape="\\"), _noted(word))


def _noted(words: str) -> Any:
    return Contact.search_document.bool_op("@@")(func.plainto_tsquery(_LANGUAGE, func.fold(words)))


def _numbers(words: str) -> list[ColumnElement[bool]]:
    return [Contact.search_text.contains(form) for form in phone.search_forms(words)]
