"""Money: whole minor units and a currency. Amounts of different currencies do not mix."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Self

_CODES: Final = """
    AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD
    CDF CHF CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD
    GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD
    KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO
    NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE
    SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND
    VUV WST XAF XCD XCG XOF XPF YER ZAR ZMW ZWG
"""
CURRENCIES: Final = frozenset(_CODES.split())
"""What people pay with: the circulating currencies of ISO 4217, without funds, metals and test codes."""

_WHOLE: Final = """
    BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF
"""
_THOUSANDTHS: Final = """
    BHD IQD JOD KWD LYD OMR TND
"""
_DIGITS: Final = {**dict.fromkeys(_WHOLE.split(), 0), **dict.fromkeys(_THOUSANDTHS.split(), 3)}
"""Digits of the minor unit where they are not two (ISO 4217)."""


class CurrencyMismatch(ValueError):
    """Two amounts are in different currencies."""


class FractionOfMinor(ValueError):
    """An amount is finer than the minor unit of its currency."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """An amount in minor units (centavos) of a currency (ISO 4217)."""

    minor: int
    currency: str

    @classmethod
    def of(cls, amount: Decimal, currency: str) -> Self:
        """Take an amount in major units.

        Raises:
            FractionOfMinor: it is finer than the currency's minor unit.
        """
        minor = amount.scaleb(_DIGITS.get(currency, 2))
        if minor != minor.to_integral_value():
            raise FractionOfMinor
        return cls(minor=int(minor), currency=currency)

    def __add__(self, other: Self) -> Self:
        if self.currency != other.currency:
            raise CurrencyMismatch
        return type(self)(minor=self.minor + other.minor, currency=self.currency)

    def __sub__(self, other: Self) -> Self:
        return self + (-other)

    def __neg__(self) -> Self:
        return type(self)(minor=-self.minor, currency=self.currency)

    def times(self, count: int) -> Self:
        """Return so many of it."""
        return type(self)(minor=self.minor * count, currency=self.currency)

    def shared(self, parts: int) -> list[Self]:
        """Divide it into parts that differ by one minor unit at most, and sum to it exactly."""
        whole, rest = divmod(self.minor, parts)
        return [type(self)(minor=whole + (1 if place < rest else 0), currency=self.currency) for place in range(parts)]

    @property
    def decimal(self) -> Decimal:
        """The amount in major units."""
        return Decimal(self.minor).scaleb(-_DIGITS.get(self.currency, 2))
