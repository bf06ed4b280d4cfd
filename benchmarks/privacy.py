"""How much personal data the mask finds, and what else it hides, in messages as people write them on WhatsApp.

`python -m benchmarks.privacy [COUNT] [SEED]` makes the messages anew from the seed: several true values beside hard
negatives (numbers of orders and protocols, prices, dates, tracking codes), some with the digits of other scripts, odd
dashes and spaces, or characters that show nothing. It fails when recall of the structured kinds is under 0.99 or more
than 1% of the hard negatives are masked. Values and sentences are this file's own: it shares no rule with the product.
"""

import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from ai.privacy import Kind, Known, Masking, Span, recognise
from benchmarks.personal_values import (
    Chance,
    abroad,
    address,
    bare,
    bare_cep,
    card,
    cep,
    cnpj,
    cpf,
    digits,
    email,
    landline,
    local,
    mistyped_cpf,
    mobile,
    passport,
    person,
    pix,
    rg,
)

COUNT: Final = 1_000
SEED: Final = 20_260_711
LEAST_RECALL: Final = 0.99
MOST_FALSE: Final = 0.01
STRUCTURED: Final = tuple(kind for kind in Kind if kind not in (Kind.NAME, Kind.COMPANY, Kind.TEXT))


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value in a message: of a kind, or of none when it is a hard negative."""

    kind: Kind | None
    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A generated message and what is in it."""

    text: str
    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """What was found of all that there was."""

    found: Counter[Kind]
    named: Counter[Kind]
    all: Counter[Kind]
    missed: tuple[str, ...]
    wrong: tuple[str, ...]
    negatives: int
    milliseconds: float

    def recall(self, kinds: Sequence[Kind] = STRUCTURED) -> float:
        """The share of the values of these kinds that is covered whole."""
        return sum(self.found[kind] for kind in kinds) / max(1, sum(self.all[kind] for kind in kinds))

    @property
    def false_rate(self) -> float:
        """The share of the hard negatives of which something is masked."""
        return len(self.wrong) / max(1, self.negatives)


