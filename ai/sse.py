"""Server-sent events, read from bytes as they come, torn anywhere (WHATWG HTML, section 9.2.6).

Only the data of events is of interest here: names, ids and retry times are skipped.
"""

from typing import Final

_LIMIT: Final = 1_048_576


class TooLong(ValueError):
    """A line or an event is longer than any provider's is."""


class EventReader:
    """Takes pieces of a stream, and gives the data of each event that is complete."""

    def __init__(self) -> None:
        self._open: list[bytes] = []
        self._open_size = 0
        self._data: list[bytes] = []
        self._data_size = 0
        self._after_return = False
        self._is_first = True

    def feed(self, piece: bytes) -> list[bytes]:
        """Return the data of the events that `piece` completes; lines of one event are joined by a line feed.

        Raises:
            TooLong: an event has more than a mebibyte.
        """
        if self._after_return and piece.startswith(b"\n"):
            piece = piece[1:]
        self._after_return = piece.endswith(b"\r") or (self._after_return and not piece)
        lines = piece.splitlines(keepends=True)
        events: list[bytes] = []
        for line in lines:
            if not line.endswith((b"\n", b"\r")):
                self._keep(line)
                continue
            if self._open:
                self._open.append(line)
                line = b"".join(self._open)  # noqa: PLW2901  (the whole of it)
                self._open.clear()
                self._open_size = 0
            self._take(line.rstrip(b"\r\n"), events)
        return events

    def _keep(self, part: bytes) -> None:
        self._open.append(part)
        self._open_size += len(part)
        if self._open_size > _LIMIT:
            raise TooLong

    def _take(self, line: bytes, events: list[bytes]) -> None:
        if self._is_first:
            self._is_first = False
            line = line.removeprefix(b"\xef\xbb\xbf")
        if not line:
            if self._data:
                events.append(b"\n".join(self._data))
                self._data.clear()
                self._data_size = 0
        elif line == b"data":
            self._data.append(b"")
        elif line.startswith(b"data:"):
            data = line[6:] if line.startswith(b"data: ") else line[5:]
            self._data.append(data)
            self._data_size += len(data)
            if self._data_size > _LIMIT:
                raise TooLong
