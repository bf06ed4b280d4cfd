"""The words before a number that say what it is: `cpf`, `cep`, `zap`, `pedido`."""

import re
from enum import StrEnum
from functools import cache
from typing import Final

from ai.privacy.alternatives import by_letter, name_of


class Label(StrEnum):
    """What a word announces. `ORDER` is any number of business that belongs to no person."""

    CPF = "cpf"
    CNPJ = "cnpj"
    RG = "rg"
    CEP = "cep"
    PIX = "pix"
    CARD = "card"
    PHONE = "phone"
    ORDER = "order"
    VERSION = "version"


_WORDS: Final = {
    Label.CPF: r"c\.?p\.?f\.?(?:/mf)?|cadastro de pessoas? fisicas?|cpfs",
    Label.CNPJ: r"c\.?n\.?p\.?j\.?|cnpjs",
    Label.RG: r"r\.?g\.?|identidade|registro geral",
    Label.CEP: r"c\.?e\.?p\.?|codigo postal|postal code|zip",
    Label.PIX: r"pix|chave",
    Label.CARD: r"cartao|cartoes|card|tarjeta|visa|mastercard|elo|amex|hipercard",
    Label.PHONE: (
        r"tel|tels|fone|fones|telefone|telefones|celular|celulares|cel|zap|zapzap|whats|whatsapp|wpp|wats|watts|contato|"
        r"contatos|ligar|liga|ligue|ligo|ligou|recado|phone|mobile|call|telefono|movil|meu numero|numero novo|"
        r"novo numero|meu n[o.]?|tim|vivo|claro"
    ),
    Label.ORDER: (
        r"pedidos?|protocolos?|rastreios?|rastreamento|rastrear|codigos?|cod|notas?|nf|nfe|nf-e|danfe|boletos?|tickets?|"
        r"chamados?|os|ordem|lotes?|sku|ref|referencia|series?|serial|patrimonio|ean|gtin|barras?|matricula|contratos?|"
        r"comprovantes?|transacao|nsu|autorizacao|processos?|faturas?|orders?|tracking|invoice|produtos?|modelo|itens|item|"
        r"cupom|cupons|voucher|id|imei|chassi|remessa|encomenda|etiqueta|orcamento|proposta|apolice|inscricao|guia|"
        r"caixa|volume|pecas?|hidrometro|medidor|instalacao|atendimento|ocorrencia|sinistro|factura|envio|guide"
    ),
    Label.VERSION: r"v|versao|version|release|build|firmware",
}
_ANY: Final = re.compile(rf"\b(?:{by_letter({label: words.split('|') for label, words in _WORDS.items()})})(?!\w)")
_REACH: Final = 48

BLANK: Final = "\ufdd0" * 8
"""What stands for a masked value while a text is looked at: wider than any gap, and no label reaches across."""

# what may stand between a label and its number, when the label means just that number; a full stop only right before it
_MARK: Final = r"(?:[ \t:#()*=\-]|\.(?=[ \t]?\Z))"
_TOUCHING: Final = re.compile(
    rf"{_MARK}*(?:(?:n|no|nr|num|numero|nro|id|e|o|a|do|da|de|na|em|eh|is|es|number|codigo|dele|dela|meu|minha|novo|fixo|"
    rf"aqui|para|pra|agora|mudou|esse|este){_MARK}+){{0,4}}"
)


@cache
def _label_of(group: str) -> Label:
    return Label(name_of(group))


class Lead:
    """The labels before a place, the nearest first."""

    __slots__ = ("_before", "_found")

    def __init__(self, low: str, start: int, since: int) -> None:
        self._before = low[max(since, start - _REACH) : start].rpartition(BLANK)[2]
        self._found: tuple[list[Label], bool] | None = None

    @property
    def nearest(self) -> Label | None:
        """The label that stands nearest."""
        labels, _ = self._read()
        return labels[0] if labels else None

    @property
    def touching(self) -> Label | None:
        """The nearest label, if nothing but `nº`, `é` and the like follows it."""
        labels, is_touching = self._read()
        return labels[0] if is_touching else None

    def says(self, label: Label) -> bool:
        """Tell whether a label stands anywhere before."""
        return label in self._read()[0]

    def _read(self) -> tuple[list[Label], bool]:
        """Return the labels, the nearest first, and whether that one touches."""
        if self._found is None:
            found = list(_ANY.finditer(self._before))
            labels = [_label_of(match.lastgroup or "") for match in reversed(found)]
            is_touching = bool(found) and _TOUCHING.fullmatch(self._before, found[-1].end()) is not None
            self._found = labels, is_touching
        return self._found
