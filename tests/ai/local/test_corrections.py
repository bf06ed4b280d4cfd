"""Only what is certainly wrong is put right, and each change is told."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai.local.corrections import correct
from ai.results import Language, Method


def corrected(text: str, language: Language = Language.PORTUGUESE) -> str:
    return correct(text, language=language).text


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("voce nao recebeu ?", "Você não recebeu?"),
        ("VOCE viu", "VOCÊ viu"),
        ("oi  ,tudo bem??", "Oi ,tudo bem?"),
        ("Certo , obrigado!!! ate amanha....", "Certo, obrigado! Ate amanhã..."),
        ("Pronto. o preco é R$ 10,50", "Pronto. O preço é R$ 10,50"),
        ("primeira linha \n segunda linha", "Primeira linha\nSegunda linha"),
        ("Tem disponivel? quero um", "Tem disponível? Quero um"),
        ("concerteza, apartir de hoje", "Com certeza, a partir de hoje"),
        ("sim,claro", "Sim, claro"),
    ],
)
def test_what_is_wrong_is_put_right(text: str, right: str) -> None:
    assert corrected(text) == right


@pytest.mark.parametrize(
    "text",
    [
        "",
        "Tudo certo, até amanhã!",
        "Esta é a nota, e ela só vale hoje.",
        "Custa R$ 1.234,56 ou 3,5 kg.",
        "https://loja.com.br/voce/nao?x=a,b",
        "nao@voce.com.br",
        "@voce",
        "⟦NAME_1⟧",
        "iPhone",
        "Prof. silva",
        "Legal :)",
        "Espera... já vai",
        "2,5 cm",
    ],
)
def test_what_is_right_or_not_ours_stays(text: str) -> None:
    found = correct(text, language=Language.PORTUGUESE)

    assert found.text == text
    assert found.changes == ()


def test_portuguese_spelling_is_for_portuguese() -> None:
    assert corrected("the numero ja", Language.ENGLISH) == "The numero ja"


def test_changes_are_places_of_the_text_as_it_was() -> None:
    text = "nao sei , voce sabe?"

    found = correct(text, language=Language.PORTUGUESE)

    assert [(each.before, each.after) for each in found.changes] == [("nao", "Não"), (" ", ""), ("voce", "você")]
    assert all(text[each.start : each.end] == each.before for each in found.changes)
    assert (found.provider, found.method, found.tone, found.generated) == ("local", Method.RULES, None, False)


@settings(deadline=None)
@given(st.text(st.sampled_from('aoçV ,.!?\n\t"(@/:1'), max_size=40) | st.text(max_size=60))
def test_changes_lead_from_the_text_to_its_correction(text: str) -> None:
    found = correct(text, language=Language.PORTUGUESE)

    parts: list[str] = []
    done = 0
    for each in found.changes:
        parts += (text[done : each.start], each.after)
        done = each.end
    assert "".join([*parts, text[done:]]) == found.text


@settings(deadline=None)
@given(
    st.lists(st.sampled_from(["voce", "nao", "ok", ",", " ", "  ", "!!", "??", ".", "....", "\n", "x"])).map("".join)
)
def test_to_correct_twice_changes_nothing_more(text: str) -> None:
    once = corrected(text)

    assert corrected(once) == once
