"""Codes of the second factor: RFC 6238's own numbers, a window of one step, and recovery codes."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest

from core.security import totp

RFC_SECRET = b"12345678901234567890"


@pytest.mark.parametrize(
    ("second", "code"),
    [(59, "287082"), (1_111_111_109, "081804"), (1_234_567_890, "005924"), (2_000_000_000, "279037")],
)
def test_the_codes_are_those_of_the_rfc(second: int, code: str) -> None:
    at = datetime.fromtimestamp(second, UTC)

    assert totp.matching_step(RFC_SECRET, code, at) == second // 30


@pytest.mark.parametrize(("seconds", "is_good"), [(-60, False), (-30, True), (0, True), (30, True), (60, False)])
def test_a_clock_may_be_one_step_off(seconds: int, is_good: bool) -> None:
    at = datetime.fromtimestamp(1_111_111_109, UTC) + timedelta(seconds=seconds)

    found = totp.matching_step(RFC_SECRET, "081804", at)

    assert found == (1_111_111_109 // 30 if is_good else None)


@pytest.mark.parametrize("typed", ["081 804", " 081804 ", "0 8 1 8 0 4"])
def test_spaces_do_not_matter(typed: str) -> None:
    assert totp.matching_step(RFC_SECRET, typed, datetime.fromtimestamp(1_111_111_109, UTC)) is not None


@pytest.mark.parametrize("typed", ["", "81804", "0818040", "٠٨١٨٠٤", "08180x", "-81804", "\ud800", "x" * 10_000])
def test_what_is_no_code_matches_nothing(typed: str) -> None:
    assert totp.matching_step(RFC_SECRET, typed, datetime.fromtimestamp(1_111_111_109, UTC)) is None


def test_an_app_reads_the_same_secret_from_the_address() -> None:
    secret = totp.new_secret()

    parts = urlsplit(totp.provisioning_uri(secret, "ana@example.com"))

    assert (parts.scheme, parts.netloc) == ("otpauth", "totp")
    assert parse_qs(parts.query)["secret"] == [totp.spelled(secret)]
    assert parse_qs(parts.query)["issuer"] == ["WhatsHybrid"]


def test_recovery_codes_differ_and_hold_nothing_that_is_mistaken() -> None:
    codes = totp.new_recovery_codes()

    assert len(set(codes)) == 10
    assert not set("".join(codes)) & set("01OIL")


@pytest.mark.parametrize("typed", ["abcde-fghjk", "ABCDEFGHJK", " abcde fghjk "])
def test_a_recovery_code_is_the_same_however_it_is_typed(typed: str) -> None:
    assert totp.recovery_digest(typed) == totp.recovery_digest("ABCDE-FGHJK")