Maker = Callable[[Chance], str]
# labelled, a value may be written in any way; alone only in those that show what it is
POSITIVE: Final[tuple[tuple[Kind, Maker, tuple[str, ...]], ...]] = (
    (Kind.CPF, cpf, ("meu cpf é {}", "CPF: {}", "{} é o cpf da minha mãe", "cpf na nota {}", "pode por no {}", "{}")),
    (Kind.CPF, mistyped_cpf, ("meu cpf {}", "CPF: {}", "o CPF dele é o {}", "cpf na nota por favor {}")),
    (Kind.CNPJ, cnpj, ("o CNPJ é {}", "cnpj {}", "nota pra empresa {}", "CNPJ da loja: {} ok?")),
    (Kind.CARD, card, ("passa no cartão {}", "{} validade 08/29", "o número é {}", "cartao final novo {}")),
    (Kind.PHONE, mobile, ("meu zap {}", "me liga no {}", "{}", "é {} falar comigo", "tel: {}", "anota aí {} ok")),
    (Kind.PHONE, landline, ("fone {}", "o fixo é {}", "{} liga depois das 14h")),
    (Kind.PHONE, local, ("meu zap é {}", "liga no {}", "telefone {}", "meu número novo: {}")),
    (Kind.PHONE, abroad, ("moro fora, {}", "whatsapp {}", "{} é de Portugal")),
    (Kind.EMAIL, email, ("meu email é {}", "manda pra {}", "{}", "e-mail: {} por favor")),
    (Kind.NAME, person, ("me chamo {}", "quero falar com {}", "sou {}", "aqui é {}", "nome: {}")),
    (Kind.RG, rg, ("rg {}", "meu RG é {}", "RG: {} SSP/SP", "identidade nº {}")),
    (Kind.CEP, cep, ("CEP {}", "rua das Flores, 120, {}", "meu cep é {}", "entrega em {}?")),
    (Kind.CEP, bare_cep, ("cep {}", "o CEP daqui é {}", "CEP: {}")),
    (Kind.PIX, pix, ("chave pix {}", "pix: {}", "faz o pix em {}", "{}")),
    (Kind.PASSPORT, passport, ("passaporte {}", "meu passaporte é o {}", "Passaporte nº {}")),
    (Kind.IP, address, ("meu ip é {}", "acesso pelo {}", "o servidor {} caiu")),
)
NEGATIVE: Final[tuple[tuple[Maker, tuple[str, ...]], ...]] = (
    (
        lambda c: digits(c, c.randint(5, 12)),
        ("pedido {}", "pedido nº {}", "o número do pedido é {}", "cadê a compra, pedido #{}"),
    ),
    (
        lambda c: f"2026{digits(c, c.choice((6, 8, 10)))}",
        ("protocolo {}", "protocolo de atendimento {}", "protocolo nº {}"),
    ),
    (
        lambda c: f"{chr(c.randint(65, 90))}{chr(c.randint(65, 90))}{digits(c, 9)}BR",
        ("rastreio {}", "código {}", "{} não atualiza"),
    ),
    (
        lambda c: f"R$ {c.randint(1, 9999):,}".replace(",", ".") + f",{digits(c, 2)}",
        ("deu {}", "por {} fecho", "{} à vista"),
    ),
    (
        lambda c: f"R$ {c.randint(1, 99)}.{digits(c, 3)}.{digits(c, 3)},{digits(c, 2)}",
        ("o lote saiu por {}", "faturamos {}"),
    ),
    (
        lambda c: f"{c.randint(1, 28):02}/{c.randint(1, 12):02}/{c.randint(2024, 2027)}",
        ("dia {}", "vence {}", "comprei em {}"),
    ),
    (
        lambda c: f"{c.randint(1, 28):02}/{c.randint(1, 12):02}/2026 {c.randint(8, 20):02}:{c.randint(0, 59):02}",
        ("marcado {}", "entrega {}", "foi em {}"),
    ),
    (lambda c: f"{c.randint(2020, 2026)}-{c.randint(2027, 2030)}", ("garantia {}", "modelo {}")),
    (lambda c: f"{c.randint(8, 12):02}h às {c.randint(13, 19)}h", ("aberto das {}?", "posso receber {}")),
    (lambda c: f"{c.randint(2, 900)} unidades", ("quero {}", "sobrou {}?", "manda {} pra semana")),
    (lambda c: f"{c.randint(10, 90)}x{c.randint(10, 90)}x{c.randint(10, 90)} cm", ("mede {}", "a caixa é {}")),
    (lambda c: f"789{digits(c, 10)}", ("código de barras {}", "EAN {}", "produto {}")),
    (lambda c: f"NF {digits(c, c.choice((6, 9)))}", ("cadê a {}", "{} saiu errada")),
    (lambda c: digits(c, 44), ("chave de acesso da nota {}", "danfe {}")),
    (lambda c: f"SKU-{digits(c, 4)}-{chr(c.randint(65, 90))}{digits(c, 2)}", ("tem {}?", "quero o {}")),
    (lambda c: f"v{c.randint(1, 20)}.{c.randint(0, 30)}.{c.randint(0, 9)}", ("app na versão {}", "atualizei pra {}")),
    (lambda c: f"0800 {digits(c, 3)} {digits(c, 4)}", ("liguei no {} e nada", "o SAC é {}")),
    (lambda c: f"{c.randint(1, 36)}x de R$ {c.randint(10, 900)},{digits(c, 2)}", ("fica {}?", "parcela em {}")),
    (lambda c: f"apto {c.randint(11, 1204)} bloco {c.randint(1, 9)}", ("moro no {}", "entrega no {}")),
    (lambda c: f"lote {digits(c, 6)}-{digits(c, 2)}", ("veio do {}", "{} vencido")),
    (
        lambda c: f"{c.randint(100, 999)} {c.randint(100, 999)} {c.randint(100, 999)}",
        ("medidas {}", "{} é a sequência"),
    ),
    (lambda c: f"{c.randint(10, 60)},{digits(c, 1)} kg", ("pesa {}", "frete de {}")),
    (lambda c: f"agência {digits(c, 4)} conta {digits(c, 5)}-{digits(c, 1)}", ("deposito na {}",)),
)
TALK: Final = (
    "oi, bom dia",
    "tudo bem?",
    "queria saber do meu pedido",
    "vcs entregam hoje?",
    "obrigado!",
    "blz 👍",
    "ainda não chegou 😕",
    "qual o prazo?",
    "kkkk",
    "pode ser na parte da tarde",
    "amanhã eu confirmo",
    "tem em azul?",
    "segue os dados",
)
_DASHES: Final = "‐‑‒–—−﹣－"
_SPACES: Final = "\u00a0\u2009\u202f\u3000"
_NOTHING: Final = "\u200b\u200d\u2060\ufeff\u00ad"


def disguised(chance: Chance, value: str) -> str:
    """The same value with characters that look alike, or show nothing."""
    match chance.randint(0, 4):
        case 0:
            return "".join(chr(ord(each) + 0xFEE0) if each.isdigit() else each for each in value)
        case 1:
            return value.replace("-", chance.choice(_DASHES)).replace(" ", chance.choice(_SPACES))
        case 2:
            return (
                "".join(each + (chance.choice(_NOTHING) if chance.random() < 0.3 else "") for each in value[:-1])
                + value[-1]
            )
        case 3:
            return (
                value.replace(".", " . ").replace("-", " - ")
                if any(map(str.isdigit, value)) and "@" not in value
                else value
            )
        case _:
            return "".join(chr(0x1D7CE + int(each)) if each.isdigit() else each for each in value)


