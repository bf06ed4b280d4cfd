"""Personal values as people write them on WhatsApp, made from chance, with check digits of their own.

It shares no rule with the product that looks for them.
"""

import random
import string
import unicodedata
from collections.abc import Sequence
from typing import Final

Chance = random.Random


def digits(chance: Chance, size: int) -> str:
    """Some digits."""
    return "".join(chance.choice(string.digits) for _ in range(size))


def _remainder(marks: str, weights: Sequence[int]) -> str:
    rest = sum((ord(mark) - 48) * weight for mark, weight in zip(marks, weights, strict=True)) % 11
    return str(0 if rest < 2 else 11 - rest)


def cpf(chance: Chance) -> str:
    """A CPF in one of its spellings."""
    base = digits(chance, 9)
    base += _remainder(base, range(10, 1, -1))
    base += _remainder(base, range(11, 1, -1))
    return _spelled(chance, base, ("###.###.###-##", "###########", "### ### ### ##", "#########-##", "###.###.###/##"))


def cnpj(chance: Chance) -> str:
    """A CNPJ, every third of them with letters."""
    marks = string.digits + string.ascii_uppercase if chance.random() < 0.33 else string.digits
    base = "".join(chance.choice(marks) for _ in range(8)) + chance.choice(("0001", "0002", "0001", "0013"))
    base += _remainder(base, (5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2))
    base += _remainder(base, (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2))
    return _spelled(chance, base, ("##.###.###/####-##", "##############", "##.###.###/####-##", "## ### ###/####-##"))


def mistyped_cpf(chance: Chance) -> str:
    """A CPF with a wrong last digit."""
    good = cpf(chance)
    return good[:-1] + str((int(good[-1]) + chance.randint(1, 9)) % 10)


def card(chance: Chance) -> str:
    """The number of a payment card."""
    base = chance.choice(("4", "51", "55", "37", "6362", "5067", "6062", "36"))
    size = {"37": 15, "36": 14}.get(base, 16)
    base += digits(chance, size - 1 - len(base))
    total = sum(sum(divmod(int(each) * (2 - place % 2), 10)) for place, each in enumerate(reversed(base)))
    number = base + str(-total % 10)
    shape = {15: "#### ###### #####", 14: "#### ###### ####"}.get(size, "#### #### #### ####")
    return _spelled(chance, number, (shape, shape.replace(" ", ""), shape.replace(" ", "-"), shape.replace(" ", ".")))


_AREAS: Final = (
    "11",
    "13",
    "19",
    "21",
    "27",
    "31",
    "34",
    "41",
    "47",
    "48",
    "51",
    "61",
    "62",
    "71",
    "81",
    "85",
    "91",
    "98",
)


def mobile(chance: Chance) -> str:
    """A Brazilian mobile number."""
    number = chance.choice(_AREAS) + "9" + chance.choice("6789") + digits(chance, 7)
    shapes = ("(##) #####-####", "## #####-####", "###########", "## # ####-####", "(##)#####-####", "## ##### ####")
    return chance.choice(("", "", "", "+55 ", "+55", "55", "0")) + _spelled(chance, number, shapes)


def landline(chance: Chance) -> str:
    """A Brazilian landline number, with its area."""
    number = chance.choice(_AREAS) + chance.choice("2345") + digits(chance, 7)
    return chance.choice(("", "+55 ")) + _spelled(chance, number, ("(##) ####-####", "## ####-####", "(##)########"))


def local(chance: Chance) -> str:
    """A number without its area."""
    return "9" + chance.choice("6789") + _spelled(chance, digits(chance, 7), ("###-####", "#######", "### ####"))


def abroad(chance: Chance) -> str:
    """A number of another country."""
    return chance.choice(
        (
            f"+351 91{digits(chance, 1)} {digits(chance, 3)} {digits(chance, 3)}",
            f"+1 (650) 25{digits(chance, 1)}-{digits(chance, 4)}",
            f"+54 9 11 {chance.randint(4000, 6999)}-{digits(chance, 4)}",
            f"00351 93{digits(chance, 7)}",
            f"+34 61{digits(chance, 1)} {digits(chance, 3)} {digits(chance, 3)}",
            f"+595 961 {digits(chance, 6)}",
            f"+44 7400 {digits(chance, 6)}",
        )
    )


_FIRST: Final = [
    "Ana",
    "Bruno",
    "Carla",
    "Diego",
    "Elisa",
    "Fábio",
    "Gisele",
    "Heitor",
    "Íris",
    "João",
    "Kátia",
    "Luís",
    "Márcia",
    "Nélson",
    "Otávio",
    "Priscila",
    "Renê",
    "Sônia",
]
_LAST: Final = [
    "Souza",
    "Silva",
    "Conceição",
    "Gonçalves",
    "Araújo",
    "Lopes",
    "Müller",
    "Oliveira",
    "Brandão",
    "Nakamura",
    "Santos",
    "Corrêa",
    "Paiva",
]


def email(chance: Chance) -> str:
    """An e-mail address."""
    first, last = bare(chance.choice(_FIRST)).lower(), bare(chance.choice(_LAST)).lower()
    user = chance.choice((f"{first}.{last}", f"{first}{digits(chance, 2)}", f"{first}_{last}", f"{first}+loja"))
    host = chance.choice(("gmail.com", "hotmail.com", "uol.com.br", "empresa.com.br", "yahoo.com.br", "terra.com.br"))
    written = f"{user}@{host}"
    return written.upper() if chance.random() < 0.1 else written


def person(chance: Chance) -> str:
    """A name of two or three words."""
    name = " ".join((chance.choice(_FIRST), *chance.sample(_LAST, chance.choice((1, 1, 2)))))
    return bare(name).lower() if chance.random() < 0.3 else name


def rg(chance: Chance) -> str:
    """An identity card, which comes with its label."""
    number = digits(chance, 8) + chance.choice(string.digits + "X")
    return _spelled(chance, number, ("##.###.###-#", "#########", "########-#"))


def cep(chance: Chance) -> str:
    """A postal code."""
    return _spelled(chance, chance.choice("0123456789") + digits(chance, 7), ("#####-###", "##.###-###"))


def bare_cep(chance: Chance) -> str:
    """A postal code in one piece, which comes with its label."""
    return digits(chance, 8)


def pix(chance: Chance) -> str:
    """A random key of PIX."""
    marks = "".join(chance.choice("0123456789abcdef") for _ in range(32))
    return _spelled(chance, marks, ("########-####-####-####-############",))


def passport(chance: Chance) -> str:
    """A Brazilian passport, which comes with its label."""
    return (
        "".join(chance.choice(string.ascii_uppercase) for _ in range(2)) + chance.choice(("", " ")) + digits(chance, 6)
    )


def address(chance: Chance) -> str:
    """An IP address."""
    if chance.random() < 0.3:
        return ":".join(f"{chance.randint(1, 0xFFFF):x}" for _ in range(8))
    return ".".join(str(chance.randint(1, 254)) for _ in range(4))


def _spelled(chance: Chance, marks: str, shapes: Sequence[str]) -> str:
    given = iter(marks)
    return "".join(next(given) if each == "#" else each for each in chance.choice(shapes))


def bare(text: str) -> str:
    """A text without accents."""
    return "".join(each for each in unicodedata.normalize("NFD", text) if not unicodedata.combining(each))
