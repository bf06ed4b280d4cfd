"""A summary says only what was said, and the rules find what is left to do and by whom."""

from datetime import date

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ai.conversations import Speaker, Turn
from ai.local.outlook import look_ahead, told_apart
from ai.local.summary import summarize
from ai.results import Language, Method, Status

FRIDAY = date(2026, 11, 27)
SALE = """
    C: Oi, bom dia!
    T: Olá! Como posso ajudar?
    C: Queria encomendar um bolo de chocolate para 20 pessoas. Vocês entregam em Santos?
    T: Entregamos sim. O bolo fica R$ 180 e a taxa de entrega é R$ 15.
    C: Fechado, vou querer. Pode ser para sexta?
    T: Pode sim, ficou agendado para sexta às 15h. Me envia o endereço, por favor?
    C: Rua das Flores, 120, apto 32.
    T: Anotado! Vou te enviar o link de pagamento amanhã.
    C: Combinado, obrigada!
"""


def spoken(script: str) -> list[Turn]:
    lines = [line.strip() for line in script.strip().splitlines()]
    speakers = {"C": Speaker.CUSTOMER, "T": Speaker.TEAM}
    return [Turn(speaker=speakers[line[0]], text=line[3:]) for line in lines]


def status(script: str) -> Status:
    return look_ahead(told_apart(spoken(script)), FRIDAY).status


@pytest.mark.usefixtures("learned")
async def test_a_sale_is_summed_up_with_what_is_left_to_do() -> None:
    summary = await summarize(spoken(SALE), today=FRIDAY)

    assert "Cliente: " in summary.text
    assert "bolo" in summary.text
    said = [point.partition(": ")[2] for point in summary.key_points]
    assert sorted(said, key=SALE.index) == said
    assert "Fechado, vou querer." in summary.decisions
    assert summary.open_questions == ()
    promise = next(each for each in summary.action_items if each.owner is Speaker.TEAM)
    assert (promise.text, promise.due) == ("Vou te enviar o link de pagamento amanhã.", date(2026, 11, 28))
    assert summary.status is Status.PENDING
    assert (summary.provider, summary.method, summary.generated) == ("local", Method.EXTRACTIVE, False)


@pytest.mark.usefixtures("learned")
async def test_every_sentence_of_a_summary_was_said_and_greetings_are_left_out() -> None:
    summary = await summarize(spoken(SALE), today=FRIDAY, language=Language.ENGLISH, longest=200)

    assert 0 < len(summary.text) <= 200
    for point in summary.key_points:
        label, _, sentence = point.partition(": ")
        assert label in ("Customer", "Team")
        assert sentence in SALE
        assert "bom dia" not in sentence


@pytest.mark.parametrize(
    ("expected", "script"),
    [
        (Status.SOLVED, "C: Meu app não abre\nT: Atualize para a versão nova\nC: Deu certo, obrigado!"),
        (Status.SOLVED, "C: que horas abre?\nT: Às 8h\nC: valeu"),
        (Status.SOLVED, "C: what time do you open?\nT: At 8am\nC: thanks, bye"),
        (Status.SOLVED, "C: me manda o boleto?\nT: Enviado!\nC: ¡Gracias!"),
        (Status.PENDING, "C: Oi, qual o preço do bolo?"),
        (Status.PENDING, "C: qual o preço?\nT: Só um momento, vou verificar"),
        (Status.PENDING, "C: que horas abre?\nT: Às 8h\nC: obrigado! e no domingo, abrem?"),
        (Status.PENDING, "C: qual o preço?\nT: Só um momento, vou verificar\nC: obrigado"),
        (Status.SOLVED, "C: Me ajuda com o login?\nT: É só clicar em esqueci a senha\nC: Valeu!"),
        (Status.PENDING, "T: Vou trocar a peça e te aviso\nC: ok obrigado"),
        (Status.PENDING, "C: Cadê meu pedido? Ainda não recebi\nT: Vou verificar\nC: continua sem chegar"),
        (Status.PENDING, "C: ¿cuánto cuesta?"),
        (Status.ONGOING, "C: Quero dois bolos\nT: Qual sabor você prefere?"),
        (Status.ONGOING, "T: Olá! Temos novidades."),
        (Status.ONGOING, "C: quanto é?\nT: R$ 20\nC: vou levar"),
    ],
)
def test_a_conversation_stands_where_its_last_words_put_it(expected: Status, script: str) -> None:
    assert status(script) is expected


def test_a_question_stays_open_until_it_is_answered() -> None:
    asked = "C: Oi!\nC: Vocês entregam em Santos?\nT: Um momento, vou verificar"

    assert look_ahead(told_apart(spoken(asked)), FRIDAY).open_questions == ("Vocês entregam em Santos?",)
    assert look_ahead(told_apart(spoken(f"{asked}\nT: Entregamos sim")), FRIDAY).open_questions == ()


def test_what_is_asked_for_belongs_to_the_other_side_until_it_is_done() -> None:
    asked = "C: Me manda a nota fiscal até dia 30?\nT: Pode me enviar o seu CNPJ?"

    items = look_ahead(told_apart(spoken(asked)), FRIDAY).action_items

    assert [(each.owner, each.due) for each in items] == [
        (Speaker.TEAM, date(2026, 11, 30)),
        (Speaker.CUSTOMER, None),
    ]
    done = look_ahead(told_apart(spoken(f"{asked}\nC: Segue o CNPJ\nT: Nota enviada, enviei por e-mail")), FRIDAY)
    assert done.action_items == ()


@pytest.mark.usefixtures("learned")
async def test_a_conversation_without_words_has_an_empty_summary() -> None:
    for turns in ([], spoken("C: oi\nT: olá")):
        summary = await summarize(turns, today=FRIDAY)

        assert (summary.text, summary.key_points, summary.action_items) == ("", (), ())
        assert summary.status is Status.ONGOING


TURNS = st.lists(
    st.builds(Turn, speaker=st.sampled_from(Speaker), text=st.sampled_from(SALE.split("\n")) | st.text(max_size=80)),
    max_size=12,
)


@pytest.mark.usefixtures("learned")
@given(turns=TURNS, longest=st.integers(min_value=1, max_value=600))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_is_said_a_summary_keeps_its_length(turns: list[Turn], longest: int) -> None:
    summary = await summarize(turns, today=FRIDAY, longest=longest)

    assert len(summary.text) <= longest
    assert len(summary.key_points) <= 5
