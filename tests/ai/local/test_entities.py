"""Rules find what a text names, where it stands, and its plain form; and leave alone what only looks like it."""

import time
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ai.local.entities import find_entities
from ai.privacy import Known
from ai.results import EntityKind, Method
from core.money import Money

FRIDAY = date(2026, 11, 27)
Found = list[tuple[EntityKind, str, str | None]]


def found(text: str) -> Found:
    return [(each.kind, each.text, each.value) for each in find_entities(text, today=FRIDAY).found]


def test_a_customer_who_introduces_herself_is_found_with_all_she_gives() -> None:
    text = (
        "Oi, me chamo Ana Souza, da empresa Doce Lar, meu email é ANA@x.com e cel (11) 98765-4321, cpf 529.982.247-25"
    )

    assert found(text) == [
        (EntityKind.PERSON, "Ana Souza", "Ana Souza"),
        (EntityKind.COMPANY, "Doce Lar", "Doce Lar"),
        (EntityKind.EMAIL, "ANA@x.com", "ana@x.com"),
        (EntityKind.PHONE, "(11) 98765-4321", "+5511987654321"),
        (EntityKind.CPF, "529.982.247-25", "52998224725"),
    ]


@pytest.mark.parametrize(
    ("text", "written", "time"),
    [
        ("pode ser às 10 da manhã?", "às 10 da manhã", "10:00"),
        ("chego as 7 da noite", "as 7 da noite", "19:00"),
        ("às 2 e meia da tarde", "às 2 e meia da tarde", "14:30"),
        ("às dez da manhã", "às dez da manhã", "10:00"),
        ("3 da madrugada", "3 da madrugada", "03:00"),
        ("entrega às 15, por favor", "às 15", "15:00"),
        ("passo às 9 e 15 amanhã", "às 9 e 15", "09:15"),
        ("a las 8", "a las 8", "08:00"),
        ("¿puede ser a las 8 de la noche?", "a las 8 de la noche", "20:00"),
        ("at 8, please", "at 8", "08:00"),
        ("seven in the evening", "seven in the evening", "19:00"),
        ("ao meio-dia", "meio-dia", "12:00"),
        ("até meia-noite", "meia-noite", "00:00"),
    ],
)
def test_an_hour_is_found_as_people_say_it(text: str, written: str, time: str) -> None:
    assert (EntityKind.TIME, written, time) in found(text)


@pytest.mark.parametrize(
    "text",
    ["quero as 3", "as 10 caixas chegaram", "mando a las 8 personas", "as duas são lindas", "paguei as 12 parcelas",
     "a 1 quadra da praça", "todas as 5.", "2 da marca azul"],
)  # fmt: skip
def test_what_is_counted_is_no_hour(text: str) -> None:
    assert [each for each in found(text) if each[0] is EntityKind.TIME] == []


@pytest.mark.parametrize(
    ("text", "written", "value"),
    [
        ("custa cinquenta reais", "cinquenta reais", "50.00 BRL"),
        ("paguei duzentos e cinquenta e três reais", "duzentos e cinquenta e três reais", "253.00 BRL"),
        ("dois mil e quinhentos reais", "dois mil e quinhentos reais", "2500.00 BRL"),
        ("mil reais", "mil reais", "1000.00 BRL"),
        ("cincuenta euros", "cincuenta euros", "50.00 EUR"),
        ("two hundred and five dollars", "two hundred and five dollars", "205.00 USD"),
        ("cem pila", "cem pila", "100.00 BRL"),
    ],
)
def test_a_sum_in_words_is_found(text: str, written: str, value: str) -> None:
    assert found(text) == [(EntityKind.MONEY, written, value)]


@pytest.mark.parametrize(
    ("text", "written", "day"),
    [
        ("entrega hoje?", "hoje", "2026-11-27"),
        ("pode ser AMANHÃ", "AMANHÃ", "2026-11-28"),
        ("depois de amanhã eu passo aí", "depois de amanhã", "2026-11-29"),
        ("paguei ontem", "ontem", "2026-11-26"),
        ("na sexta", "sexta", "2026-12-04"),
        ("quinta-feira de manhã", "quinta-feira", "2026-12-03"),
        ("terça que vem", "terça que vem", "2026-12-01"),
        ("chega dia 12?", "dia 12", "2026-12-12"),
        ("no dia 27", "no dia 27", "2026-11-27"),
        ("no dia 31", "no dia 31", "2026-12-31"),
        ("12/03", "12/03", "2027-03-12"),
        ("12/03/2026", "12/03/2026", "2026-03-12"),
        ("27.11.26", "27.11.26", "2026-11-27"),
        ("2026-12-01", "2026-12-01", "2026-12-01"),
        ("5 de março", "5 de março", "2027-03-05"),
        ("1º de dezembro de 2027", "1º de dezembro de 2027", "2027-12-01"),
        ("em 3 dias", "em 3 dias", "2026-11-30"),
        ("daqui a duas semanas", "daqui a duas semanas", "2026-12-11"),
        ("comprei há 10 dias", "há 10 dias", "2026-11-17"),
        ("comprei no dia 5", "no dia 5", "2026-11-05"),
        ("comprei dia 5/11", "5/11", "2026-11-05"),
        ("chegou na segunda", "segunda", "2026-11-23"),
        ("sexta passada", "sexta passada", "2026-11-20"),
        ("dia primeiro", "dia primeiro", "2026-12-01"),
        ("dia 1º", "dia 1º", "2026-12-01"),
        ("semana que vem", "semana que vem", "2026-11-30"),
        ("mês que vem", "mês que vem", "2026-12-01"),
        ("no fim de semana", "fim de semana", "2026-11-28"),
        ("29/02", "29/02", "2028-02-29"),
        ("mañana por la mañana", "mañana", "2026-11-28"),
        ("el lunes", "lunes", "2026-11-30"),
        ("by March 5th", "March 5th", "2027-03-05"),
        ("next Tuesday", "Tuesday", "2026-12-01"),
    ],
)
def test_a_day_is_found_however_it_is_said(text: str, written: str, day: str) -> None:
    assert found(text) == [(EntityKind.DATE, written, day)]


