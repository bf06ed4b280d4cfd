"""Where a generator's choices come from: Hypothesis, which shrinks what fails, or dice, which are fast."""

import random
from collections.abc import Sequence
from typing import Protocol, TypeVar

from hypothesis import strategies as st

T = TypeVar("T")


class Chance(Protocol):
    """Chooses numbers. Small ones stand for what is simple, so that shrinking leads there."""

    def below(self, bound: int) -> int:
        """Return a number from 0 to `bound` - 1."""
        ...


class Dice:
    """Chooses by a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)  # noqa: S311

    def below(self, bound: int) -> int:
        """Return a number from 0 to `bound` - 1."""
        return self._random.randrange(bound)


class Drawn:
    """Chooses as Hypothesis does."""

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def below(self, bound: int) -> int:
        """Return a number from 0 to `bound` - 1."""
        return self._draw(st.integers(0, bound - 1))


def pick(chance: Chance, choices: Sequence[T]) -> T:
    """Choose one."""
    return choices[chance.below(len(choices))]


def happens(chance: Chance, percent: int) -> bool:
    """Let something happen in so many of a hundred cases."""
    return chance.below(100) >= 100 - percent


def some(chance: Chance, choices: Sequence[T], most: int) -> list[T]:
    """Choose up to so many different ones, in any order."""
    left = list(choices)
    count = chance.below(min(most, len(left)) + 1)
    return [left.pop(chance.below(len(left))) for _ in range(count)]
