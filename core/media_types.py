"""The content types of documents (IANA media types)."""

from typing import Final

HTML: Final = "text/html"
TEXT: Final = "text/plain"
CSV: Final = "text/csv"
PDF: Final = "application/pdf"
DOCX: Final = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
