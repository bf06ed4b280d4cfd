"""Texts that people type: cleaned, folded, and documents whose check digits fit."""

import re
import unicodedata
from collections.abc import Callable

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sqlalchemy import text as sql

from core import text
from core.database import Database
from core.errors import Invalid
from tests.fixtures.tenants import Tenant

LATIN = "".join(chr(n) for n in [*range(0x20, 0x7F), *range(0xC0, 0x180)] if chr(n) not in "×÷")


async def test_folding_is_the_same_here_and_in_the_database(database: Database, tenant: Tenant) -> None:
    async with database.read(tenant.workspace_id) as session:
        folded = await session.scalars(sql("SELECT fold(each) FROM unnest(:all ::text[]) each"), {"all": list(LATIN)})
        there = dict(zip(LATIN, folded, strict=True))

    assert {each: text.fold(each) for each in LATIN} == there


@given(st.text(LATIN, max_size=40), st.text(LATIN, max_size=40))
def test_folding_goes_letter_by_letter_and_once(one: str, two: str) -> None:
    assert text.fold(one) + text.fold(two) == text.fold(one + two)
    assert text.fold(text.fold(one)) == text.fold(one)
    assert text.fold(one.upper()) == text.fold(one) or "ŉ" in one


def tried(read: Callable[[str], str], written: str) -> str | Invalid:
    """What is read, or the refusal."""
    try:
        return read(written)
    except Invalid as error:
        return error


class TestLine:
    @given(st.text(max_size=60))
    def test_any_text_is_clean_or_refused(self, written: str) -> None:
        clean = tried(lambda value: text.clean_line(value, field=("name",), most=50), written)

        if isinstance(clean, Invalid):
            assert clean.code in ("REQUIRED", "TOO_LONG", "TEXT_INVALID")
        else:
            assert 1 <= len(clean) <= 50
            assert text.clean_line(clean, field=("name",), most=50) == clean
            assert not any(unicodedata.category(each) in ("Cc", "Cs") for each in clean)

    @pytest.mark.parametrize("kept", ["Ana 🍞", "👩‍👩‍👧‍👦", "محمد", "שלום", "日本語", "O'Neil-Żółć", "ẹ̀kọ́"])
    def test_names_of_the_world_are_kept(self, kept: str) -> None:
        assert text.clean_line(kept, field=("name",), most=50) == unicodedata.normalize("NFC", kept)

    @pytest.mark.parametrize("empty", ["", "  ", "\u200b", "\u200d\ufeff", "\u00a0", "\u0301", "\u2028"])
    def test_what_shows_nothing_is_empty(self, empty: str) -> None:
        with pytest.raises(text.Required):
            text.clean_line(empty, field=("name",), most=50)

    @pytest.mark.parametrize(
        "bad", ["a\x00", "a\nb", "a\tb", "a\x7f", "a\x85b", "\ud800", "evil\u202egpj.exe", "\u2066x"]
    )
    def test_control_characters_are_refused(self, bad: str) -> None:
        with pytest.raises(text.TextInvalid):
            text.clean_line(bad, field=("name",), most=50)

    def test_a_long_one_is_told_how_long_it_may_be(self) -> None:
        with pytest.raises(text.TextTooLong, match="up to 200 characters; these are 1,000"):
            text.clean_line("x" * 1000, field=("name",), most=200)


def _cpf(base: str) -> str:
    for length in (9, 10):
        rest = sum(int(d) * w for d, w in zip(base, range(length + 1, 1, -1), strict=True)) % 11
        base += str(0 if rest < 2 else 11 - rest)
    return base


def _cnpj(base: str) -> str:
    weights = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2]
    for start in (1, 0):
        rest = sum((ord(c) - 48) * w for c, w in zip(base, weights[start:], strict=True)) % 11
        base += str(0 if rest < 2 else 11 - rest)
    return base


class TestDocuments:
    @given(st.from_regex(r"[0-9]{9}", fullmatch=True), st.integers(0, 10), st.integers(1, 9))
    def test_a_cpf_with_one_wrong_digit_is_refused(self, base: str, place: int, step: int) -> None:
        assume(len(set(base)) > 1)
        good = _cpf(base)
        bad = good[:place] + str((int(good[place]) + step) % 10) + good[place + 1 :]

        assert text.cpf(f"{good[:3]}.{good[3:6]}.{good[6:9]}-{good[9:]}") == good
        if place >= 9:
            with pytest.raises(text.DocumentInvalid):
                text.cpf(bad)

    @given(st.from_regex(r"[0-9A-Z]{12}", fullmatch=True), st.integers(12, 13), st.integers(1, 9))
    def test_a_cnpj_of_digits_and_letters_is_checked(self, base: str, place: int, step: int) -> None:
        good = _cnpj(base)
        assume(len(set(good)) > 1)
        bad = good[:place] + str((int(good[place]) + step) % 10) + good[place + 1 :]

        assert text.cnpj(f"{good[:2]}.{good[2:5]}.{good[5:8]}/{good[8:12]}-{good[12:]}".lower()) == good
        with pytest.raises(text.DocumentInvalid):
            text.cnpj(bad)

    def test_the_published_examples_hold(self) -> None:
        assert text.cnpj("12.ABC.345/01DE-35") == "12ABC34501DE35"
        assert text.cnpj("11.222.333/0001-81") == "11222333000181"
        assert text.cpf("529.982.247-25") == "52998224725"

    @pytest.mark.parametrize(
        "bad", ["", "111.111.111-11", "1234567890", "52998224725x", "５２９９８２２４７２５", "529982247250"]
    )
    def test_what_is_no_cpf_is_refused(self, bad: str) -> None:
        with pytest.raises(text.DocumentInvalid):
            text.cpf(bad)

    @pytest.mark.parametrize("bad", ["", "00.000.000/0000-00", "12.ABC.345/01DE-3A", "1122233300018", "É1222333000181"])
    def test_what_is_no_cnpj_is_refused(self, bad: str) -> None:
        with pytest.raises(text.DocumentInvalid):
            text.cnpj(bad)


@settings(max_examples=50)
@given(st.text(max_size=80))
def test_addresses_are_normal_or_refused(written: str) -> None:
    for read, code in ((text.email, "EMAIL_INVALID"), (lambda value: text.url(value, field=("url",)), "URL_INVALID")):
        found = tried(read, written)
        assert found.code in (code, "TEXT_INVALID") if isinstance(found, Invalid) else read(found) == found


@pytest.mark.parametrize(
    "bad", ["javascript:alert(1)", "//x", "http://", "http://[::1", "http://a b", "http://x:0", "ftp://x"]
)
def test_only_web_addresses_are_links(bad: str) -> None:
    with pytest.raises(text.UrlInvalid):
        text.url(bad, field=("url",))


@given(
    st.text("abZ09._+-'!é ", min_size=1, max_size=66),
    st.sampled_from(
        ["gmail.com", "Example.COM", "x.test", "a.local", "ab--cd.com", "é.com", "a..com", "-a.com", "1.2", "x", ""]
    ),
)
def test_the_short_way_takes_the_addresses_that_the_library_takes(local: str, domain: str) -> None:
    written = f"{local}@{domain}"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(text, "_USUAL_LOCAL", re.compile("(?!)"))
        whole = repr(tried(text.email, written))

    assert repr(tried(text.email, written)) == whole