@pytest.mark.parametrize(
    ("text", "written", "minor", "currency"),
    [
        ("R$ 1.234,56", "R$ 1.234,56", 123_456, "BRL"),
        ("r$50", "r$50", 5_000, "BRL"),
        ("por 50 reais?", "50 reais", 5_000, "BRL"),
        ("R$ 2 mil", "R$ 2 mil", 200_000, "BRL"),
        ("1,5 mil reais", "1,5 mil reais", 150_000, "BRL"),
        ("R$ 99,9", "R$ 99,9", 9_990, "BRL"),
        ("US$ 20.50", "US$ 20.50", 2_050, "USD"),
        ("€ 1.000", "€ 1.000", 100_000, "EUR"),
        ("20 euros", "20 euros", 2_000, "EUR"),
        ("it was $1,234.50", "$1,234.50", 123_450, "USD"),
    ],
)
def test_a_sum_is_found_with_its_currency(text: str, written: str, minor: int, currency: str) -> None:
    (entity,) = find_entities(text, today=FRIDAY).found

    assert (entity.kind, entity.text) == (EntityKind.MONEY, written)
    assert entity.money == Money(minor=minor, currency=currency)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("cadê o pedido nº 45123", [(EntityKind.ORDER, "45123", "45123")]),
        ("protocolo: 2026-ab12", [(EntityKind.ORDER, "2026-ab12", "2026-AB12")]),
        ("order #A-1234", [(EntityKind.ORDER, "A-1234", "A-1234")]),
        ("às 15h30", [(EntityKind.TIME, "15h30", "15:30")]),
        ("at 3 pm", [(EntityKind.TIME, "3 pm", "15:00")]),
        ("3 caixas", [(EntityKind.QUANTITY, "3 caixas", "3")]),
        ("preciso de 20 unidades", [(EntityKind.QUANTITY, "20 unidades", "20")]),
        ("quero duas camisetas", [(EntityKind.QUANTITY, "duas", "2")]),
        ("trabalho na Padaria Central Ltda", [(EntityKind.COMPANY, "Padaria Central Ltda", "Padaria Central Ltda")]),
        ("meu cep é 01310-100", [(EntityKind.POSTAL_CODE, "01310-100", "01310100")]),
        ("cnpj 12.ABC.345/01DE-35", [(EntityKind.CNPJ, "12.ABC.345/01DE-35", "12ABC34501DE35")]),
    ],
)
def test_numbers_of_business_are_told_apart(text: str, expected: Found) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "segunda via do boleto",
        "é a quinta vez que eu peço",
        "cartão 4111 1111 1111 1111",
        "dia 45, 31/02",
        "10% de desconto em 12x",
        "bom dia, tudo bem?",
        "o preço real é outro",
    ],
)
def test_what_only_looks_like_it_is_left(text: str) -> None:
    assert found(text) == []


def test_offsets_are_of_the_text_as_it_was_written() -> None:
    text = "ação 👍🏽 às 15h: R$\u00a050, não é, Joa\u0303o? me chamo João"

    for entity in find_entities(text, today=FRIDAY).found:
        assert text[entity.start : entity.end] == entity.text


def test_whom_the_crm_knows_is_found_without_a_cue() -> None:
    said = find_entities("a rosilda vem buscar", today=FRIDAY, known=Known(names=["Rosilda Prates"]))

    assert [(each.kind, each.text) for each in said.found] == [(EntityKind.PERSON, "rosilda")]
    assert (said.provider, said.method, said.generated) == ("local", Method.RULES, False)


@given(st.text(alphabet="R$ 0123456789.,/-:hdiasegundreipço#nº@\n", max_size=200))
def test_whatever_is_written_entities_lie_apart_and_in_order(text: str) -> None:
    end = 0
    for entity in find_entities(text, today=FRIDAY).found:
        assert end <= entity.start < entity.end <= len(text)
        end = entity.end


@pytest.mark.parametrize("piece", ["1.234.567,", "Aa de ", "em 3 ", "pedido n ", "15:3", "R$ 1,", "quero 2 "])
def test_a_long_message_is_read_in_time_that_grows_with_it(piece: str) -> None:
    began = time.process_time()
    find_entities(piece * (20_000 // len(piece)), today=FRIDAY)

    assert time.process_time() - began < 3
