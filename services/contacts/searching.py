"""How words become a condition over contacts: parts of names, companies and addresses, or words of the notes.

Accents and case do not count. A text that may be a part of a phone number is looked for with and without Brazil's ninth
digit. Both indexes are GIN: trigrams of `search_text`, lexemes of `search_document`.
"""

from sqlalchemy import ColumnElement, and_, func, or_

from core import phone
from core.text import fold
from models import Contact

WORDS = 8


def condition(words: str) -> ColumnElement[bool] | None:
    """Return the condition; all words must be found, in whatever order."""
    parts = fold(words).split()[:WORDS]
    if not parts:
        return None
    named = and_(*(Contact.search_text.contains(part, autoescape=True) for part in parts))
    noted = Contact.search_document.bool_op("@@")(func.websearch_to_tsquery("portuguese", fold(words)))
    numbers = [Contact.search_text.contains(form, autoescape=True) for form in phone.search_forms(words)]
    return or_(named, noted, *numbers)
