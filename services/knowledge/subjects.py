"""What a question is about so much that a passage without it cannot answer: a name, a place, a thing it points at.

A name is written with a capital inside its sentence, or stands where names and things stand (`em campinas`, `bolo de
pistache`, `vendem cerveja`) and is none of the words that customers of any shop use. Which words those are is learned
from the sentences of `ai.local.seeds`.
"""

import re
from collections.abc import Iterator
from functools import cache
from itertools import chain
from typing import Final

from ai.local.seeds import sentences_of
from ai.local.wording import plainly, sentences
from core.text import fold
from services.knowledge.words import STEM, WORD, is_kindred, kin_of, words

_SHORTEST: Final = 4
_LEADING: Final = re.compile(
    r"\b(?:em|no|na|nos|nas|pra|pro|pras|pros|para|ate|de|do|da|dos|das|com|sem|in|to|at|for|of|with|without|en|a|al|del"
    r"|hasta|con|sin|vende|vendem|tem|fazem|faz|have|sell|tienen|venden|hacen)"
    r" (?:(?:o|a|os|as|um|uma|meu|minha|the|an|my|el|la|los|las|mi) )?(?P<word>[a-z0-9]+)"
)
_WHERE: Final = re.compile(
    r"\b(?:onde|aonde|where|donde|endereco|localizacao|address|located|direccion|ubicacion|ubicados?)\b"
)
# what a business is called by those who look for it, and what may stand beside that
_ITSELF: Final = frozenset(
    fold(
        """
        loja lojas empresa estabelecimento negócio certinho certinha
        academia bar barbearia cafeteria clínica confeitaria consultório doceria escola escritório estúdio farmácia
        floricultura hotel lanchonete mercado oficina ótica padaria papelaria petshop pizzaria pousada restaurante
        salão sorveteria
        bakery café clinic company gym office pharmacy restaurant salon school shop store studio
        barbería escuela gimnasio heladería panadería pastelería peluquería tienda
        """
    ).split()
)
_GENERIC: Final = frozenset(("loja", "lojas", "empresa", "estabelecimento", "store", "shop", "company", "tienda"))
# `Rua das Acácias`, and not `pela rua lateral`
_ADDRESS: Final = re.compile(
    r"\b(?i:rua|avenida|av\.?|alameda|travessa|praça|rodovia|estrada|largo|shopping|calle|plaza)\s+"
    r"(?i:d[aeo]s?\s+|del\s+)?[A-ZÀ-Ý0-9]"
    r"|\b\d+ (?:\w+ ){1,3}(?i:street|st|avenue|ave|road|rd)\b|\b(?i:cep)\b:?\s*\d"
    r"|\b(?i:ficamos|estamos|localizad[oa]s?|ubicad[oa]s?)\s+(?i:na|no|em|en)\s+[A-ZÀ-Ý0-9]"
    r"|\b(?i:located|we are)\s+(?i:at|in|on)\s+(?:the\s+)?[A-Z0-9]"
)

# what somebody may or can do: `posso devolver`, `dá para trocar`
_ACT: Final = re.compile(
    r"\b(?:posso|podemos|consigo|da (?:pra|para)|tem como|como (?:eu )?(?:faco (?:pra|para)|posso)|can i|may i|puedo"
    r"|se puede) (?P<act>[a-z]+)"
)
_NO_NOUN: Final = "(?:e|eh|o|a|os|as|seu|sua|teu|tua|numero|do|da|de|is|s|the|your|number|es|el|la|su|tu)"
# what is told by its look alone: that a passage speaks of a CNPJ does not tell which
_LOOKS: Final = tuple(
    (
        re.compile(
            rf"\b(?:qual|quais|me (?:passa|manda|informa)|what|cual|cuales) (?:{_NO_NOUN} ){{0,4}}(?:{named})\b"
        ),
        look,
    )
    for named, look in (
        ("cnpj", re.compile(r"\b[\dA-Z]{2}\.?[\dA-Z]{3}\.?[\dA-Z]{3}/?[\dA-Z]{4}-?\d\d\b")),
        ("cpf", re.compile(r"\b\d{3}\.?\d{3}\.?\d{3}-?\d\d\b")),
        ("cep", re.compile(r"\b\d{5}-?\d{3}\b")),
        ("telefone|celular|whatsapp|phone|telefono", re.compile(r"\d{4}[\s.-]?\d{4}\b")),
        ("e ?mail|correo", re.compile(r"\S@\w")),
        ("site|website|link|pagina|url", re.compile(r"\bhttps?://|\bwww\.|\w\.(?:com|net|org|br|shop)\b")),
        ("instagram|insta|facebook|tiktok|arroba", re.compile(r"(?<!\w)@\w|(?:instagram|facebook|tiktok)\.com/")),
    )
)


def subjects(question: str) -> frozenset[str]:
    """Return the words, folded, without which a passage does not answer: of the last sentence that asks."""
    asked = _asked(question)
    found = {fold(each) for each in _capitals(asked)}
    # `a torta veio`: what a sentence begins with is no preposition
    apart = _apart(asked).removeprefix("a ")
    found |= {match["word"] for match in _LEADING.finditer(apart) if not is_usual(match["word"])}
    found |= {match["act"] for match in _ACT.finditer(apart) if kin_of(match["act"][:STEM])}
    said = set(words(asked))
    return frozenset(each for each in found if len(each) >= _SHORTEST and each in said)


def looks(question: str) -> tuple[re.Pattern[str], ...]:
    """Return how the answer looks to a question for something that has a look, such as a number of the register."""
    asked = _apart(_asked(question))
    return tuple(look for named, look in _LOOKS if named.search(asked))


def telling(question: str) -> frozenset[str]:
    """Return the words of a question, folded, that tell what is asked: not the shop itself, where it says more."""
    said = frozenset(words(question))
    return (said - _GENERIC) or said


def is_about_place(question: str) -> bool:
    """Tell whether a question asks where the shop itself is, and nothing else."""
    asked = _asked(question)
    if not _WHERE.search(_apart(asked)):
        return False
    return all(each in _ITSELF or is_kindred(each[:STEM], "endere") for each in words(asked))


def tells_place(text: str) -> bool:
    """Tell whether a passage names a place, as an address does."""
    return _ADDRESS.search(text) is not None


def _asked(question: str) -> str:
    told = sentences(question) or [question]
    return next((each for each in reversed(told) if "?" in each), told[-1])


def _apart(text: str) -> str:
    return " ".join(WORD.findall(fold(plainly(text))))


def _capitals(asked: str) -> Iterator[str]:
    """Yield what is written with a capital inside a sentence that is not all in capitals."""
    given = WORD.findall(asked)
    if asked.upper() == asked:
        return
    yield from (each for each in given[1:] if each[0].isupper() and not is_usual(fold(each)))


def is_usual(word: str) -> bool:
    """Tell whether customers of any shop use a word, folded."""
    return word.isdigit() or word[:STEM] in _usual()


@cache
def _usual() -> frozenset[str]:
    """Return the stems that customers of any shop use: what is written small in the sentences that are learned from."""
    told = chain.from_iterable(sentences_of().values())
    small = (each for sentence in told for each in WORD.findall(sentence) if each.islower())
    return frozenset(fold(each)[:STEM] for each in small)
