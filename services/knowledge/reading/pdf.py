"""A PDF as text, page by page."""

from io import BytesIO
from typing import Final

from pypdf import PasswordType, PdfReader

from services.knowledge.reading import cleaning
from services.knowledge.reading.values import TEXT_LONGEST, FileEncrypted, FileTooLong, PagesTooMany, Read

PAGES_MOST: Final = 500


def read(body: bytes) -> Read:
    """Read a PDF.

    Raises:
        FileEncrypted, PagesTooMany, FileTooLong, FileWithoutText: it cannot be read as it is.
    """
    reader = PdfReader(BytesIO(body), strict=False)
    if reader.is_encrypted and reader.decrypt("") is PasswordType.NOT_DECRYPTED:
        raise FileEncrypted
    if len(reader.pages) > PAGES_MOST:
        raise PagesTooMany
    pages: list[str] = []
    length = 0
    for page in reader.pages:
        pages.append(page.extract_text())
        length += len(pages[-1])
        if length > 2 * TEXT_LONGEST:  # spaces and control characters will go
            raise FileTooLong
    title = reader.metadata.title if reader.metadata is not None else None
    return Read(title=cleaning.line(title) or None, text=cleaning.whole("\n\n".join(pages)))
