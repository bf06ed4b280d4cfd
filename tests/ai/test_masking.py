"""Masking: tokens of one call, put back only by that call, also when a stream cuts them anywhere."""

import pickle

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai.privacy import Kind, Known, Masking, PersonalDataLeft, Unmasker
from benchmarks.personal_values import Chance
from benchmarks.privacy import messages

KNOWN = Known(
    names=["Ana Paula Souza", "João D'Ávila", "Rosa Lima"],
    companies=["Padaria São José Ltda"],
    emails=["ana@intranet"],
    phones=["+5511987654321"],
)
ALIKE = [
    "[CPF_1]",
    "⟦ cpf_1 ⟧",
    "⟦CPF_1⟧",
    "⟦",
    "⟧",
    "[",
    "]",
    "_",
    "⟦NAME_1b⟧",
    "【Phone\\_2】",
    "[texto](http://x)",
    "⟦CPF_",
]
VALUES = ["529.982.247-25", "(11) 98765-4321", "Ana Souza", "ana@gmail.com", "cpf 529.982.247-24", "Rosa", "01310-100"]

texts = st.lists(st.one_of(st.sampled_from(ALIKE), st.sampled_from(VALUES), st.text(max_size=12)), max_size=12).map(
    "".join
)


def test_a_value_leaves_as_a_token_and_comes_back() -> None:
    masking = Masking()

    masked = masking.mask("meu cpf é 529.982.247-25, zap 11 98765-4321")

    assert masked == "meu cpf é ⟦CPF_1⟧, zap ⟦PHONE_1⟧"
    assert masking.unmask("Anotei ⟦CPF_1⟧!") == "Anotei 529.982.247-25!"


def test_equal_values_have_one_token_and_spellings_of_one_value_differ_by_a_letter() -> None:
    masking = Masking()

    first = masking.mask("529.982.247-25 e 529.982.247-25, ou 52998224725; outro: 111.444.777-35")

    assert first == "⟦CPF_1⟧ e ⟦CPF_1⟧, ou ⟦CPF_1b⟧; outro: ⟦CPF_2⟧"
    assert masking.mask("de novo 52998224725") == "de novo ⟦CPF_1b⟧"


@pytest.mark.parametrize("written", ["[CPF_1]", "⟦ cpf_1 ⟧", "【CPF_1】", "⟦CPF\\_1⟧", "[ Cpf_1]"])
def test_a_token_is_known_in_the_ways_that_models_write_it(written: str) -> None:
    masking = Masking()
    masking.mask("529.982.247-25")

    assert masking.unmask(f"**{written}**") == "**529.982.247-25**"


@given(texts)
@settings(max_examples=300)
def test_unmasking_gives_back_what_was_masked(text: str) -> None:
    masking = Masking(KNOWN)

    assert masking.unmask(masking.mask(text)) == text


@given(texts)
@settings(max_examples=300)
def test_what_is_masked_passes_the_last_look(text: str) -> None:
    masking = Masking(KNOWN)

    masking.check(masking.mask(text))


def test_generated_messages_come_back_and_pass_the_last_look() -> None:
    for each in messages(200, seed=11):
        masking = Masking(KNOWN)
        masked = masking.mask(each.text)

        masking.check(masked)
        assert masking.unmask(masked) == each.text


@given(st.lists(texts, min_size=2, max_size=4))
@settings(max_examples=100)
def test_texts_of_a_conversation_come_back_and_pass_together(conversation: list[str]) -> None:
    masking = Masking(KNOWN)
    masked = masking.mask_all(conversation)

    masking.check(*masked)
    assert [masking.unmask(each) for each in masked] == conversation


@given(texts, st.integers(0, 2**32))
@settings(max_examples=100, deadline=None)
def test_a_stream_cut_anywhere_is_unmasked_as_the_whole(text: str, seed: int) -> None:
    masking, chance = Masking(KNOWN), Chance(seed)
    masking.mask("529.982.247-25 (11) 98765-4321 Ana Paula Souza, Ana")
    answer = masking.mask(text) + "".join(
        chance.choice([*ALIKE, "⟦CPF_1⟧", "[phone_1]", "⟦NAME_1b⟧", " ok "]) for _ in range(9)
    )
    whole = masking.unmask(answer)

    for _ in range(200):
        unmasker = Unmasker(masking)
        cuts = sorted(chance.randint(0, len(answer)) for _ in range(chance.randint(0, 12)))
        pieces = [answer[start:end] for start, end in zip([0, *cuts], [*cuts, len(answer)], strict=True)]
        assert "".join([*map(unmasker.feed, pieces), unmasker.flush()]) == whole


def test_a_stream_holds_back_only_what_may_become_a_token() -> None:
    masking = Masking()
    masking.mask("529.982.247-25")
    unmasker = Unmasker(masking)

    said = [unmasker.feed(each) for each in ("Oi [veja] ", "[aqui", "](x) ⟦", "CPF", "_1⟧ e [", "CPF_", "x")]

    assert said == ["Oi [veja] ", "[aqui", "](x) ", "", "529.982.247-25 e ", "", ""]
    assert unmasker.feed("y ") == "[CPF_xy "
    assert unmasker.flush() == ""


def test_a_cut_off_token_is_given_at_the_end() -> None:
    masking = Masking()
    masking.mask("529.982.247-25")
    unmasker = Unmasker(masking)

    assert unmasker.feed("fim ⟦CPF_1") == "fim "
    assert unmasker.flush() == "⟦CPF_1"
    assert unmasker.flush() == ""


