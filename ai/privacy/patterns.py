"""What is known by how it is written: e-mail addresses, PIX keys, IP addresses, CNPJ with letters, RG, passports, and
numbers of phones with their country code.

RG and passport have no check digit that holds everywhere, so they need their label. A PIX key that is a phone number,
an e-mail address or a CPF is found as that.
"""

import ipaddress
import re
from collections.abc import Iterator
from typing import Final

import phonenumbers
from phonenumbers import NumberParseException

from ai.privacy.labels import Label, Lead
from ai.privacy.reading import Reading
from ai.privacy.spans import Kind, Span
from core import text
from core.errors import Invalid

_SURE: Final = 0.99
_LABELLED: Final = 0.95
_SHAPED: Final = 0.6

_EMAIL: Final = re.compile(r"[\w.%+\-']{1,64}@(?:[\w\-]{1,63}\.){1,8}[^\W\d_]{2,24}")
_DOT: Final = r"(?: {0,2}\. {0,2}| ponto | dot )"
# `ana @ gmail . com`, `ana (at) gmail.com`, `ana arroba gmail ponto com`
_EMAIL_APART: Final = re.compile(
    r"[\w.%+\-']{1,64} {0,2}(?:@|[(\[]\s?(?:at|a|@|arroba)\s?[)\]]|\barroba\b) {0,2}"
    rf"[\w\-]{{1,63}}(?:{_DOT}[\w\-]{{1,63}}){{0,4}}?{_DOT}(?:com|net|org|gov|edu|br|pt|io)\b(?:{_DOT}(?:br|pt)\b)?"
)
# what an address that is written apart has at least
_AT: Final = re.compile(r"@|arroba|[(\[]\s?at?\s?[)\]]")
_WHATSAPP_ID: Final = re.compile(r"\d{5,20}(?::\d{1,4})?@(?:c\.us|s\.whatsapp\.net|lid)\b")
_UUID: Final = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:[\W_]{1,3}[0-9a-f]{4}){3}[\W_]{1,3}[0-9a-f]{12}(?![0-9a-f])")
_UUID_BARE: Final = re.compile(r"(?<![0-9a-z])[0-9a-f]{32}(?![0-9a-z])")
# PIX's "copia e cola" (Banco Central, Manual do BR Code): an EMV code that ends in its checksum
_BR_CODE: Final = re.compile(r"000201[\x20-\x7e]{20,500}?6304[0-9a-f]{4}(?![0-9a-f])")
_IP4: Final = re.compile(r"(?<![\d.])(?:\d{1,3} {0,2}\. {0,2}){3}\d{1,3}(?!\d)(?!\.\d)")
_IP6: Final = re.compile(
    r"(?<![0-9a-z:])(?:[0-9a-f]{0,4}:){2,7}(?:[0-9a-f]{1,4}|(?:\d{1,3}\.){3}\d{1,3})?(?![0-9a-z:])"
)
_COLONS: Final = re.compile(r":[0-9a-f]{0,4}:")
_HEXADECIMAL: Final = re.compile(r"[0-9a-f]{8}")
_CNPJ_WRITTEN: Final = re.compile(r"(?<![0-9a-z])[0-9a-z]{2}\.[0-9a-z]{3}\.[0-9a-z]{3}/[0-9a-z]{4}-\d{2}(?![0-9a-z])")
_GAP: Final = r"[\W_]{0,3}"
_MARKS: Final = r"[\W_]{1,3}"
_MARK: Final = re.compile(r"[\W_]")
_CNPJ: Final = re.compile(
    rf"(?<![0-9a-z])(?=([0-9a-z]{{12}}{_GAP}\d\d|[0-9a-z]{{8}}{_MARKS}[0-9a-z]{{4}}{_MARKS}\d\d|"
    rf"[0-9a-z]{{2}}{_MARKS}[0-9a-z]{{3}}{_MARKS}[0-9a-z]{{3}}{_MARKS}[0-9a-z]{{4}}{_MARKS}\d\d)(?![0-9a-z]))"
)
_FILLER: Final = r"[\W_]{0,4}(?:[a-z]{1,12}[\W_]{1,3}){0,4}?"
_CNPJ_LABELLED: Final = re.compile(
    rf"\bc\.?n\.?p\.?j\b{_FILLER}([0-9a-z](?:{_GAP}[0-9a-z]){{11}}(?:{_GAP}\d){{2}})(?![0-9a-z])"
)
_RG: Final = re.compile(
    rf"\b(?:rg|r\.g\.?|identidade|registro geral|identity card|cedula)(?!\w){_FILLER}"
    rf"((?:[a-z]{{2}}[\W_]{{0,2}})?"
    rf"(?:\d{{1,2}}{_GAP}\d{{3}}{_GAP}\d{{3}}(?:{_GAP}[\dx])?(?![0-9a-z])|\d(?:{_GAP}\d){{4,10}}(?:[\W_]?x\b)?))"
)
_RG_LABELS: Final = ("rg", "r.g", "ident", "registro", "cedula")
_RG_WRITTEN: Final = re.compile(r"(?<![\d.])\d{2}\.\d{3}\.\d{3}-[\dx](?![\w])(?![.\-]\d)")
_PASSPORT: Final = re.compile(
    rf"\b(?:passaportes?|passport|pasaporte){_FILLER}"
    rf"([a-z]{_GAP}[a-z](?:{_GAP}\d){{6}}(?!\d)|[a-z]{{0,2}}\d{{6,9}}(?!\d)|\d(?:{_GAP}\d){{5,8}})"
)
_CARD_CODE: Final = re.compile(r"\b(?:cvv2?|cvc2?)\W{0,3}(?:[a-z]{1,8}\W{1,3}){0,2}?(\d{3,4})(?!\d)")
_ABROAD: Final = re.compile(r"(?:\+|(?<![\d.,])00(?=[\W_]{0,2}[1-9]))(?:(?:[^\w+]|_){0,3}\d){8,15}(?!\d)")
_DIGITS: Final = re.compile(r"\d+")
_SHORTEST_ABROAD: Final = 8
_DOTS: Final = 3
_LAST_OF_GROUP: Final = re.compile(r"\d(?!\d)")


