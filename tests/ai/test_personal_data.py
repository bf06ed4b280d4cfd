"""Personal data: found in every spelling, and told from the numbers of business."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai.privacy import Kind, Masking, recognise
from benchmarks.personal_values import Chance, cnpj, cpf, mobile
from benchmarks.privacy import MOST_FALSE, STRUCTURED, disguised, messages, score

NOTHING = ["\u200b", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u034f", "\ufe0f"]
SPACES = [" ", "\u00a0", "\u2009", "\u202f", "\u3000", "\t"]
DASHES = ["-", "‐", "‑", "–", "—", "−", "﹣", "－"]


def found(text: str) -> list[tuple[Kind, str]]:
    return [(each.kind, text[each.start : each.end]) for each in recognise(text)]


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (Kind.CPF, "meu cpf é 529.982.247-25", "529.982.247-25"),
        (Kind.CPF, "52998224725", "52998224725"),
        (Kind.CPF, "cpf: 529 . 982 . 247 - 25", "529 . 982 . 247 - 25"),
        (Kind.CPF, "5 2 9 9 8 2 2 4 7 2 5", "5 2 9 9 8 2 2 4 7 2 5"),
        (Kind.CPF, "５２９．９８２．２４７－２５", "５２９．９８２．２４７－２５"),
        (Kind.CPF, "٥٢٩٩٨٢٢٤٧٢٥", "٥٢٩٩٨٢٢٤٧٢٥"),
        (Kind.CPF, "5\ufe0f\u20e3" + "2998224725", "5\ufe0f\u20e32998224725"),
        (Kind.CNPJ, "CNPJ 11.222.333/0001-81", "11.222.333/0001-81"),
        (Kind.CNPJ, "nota para 11222333000181", "11222333000181"),
        (Kind.CNPJ, "12.ABC.345/01DE-35", "12.ABC.345/01DE-35"),
        (Kind.CNPJ, "cnpj 12abc34501de35 ok", "12abc34501de35"),
        (Kind.RG, "RG: 12.345.678-X SSP/SP", "12.345.678-X"),
        (Kind.RG, "identidade MG-12.345.678", "MG-12.345.678"),
        (Kind.CEP, "moro no 01310-100", "01310-100"),
        (Kind.CEP, "o cep é 01310100", "01310100"),
        (Kind.PIX, "chave 123e4567-e89b-12d3-a456-426614174000", "123e4567-e89b-12d3-a456-426614174000"),
        (Kind.PIX, "pix 123e4567e89b12d3a456426614174000", "123e4567e89b12d3a456426614174000"),
        (Kind.PHONE, "zap (11) 98765-4321", "(11) 98765-4321"),
        (Kind.PHONE, "+55 11 98765 4321", "+55 11 98765 4321"),
        (Kind.PHONE, "wa.me/5511987654321", "5511987654321"),
        (Kind.PHONE, "5511987654321@c.us", "5511987654321@c.us"),
        (Kind.PHONE, "liga 011 3456-7890", "011 3456-7890"),
        (Kind.PHONE, "11 9 8765 4321", "11 9 8765 4321"),
        (Kind.PHONE, "meu número novo 98765-4321", "98765-4321"),
        (Kind.PHONE, "+351 912 345 678, 2 unidades", "+351 912 345 678"),
        (Kind.PHONE, "my phone is 650-253-0000", "650-253-0000"),
        (Kind.EMAIL, "ana.souza+loja@gmail.com.br", "ana.souza+loja@gmail.com.br"),
        (Kind.EMAIL, "ana @ gmail . com", "ana @ gmail . com"),
        (Kind.EMAIL, "ana arroba gmail ponto com", "ana arroba gmail ponto com"),
        (Kind.CARD, "4111 1111 1111 1111 val 12/29", "4111 1111 1111 1111"),
        (Kind.CARD, "3782.822463.10005", "3782.822463.10005"),
        (Kind.CARD, "4111\u200b1111 1111 1111", "4111\u200b1111 1111 1111"),
        (Kind.CARD, "41111111 11111111", "41111111 11111111"),
        (Kind.PASSPORT, "passaporte FS 123456", "FS 123456"),
        (Kind.IP, "ip 177.142.33.18", "177.142.33.18"),
        (Kind.IP, "veio de 2804:14d:1287:8000::1", "2804:14d:1287:8000::1"),
    ],
)
def test_each_kind_is_found_as_people_write_it(kind: Kind, text: str, value: str) -> None:
    assert found(text) == [(kind, value)]


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.CPF, "cpf 529.982.247-24"),
        (Kind.CPF, "meu CPF é 52998224724"),
        (Kind.CNPJ, "cnpj 11222333000182"),
        (Kind.CNPJ, "CNPJ: 12.ABC.345/01DE-36"),
        (Kind.CARD, "cartão 4111 1111 1111 1112"),
    ],
)
def test_a_labelled_number_with_wrong_check_digits_is_found(kind: Kind, text: str) -> None:
    assert [each for each, _ in found(text)] == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "pedido 4512345678 de 04/11/2026 15:30",
        "pedido nº 45123456789",
        "protocolo 2026111200012345",
        "rastreio LB123456789CN",
        "o valor foi 1.234.567,89 ou 12x de R$ 199,90",
        "quero 10 pães, 20 bolos e 30 doces",
        "tamanhos 38 39 40 41 42",
        "temporada 2025-2026",
        "EAN 7891000315507",
        "23793.38128 60007.827136 95000.063305 9 84660000012345",
        "0800 123 4567",
        "app na versão 2.10.3.1",
        "das 12:30:45 às 13:00:00",
        "passa no 52998224724",
        "sou a favor, e sou a dona da loja",
        "quero falar com o gerente",
        "@ana.souza no instagram",
        "cadê o SKU-1234-A56?",
    ],
)
def test_numbers_and_words_of_business_are_left(text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("oi, me chamo joão da silva e quero comprar", "joão da silva"),
        ("Sou a Fernanda Lima do financeiro", "Fernanda Lima"),
        ("quero falar com a dona Lúcia", "Lúcia"),
        ("aqui é o marcos", "marcos"),
        ("ME CHAMO JOSE CARLOS", "JOSE CARLOS"),
        ("my name is Peter Smith", "Peter Smith"),
        ("me llamo Ximena", "Ximena"),
    ],
)
def test_whoever_is_introduced_is_found(text: str, name: str) -> None:
    assert found(text) == [(Kind.NAME, name)]


@given(
    st.sampled_from([cpf, cnpj, mobile]),
    st.integers(0, 2**32),
    st.lists(st.sampled_from(NOTHING), max_size=3),
    st.sampled_from(SPACES),
    st.sampled_from(DASHES),
)
@settings(max_examples=200)
def test_characters_that_look_alike_or_show_nothing_let_no_number_through(
    make: object, seed: int, hidden: list[str], space: str, dash: str
) -> None:
    chance = Chance(seed)
    assert callable(make)
    value = str(make(chance)).replace(" ", space).replace("-", dash)
    for each in hidden:
        place = chance.randint(1, len(value) - 1)
        value = value[:place] + each + value[place:]

    (span,) = recognise(f"anota: {disguised(chance, value)} tá?")

    assert span.kind in (Kind.CPF, Kind.CNPJ, Kind.PHONE)


def test_what_is_found_is_whole_and_in_order_whatever_the_text() -> None:
    for each in messages(100, seed=3):
        spans = recognise(each.text)

        assert all(0 <= span.start < span.end <= len(each.text) for span in spans)
        assert all(one.end <= other.start for one, other in pairwise(spans))
        assert recognise(each.text) == spans


def test_structured_data_is_recalled_and_business_is_left_in_generated_messages() -> None:
    got = score(messages(300, seed=7))

    assert all(got.all[kind] for kind in STRUCTURED)
    assert got.recall() >= 0.99, got.missed
    assert got.false_rate <= MOST_FALSE, got.wrong


@given(st.text(max_size=200))
@settings(max_examples=200)
def test_any_text_can_be_read(text: str) -> None:
    masking = Masking()

    masking.check(masking.mask(text))
