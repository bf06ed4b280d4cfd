"""What reading a document gives, and why it may give nothing."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from core.errors import Invalid, Unavailable

TEXT_LONGEST: Final = 500_000
TITLE_LONGEST: Final = 200
FAULTS_TOLD: Final = 20


class FileKind(StrEnum):
    """What a document is written in."""

    HTML = "html"
    TEXT = "text"
    PDF = "pdf"
    DOCX = "docx"
    CSV = "csv"


class FileUnreadable(Invalid):
    """This file is damaged, or is not of the kind that it says."""

    code = "FILE_UNREADABLE"


class FileEncrypted(Invalid):
    """This file asks for a password: save it without one."""

    code = "FILE_ENCRYPTED"


class FileWithoutText(Invalid):
    """There is no text in this file: pages that were scanned need text recognition first."""

    code = "FILE_WITHOUT_TEXT"


class FileTooComplex(Invalid):
    """This file takes too long, or too much memory, to be read: save it in a simpler form, or in parts."""

    code = "FILE_TOO_COMPLEX"


class FileTooLong(Invalid):
    """A document may have 500,000 characters: divide it."""

    code = "TOO_LONG"


class PagesTooMany(Invalid):
    """A PDF may have 500 pages: divide it."""

    code = "TOO_MANY"


class RowsTooMany(Invalid):
    """A table of products may have 5,000 rows: divide it."""

    code = "TOO_MANY"


class ColumnsUnknown(Invalid):
    """Name the columns in the first line: `nome`, and perhaps `preço`, `descrição`, `sku`, `estoque`, `categoria`."""

    code = "COLUMNS_UNKNOWN"


class ReadingBusy(Unavailable):
    """Other documents are being read: try again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What must stay one piece: the characters from `start` up to `end` of the text."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What could not be used of a table: the line, counted from 1 with the header, and why."""

    line: int
    message: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A document as text: up to 500,000 characters, headings as `# Title`, items as `- item`, cells between ` | `.

    `parts` are the rows of a table of products, in order. `faults` are the first twenty of `fault_count`.
    """

    title: str | None
    text: str = field(repr=False)
    parts: tuple[Part, ...] | None = field(default=None, repr=False)
    faults: tuple[Fault, ...] = ()
    fault_count: int = 0
