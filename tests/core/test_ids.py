"""Identifiers: in the order of time, and of one written form."""

import time
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import ids

prefixes = st.from_regex(r"[a-z]+(_[a-z]+)*", fullmatch=True)


def test_an_identifier_is_of_version_seven_and_says_when_it_was_made() -> None:
    before = time.time_ns() // 1_000_000

    made = ids.uuid7()

    assert (made.version, made.variant) == (7, "specified in RFC 4122")
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000


def test_identifiers_of_later_moments_sort_later() -> None:
    made: list[UUID] = []
    for _ in range(20):
        made.append(ids.uuid7())
        moment = time.time_ns() // 1_000_000
        while time.time_ns() // 1_000_000 == moment:
            pass

    assert made == sorted(made)
    assert [str(each) for each in made] == sorted(str(each) for each in made)


def test_identifiers_of_one_moment_differ() -> None:
    assert len({ids.uuid7() for _ in range(10_000)}) == 10_000


@given(prefixes, st.uuids())
def test_what_is_written_is_read_again(prefix: str, value: UUID) -> None:
    assert ids.decode(prefix, ids.encode(prefix, value)) == value


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_without_an_error(text: str) -> None:
    found = ids.decode("contact", text)

    assert found is None or ids.encode("contact", found) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "contact_",
        "contact",
        "0190a1b2c3d4e5f60718293a4b5c6d7e",
        "label_0190a1b2c3d4e5f60718293a4b5c6d7e",
        "contact_0190A1B2C3D4E5F60718293A4B5C6D7E",
        "contact_0190a1b2-c3d4-e5f6-0718-293a4b5c6d7e",
        "contact_0190a1b2c3d4e5f60718293a4b5c6d7e\n",
        "contact_0190a1b2c3d4e5f60718293a4b5c6d7",
        " contact_0190a1b2c3d4e5f60718293a4b5c6d7e",
        "contact_٠190a1b2c3d4e5f60718293a4b5c6d7e",
    ],
)
def test_every_other_form_is_refused(text: str) -> None:
    assert ids.decode("contact", text) is None
