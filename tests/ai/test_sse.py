"""Events are read alike wherever the stream is torn, whichever ends its lines have."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai.sse import EventReader, TooLong

DATA = st.text(st.characters(blacklist_characters="\r\n", codec="utf-8"), max_size=30)
EVENTS = st.lists(st.lists(DATA, min_size=1, max_size=3), max_size=6)
NOISE = st.sampled_from([": a comment", "event: message", "id: 7", "retry: 10", "other"])


def read(stream: bytes, cuts: list[int]) -> list[bytes]:
    reader = EventReader()
    places = sorted({min(each, len(stream)) for each in cuts} | {0, len(stream)})
    pieces = [stream[a:b] for a, b in pairwise(places)]
    return [event for piece in pieces for event in reader.feed(piece)]


@settings(deadline=None)
@given(
    events=EVENTS,
    noise=NOISE,
    ending=st.sampled_from(["\n", "\r\n", "\r"]),
    cuts=st.lists(st.integers(0, 400), max_size=40),
)
def test_a_stream_means_the_same_wherever_it_is_torn(
    events: list[list[str]], noise: str, ending: str, cuts: list[int]
) -> None:
    lines = [[noise, *(f"data: {each}" for each in event), ""] for event in events]
    stream = "".join(line + ending for event in lines for line in event).encode()

    found = read(stream, cuts)

    assert found == ["\n".join(event).encode() for event in events]


@settings(deadline=None)
@given(st.binary(max_size=200), st.lists(st.integers(0, 200), max_size=20))
def test_any_bytes_are_read_alike_in_one_piece_and_in_many(stream: bytes, cuts: list[int]) -> None:
    assert read(stream, cuts) == read(stream, [])


def test_a_mark_of_order_is_skipped_and_a_space_is_optional() -> None:
    assert read("\ufeffdata:a\n\ndata:  b\n\ndata\n\n".encode(), []) == [b"a", b" b", b""]


def test_what_is_not_ended_is_no_event() -> None:
    assert read(b"data: a\n\ndata: b\n", []) == [b"a"]


def test_an_endless_line_and_an_endless_event_are_refused() -> None:
    with pytest.raises(TooLong):
        read(b"data: " + b"x" * 2_000_000, list(range(0, 2_000_000, 4_096)))
    with pytest.raises(TooLong):
        read(b"data: xxxxxxxxxxxxxxxx\n" * 100_000, [])
