"""Words as the search compares them: without accents and endings, and without those that say nothing.

Portuguese, English and Spanish. A word's stem is its first six characters, which beat real stemmers on FaQuAD and needs
no list. Short forms of chats are spelled out first.
"""

import re
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Final

from ai.local.wording import plainly
from core.text import fold

STEM: Final = 6
_KIN: Final = Path(__file__).with_name("kin.toml")
WORD: Final = re.compile(r"[^\W_]+")
_STOP: Final = frozenset(
    fold(
        """
        a à ao aos aí ainda alguém algum alguma algo ali antes após aquela aquele aqui as às até bem boa bom bons
        cada com como da das de dela dele deles demais depois do dos e é ela ele eles em entre era essa esse esta
        está estão estar estava este estou eu favor foi for fosse gostaria há ia isso isto já la lá lhe mais
        mas me mesmo meu meus minha minhas moça moço muito na não nas nem no nos nós nossa nosso num numa o oi olá
        opa os ou para pela pelo pelos per pode podem poderia por porque posso pra pro qual quais qualquer
        quando onde aonde cadê
        que quem queria quero saber se sem ser será seu seus sim só sobre sou sua suas são tá também te tem
        têm temos tenho ter teu tinha tô tudo tua um uma umas uns vai vamos vão vc você vocês vou dá dar dia tarde
        noite obrigado obrigada valeu oq né ei alô the of and or to in on at by with from is are was were be been am
        i you he she it we they my your our their this that these those does did can could would will shall may
        might have has had not yes what which who how when where please hello hi hey thanks there here about some
        any el los las del al y en están un unos unas cual cuales cuando donde quien con sin es son fue hay mi tu su sus
        nuestro nuestra ese esa esto eso lo le les si muy más pero hola gracias buenos buenas puedo puede quiero
        tiene tienen hoje agora ahora now today time
        """
    ).split()
)


def words(text: str) -> Iterator[str]:
    """Yield the words of a text that say something, folded."""
    return (each for each in WORD.findall(fold(plainly(text))) if each not in _STOP)


def stems(text: str) -> list[str]:
    """Return the stems of a text, in its order, with repetitions."""
    return [each[:STEM] for each in words(text)]


def kin_of(stem: str) -> frozenset[str]:
    """Return the stems of words that are used for one another with a word; none for most words."""
    return _kin().get(stem, frozenset())


def is_kindred(stem: str, other: str) -> bool:
    """Tell whether a stem is another, or is used for it."""
    return stem == other or stem in kin_of(other)


@cache
def _kin() -> Mapping[str, frozenset[str]]:
    given: list[str] = tomllib.loads(_KIN.read_text(encoding="utf-8"))["lines"]
    found: defaultdict[str, set[str]] = defaultdict(set)
    for line in given:
        here = set(stems(line))
        for each in here:
            found[each] |= here - {each}
    return {stem: frozenset(others) for stem, others in found.items()}