def message(chance: Chance) -> Message:
    """One message: talk, values of people and hard negatives in any order."""
    parts: list[tuple[Kind | None, str, str]] = []
    for _ in range(chance.choice((1, 1, 1, 2))):
        kind, make, sentences = chance.choice(POSITIVE)
        value = make(chance)
        parts.append((kind, chance.choice(sentences), disguised(chance, value) if chance.random() < 0.15 else value))
    for _ in range(chance.choice((0, 1, 1, 2))):
        make, sentences = chance.choice(NEGATIVE)
        parts.append((None, chance.choice(sentences), make(chance)))
    chance.shuffle(parts)
    text, values = "", list[Value]()
    for kind, sentence, value in parts:
        if chance.random() < 0.4:
            text += chance.choice(TALK) + chance.choice((". ", ", ", "\n", " "))
        before, _, after = (bare(sentence) if chance.random() < 0.3 else sentence).partition("{}")
        start = len(text) + len(before)
        values.append(Value(kind=kind, start=start, end=start + len(value)))
        text += before + value + after + chance.choice((". ", ", ", "\n", "; ", " e "))
    return Message(text=text.rstrip(" \n,;"), values=tuple(values))


def messages(count: int, seed: int = SEED) -> list[Message]:
    """As many messages as are wanted, the same for the same seed."""
    chance = Chance(seed)
    return [message(chance) for _ in range(count)]


def score(given: Sequence[Message], find: Callable[[str], Sequence[Span]] = recognise) -> Score:
    """Look into every message and count."""
    found, named, all_values = Counter[Kind](), Counter[Kind](), Counter[Kind]()
    missed, wrong = list[str](), list[str]()
    negatives = 0
    began = time.process_time()
    answers = [find(each.text) for each in given]
    spent = time.process_time() - began
    for each, spans in zip(given, answers, strict=True):
        hidden = {place for span in spans for place in range(span.start, span.end)}
        for value in each.values:
            telling = {place for place in range(value.start, value.end) if each.text[place].isalnum()}
            if value.kind is None:
                negatives += 1
                if telling & hidden:
                    wrong.append(each.text[value.start : value.end] + " | " + each.text)
                continue
            all_values[value.kind] += 1
            found[value.kind] += telling <= hidden
            named[value.kind] += any(
                s.kind is value.kind and s.start < value.end and value.start < s.end for s in spans
            )
            if not telling <= hidden:
                missed.append(f"{value.kind} {each.text[value.start : value.end]} | {each.text}")
    return Score(
        found=found,
        named=named,
        all=all_values,
        missed=tuple(missed),
        wrong=tuple(wrong),
        negatives=negatives,
        milliseconds=spent * 1000 / max(1, len(given)),
    )


def main(count: int = COUNT, seed: int = SEED) -> bool:
    """Measure, print a table, and tell whether the gates hold."""
    given = messages(count, seed)
    got = score(given)
    sys.stdout.write(
        f"\nprivacy: {count:,} messages of seed {seed}\n{'kind':<10} {'values':>7} {'recall':>7} {'kind right':>11}\n"
    )
    for kind in (*STRUCTURED, Kind.NAME):
        total = got.all[kind]
        sys.stdout.write(f"{kind:<10} {total:>7} {got.found[kind] / total:>7.3f} {got.named[kind] / total:>11.3f}\n")
    sys.stdout.write(f"structured recall {got.recall():.4f} (at least {LEAST_RECALL})\n")
    sys.stdout.write(f"false positives {got.false_rate:.4f} of {got.negatives:,} (at most {MOST_FALSE})\n")
    began = time.process_time()
    for each in given:
        masking = Masking(Known(names=("Ana Paula Souza", "Carlos Müller"), phones=("+5511987654321",)))
        masking.check(masking.mask(each.text))
    spent = (time.process_time() - began) * 1000 / count
    sys.stdout.write(f"CPU ms a message: {got.milliseconds:.3f} to find, {spent:.3f} to mask and look again\n")
    for line in (*got.missed[:20], *got.wrong[:20]):
        sys.stdout.write(f"  {line!r}\n")
    return got.recall() >= LEAST_RECALL and got.false_rate <= MOST_FALSE


if __name__ == "__main__":
    sys.exit(not main(*(int(each) for each in sys.argv[1:3])))
