"""A look ahead for texts: which rows an index finds for the words of a search, or for a part of a column.

Behind row-level security no condition on a text reaches an index, because its functions might tell of rows that it then
leaves out. A long list may name a view of its table that has the wall inside (`Texts`), where indexes are used. What is
looked for there is only an addition: the list's own conditions decide. When there are many, nothing is added, and the
list's own order finds a page of them soon.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy import ARRAY, ColumnElement, Uuid, and_, func, literal

from graph.comparing import TEXTUAL, Condition, Where, operands_of
from graph.context import Context, Session
from graph.facts import ID, Page, Texts, rows_of
from graph.filters import Filter
from graph.statements import FEW
from graph.tables import picked

SHORTEST: Final = 3

Part: TypeAlias = tuple[str, str, str]
"""A column, an operator, and the text that it was given."""


async def narrowed(fact: Page, words: str | None, filter: Filter | None, context: Context) -> Condition | None:
    """Return that a row is among those that were found, if there are few."""
    texts = fact.long.texts
    if texts is None:
        return None
    parts = tuple(_parts(texts, filter))
    wanted = [*_searched(fact, texts, words, context), *_compared(texts, parts)]
    if not wanted:
        return None
    found = await context.load(("few", fact, words, parts), _look(texts, and_(*wanted)), "few")
    return None if found is None else _among(fact, found)


def _searched(fact: Page, texts: Texts, words: str | None, context: Context) -> Iterable[Condition]:
    """The condition of a search. Words that are too short for the index are not looked for by themselves."""
    if words is None or fact.search is None or all(len(each) < SHORTEST for each in words.split()):
        return
    found = fact.search(words, context.actor.may, texts.view.c)
    if found is not None:
        yield found


def _parts(texts: Texts, filter: Filter | None) -> Iterable[Part]:
    """The parts of texts that all rows of a list have: those that no `or` or `not` stands around."""
    if filter is None:
        return
    for name, comparator in operands_of(filter):
        fact = type(filter).columns.get(name)
        folded = fact.folded if isinstance(fact, Where) else None
        if folded is None or comparator is None or folded.key not in texts.view.c:
            continue
        for operator, operand in operands_of(comparator):
            if operator in TEXTUAL and isinstance(operand, str) and len(operand) >= SHORTEST:
                yield folded.key, operator, operand


def _compared(texts: Texts, parts: Iterable[Part]) -> Iterable[Condition]:
    columns: Any = texts.view.c
    for column, operator, operand in parts:
        yield TEXTUAL["contains"](columns[texts.whole], operand)
        yield TEXTUAL[operator](columns[column], operand)


def _look(texts: Texts, wanted: Condition) -> Any:
    async def batch(session: Session, keys: list[Any], parameters: Mapping[str, Any]) -> dict[Any, list[UUID] | None]:
        del parameters
        ids = list(await session.scalars(picked(texts.view.c[ID]).where(wanted).limit(FEW + 1)))
        return dict.fromkeys(keys, ids if len(ids) <= FEW else None)

    return batch


def _among(fact: Page, ids: list[UUID]) -> ColumnElement[bool]:
    return getattr(rows_of(fact).model, ID) == func.any(literal(ids, ARRAY(Uuid())))