def find(reading: Reading) -> Iterator[Span]:
    """Find what its form gives away; offsets are of the reading."""
    low = reading.low
    if "@" in low:
        yield from _each(_EMAIL, low, Kind.EMAIL, _SURE)
        yield from _each(_WHATSAPP_ID, low, Kind.PHONE, 1.0)
    if ("@" in low or "arroba" in low or "(" in low or "[" in low) and _AT.search(low):
        yield from _each(_EMAIL_APART, low, Kind.EMAIL, _LABELLED)
    if _COLONS.search(low):
        yield from _addresses(_IP6, low)
    digits = sum(map(len, _DIGITS.findall(low)))
    if not digits:
        return
    if _HEXADECIMAL.search(low):
        yield from _each(_UUID, low, Kind.PIX, _SURE)
        yield from _bare_keys(low)
    yield from _each(_BR_CODE, low, Kind.PIX, 1.0)
    if low.count(".") >= _DOTS:
        yield from _addresses(_IP4, low)
    yield from _companies(low)
    yield from _documents(low)
    if digits >= _SHORTEST_ABROAD and ("+" in low or "00" in low):
        yield from _abroad(reading.plain)


def _each(pattern: re.Pattern[str], low: str, kind: Kind, confidence: float) -> Iterator[Span]:
    for match in pattern.finditer(low):
        yield Span(start=match.start(), end=match.end(), kind=kind, confidence=confidence)


def _groups(pattern: re.Pattern[str], low: str, kind: Kind, confidence: float) -> Iterator[Span]:
    for match in pattern.finditer(low):
        yield Span(start=match.start(1), end=match.end(1), kind=kind, confidence=confidence)


def _bare_keys(low: str) -> Iterator[Span]:
    for match in _UUID_BARE.finditer(low):
        lead = Lead(low, match.start(), 0)
        if lead.says(Label.PIX):
            yield Span(start=match.start(), end=match.end(), kind=Kind.PIX, confidence=_LABELLED)


def _addresses(pattern: re.Pattern[str], low: str) -> Iterator[Span]:
    for match in pattern.finditer(low):
        written = match[0].replace(" ", "")
        # `::1` and the like name no one; and a version is written as an address is
        if len(written) < 7 or Lead(low, match.start(), 0).touching is Label.VERSION:
            continue
        try:
            ipaddress.ip_address(written)
        except ValueError:
            continue
        yield Span(start=match.start(), end=match.end(), kind=Kind.IP, confidence=_LABELLED)


def _companies(low: str) -> Iterator[Span]:
    if "/" in low:
        yield from _each(_CNPJ_WRITTEN, low, Kind.CNPJ, _SHAPED)
    for match in _CNPJ.finditer(low):
        try:
            text.cnpj(_MARK.sub("", match[1]))
        except Invalid:
            continue
        yield Span(start=match.start(1), end=match.end(1), kind=Kind.CNPJ, confidence=_SURE)
    if "j" in low and "n" in low and "p" in low:
        yield from _groups(_CNPJ_LABELLED, low, Kind.CNPJ, _LABELLED)


def _documents(low: str) -> Iterator[Span]:
    if any(each in low for each in _RG_LABELS):
        yield from _groups(_RG, low, Kind.RG, _LABELLED)
    if "pas" in low:
        yield from _groups(_PASSPORT, low, Kind.PASSPORT, _LABELLED)
    if "cv" in low:
        yield from _groups(_CARD_CODE, low, Kind.CARD, _LABELLED)
    if "-" not in low or "." not in low:
        return
    for match in _RG_WRITTEN.finditer(low):
        if Lead(low, match.start(), 0).touching is not Label.ORDER:
            yield Span(start=match.start(), end=match.end(), kind=Kind.RG, confidence=_SHAPED)


def _abroad(plain: str) -> Iterator[Span]:
    match = _ABROAD.search(plain)
    while match is not None:
        ends = [match.start() + digit.end() for digit in _LAST_OF_GROUP.finditer(match[0])]
        end = next((each for each in reversed(ends) if _dials(plain[match.start() : each])), None)
        if end is not None:
            yield Span(start=match.start(), end=end, kind=Kind.PHONE, confidence=_LABELLED)
        match = _ABROAD.search(plain, end or match.start() + 1)


def _dials(written: str) -> bool:
    digits = re.sub(r"\D", "", written)
    digits = digits if written.startswith("+") else digits[2:]
    try:
        number = phonenumbers.parse(f"+{digits}")
    except NumberParseException:
        return False
    return phonenumbers.is_valid_number(number)
