"""Texts that people type: cleaned, limited, and refused with a sentence that says what would be accepted."""

import re
import string
import unicodedata
from collections.abc import Sequence
from functools import lru_cache
from operator import mul
from typing import Final
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from email_validator import EmailNotValidError, validate_email

from core.errors import Invalid

EMAIL_LONGEST: Final = 254
URL_LONGEST: Final = 2_000
_SLUG_LONGEST: Final = 48
_DOMAINS: Final = 2_048
# what stands before the sign in nearly all addresses, and needs no other look (RFC 5321, sections 4.1.2 and 4.5.3)
_USUAL_LOCAL: Final = re.compile(r"(?=.{1,64}$)[A-Za-z0-9_+-]+(\.[A-Za-z0-9_+-]+)*")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(-[A-Z][a-z]{3})?(-([A-Z]{2}|\d{3}))?")
# U+202A..E and U+2066..9 turn the direction of the text that follows: in a name they only serve to deceive
NO_CHARACTER: Final = "\uffff"
"""Stands for what was no whole character when it arrived."""

_DIRECTION: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
_LINE_BREAKS: Final = frozenset("\n\t")
# marks and spaces that show nothing by themselves
_INVISIBLE: Final = ("Cf", "Mn", "Me", "Zs", "Zl", "Zp")
_UNWANTED: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e\u2066-\u2069\ufdd0-\ufdef"
    + "".join(f"{chr(plane << 16 | 0xFFFE)}{chr(plane << 16 | 0xFFFF)}" for plane in range(17))
    + "]"
)
_DIRECTIONS: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
# letters that lose their mark in PostgreSQL's unaccent but not in Unicode's decomposition
_LETTERS: Final = str.maketrans(
    dict(zip("ßæœøđðłþıħĳŀŋŧſŉĸ", ("ss", "ae", "oe", *"oddl", "th", *"ih", "ij", *"lnts", "'n", "q"), strict=True))
)


class TextInvalid(Invalid):
    """Use letters, digits, punctuation and emoji; control characters are not accepted."""

    code = "TEXT_INVALID"


class TextTooLong(Invalid):
    """This text is too long."""

    code = "TOO_LONG"


class Required(Invalid):
    """This must not be empty."""

    code = "REQUIRED"


class EmailInvalid(Invalid):
    """Write an e-mail address, such as ana@example.com."""

    code = "EMAIL_INVALID"


class UrlInvalid(Invalid):
    """Write a web address that begins with https:// or http://."""

    code = "URL_INVALID"


class DocumentInvalid(Invalid):
    """The check digits of this document do not fit."""

    code = "DOCUMENT_INVALID"


class TimezoneUnknown(Invalid):
    """Write a time zone of the IANA list, such as America/Sao_Paulo."""

    code = "TIMEZONE_UNKNOWN"


class LanguageUnknown(Invalid):
    """Write a language tag, such as pt-BR or en."""

    code = "LANGUAGE_UNKNOWN"


def fold(text: str) -> str:
    """Return a text in lower case, without accents. For Latin letters the SQL function `fold` does the same; what is
    compared with stored texts is folded there, because other scripts have rules of their own in each.
    """
    apart = unicodedata.normalize("NFD", text.lower())
    bare = "".join(each for each in apart if not unicodedata.combining(each))
    return unicodedata.normalize("NFC", bare).translate(_LETTERS)


def clean_line(text: str, *, field: Sequence[str], most: int, least: int = 1) -> str:
    """Return one line of text without outer and doubled spaces. Lengths are in characters.

    Raises:
        Required, TextTooLong, TextInvalid: it is too short, too long, or holds control characters.
    """
    return _measured(" ".join(_plain(text, field, frozenset()).split()), field, least, most)


def clean_text(text: str, *, field: Sequence[str], most: int, least: int = 1) -> str:
    """Return a text of several lines without outer spaces; raises as `clean_line` does."""
    plain = _plain(text.replace("\r\n", "\n"), field, _LINE_BREAKS)
    return _measured(plain.strip(), field, least, most)


def undirected(text: str) -> str:
    """Return what a customer wrote without marks of the direction of writing, which `clean_text` refuses: a phone
    number that is copied out of an address book brings them along.
    """
    return _DIRECTIONS.sub("", text)


def legible(piece: str) -> str:
    """Return a piece of a foreign text without the characters that `clean_text` refuses, some of which no store takes;
    the rest is as it was, for a piece may be half of something.
    """
    return _UNWANTED.sub("", piece)


def scrubbed(text: str) -> str:
    """Return a foreign text of several lines without the characters that `clean_text` refuses."""
    lines = re.sub(r"\r\n?|[\v\f\u2028\u2029]", "\n", text)
    return unicodedata.normalize("NFC", _UNWANTED.sub("", lines))


