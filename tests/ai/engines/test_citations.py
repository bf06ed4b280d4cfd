"""Markers leave the text and become places; what names no passage is dropped, however a stream is cut."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai.engines.citations import CitationStream, validated
from tests.ai.engines.asking import passage

THREE = [passage(f"trecho {number}", title=f"Fonte {number}", number=number) for number in (1, 2, 3)]
PARTS = st.sampled_from(
    [
        "a",
        "é ",
        " ",
        "\t",
        "\n",
        "[",
        "]",
        "1",
        "2",
        "9",
        "[1]",
        " [2]",
        "[1, 3]",
        "[ 2 ]",
        "[x]",
        "[1",
        ",",
        ";",
        ".",
        "  ",
    ]
)


@pytest.mark.parametrize(
    ("said", "text", "numbers"),
    [
        ("Entregamos em 2 dias [1].", "Entregamos em 2 dias.", [1]),
        ("Sim[1][2], claro", "Sim, claro", [1, 2]),
        ("Sim [3; 1]", "Sim", [3, 1]),
        ("[1] Bolo\n[2] Torta", "Bolo\nTorta", [1, 2]),
        ("Sim [4] e [0] e [999].", "Sim e e.", []),
        ("Medidas [10 cm] e [a]", "Medidas [10 cm] e [a]", []),
        ("Sim [1] [1]", "Sim", [1]),
        (" [1] \n Sim ", "Sim", [1]),
        ("", "", []),
    ],
)
def test_markers_leave_the_text(said: str, text: str, numbers: list[int]) -> None:
    cited = validated(said, THREE)

    assert cited.text == text
    assert [each.number for each in cited.citations] == numbers
    assert all(each.passage is THREE[each.number - 1] for each in cited.citations)


def test_places_are_behind_what_rests_on_a_passage_and_each_source_is_told_once() -> None:
    cited = validated("\nPrazo de 2 dias [2]. Frete grátis [1] [2].", THREE)

    assert cited.text == "Prazo de 2 dias. Frete grátis."
    assert [(cited.text[: each.position], each.number) for each in cited.citations] == [
        ("Prazo de 2 dias", 2),
        ("Prazo de 2 dias. Frete grátis", 1),
        ("Prazo de 2 dias. Frete grátis", 2),
    ]
    assert cited.sources == (THREE[1], THREE[0])


@settings(deadline=None)
@given(st.lists(PARTS, max_size=30).map("".join), st.data())
def test_a_stream_cut_anywhere_says_what_the_whole_says(said: str, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, len(said)), max_size=12)))
    whole = CitationStream(THREE)
    expected = whole.feed(said) + whole.flush()

    stream = CitationStream(THREE)
    told = "".join(stream.feed(said[start:end]) for start, end in zip([0, *cuts], [*cuts, len(said)], strict=True))
    told += stream.flush()

    assert told == expected
    assert stream.citations == whole.citations
    assert all(0 <= each.position <= len(told) for each in stream.citations)
    assert validated(said, THREE).text == expected.strip()


@pytest.mark.parametrize(
    ("chunk", "ready"), [("Olá", "Olá"), ("Olá [", "Olá"), ("Olá [1", "Olá"), ("Olá [x", "Olá [x")]
)
def test_only_an_unfinished_marker_is_held_back(chunk: str, ready: str) -> None:
    assert CitationStream(THREE).feed(chunk) == ready


def test_what_never_becomes_a_marker_comes_out_at_the_end() -> None:
    stream = CitationStream(THREE)

    assert stream.feed("tamanho [1") + stream.flush() == "tamanho [1"
    assert stream.citations == ()


def test_a_long_run_of_digits_is_not_held_for_ever() -> None:
    assert CitationStream(THREE).feed("[" + "1" * 60) == "[" + "1" * 60
