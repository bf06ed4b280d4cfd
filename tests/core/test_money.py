"""The laws of money: nothing is lost when it is divided, and currencies do not mix."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.money import CurrencyMismatch, Money

amounts = st.integers(min_value=-(10**15), max_value=10**15)


def reais(minor: int) -> Money:
    return Money(minor=minor, currency="BRL")


@given(amounts, st.integers(min_value=1, max_value=500))
def test_parts_sum_to_the_whole_and_differ_by_one_minor_unit_at_most(minor: int, parts: int) -> None:
    shares = reais(minor).shared(parts)

    assert len(shares) == parts
    assert sum(each.minor for each in shares) == minor
    assert max(each.minor for each in shares) - min(each.minor for each in shares) <= 1


@given(amounts, amounts)
def test_taking_away_what_was_added_gives_the_amount_again(one: int, other: int) -> None:
    assert reais(one) + reais(other) - reais(other) == reais(one)
    assert reais(0) - reais(one) == -reais(one)


@given(amounts, st.integers(min_value=0, max_value=20))
def test_so_many_of_it_is_adding_it_so_often(minor: int, count: int) -> None:
    total = sum((reais(minor) for _ in range(count)), start=reais(0))

    assert reais(minor).times(count) == total


@pytest.mark.parametrize("currency", ["USD", "JPY", "brl"])
def test_currencies_do_not_mix(currency: str) -> None:
    other = Money(minor=1, currency=currency)

    with pytest.raises(CurrencyMismatch):
        reais(1) + other
    with pytest.raises(CurrencyMismatch):
        reais(1) - other


@pytest.mark.parametrize(
    ("minor", "currency", "shown"),
    [(12345, "BRL", "123.45"), (-5, "BRL", "-0.05"), (0, "USD", "0.00"), (12345, "JPY", "12345")],
)
def test_major_units_are_exact(minor: int, currency: str, shown: str) -> None:
    assert Money(minor=minor, currency=currency).decimal == Decimal(shown)
    assert str(Money(minor=minor, currency=currency).decimal) == shown


def test_an_amount_cannot_be_changed() -> None:
    amount = reais(1)

    with pytest.raises(AttributeError):
        amount.minor = 2  # pyright: ignore[reportAttributeAccessIssue]
