"""Prices as shops write them, and as Brazilians read them."""

import re
from decimal import Decimal
from typing import Final

from core.money import CURRENCIES, FractionOfMinor, Money

_SIGNS: Final = {"R$": "BRL", "US$": "USD", "€": "EUR", "£": "GBP"}
_SHOWN: Final = {"BRL": "R$", "USD": "US$", "EUR": "€", "GBP": "£"}
_PRICE: Final = re.compile(r"([^\d\s.,'-]*)\s*([0-9][0-9.,'\s]*?)\s*([^\d\s.,'-]*)")
_GROUPED: Final = re.compile(r"[1-9][0-9]{0,2}(?:([.,])[0-9]{3})(?:\1[0-9]{3})*")
_LONGEST: Final = 20


def price(text: str, currency: str = "BRL") -> Money | None:
    """Read a price: `R$ 1.234,56`, `1234.56`, `1.234`, `12,5`, `US$ 3,50`. A mark before three digits groups them. None
    for what is no price, or could be several.
    """
    found = _PRICE.fullmatch(text.replace("\u00a0", " ").strip())
    if found is None:
        return None
    signs = [each for each in (found[1].upper(), found[3].upper()) if each and each != "$"]
    named = {_SIGNS.get(each, each) for each in signs} or {currency}
    amount = _amount(re.sub(r"[\s']", "", found[2]))
    if len(named) > 1 or not named <= CURRENCIES or amount is None:
        return None
    try:
        return Money.of(amount, named.pop())
    except FractionOfMinor:
        return None


def shown(money: Money) -> str:
    """Write an amount as in Brazil: `R$ 1.234,56`."""
    plain = f"{money.decimal:,}".translate(str.maketrans(",.", ".,"))
    return f"{_SHOWN.get(money.currency, money.currency)} {plain}"


def _amount(digits: str) -> Decimal | None:
    if len(digits) > _LONGEST or not re.fullmatch(r"[0-9]+(?:[.,][0-9]+)*", digits):
        return None
    last = max(digits.rfind("."), digits.rfind(","))
    whole, mark, tail = digits[:last], digits[last : last + 1], digits[last + 1 :]
    is_decimal = last >= 0 and digits.count(mark) == 1 and (len(tail) != 3 or len({*digits} & {".", ","}) > 1)
    if not is_decimal:
        whole, tail = digits, ""
    if not whole.isdecimal() and not _GROUPED.fullmatch(whole):
        return None
    return Decimal(f"{re.sub('[.,]', '', whole)}.{tail or 0}")
