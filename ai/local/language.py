"""Which of Portuguese, English and Spanish a message is in: by its words and their letters, without numpy.

A profile of each language is learned from the frequent words below and the sentences of `ai.local.seeds` (naive Bayes
over words and runs of up to three letters). Other languages are not known, and get the nearest of the three.
"""

import math
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Final

from ai.local.seeds import sentences_of
from ai.results import LOCAL, Language, LanguageGuess, Method

_LONGEST: Final = 500
_RUN: Final = 3
_PRIOR: Final = 0.5
_DULLED: Final = 0.45
"""Runs of letters overlap and repeat what the words say, so what they add up to is taken down (chosen on the seeds)."""

_WORD: Final = re.compile(r"[^\W\d_]+|[¿¡]")
_STRETCHED: Final = re.compile(r"(\w)\1{2,}")
_NAMED: Final = re.compile(r"\S+@\S+|(?:https?://|www\.)\S+")
# said in all three
_SHARED: Final = frozenset(("ok", "okay", "k", "no", "haha", "hahaha", "pix", "whatsapp", "online", "app"))
_FREQUENT: Final = {
    Language.PORTUGUESE: """
        de da do que não e o a os as um uma para pra com por em no na nos nas se mais mas como foi ele ela você vocês
        vc vcs são isso isto esse essa este esta meu minha seu sua muito já também só pelo pela até sem ser tem têm ter
        está estão tá tô há quando onde qual quais quem porque pois então depois ainda aqui ali lá hoje ontem amanhã
        bom boa oi olá
        obrigado obrigada sim eu nós nosso fazer posso pode quero queria preciso tudo nada dia tarde noite
        reais entrega pedido loja preço frete boleto pix segunda terça quarta quinta sexta janeiro fevereiro maio
        domingo domingos sábado sábados feriado abre abrem fecha
    """,
    Language.ENGLISH: """
        the of and to a in is you that it he was for on are with as i his they be at one have this from or had by but
        some what there we can out other were all your when up use how said an each she which do their time if will way
        about many then them would like so these her make thing see him two has look more could go my did no yes not
        please thanks thank hello hi hey good morning price order delivery shipping much need want monday tuesday
        wednesday thursday friday saturday sunday today tomorrow yesterday don't i'm it's where who why does
    """,
    Language.SPANISH: """
        de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ha me si sin sobre
        este ya entre cuando todo esta ser son dos también fue había era muy años hasta desde está mi porque qué sólo
        han yo hay vez puede todos así nos ni parte tiene él uno donde bien tiempo ese ahora cada vida otro después te
        hola gracias buenos buenas días tardes noches usted ustedes quiero necesito cuánto cuesta precio envío pedido
        tienda hoy mañana ayer lunes martes miércoles jueves viernes sábado domingo enero sí dónde cuál mucho
    """,
}


def recognize_language(text: str) -> LanguageGuess:
    """Say which language a text is in; of one without words nothing is known, and it counts as Portuguese."""
    features = list(_features(text[:_LONGEST]))
    profiles = _profiles()
    scores = {
        language: _DULLED * sum(profile.get(each, profile[""]) for each in features)
        for language, profile in profiles.items()
    }
    highest = max(scores.values())
    powers = {language: math.exp(score - highest) for language, score in scores.items()}
    best = max(powers, key=lambda each: powers[each])
    return LanguageGuess(
        provider=LOCAL,
        method=Method.PROFILE,
        language=best,
        confidence=powers[best] / sum(powers.values()),
    )


def _features(text: str) -> Iterator[str]:
    low = _STRETCHED.sub(r"\1", _NAMED.sub(" ", text.lower()))
    for word in _WORD.findall(low):
        if word in _SHARED:
            continue
        yield word
        fenced = f" {word} "
        for size in range(2, _RUN + 1):
            for start in range(len(fenced) - size + 1):
                yield f"_{fenced[start : start + size]}"


@cache
def _profiles() -> Mapping[Language, Mapping[str, float]]:
    """Return the logarithm of how often each feature comes; that of the empty one is for what never came."""
    counts = {language: Counter(_features(words)) for language, words in _FREQUENT.items()}
    for language, spoken in sentences_of().items():
        for sentence in spoken:
            counts[language].update(_features(sentence))
    known = len({each for found in counts.values() for each in found})
    profiles: dict[Language, dict[str, float]] = {}
    for language, found in counts.items():
        total = found.total() + _PRIOR * known
        profiles[language] = {each: math.log((count + _PRIOR) / total) for each, count in found.items()}
        profiles[language][""] = math.log(_PRIOR / total)
    return profiles
