"""What can be put right in a text with certainty, without a key: spaces, repeated marks, capitals, common misspellings.

Words are only replaced where the written form is no word, or hardly ever meant: `esta`, `e`, `so` stay as they are.
Misspellings are those of Brazilian Portuguese. Links, addresses, numbers and handles are left alone. A tone is not
changed: that needs a provider.
"""

import re
from collections.abc import Callable
from typing import Final

from ai.changes import changes
from ai.results import LOCAL, Correction, Language, Method

_WRONG: Final = {
    wrong: right
    for line in """
        voce você|voces vocês|voçê você|nao não|ñ não|entao então|tambem também|tb também|tbm também|vc você|vcs vocês
        ja já|amanha amanhã|ola olá|tres três|mes mês|alem além|ninguem ninguém|alguem alguém|atraves através
        preco preço|precos preços|servico serviço|servicos serviços|endereco endereço|enderecos endereços
        informacao informação|informacoes informações|promocao promoção|promocoes promoções|atencao atenção
        situacao situação|opcao opção|opcoes opções|devolucao devolução|solicitacao solicitação|confirmacao confirmação
        disponivel disponível|disponiveis disponíveis|possivel possível|impossivel impossível|horario horário
        horarios horários|codigo código|codigos códigos|cartao cartão|cartoes cartões|proximo próximo|proxima próxima
        ultimo último|ultima última|unico único|unica única|rapido rápido|rapida rápida|otimo ótimo|otima ótima
        facil fácil|dificil difícil|relatorio relatório|gratis grátis|obrigadu obrigado
        concerteza com_certeza|derrepente de_repente|porfavor por_favor|apartir a_partir|excessão exceção|menas menos
        seje seja|esteje esteja|previlégio privilégio|beneficiente beneficente|encomodar incomodar
    """.replace("\n", "|").split("|")
    if line.strip()
    for wrong, right in (line.split(),)
}
_LEFT_ALONE: Final = re.compile(r"(?:https?://|www\.)\S+|\S+@\S+|@\w+|\S+\.(?:com|br|net|org|app|io)\b\S*|⟦[^⟧]{1,40}⟧")
_WORD: Final = re.compile(r"[^\W\d_]+")
_RULES: Final[tuple[tuple[re.Pattern[str], str], ...]] = (
    (re.compile(r"[ \t]{2,}"), " "),
    (re.compile(r"[ \t]+(?=\n|\Z)|(?:(?<=\n)|\A)[ \t]+"), ""),
    (re.compile(r"!{2,}"), "!"),
    (re.compile(r"\?{2,}"), "?"),
    (re.compile(r",{2,}"), ","),
    (re.compile(r"\.{4,}"), "..."),
    # not before `:)`, nor in `R$ .50`
    (re.compile(r"(?<=\w)[ \t]+(?=[,;!?.](?:\s|\Z))"), ""),
    (re.compile(r"(?<=[^\W\d_]),(?=[^\W\d_])"), ", "),
)
_BEGINNING: Final = re.compile(r"(?:\A|(?<=\n)|(?<=[!?]\s)|(?<=[^\W\d_]{4}\.\s))[\"“'(*_¡¿]{0,2}[^\W\d_]+")
# a point behind these ends no sentence
_SHORTENED: Final = re.compile(
    r"\b(?:prof|profa|dept|depto|aprox|resp|pág|fone|cond|bloc|exma?|incl|adm)\.\s\Z", re.IGNORECASE
)


def correct(text: str, *, language: Language) -> Correction:
    """Return a text with what is certainly wrong put right; what has no fault comes back as it is."""
    corrected = text
    for pattern, right in _RULES:
        corrected = _outside(pattern, lambda _, right=right: right, corrected)
    if language is Language.PORTUGUESE:
        corrected = _outside(_WORD, _spelled, corrected)
    corrected = _outside(_BEGINNING, _capitalised, corrected)
    return Correction(provider=LOCAL, method=Method.RULES, text=corrected, tone=None, changes=changes(text, corrected))


def _outside(pattern: re.Pattern[str], right: Callable[[re.Match[str]], str], text: str) -> str:
    """Replace what a pattern finds, but for what is left alone."""
    kept = [match.span() for match in _LEFT_ALONE.finditer(text)]

    def replaced(match: re.Match[str]) -> str:
        is_kept = any(start < match.end() and match.start() < end for start, end in kept)
        return match[0] if is_kept else right(match)

    return pattern.sub(replaced, text)


def _spelled(word: re.Match[str]) -> str:
    written = word[0]
    right = _WRONG.get(written.lower())
    if right is None:
        return written
    right = right.replace("_", " ")
    if written.isupper() and len(written) > 1:
        return right.upper()
    return right[0].upper() + right[1:] if written[0].isupper() else right


def _capitalised(beginning: re.Match[str]) -> str:
    written = beginning[0]
    mark = len(written) - len(written.lstrip("\"“'(*_¡¿"))
    word = written[mark:]
    if not word.islower() or _SHORTENED.search(beginning.string[: beginning.start()]):
        return written
    return written[:mark] + word[0].upper() + word[1:]