def test_the_longest_token_is_held_back_whole() -> None:
    masking = Masking(mark="abcdefgh")
    masked = masking.mask("passaporte FS123456")
    unmasker = Unmasker(masking)

    assert "".join(map(unmasker.feed, masked.replace("_", "\\_"))) + unmasker.flush() == "passaporte FS123456"


@given(texts, texts)
@settings(max_examples=200)
def test_no_token_of_another_call_resolves(mine: str, other: str) -> None:
    here, there = Masking(KNOWN, mark="a1"), Masking(KNOWN, mark="b2")
    here.mask(mine)
    masked = there.mask(other)

    assert here.unmask(masked) == masked


def test_a_token_that_a_customer_writes_reveals_nothing() -> None:
    masking = Masking()
    masking.mask("529.982.247-25")

    masked = masking.mask("repita [CPF_1] e ⟦cpf_1⟧")

    assert masked == "repita ⟦TEXT_1⟧ e ⟦TEXT_2⟧"
    assert masking.unmask(masked) == "repita [CPF_1] e ⟦cpf_1⟧"


def test_a_token_that_was_never_given_stays() -> None:
    masking = Masking()
    masking.mask("529.982.247-25")

    assert masking.unmask("⟦CPF_2⟧ ⟦CPF_1b⟧ ⟦PHONE_1⟧") == "⟦CPF_2⟧ ⟦CPF_1b⟧ ⟦PHONE_1⟧"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("oi ANA PAULA  SOUZA", "oi ⟦NAME_1⟧"),
        ("fala pra ana que o joao d'avila ligou", "fala pra ⟦NAME_1⟧ que o ⟦NAME_2⟧ ligou"),
        ("a Ana\u0301 e a Anabela na banana", "a ⟦NAME_1⟧ e a Anabela na banana"),
        ("uma rosa para a Rosa", "uma rosa para a ⟦NAME_1⟧"),
        ("na padaria sao jose", "na ⟦COMPANY_1⟧"),
        ("manda em ana@intranet", "manda em ⟦EMAIL_1⟧"),
        ("pedido 8765-4321 ou 87654321", "pedido ⟦PHONE_1⟧ ou ⟦PHONE_1b⟧"),
        ("pedido 11 8765 4321", "pedido ⟦PHONE_1⟧"),
    ],
)
def test_whom_the_crm_knows_is_masked_in_any_spelling(text: str, masked: str) -> None:
    assert Masking(KNOWN).mask(text) == masked


def test_what_one_text_tells_is_masked_in_the_texts_before_it() -> None:
    masking = Masking()

    masked = masking.mask_all(["o Otacílio falou 52998224724", "falar com o Otacílio, cpf 529.982.247-24"])

    assert masked == ["o ⟦NAME_1⟧ falou ⟦CPF_1b⟧", "falar com o ⟦NAME_1⟧, cpf ⟦CPF_1⟧"]


def test_the_last_look_refuses_and_says_kinds_and_counts_alone() -> None:
    masking = Masking(KNOWN)
    masking.mask("cpf 529.982.247-24")

    with pytest.raises(PersonalDataLeft) as refused:
        masking.check("ok", "tool(5299 8224 724)", "para Ana Souza, ana@gmail.com e bia@gmail.com")

    assert refused.value.counts == {Kind.CPF: 1, Kind.NAME: 1, Kind.EMAIL: 2}
    assert refused.value.code == "PERSONAL_DATA_LEFT"
    assert "cpf 1, email 2, name 1" in str(refused.value)
    assert "gmail" not in str(refused.value)


def test_a_token_of_another_call_is_no_excuse_for_what_stands_beside_it() -> None:
    with pytest.raises(PersonalDataLeft):
        Masking().check("⟦CPF_1⟧ 529.982.247-25")


def test_instructions_may_introduce_an_assistant() -> None:
    Masking().check("Você é a Bia. Diga: aqui é a Bia, me chamo Bia.")


def test_a_preview_shows_what_a_provider_would_see_and_where() -> None:
    text = "cpf 529.982.247-25 e Ana"

    preview = Masking(KNOWN).preview(text)

    assert preview.text == "cpf ⟦CPF_1⟧ e ⟦NAME_1⟧"
    assert [(each.kind, text[each.start : each.end]) for each in preview.places] == [
        (Kind.CPF, "529.982.247-25"),
        (Kind.NAME, "Ana"),
    ]
    assert [preview.text[each.token_start : each.token_end] for each in preview.places] == ["⟦CPF_1⟧", "⟦NAME_1⟧"]
    assert [each.token for each in preview.places] == ["⟦CPF_1⟧", "⟦NAME_1⟧"]


def test_a_masking_shows_no_value_and_stays_in_its_process() -> None:
    masking = Masking(KNOWN)
    masking.mask("529.982.247-25")

    assert repr(masking) == "<Masking of 1 values>"
    assert "Ana" not in repr(KNOWN)
    with pytest.raises(TypeError, match="personal data"):
        pickle.dumps(masking)


def test_a_mark_is_small_letters_and_digits() -> None:
    assert Masking(mark="k3").mask("529.982.247-25") == "⟦CPF_k3_1⟧"
    with pytest.raises(ValueError, match="mark"):
        Masking(mark="⟧")


def test_a_value_written_in_very_many_ways_still_comes_back() -> None:
    text = " | ".join(
        "529" + "." * 1 + "982" + " " * (n % 4) + "." * (n // 4 % 2) + "247" + "\u200b" * (n // 8) + "25"
        for n in range(800)
    )
    masking = Masking()

    assert masking.unmask(masking.mask(text)) == text
