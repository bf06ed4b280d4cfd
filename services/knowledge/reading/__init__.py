"""Documents as text: web pages, PDF, Word, plain text, and tables of products. Files of strangers are parsed in a
process of their own, which is killed when it takes too long.
"""

from typing import Final

from core import media_types
from services.knowledge.reading.apart import Limits
from services.knowledge.reading.apart import read as _read
from services.knowledge.reading.values import Fault, FileKind, Part, Read

__all__ = ["Fault", "FileKind", "Limits", "Part", "Read", "kind_of", "read_document"]

_KINDS: Final = {
    media_types.HTML: FileKind.HTML,
    media_types.TEXT: FileKind.TEXT,
    media_types.PDF: FileKind.PDF,
    media_types.CSV: FileKind.CSV,
    media_types.DOCX: FileKind.DOCX,
}
_LIMITS: Final = Limits()


def kind_of(content_type: str) -> FileKind | None:
    """Tell what is written in a content type (parameters do not count); None for what cannot be read."""
    return _KINDS.get(content_type.partition(";")[0].strip().lower())


async def read_document(
    kind: FileKind, body: bytes, *, content_type: str | None = None, limits: Limits = _LIMITS
) -> Read:
    """Read a document. `content_type` is the header it came with, for its charset.

    Raises:
        Invalid: it cannot be read; a leaf of `values` says why.
        ReadingBusy: too many others are being read.
    """
    return await _read(kind, body, content_type, limits)
