"""Phone numbers and WhatsApp's ids: every spelling of a number has one key."""

from collections.abc import Callable
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import phone
from core.errors import Invalid

# one mobile number each, as people of the country write it, and as it is dialled from abroad
COUNTRIES = [
    ("BR", "(11) 98765-4321", "+5511987654321"),
    ("PT", "912 345 678", "+351912345678"),
    ("US", "(650) 253-0000", "+16502530000"),
    ("CA", "604-555-1234", "+16045551234"),
    ("MX", "55 1234 5678", "+525512345678"),
    ("AR", "011 15-2345-6789", "+5491123456789"),
    ("CL", "9 6123 4567", "+56961234567"),
    ("CO", "321 1234567", "+573211234567"),
    ("PE", "912 345 678", "+51912345678"),
    ("UY", "094 231 234", "+59894231234"),
    ("PY", "0961 456789", "+595961456789"),
    ("BO", "71234567", "+59171234567"),
    ("GB", "07400 123456", "+447400123456"),
    ("IE", "085 012 3456", "+353850123456"),
    ("ES", "612 34 56 78", "+34612345678"),
    ("FR", "06 12 34 56 78", "+33612345678"),
    ("DE", "01512 3456789", "+4915123456789"),
    ("IT", "312 345 6789", "+393123456789"),
    ("CH", "078 123 45 67", "+41781234567"),
    ("NL", "06 12345678", "+31612345678"),
    ("BE", "0470 12 34 56", "+32470123456"),
    ("PL", "512 345 678", "+48512345678"),
    ("RU", "8 (912) 345-67-89", "+79123456789"),
    ("TR", "0501 234 56 78", "+905012345678"),
    ("IL", "050-234-5678", "+972502345678"),
    ("SA", "051 234 5678", "+966512345678"),
    ("AO", "923 123 456", "+244923123456"),
    ("ZA", "071 123 4567", "+27711234567"),
    ("NG", "0802 123 4567", "+2348021234567"),
    ("IN", "081234 56789", "+918123456789"),
    ("JP", "090-1234-5678", "+819012345678"),
    ("CN", "131 2345 6789", "+8613123456789"),
    ("AU", "0412 345 678", "+61412345678"),
]

T = TypeVar("T")


def tried(read: Callable[[str], T], written: str) -> T | Invalid:
    """What is read, or the refusal."""
    try:
        return read(written)
    except Invalid as error:
        return error


areas = st.sampled_from([11, 21, 31, 47, 48, 51, 61, 71, 81, 85, 91])
subscribers = st.integers(60_000_000, 99_999_999)
separators = st.sampled_from(["", " ", "-", ".", "  "])


@pytest.mark.parametrize(("region", "written", "e164"), COUNTRIES)
def test_a_number_of_each_country_is_read_as_it_is_written_there(region: str, written: str, e164: str) -> None:
    assert phone.parse(written, region).e164 == e164
    assert phone.parse(e164, "BR").e164 == e164
    assert phone.parse(f"00{e164[1:]}", "BR").e164 == e164
    assert phone.whatsapp(f"{e164[1:]}@c.us").value == e164


@given(area=areas, subscriber=subscribers, gap=separators, country=st.sampled_from(["", "+55", "0055", "55", "0"]))
def test_both_spellings_of_a_brazilian_mobile_number_have_one_key(
    area: int, subscriber: int, gap: str, country: str
) -> None:
    digits = str(subscriber)
    new = phone.parse(f"{country}{gap if country else ''}{area}{gap}9{digits[:4]}{gap}{digits[4:]}")
    old = phone.parse(f"+55{gap}({area}){gap}{digits}")

    assert new.key == old.key == phone.whatsapp(f"55{area}{digits}@c.us").key
    assert new.e164 == f"+55{area}9{digits}"
    assert old.e164 == f"+55{area}{digits}"


@given(area=areas, subscriber=st.integers(20_000_000, 59_999_999))
def test_a_landline_is_no_mobile_number(area: int, subscriber: int) -> None:
    try:
        found = phone.parse(f"+55{area}{subscriber}")
    except phone.PhoneInvalid:
        return

    assert found.key == found.e164 == f"+55{area}{subscriber}"


