"""Foreign bytes and texts, made into text that can be stored."""

import codecs
import re
from typing import Final

from core.text import scrubbed
from services.knowledge.reading.values import TEXT_LONGEST, TITLE_LONGEST, FileTooLong, FileUnreadable, FileWithoutText

_MARKS: Final = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
# what documents are written in; the names that Python also knows are tricks (`unicode_escape`, `punycode`, `utf-7`)
_ENCODINGS: Final = re.compile(
    r"utf-(8|16(-[lb]e)?)|iso8859-\d+|cp125\d|koi8-[ru]|shift_jis|euc_(jp|kr)|gb(2312|k|18030)|big5"
)
_CHARSET: Final = re.compile(r"charset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_SPACES: Final = re.compile(r"[^\S\n]+")
_GAPS: Final = re.compile(r" ?\n ?")
_BLANKS: Final = re.compile(r"\n{3,}")


def decoded(body: bytes, *declared: str | None) -> str:
    """Decode bytes by their mark, by what is declared of them, as UTF-8, or else as Windows-1252, which is what is left
    in the Portuguese world. `declared` are lines that may hold `charset=...`; the first that can be used counts.
    """
    for mark, encoding in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(encoding, "replace")
    named = [each for each in map(_encoding, declared) if each]
    if named:
        return body.decode(named[0], "replace")
    try:
        return body.decode("utf-8")
    except UnicodeDecodeError:
        return body.decode("cp1252", "replace")


def plain(body: bytes, declared: str | None) -> str:
    """Decode what says that it is plain text.

    Raises:
        FileUnreadable: it holds zero bytes, as programs and pictures do.
    """
    text = decoded(body, declared)
    if "\0" in text:
        raise FileUnreadable
    return text


def line(text: str | None, most: int = TITLE_LONGEST) -> str:
    """Return a text as one clean line of limited length."""
    return " ".join(scrubbed(text or "").split())[:most].strip()


def whole(text: str) -> str:
    """Return a whole document's text: clean, without doubled spaces and lines.

    Raises:
        FileTooLong, FileWithoutText: it is too long, or empty.
    """
    clean = _BLANKS.sub("\n\n", _GAPS.sub("\n", _SPACES.sub(" ", scrubbed(text)))).strip()
    if len(clean) > TEXT_LONGEST:
        raise FileTooLong
    if not any(each.isalnum() for each in clean):
        raise FileWithoutText
    return clean


def _encoding(declared: str | None) -> str | None:
    found = _CHARSET.search(declared or "")
    if found is None:
        return None
    try:
        name = codecs.lookup(found[1]).name
    except LookupError:
        return None
    # https://encoding.spec.whatwg.org/#names-and-labels: on the web these are names of Windows-1252
    name = "cp1252" if name in ("iso8859-1", "ascii") else name
    return name if _ENCODINGS.fullmatch(name) else None
