"""Numbers in words, below a million: Portuguese, Spanish and English, in lower case without accents."""

import re
from typing import Final

_THOUSAND: Final = 1_000
_HUNDRED: Final = 100
_WORTH: Final = {
    word: worth
    for worth, words in (
        (1, "um uma uno una one"), (2, "dois duas dos two"), (3, "tres three"), (4, "quatro cuatro four"),
        (5, "cinco five"), (6, "seis six"), (7, "sete siete seven"), (8, "oito ocho eight"), (9, "nove nueve nine"),
        (10, "dez diez ten"), (11, "onze once eleven"), (12, "doze doce twelve"), (13, "treze trece thirteen"),
        (14, "quatorze catorze catorce fourteen"), (15, "quinze quince fifteen"), (16, "dezesseis dieciseis sixteen"),
        (17, "dezessete diecisiete seventeen"), (18, "dezoito dieciocho eighteen"),
        (19, "dezenove diecinueve nineteen"), (20, "vinte veinte twenty"), (25, "veinticinco"),
        (30, "trinta treinta thirty"), (40, "quarenta cuarenta forty"), (50, "cinquenta cincuenta fifty"),
        (60, "sessenta sesenta sixty"), (70, "setenta seventy"), (80, "oitenta ochenta eighty"),
        (90, "noventa ninety"), (100, "cem cento cien ciento hundred"), (200, "duzentos duzentas doscientos"),
        (300, "trezentos trezentas trescientos"), (400, "quatrocentos cuatrocientos"),
        (500, "quinhentos quinhentas quinientos"), (600, "seiscentos seiscientos"), (700, "setecentos setecientos"),
        (800, "oitocentos ochocientos"), (900, "novecentos novecientos"), (1_000, "mil thousand"),
    )
    for word in words.split()
}  # fmt: skip
_WORD: Final = "|".join(sorted(_WORTH, key=len, reverse=True))
SPELLED: Final = rf"(?:{_WORD})(?:(?: (?:e|y|and) |[ \-])(?:{_WORD})){{0,6}}"
"""An expression for such a number."""


def worth_of(spelled: str) -> int:
    """Return the number that is spelled in words."""
    whole = part = 0
    for word in re.findall(r"[a-z]+", spelled):
        worth = _WORTH.get(word, 0)
        if worth == _THOUSAND:
            whole, part = whole + max(part, 1) * _THOUSAND, 0
        elif word == "hundred":
            part = max(part, 1) * _HUNDRED
        else:
            part += worth
    return whole + part
