"""A Word document as text: headings, paragraphs, lists and tables in their order."""

import re
import zipfile
from io import BytesIO
from typing import Any, Final

import docx
from docx.document import Document
from docx.table import Table
from docx.text.paragraph import Paragraph

from services.knowledge.reading import cleaning
from services.knowledge.reading.values import FileTooComplex, FileUnreadable, Read

UNPACKED_MOST: Final = 50 * 1024 * 1024
_FILES_MOST: Final = 2_000
_HEADING: Final = re.compile(r"Heading ([1-6])")
_OLE: Final = b"\xd0\xcf\x11\xe0"


def read(body: bytes) -> Read:
    """Read a document of Word 2007 or later. Nothing that it refers to is fetched.

    Raises:
        FileTooComplex: it unpacks to more than 50 MiB.
        FileUnreadable: it is no such document, or has a password, which hides all of it.
    """
    _weigh(body)
    document = docx.Document(BytesIO(body))
    blocks = [_table(each) if isinstance(each, Table) else _paragraph(each) for each in document.iter_inner_content()]
    return Read(title=_title(document), text=cleaning.whole("\n".join(blocks)))


def _weigh(body: bytes) -> None:
    """Look at what an archive says of its files; the reader stops where a file is longer than it says."""
    if body.startswith(_OLE):
        raise FileUnreadable("Save this file as .docx, without a password.")
    with zipfile.ZipFile(BytesIO(body)) as archive:
        files = archive.infolist()
    if len(files) > _FILES_MOST or sum(each.file_size for each in files) > UNPACKED_MOST:
        raise FileTooComplex


def _title(document: Document) -> str | None:
    named = cleaning.line(document.core_properties.title)
    shown = [each.text for each in document.paragraphs[:20] if _style(each) in ("Title", "Heading 1")]
    return cleaning.line(shown[0]) or named or None if shown else named or None


def _style(paragraph: Paragraph) -> str:
    return (paragraph.style.name or "") if paragraph.style is not None else ""


def _paragraph(paragraph: Paragraph) -> str:
    text = cleaning.scrubbed(paragraph.text).strip()
    style = _style(paragraph)
    heading = _HEADING.fullmatch(style)
    if not text:
        return ""
    if heading is not None or style == "Title":
        return f"\n{'#' * (int(heading[1]) if heading is not None else 1)} {cleaning.line(text, len(text))}\n"
    element: Any = paragraph._p  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
    is_item = style.startswith("List") or bool(element.xpath("./w:pPr/w:numPr"))
    return f"- {text}" if is_item else f"{text}\n"


def _table(table: Table) -> str:
    """Write a table row by row; a cell that spans several is written once."""
    rows: list[str] = []
    for row in table.rows:
        cells = {cell._tc: cleaning.line(cell.text, 10_000) for cell in row.cells}  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]
        rows.append(" | ".join(each for each in cells.values() if each))
    return "\n" + "\n".join(rows) + "\n"
