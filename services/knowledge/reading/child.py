"""`python -m services.knowledge.reading.child` reads one foreign file in a process that may do little and not for long.

On its standard input come a line of JSON and the file; its standard output is one JSON object. It knows no secret: the
server's environment does not reach it.
"""

import sys
from dataclasses import asdict

import orjson

from core.errors import DomainError
from services.knowledge.reading.values import FileKind, FileTooComplex, FileUnreadable, Read


def restrain(memory: int, seconds: int) -> None:
    """Take so many bytes of memory and seconds of processor time, and write no file."""
    if sys.platform == "win32":
        return
    import resource

    for what, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(what, (most, most))


def read(kind: FileKind, body: bytes, content_type: str | None) -> Read:
    """Read a file by the reader of its kind, which is imported only now."""
    match kind:
        case FileKind.HTML:
            from services.knowledge.reading import html

            return html.read(body, content_type)
        case FileKind.PDF:
            from services.knowledge.reading import pdf

            return pdf.read(body)
        case FileKind.DOCX:
            from services.knowledge.reading import docx

            return docx.read(body)
        case FileKind.CSV:
            from services.knowledge.reading import csv_products

            return csv_products.read(body, content_type)
        case FileKind.TEXT:
            from services.knowledge.reading import cleaning

            return Read(title=None, text=cleaning.whole(cleaning.plain(body, content_type)))


def _answer(kind: FileKind, content_type: str | None) -> bytes:
    try:
        return orjson.dumps({"read": asdict(read(kind, sys.stdin.buffer.read(), content_type))})
    except DomainError as error:
        told = error
    except (MemoryError, RecursionError):
        told = FileTooComplex()
    except Exception:  # noqa: BLE001  (whatever a parser makes of a stranger's bytes, the file is not readable)
        told = FileUnreadable()
    return orjson.dumps({"error": type(told).__name__, "message": told.message})


def main() -> None:
    """Read what stands on the standard input."""
    given = orjson.loads(sys.stdin.buffer.readline())
    restrain(given["memory"], given["seconds"])
    sys.stdout.buffer.write(_answer(FileKind(given["kind"]), given["content_type"]))
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    main()
