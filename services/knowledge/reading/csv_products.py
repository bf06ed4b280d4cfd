"""A table of products as text, one line a product: `Nome — descrição. Preço: R$ 1.234,56. Código: A1.`"""

import csv
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from io import StringIO
from typing import Final

from core.money import CURRENCIES
from core.text import fold
from services.knowledge.reading import cleaning, prices
from services.knowledge.reading.values import (
    FAULTS_TOLD,
    TEXT_LONGEST,
    ColumnsUnknown,
    Fault,
    FileTooLong,
    FileWithoutText,
    Part,
    Read,
    RowsTooMany,
)

ROWS_MOST: Final = 5_000
LINE_LONGEST: Final = 4_000
_COLUMNS_MOST: Final = 30
_DELIMITERS: Final = ",;\t|"


class Column(StrEnum):
    """What a column holds; the value is how the text names it."""

    NAME = "Nome"
    DESCRIPTION = "Descrição"
    PRICE = "Preço"
    CURRENCY = "Moeda"
    SKU = "Código"
    STOCK = "Estoque"
    CATEGORY = "Categoria"


_HEADERS: Final[Mapping[Column, str]] = {
    Column.NAME: "nome, produto, nome do produto, item, titulo, name, product, product name, title, nombre, producto, "
    "nombre del producto, articulo",
    Column.DESCRIPTION: "descricao, descricao do produto, detalhes, description, details, descripcion, detalles",
    Column.PRICE: "preco, preco de venda, preco unitario, valor, valor unitario, price, unit price, precio, "
    "precio unitario",
    Column.CURRENCY: "moeda, currency, moneda, divisa",
    Column.SKU: "sku, codigo, cod, codigo do produto, referencia, ref, code, product code, reference",
    Column.STOCK: "estoque, quantidade, qtd, quantidade em estoque, stock, quantity, inventory, existencias, cantidad, "
    "inventario",
    Column.CATEGORY: "categoria, departamento, category, department",
}
_KNOWN: Final = {name.strip(): column for column, names in _HEADERS.items() for name in names.split(",")}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Table:
    """What the header says: for each column what it holds, or how it is called."""

    columns: tuple[Column | str, ...]
    rows: Iterator[tuple[int, list[str]]]


def read(body: bytes, content_type: str | None) -> Read:
    """Read a table of products. The delimiter is found out, and so is the encoding.

    A row without a name or with too much text is left out; a price that is none is left out of its row. Both are told.

    Raises:
        ColumnsUnknown: no column holds names.
        RowsTooMany, FileTooLong, FileWithoutText: it cannot be read as it is.
    """
    table = _opened(cleaning.plain(body, content_type))
    lines: list[str] = []
    faults: list[Fault] = []
    for count, (number, row) in enumerate(table.rows):
        if count >= ROWS_MOST:
            raise RowsTooMany
        line, told = _written(table.columns, row)
        faults.extend(Fault(line=number, message=each) for each in told)
        if line is not None:
            lines.append(line)
    if not lines:
        raise FileWithoutText(faults[0].message if faults else "There is no product in this table.")
    return _joined(lines, faults)


def _joined(lines: Sequence[str], faults: Sequence[Fault]) -> Read:
    parts: list[Part] = []
    start = 0
    for each in lines:
        parts.append(Part(start=start, end=start + len(each)))
        start += len(each) + 1
    if start > TEXT_LONGEST:
        raise FileTooLong
    told = tuple(faults[:FAULTS_TOLD])
    return Read(title=None, text="\n".join(lines), parts=tuple(parts), faults=told, fault_count=len(faults))


def _opened(text: str) -> _Table:
    """Find the delimiter by which the header names most columns, and read the header."""
    first, _, rest = text.partition("\n")
    declared = re.fullmatch(r"sep=(.)\r?", first)
    skipped = 1 if declared else 0
    body = rest if declared else text
    best = max(declared[1] if declared else _DELIMITERS, key=lambda each: len(_recognised(_header(body, each))))
    columns = _recognised(_header(body, best))
    if Column.NAME not in columns:
        raise ColumnsUnknown
    rows = _rows(body, best, skipped)
    next(rows, None)
    return _Table(columns=_columns(_header(body, best)), rows=rows)


def _header(text: str, delimiter: str) -> list[str]:
    found = next(_rows(text, delimiter, 0), None)
    return [] if found is None else found[1]


def _rows(text: str, delimiter: str, skipped: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that are not empty, each with the line that it begins in."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=delimiter)
    begins = 1
    for row in reader:
        if any(each.strip() for each in row):
            yield begins + skipped, row
        begins = reader.line_num + 1


def _recognised(header: Sequence[str]) -> set[Column]:
    return {each for each in _columns(header) if isinstance(each, Column)}


def _columns(header: Sequence[str]) -> tuple[Column | str, ...]:
    """Say what each column holds; of two columns with the same, the first has it."""
    found: list[Column | str] = []
    for each in header[:_COLUMNS_MOST]:
        named = cleaning.line(each, 60)
        column = _KNOWN.get(re.sub(r"[\W_]+", " ", fold(named)).strip())
        found.append(column if column is not None and column not in found else named)
    return tuple(found)


def _written(columns: Sequence[Column | str], row: Sequence[str]) -> tuple[str | None, list[str]]:
    """Write a row as one line; also return what is wrong with it. None for a row that is left out."""
    cells = {column: cleaning.line(cell, LINE_LONGEST) for column, cell in zip(columns, row, strict=False)}
    name = cells.pop(Column.NAME, "")
    if not name:
        return None, ["The row has no name."]
    told: list[str] = []
    description = cells.pop(Column.DESCRIPTION, "")
    facts = [f"{name} — {description}" if description else name]
    price, wrong = _price(cells.pop(Column.PRICE, ""), cells.pop(Column.CURRENCY, ""))
    told.extend(wrong)
    facts.extend(price)
    facts.extend(f"{label}: {value}" for label, value in cells.items() if label and value)
    line = " ".join(each if each.endswith((".", "!", "?")) else f"{each}." for each in facts)
    if len(line) > LINE_LONGEST:
        return None, [f"The row has more than {LINE_LONGEST:,} characters."]
    return line, told


def _price(text: str, currency: str) -> tuple[list[str], list[str]]:
    """Return the price as the line has it, and what is wrong with it."""
    if not text:
        return [], []
    code = currency.upper() or "BRL"
    found = prices.price(text, code) if code in CURRENCIES else None
    if found is None:
        return [], ["The price cannot be read: write it as R$ 1.234,56."]
    return [f"{Column.PRICE}: {prices.shown(found)}"], []
