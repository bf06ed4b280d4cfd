"""How chats are written, made plain: short forms spelled out, letters not stretched, sentences and words apart."""

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

_SHORT_FORMS: Final = {
    "vc": "você",
    "vcs": "vocês",
    "ce": "você",
    "qto": "quanto",
    "qt": "quanto",
    "qnto": "quanto",
    "qdo": "quando",
    "qnd": "quando",
    "pq": "porque",
    "tb": "também",
    "tbm": "também",
    "hj": "hoje",
    "amn": "amanhã",
    "obg": "obrigado",
    "obgd": "obrigado",
    "obrigadoo": "obrigado",
    "vlw": "valeu",
    "flw": "falou",
    "blz": "beleza",
    "msg": "mensagem",
    "td": "tudo",
    "tds": "todos",
    "mt": "muito",
    "mto": "muito",
    "mta": "muita",
    "n": "não",
    "nao": "não",
    "ñ": "não",
    "q": "que",
    "oq": "o que",
    "cmg": "comigo",
    "pfv": "por favor",
    "pf": "por favor",
    "pvr": "por favor",
    "fds": "fim de semana",
    "tô": "estou",
    "tá": "está",
    "ta": "está",
    "to": "estou",
    "pra": "para",
    "pro": "para o",
    "aki": "aqui",
    "agr": "agora",
    "dps": "depois",
    "eh": "é",
    "end": "endereço",
    "xq": "porque",
    "tmb": "también",
    "grax": "gracias",
}
_WORD: Final = re.compile(r"[^\W\d_]+")
_TOKEN: Final = re.compile(r"[^\W_]+|\?")
# `oiiii`, `kkkkk`: a letter that is written three times and more is written twice
_STRETCHED: Final = re.compile(r"([^\W\d_])\1{2,}")
_STEM: Final = 6
_PIECE: Final = 4
_END: Final = re.compile(r"(?<=[.!?…])[ \t]+(?=\S)|\s*\n\s*")
# a greeting before what is wanted is a sentence of its own, whatever follows it
_OPENING: Final = re.compile(
    r"(?:(?:oi+|ol[aá]|opa|e a[ií]|bom dia|boa tarde|boa noite|hello|hi|hey|good (?:morning|afternoon|evening)|hola|"
    r"buen[oa]s(?: (?:d[ií]as|tardes|noches))?|buen d[ií]a)[\s,!.]+)+"
    r"(?:(?:tudo bem|td bem|tudo bom|how are you|qu[eé] tal)[\s,!.?]+)?(?=\S+\s+\S)",
    re.IGNORECASE,
)


def plainly(text: str) -> str:
    """Return a text in lower case, with its short forms spelled out."""
    low = _STRETCHED.sub(r"\1\1", text.encode(errors="replace").decode().lower())
    return _WORD.sub(lambda word: _SHORT_FORMS.get(word[0], word[0]), low)


def pieces(text: str) -> Iterator[str]:
    """Yield what a text is told by beside its meaning: the stems of its words, and each four letters of them."""
    apart = unicodedata.normalize("NFKD", plainly(text))
    for word in _TOKEN.findall("".join(each for each in apart if not unicodedata.combining(each))):
        yield word[:_STEM]
        fenced = f"<{word}>"
        for start in range(max(1, len(fenced) - _PIECE + 1)):
            yield f"_{fenced[start : start + _PIECE]}"


def sentences(text: str) -> list[str]:
    """Return the sentences of a message; lines end them too, and a greeting that leads in is one."""
    found: list[str] = []
    for part in _END.split(text.strip()):
        opening = _OPENING.match(part)
        begun = opening.end() if opening is not None else 0
        found += (part[:begun].strip(), part[begun:].strip())
    return [each for each in found if each]
