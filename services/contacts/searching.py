"""How words become a condition over contacts: parts of names, companies and addresses, or words of position and notes.

Accents and case do not count, and no character is special. Words are folded by the database, as the stored texts were.
A word that may be a part of a phone number is looked for with and without Brazil's ninth digit, for those who may read
numbers; for others no word is compared with a number, nor with a name that was made of one. Both indexes are GIN:
trigrams of `search_text`, lexemes of `search_document`.
"""

from typing import Any, Final

from sqlalchemy import ColumnElement, and_, func, or_

from core import phone
from graph.facts import May
from models import Permission

WORDS: Final = 8
_LANGUAGE: Final = "portuguese"


def condition(words: str, may: May, of: Any) -> ColumnElement[bool] | None:
    """Return the condition: every word is found somewhere, or all are in the notes, or all are one phone number. `may`
    tells what the reader may do. `of` holds the columns: the contacts', or those of the view of their texts.
    """
    parts = words.split()[:WORDS]
    if not parts:
        return None
    if not may(Permission.PHONES_READ):
        return or_(and_(*(or_(_found_openly(each, of), _noted(each, of)) for each in parts)), _noted(words, of))
    number = _numbers(words, of)
    return or_(
        and_(*(or_(_found(each, of), _noted(each, of), *([] if number else _numbers(each, of))) for each in parts)),
        _noted(words, of),
        *number,
    )


def _found(word: str, of: Any) -> ColumnElement[bool]:
    return of.search_text.like(_anywhere(word), escape="\\")


def _found_openly(word: str, of: Any) -> ColumnElement[bool]:
    """The index finds candidates in all texts, numbers included; what everybody may read decides."""
    form = _anywhere(word)
    readable = (func.fold(of.company), func.fold(of.email))
    named = and_(of.named_after.is_(None), of.name_key.like(form, escape="\\"))
    return and_(_found(word, of), or_(named, *(each.like(form, escape="\\") for each in readable)))


def _anywhere(word: str) -> ColumnElement[str]:
    folded: ColumnElement[str] = func.fold(word)
    for special in ("\\", "%", "_"):
        folded = func.replace(folded, special, "\\" + special)
    return func.concat("%", folded, "%")


def _noted(words: str, of: Any) -> Any:
    return of.search_document.bool_op("@@")(func.plainto_tsquery(_LANGUAGE, func.fold(words)))


def _numbers(words: str, of: Any) -> list[ColumnElement[bool]]:
    return [of.search_text.contains(form) for form in phone.search_forms(words)]
