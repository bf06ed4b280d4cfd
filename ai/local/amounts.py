"""Sums, quantities, order numbers as customers write them: `R$ 1.234,56`, `2 mil reais`, `3 caixas`, `pedido nº 45`."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from ai.local.numerals import SPELLED, worth_of
from core.money import Money

_SURE: Final = 0.95
_LIKELY: Final = 0.8
_CENTS: Final = 2
_LONGEST: Final = 12

_SIGNS: Final = {
    "r$": "BRL",
    "us$": "USD",
    "u$": "USD",
    "€": "EUR",
    "£": "GBP",
    "brl": "BRL",
    "usd": "USD",
    "eur": "EUR",
}
_NAMES: Final = {
    "rea": "BRL",
    "con": "BRL",
    "pil": "BRL",
    "dol": "USD",
    "eur": "EUR",
    "buc": "USD",
    "lib": "GBP",
    "pou": "GBP",
}
_NUMBER: Final = r"\d{1,3}(?:\.\d{3})+(?:,\d{1,2})?|\d{1,3}(?:,\d{3})+(?:\.\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?"
_MONEY: Final = re.compile(
    rf"(?:(?P<sign>(?<![a-z])r\$|(?<![a-z])us?\$|\$|€|£|\b(?:brl|usd|eur)\b) {{0,2}}(?P<signed>{_NUMBER})(?! ?%)"
    rf"(?: ?(?P<many>mil|k)\b)?(?![\d]))|"
    rf"(?:(?<![\d.,/])(?P<named>{_NUMBER})(?: ?(?P<more>mil|k)\b)? ?|\b(?P<spelled>{SPELLED}) )"
    r"(?P<name>reais|real|contos?|pilas?|dolares|dolar|dollars?|bucks|euros?|libras?|pounds?)\b"
)
_COUNTS: Final = {
    word: count
    for count, words in (
        (1, "um uma un una one"),
        (2, "dois duas dos two"),
        (3, "tres three"),
        (4, "quatro cuatro four"),
        (5, "cinco five"),
        (6, "seis six"),
        (7, "sete siete seven"),
        (8, "oito ocho eight"),
        (9, "nove nueve nine"),
        (10, "dez diez ten"),
        (12, "doze doce twelve"),
        (20, "vinte veinte twenty"),
    )
    for word in words.split()
}
_COUNT: Final = r"(?<![\d.,/:$])(?P<count>\d{1,5}|" + "|".join(_COUNTS) + ")"
_UNITS: Final = (
    r"unidades?|unids?|un|und|pecas?|pcs|caixas?|cx|pacotes?|pct|kits?|pares?|kg|quilos?|gramas?|litros?|ml|metros?|cm|"
    r"duzias?|fardos?|sacos?|garrafas?|latas?|potes?|frascos?|rolos?|units?|boxes|packs?|pieces|pairs?|dozens?|kilos?|"
    r"liters?|meters?|bottles?|unidad(?:es)?|piezas?|cajas?|paquetes?|botellas?|docenas?"
)
_QUANTITY: Final = re.compile(
    rf"\b(?:{_COUNT} ?(?:{_UNITS})\b)|"
    r"\b(?:quero|queria|vou querer|levo|vou levar|compro|comprar|preciso de|manda|me ve|separa|i want|i need|i'll take|"
    rf"quiero|llevo|necesito) {_COUNT.replace('count', 'wanted')}\b"
    r"(?! ?(?:reais|real|mil|x\b|vezes|dias?|horas?|meses|%))"
    rf"(?: ?(?:{_UNITS})\b|(?= [a-z]{{3}}))"
)
_ORDER: Final = re.compile(
    r"\b(?:pedidos?|protocolos?|ordem|orders?|rastreio|rastreamento|tracking|nota fiscal|nf-?e?|chamado|ticket|"
    r"factura|invoice|orcamento|compra)"
    r"(?: ?(?:de compra|numero|number|num|nr|n[o.]?|code|codigo|e|eh|is|es|:|#|-)){0,3} ?#?"
    r"(?P<number>(?=[a-z\-]{0,6}\d)[a-z0-9](?:[a-z0-9\-]{2,24}[a-z0-9]))(?![\w]|/\d|[.,]\d| ?(?:reais|dias|unidades))"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Amount:
    """A sum, a count or a number of an order in a text, as offsets of what was read."""

    start: int
    end: int
    confidence: float
    value: str
    money: Money | None = None


def find_money(low: str, currency: str) -> Iterator[Amount]:
    """Find sums in a text in lower case without accents; a bare `$` is of `currency`, unless that is the real's."""
    plain = currency if currency != "BRL" else "USD"
    for match in _MONEY.finditer(low):
        sign, name = match["sign"], match["name"]
        code = _SIGNS.get(sign, plain) if sign else _NAMES[name[:3]]
        spelled = match["spelled"]
        number = Decimal(worth_of(spelled)) if spelled else _number(match["signed"] or match["named"])
        number *= 1_000 if match["many"] or match["more"] else 1
        money = Money(minor=int(number.scaleb(_CENTS)), currency=code)
        yield Amount(
            start=match.start(),
            end=match.end(),
            confidence=_SURE,
            value=f"{number:.2f} {code}",
            money=money,
        )


def find_quantities(low: str) -> Iterator[Amount]:
    """Find how many of something are meant: before a unit, or behind a word of wanting."""
    for match in _QUANTITY.finditer(low):
        group = "count" if match["count"] else "wanted"
        written = match[group]
        count = int(written) if written.isdigit() else _COUNTS[written]
        yield Amount(start=match.start(group), end=match.end(), confidence=_LIKELY, value=str(count))


def find_orders(low: str) -> Iterator[Amount]:
    """Find numbers of orders, protocols, invoices and parcels; the offsets are those of the number."""
    for match in _ORDER.finditer(low):
        yield Amount(
            start=match.start("number"),
            end=match.end("number"),
            confidence=_LIKELY,
            value=match["number"].upper(),
        )


def _number(written: str) -> Decimal:
    """Read a number: what follows the last mark is cents, unless it is three digits."""
    whole, mark, rest = written, "", ""
    for place in range(len(written) - 1, -1, -1):
        if not written[place].isdigit():
            whole, mark, rest = written[:place], written[place], written[place + 1 :]
            break
    if mark and len(rest) > _CENTS:
        whole, rest = whole + rest, ""
    digits = re.sub(r"\D", "", whole)[:_LONGEST]
    return Decimal(f"{digits}.{rest or 0}")
