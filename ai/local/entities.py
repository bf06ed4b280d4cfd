"""What a text names, found by rules: people, companies, ways to reach them, days, sums, orders and quantities.

People and numbers of people are found by what keeps them from leaving (`ai.privacy`): one recogniser for both uses.
Payment cards, passports and the like are seen, so that nothing else is taken for a part of them, and never listed.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import Final

from ai.local import amounts, dates
from ai.privacy import Known, Span, recognise
from ai.privacy.people import People
from ai.privacy.reading import Reading, read
from ai.privacy.spans import Kind
from ai.results import LOCAL, Entities, Entity, EntityKind, Method
from core import phone
from core.errors import Invalid

_LISTED: Final = {
    Kind.NAME: EntityKind.PERSON,
    Kind.COMPANY: EntityKind.COMPANY,
    Kind.EMAIL: EntityKind.EMAIL,
    Kind.PHONE: EntityKind.PHONE,
    Kind.CPF: EntityKind.CPF,
    Kind.CNPJ: EntityKind.CNPJ,
    Kind.CEP: EntityKind.POSTAL_CODE,
}
_COMPANY: Final = 0.7
_BUSINESS: Final = (
    r"padaria|loja|mercado|supermercado|mercearia|farmacia|drogaria|restaurante|lanchonete|pizzaria|oficina|clinica|"
    r"escola|academia|construtora|transportadora|distribuidora|papelaria|confeitaria|grupo|atelie|studio|estudio|"
    r"imobiliaria|consultoria|hotel|pousada|bar"
)
_IS_BUSINESS: Final = re.compile(rf"(?:{_BUSINESS})\b")
_NAME: Final = r"[A-Z][\w&'\-]*(?: (?:(?:de|da|do|das|dos|e|&|y|and) )?[A-Z0-9][\w&'\-]*){0,4}"
_CUED: Final = re.compile(
    r"\b(?i:(?:d[ao]|n[ao]|a|o|pel[ao]|minha|nossa) (?:empresa|firma|companhia|loja)|empresa ?:|"
    r"trabalho (?:n[ao]|em|com a)|represento a|"
    r"(?:de|en|con) la empresa|trabajo en|i work (?:at|for)|i'm (?:with|from)|company ?:) "
    rf"(?P<name>{_NAME})"
)
_LEGAL: Final = re.compile(
    rf"(?P<name>{_NAME},? (?:Ltda|LTDA|ltda|EIRELI|Eireli|S\.?A|S/A|ME|EPP|Inc|LLC|Corp|S\.?L)\b\.?)"
)


def find_entities(text: str, *, today: date, known: Known | None = None, currency: str = "BRL") -> Entities:
    """Return what a text names.

    `today` is the day where the speaker is; `known` is whom the CRM knows already; `currency` (ISO 4217) is that of a
    sum with a bare `$`.
    """
    reading = read(text)
    spans = recognise(text, (People(known),) if known is not None else ())
    found: list[Entity] = []
    taken = {place for span in spans for place in range(span.start, span.end)}
    for entity in _by_rules(text, reading, today, currency):
        places = range(entity.start, entity.end)
        if taken.isdisjoint(places):
            taken.update(places)
            found.append(entity)
    found.extend(_personal(text, span) for span in spans if span.kind in _LISTED)
    found.sort(key=lambda each: each.start)
    return Entities(provider=LOCAL, method=Method.RULES, found=tuple(found))


def _personal(text: str, span: Span) -> Entity:
    written = text[span.start : span.end]
    kind = _LISTED[span.kind]
    if kind is EntityKind.PERSON and _IS_BUSINESS.match(read(written).low):
        kind = EntityKind.COMPANY
    return Entity(
        kind=kind,
        text=written,
        start=span.start,
        end=span.end,
        confidence=span.confidence,
        value=_plain(kind, written),
    )


def _plain(kind: EntityKind, written: str) -> str | None:
    plain = read(written).plain
    if kind is EntityKind.EMAIL:
        return plain.lower() if " " not in plain else None
    if kind is EntityKind.PHONE:
        try:
            return phone.parse(plain).e164
        except Invalid:
            return None
    if kind in (EntityKind.CPF, EntityKind.CNPJ, EntityKind.POSTAL_CODE):
        return re.sub(r"[\W_]", "", plain).upper()
    return written


def _by_rules(text: str, reading: Reading, today: date, currency: str) -> Iterator[Entity]:
    """Find what is no personal number, the surest kinds first."""
    low = reading.low
    for amount in amounts.find_money(low, currency):
        yield _amount(text, reading, amount, EntityKind.MONEY)
    for amount in amounts.find_orders(low):
        yield _amount(text, reading, amount, EntityKind.ORDER)
    for moment in dates.find_days(low, today):
        yield _moment(text, reading, moment)
    for moment in dates.find_times(low):
        yield _moment(text, reading, moment)
    for amount in amounts.find_quantities(low):
        yield _amount(text, reading, amount, EntityKind.QUANTITY)
    for pattern in (_LEGAL, _CUED):
        for match in pattern.finditer(reading.plain):
            start, end = reading.written(*match.span("name"))
            name = text[start:end]
            yield Entity(kind=EntityKind.COMPANY, text=name, start=start, end=end, confidence=_COMPANY, value=name)


def _amount(text: str, reading: Reading, amount: amounts.Amount, kind: EntityKind) -> Entity:
    start, end = reading.written(amount.start, amount.end)
    return Entity(
        kind=kind,
        text=text[start:end],
        start=start,
        end=end,
        confidence=amount.confidence,
        value=amount.value,
        money=amount.money,
    )


def _moment(text: str, reading: Reading, moment: dates.Moment) -> Entity:
    start, end = reading.written(moment.start, moment.end)
    return Entity(
        kind=EntityKind.TIME if moment.day is None else EntityKind.DATE,
        text=text[start:end],
        start=start,
        end=end,
        confidence=moment.confidence,
        value=moment.time if moment.day is None else moment.day.isoformat(),
    )