@given(area=areas, one=subscribers, two=subscribers)
def test_different_numbers_have_different_keys(area: int, one: int, two: int) -> None:
    keys = {phone.parse(f"+55{area}9{each}").key for each in (one, two)}

    assert len(keys) == len({one, two})


@pytest.mark.parametrize("written", ["+52 1 55 1234 5678", "5215512345678@c.us", "5215512345678@s.whatsapp.net"])
def test_mexicos_old_mobile_form_is_the_new_number(written: str) -> None:
    found = phone.whatsapp(written).value if "@" in written else phone.parse(written).e164

    assert found == "+525512345678"


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_refused_with_a_sentence(written: str) -> None:
    found = tried(phone.parse, written)

    if isinstance(found, Invalid):
        assert (found.code, found.field, found.message[-1]) == ("PHONE_INVALID", ("phone",), ".")
    else:
        assert phone.parse(found.e164) == found


@pytest.mark.parametrize(
    "written",
    ["", " ", "+", "190", "abc", "98765-4321", "+5511", "+55 11 98765-4321 ramal 5", "9" * 41, "\x00", "+999123456789"],
)  # fmt: skip
def test_what_cannot_be_dialled_is_refused(written: str) -> None:
    with pytest.raises(phone.PhoneInvalid):
        phone.parse(written)


class TestWhatsApp:
    def test_a_device_is_not_a_part_of_the_id(self) -> None:
        assert phone.whatsapp("5511987654321:12@s.whatsapp.net").value == "+5511987654321"

    def test_a_lid_is_no_number(self) -> None:
        found = phone.whatsapp(" 123456789012345@lid ")

        assert (found.kind, found.key) == (phone.AddressKind.LID, "123456789012345")

    @given(st.text(max_size=40) | st.from_regex(r"\d{1,25}@(c\.us|lid|g\.us)", fullmatch=True))
    def test_anything_else_is_refused_with_its_own_code(self, written: str) -> None:
        found = tried(phone.whatsapp, written)

        assert found.code == "WHATSAPP_ID_INVALID" if isinstance(found, Invalid) else found.key

    @pytest.mark.parametrize("written", ["1234567890-1234567890@g.us", "status@broadcast", "5511987654321", "12@c.us"])
    def test_groups_and_bare_numbers_are_refused(self, written: str) -> None:
        with pytest.raises(phone.WhatsAppIdInvalid):
            phone.whatsapp(written)


class TestMasked:
    @pytest.mark.parametrize("e164", [each[2] for each in COUNTRIES])
    def test_shows_country_and_last_four(self, e164: str) -> None:
        shown = phone.masked(e164)

        assert shown.endswith(e164[-4:])
        assert sum(each.isdigit() for each in shown) <= 4 + 3
        assert e164[-8:-4] not in shown

    def test_hides_what_is_no_number(self) -> None:
        assert phone.masked("+nada") == "*****"


class TestSearchForms:
    @given(area=areas, subscriber=subscribers, is_new=st.booleans())
    def test_either_spelling_finds_either(self, area: int, subscriber: int, is_new: bool) -> None:
        written = f"({area}) {'9' if is_new else ''}{subscriber}"

        forms = phone.search_forms(written)

        for kept in (f"+55{area}9{subscriber}", f"+55{area}{subscriber}"):
            assert any(each in kept for each in forms)

    @pytest.mark.parametrize("words", ["", "123", "ana", "maria 2024", "0000", "rua 12345"])
    def test_words_are_no_number(self, words: str) -> None:
        assert phone.search_forms(words) == []


@given(st.from_regex(r"\+55[1-9]\d{9,11}", fullmatch=True) | st.from_regex(r"\+55[1-9]\d9\d{8}", fullmatch=True))
def test_the_short_way_reads_what_the_library_reads(number: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phone, "_usual", lambda _: None)
        whole = repr(tried(phone.parse, number))

    assert repr(tried(phone.parse, number)) == whole


@given(st.text("Ana 1٣९+()", max_size=8))
def test_a_text_with_too_few_digits_is_no_number_for_the_library_either(written: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(phone, "_FEWEST", 0)
        whole = repr(tried(phone.parse, written))

    assert repr(tried(phone.parse, written)) == whole