def email(text: str, *, field: Sequence[str] = ("email",)) -> str:
    """Return an e-mail address in the form that is compared: normalised, in lower case. Nothing is looked up."""
    try:
        plain = _plain(text, field, frozenset()).strip()
        if not plain or len(plain) > EMAIL_LONGEST:
            raise EmailInvalid(field=field)
        local, _, domain = plain.rpartition("@")
        if _USUAL_LOCAL.fullmatch(local) and domain.isascii():
            return f"{local}@{_domain(domain)}".lower()
        return _normalized(plain).lower()
    except (EmailNotValidError, TextInvalid):
        raise EmailInvalid(field=field) from None


@lru_cache(_DOMAINS)
def _domain(name: str) -> str:
    """Return a domain as an address has it: few of them stand in many addresses."""
    return _normalized(f"x@{name}").removeprefix("x@")


def _normalized(address: str) -> str:
    return validate_email(address, check_deliverability=False, test_environment=True).normalized


def url(text: str, *, field: Sequence[str]) -> str:
    """Return a web address of http or https."""
    plain = _plain(text, field, frozenset()).strip()
    try:
        parts = urlsplit(plain)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_good = False
    if not is_good or len(plain) > URL_LONGEST or any(each.isspace() for each in plain):
        raise UrlInvalid(field=field)
    return plain


def slug(text: str) -> str:
    """Return a name as a part of an address: `Padaria São José` gives `padaria-sao-jose`; nothing left gives `x`."""
    words = re.sub(r"[^a-z0-9]+", "-", fold(text)).strip("-")
    return words[:_SLUG_LONGEST].strip("-") or "x"


def timezone(text: str, *, field: Sequence[str] = ("timezone",)) -> str:
    """Return a time zone of the IANA list."""
    if text not in available_timezones():
        raise TimezoneUnknown(field=field)
    return text


def language(text: str, *, field: Sequence[str] = ("language",)) -> str:
    """Return a language tag (BCP 47: language, script, region)."""
    if not _LANGUAGE.fullmatch(text):
        raise LanguageUnknown(field=field)
    return text


def cpf(text: str, *, field: Sequence[str] = ("cpf",)) -> str:
    """Return the eleven digits of a CPF whose check digits fit (Receita Federal)."""
    digits = re.sub(r"[.\-\s]", "", text)
    if not re.fullmatch(r"[0-9]{11}", digits) or not _fits_cpf(digits):
        raise DocumentInvalid(field=field)
    return digits


def _fits_cpf(digits: str) -> bool:
    """Tell whether the check digits of eleven digits fit."""
    values = [int(digit) for digit in digits]
    return (
        sum(map(mul, values, range(10, 1, -1))) * 10 % 11 % 10 == values[9]
        and sum(map(mul, values, range(11, 1, -1))) * 10 % 11 % 10 == values[10]
        and len(set(values)) > 1
    )


def cnpj(text: str, *, field: Sequence[str] = ("cnpj",)) -> str:
    """Return the fourteen characters of a CNPJ whose check digits fit, numeric or alphanumeric (IN RFB 2.229/2024)."""
    marks = re.sub(r"[./\-\s]", "", text).upper()
    if not re.fullmatch(r"[0-9A-Z]{12}[0-9]{2}", marks) or len(set(marks)) == 1:
        raise DocumentInvalid(field=field)
    for length in (12, 13):
        weights = [*range(length - 7, 1, -1), *range(9, 1, -1)]
        total = sum((ord(mark) - ord("0")) * weight for mark, weight in zip(marks[:length], weights, strict=True))
        rest = total % 11
        if int(marks[length]) != (0 if rest < 2 else 11 - rest):
            raise DocumentInvalid(field=field)
    return marks


def masked(text: str) -> str:
    """Return a text whose letters and digits are hidden, but for the first."""
    return text[:1] + "".join("*" if each not in string.punctuation + " " else each for each in text[1:])


def _plain(text: str, field: Sequence[str], allowed: frozenset[str]) -> str:
    if text.isascii() and text.isprintable():
        return text
    normal = unicodedata.normalize("NFC", text)
    for each in normal:
        if each not in allowed and (unicodedata.category(each) in ("Cc", "Cs") or each in _DIRECTION or _is_none(each)):
            raise TextInvalid(field=field)
    return normal


def _is_none(character: str) -> bool:
    """Tell whether a code point is no character for good (Unicode, section 23.7)."""
    point = ord(character)
    return point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF


def _measured(text: str, field: Sequence[str], least: int, most: int) -> str:
    if len(text) < least or (least and all(unicodedata.category(each) in _INVISIBLE for each in text)):
        message = "This must not be empty." if least == 1 else f"Write {least} characters or more."
        raise Required(message, field=field)
    if len(text) > most:
        message = f"Write up to {most:,} characters; these are {len(text):,}."
        raise TextTooLong(message, field=field)
    return text
