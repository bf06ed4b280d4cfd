"""A look ahead for texts: which rows an index finds for the words of a search, or for a part of a column.

Behind row-level security no condition on a text reaches an index, because its functions might tell of rows that it then
leaves out. A page may name a view of its table that has the wall inside (`texts`), where indexes are used. What is
looked for there is only an addition: the list's own conditions decide. When there are many, nothing is added, and the
list's own order finds a page of them soon.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, FromClause, Uuid, and_, func, literal

from graph.comparing import TEXTUAL, Condition, Where, operands_of
from graph.context import Context, Session
from graph.facts import ID, Page, rows_of
from graph.filters import Filter
from graph.tables import picked

FEW: Final = 2_000
SHORTEST: Final = 3


async def narrowed(fact: Page, words: str | None, filter: Filter | None, context: Context) -> Condition | None:
    """Return that a row is among those that were found, if there are few."""
    if fact.texts is None:
        return None
    wanted = [*_searched(fact, fact.texts, words, context), *_compared(fact.texts, filter)]
    if not wanted:
        return None
    found = await context.load(("few", fact, words, _parts(filter)), _look(fact.texts, and_(*wanted)), "few")
    return None if found is None else _among(fact, found)


def _searched(fact: Page, texts: FromClause, words: str | None, context: Context) -> Iterable[Condition]:
    """The condition of a search. Words that are too short for the index are not looked for by themselves."""
    if words is None or fact.search is None or all(len(each) < SHORTEST for each in words.split()):
        return
    found = fact.search(words, context.actor.may, texts.c)
    if found is not None:
        yield found


def _parts(filter: Filter | None) -> tuple[tuple[str, str, str], ...]:
    """The parts of texts that all rows of a list have: those that no `or` or `not` stands around."""
    found: list[tuple[str, str, str]] = []
    for name, comparator in () if filter is None else operands_of(filter):
        fact = type(filter).columns.get(name) if filter is not None else None
        if isinstance(fact, Where) and fact.within is not None and comparator is not None:
            found.extend(
                (name, operator, operand)
                for operator, operand in operands_of(comparator)
                if operator in TEXTUAL and isinstance(operand, str) and len(operand) >= SHORTEST
            )
    return tuple(found)


def _compared(texts: FromClause, filter: Filter | None) -> Iterable[Condition]:
    for name, operator, operand in _parts(filter):
        fact = type(filter).columns[name] if filter is not None else None
        if isinstance(fact, Where) and fact.within is not None and fact.folded is not None:
            within, folded = (cast("Any", texts.c[each.key]) for each in (fact.within, fact.folded))
            yield TEXTUAL["contains"](within, operand)
            yield TEXTUAL[operator](folded, operand)


def _look(texts: FromClause, wanted: Condition) -> Any:
    async def batch(session: Session, keys: list[Any], parameters: Mapping[str, Any]) -> dict[Any, list[UUID] | None]:
        del parameters
        ids = list(await session.scalars(picked(texts.c[ID]).where(wanted).limit(FEW + 1)))
        return dict.fromkeys(keys, ids if len(ids) <= FEW else None)

    return batch


def _among(fact: Page, ids: list[UUID]) -> ColumnElement[bool]:
    return getattr(rows_of(fact).model, ID) == func.any(literal(ids, ARRAY(Uuid())))
