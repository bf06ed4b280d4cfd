"""Phone numbers and WhatsApp's addresses: read from any spelling, kept in E.164, compared by a key.

Brazil's mobile numbers got a ninth digit between 2012 and 2016, and WhatsApp still knows many accounts by the old form.
Both forms of a number have the same key (Anatel, Resolução 553/2010). Mexico's mobile numbers lost their leading 1 in
2019 (IFT, plan of 2018), and WhatsApp still writes it: it is taken away.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumber, PhoneNumberFormat

from core.errors import Invalid

_LONGEST: Final = 40
_FEWEST: Final = 2
REGION: Final = "BR"
"""The country of numbers without a country code, where nobody said another."""

_BRAZIL: Final = 55
_BRAZILIAN_MOBILE: Final = re.compile(r"([1-9]\d)9([6-9]\d{7})")
_BRAZILIAN_OLD_MOBILE: Final = re.compile(r"([1-9]\d)([6-9]\d{7})")
_BRAZILIAN_LOCAL: Final = re.compile(r"9([6-9]\d{7})")
_USUAL: Final = re.compile(r"\+55(([1-9]\d)9([6-9]\d{7}))", re.ASCII)
_PLAN: Final[Any] = phonenumbers.PhoneMetadata.metadata_for_region("BR")
_BRAZILIAN_PATTERN: Final = re.compile(str(_PLAN.mobile.national_number_pattern), re.ASCII)
_MEXICAN_OLD_MOBILE: Final = re.compile(r"\+52[\s().-]*1(?=(?:[\s().-]*\d){10}$)", re.ASCII)
_WRITTEN: Final = re.compile(r"[\d\s+().\-/\u2010-\u2015\u00a0]+", re.ASCII)
_WHATSAPP: Final = re.compile(r"(\d{5,20})(?::\d{1,4})?@(c\.us|s\.whatsapp\.net|lid)", re.ASCII)
_SHOWN: Final = 4


class PhoneInvalid(Invalid):
    """Write a phone number with its area code, such as (11) 98765-4321 or +351 912 345 678."""

    code = "PHONE_INVALID"


class WhatsAppIdInvalid(Invalid):
    """Write an id as WhatsApp does: 5511987654321@c.us, 5511987654321@s.whatsapp.net or 123456789@lid."""

    code = "WHATSAPP_ID_INVALID"


class AddressKind(StrEnum):
    """What a WhatsApp id names."""

    PHONE = "phone"
    LID = "lid"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """A number as it is shown and dialled (`e164`), and the form that is compared (`key`)."""

    e164: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What a WhatsApp id names: a phone number, or WhatsApp's own number for a person."""

    kind: AddressKind
    key: str
    value: str


def parse(text: str, region: str = REGION, *, field: Sequence[str] = ("phone",)) -> Phone:
    """Read a number. Without a country code it belongs to `region` (ISO 3166).

    Raises:
        PhoneInvalid: it is no number that could be dialled.
    """
    plain = text.strip()
    if len(plain) > _LONGEST or sum(map(str.isdecimal, plain)) < _FEWEST:
        raise PhoneInvalid(field=field)
    usual = _usual(plain)
    if usual is not None:
        return usual
    if plain.startswith("00"):
        plain = f"+{plain[2:]}"
    plain = _MEXICAN_OLD_MOBILE.sub("+52", plain)
    try:
        number = phonenumbers.parse(plain, region)
    except NumberParseException:
        raise PhoneInvalid(field=field) from None
    if number.extension or not _exists(number):
        raise PhoneInvalid(field=field)
    return _phone(number)


def whatsapp(text: str, *, field: Sequence[str] = ("whatsapp_id",)) -> Address:
    """Read a WhatsApp id.

    Raises:
        WhatsAppIdInvalid: it has another form, or its number is none.
    """
    match = _WHATSAPP.fullmatch(text.strip())
    if match is None:
        raise WhatsAppIdInvalid(field=field)
    digits, server = match.groups()
    if server == "lid":
        return Address(kind=AddressKind.LID, key=digits, value=f"{digits}@lid")
    try:
        phone = parse(f"+{digits}", field=field)
    except PhoneInvalid:
        raise WhatsAppIdInvalid(field=field) from None
    return Address(kind=AddressKind.PHONE, key=phone.key, value=phone.e164)


def masked(e164: str) -> str:
    """Return a number of which the last four digits are shown: `+55 ******4321`."""
    try:
        number = phonenumbers.parse(e164)
    except NumberParseException:
        return "*" * len(e164)
    national = str(number.national_number)
    return f"+{number.country_code} {'*' * (len(national) - _SHOWN)}{national[-_SHOWN:]}"


def spellings(e164: str) -> tuple[str, ...]:
    """Return a number in E.164 as it may have been written: itself, and with or without Brazil's ninth digit."""
    national = e164.removeprefix(f"+{_BRAZIL}")
    if national == e164:
        return (e164,)
    if new := _BRAZILIAN_MOBILE.fullmatch(national):
        return e164, f"+{_BRAZIL}{new[1]}{new[2]}"
    if old := _BRAZILIAN_OLD_MOBILE.fullmatch(national):
        return e164, f"+{_BRAZIL}{old[1]}9{old[2]}"
    return (e164,)


def forms(text: str) -> tuple[str, ...]:
    """Return the spellings in E.164 of a number with its country code; of another text only itself."""
    if not text.lstrip().startswith("+"):
        return (text,)
    try:
        return spellings(parse(text).e164)
    except PhoneInvalid:
        return (text,)


def search_forms(text: str) -> list[str]:
    """Return the digits of what may be a part of a number, with and without Brazil's ninth digit.

    A text that holds anything but digits and the marks between them is no number. Zeros in front (of a trunk, or `00`)
    are not a part of what is kept.
    """
    if not _WRITTEN.fullmatch(text):
        return []
    digits = re.sub(r"\D", "", text, flags=re.ASCII).lstrip("0")
    if len(digits) < _SHOWN:
        return []
    national = digits.removeprefix(str(_BRAZIL)) if len(digits) > 11 else digits
    new, old = _BRAZILIAN_MOBILE.fullmatch(national), _BRAZILIAN_OLD_MOBILE.fullmatch(national)
    local = _BRAZILIAN_LOCAL.fullmatch(national)
    others = (new and f"{new[1]}{new[2]}", old and f"{old[1]}9{old[2]}", local and local[1])
    return [digits, *(each for each in others if each)]


def _usual(plain: str) -> Phone | None:
    """Read a Brazilian mobile number in E.164 by the library's own pattern, without the rest of its work."""
    match = _USUAL.fullmatch(plain)
    if match is None or _BRAZILIAN_PATTERN.fullmatch(match[1]) is None:
        return None
    return Phone(e164=plain, key=f"+{_BRAZIL}{match[2]}{match[3]}")


def _exists(number: PhoneNumber) -> bool:
    if phonenumbers.is_valid_number(number):
        return True
    return number.country_code == _BRAZIL and _BRAZILIAN_OLD_MOBILE.fullmatch(str(number.national_number)) is not None


def _phone(number: PhoneNumber) -> Phone:
    e164 = phonenumbers.format_number(number, PhoneNumberFormat.E164)
    national = str(number.national_number)
    match = _BRAZILIAN_MOBILE.fullmatch(national) if number.country_code == _BRAZIL else None
    key = f"+{_BRAZIL}{match[1]}{match[2]}" if match is not None else e164
    return Phone(e164=e164, key=key)
