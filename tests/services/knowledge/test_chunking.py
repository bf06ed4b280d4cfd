"""How texts are cut: parts fit, keep their offsets, cover the text, and stay below their headings."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from models.documents import Pair, SourceKind
from services.knowledge.chunking import LONGEST, OVERLAP, cut, text_of

LETTERS = st.text(alphabet="abç é.\n#!?😀 A1|", max_size=4_000)


def shown(text: str, kind: SourceKind = SourceKind.TEXT) -> list[tuple[str, str]]:
    return [(each.heading, text[each.start : each.end]) for each in cut(kind, text)]


def test_each_heading_begins_a_part() -> None:
    text = "Intro aqui.\n\n# Entrega\n\nTaxa de R$ 6.\n\nHorário\n\nDas 7h às 19h.\n\nTROCAS\nEm 24 horas."

    assert shown(text) == [
        ("", "Intro aqui."),
        ("Entrega", "# Entrega\n\nTaxa de R$ 6."),
        ("Horário", "Horário\n\nDas 7h às 19h."),
        ("TROCAS", "TROCAS\nEm 24 horas."),
    ]


def test_a_long_section_is_cut_between_sentences_and_overlaps() -> None:
    text = " ".join(f"Esta é a frase de número {n}, e nada mais do que isto." for n in range(100))

    parts = cut(SourceKind.TEXT, text)

    assert all(text[each.start : each.end].startswith("Esta") for each in parts)
    assert all(text[each.start : each.end].endswith("isto.") for each in parts)
    overlaps = [before.end - after.start for before, after in pairwise(parts)]
    assert all(0 < each <= OVERLAP for each in overlaps)


def test_a_word_without_end_is_cut_all_the_same() -> None:
    assert [len(each[1]) for each in shown("x" * 2_500)] == [1_000, 1_000, 500]


def test_a_product_is_a_line_or_a_paragraph() -> None:
    assert [each[1] for each in shown("Pão: R$ 1\nBolo: R$ 2\n", SourceKind.CSV)] == ["Pão: R$ 1", "Bolo: R$ 2"]
    assert [each[1] for each in shown("Pão\nR$ 1\n\nBolo\nR$ 2", SourceKind.CSV)] == ["Pão\nR$ 1", "Bolo\nR$ 2"]


def test_each_pair_of_a_faq_is_a_part() -> None:
    pairs = [Pair(question="Aceita Pix? 😀", answer="Sim.\n\nCom desconto."), Pair(question="Abre?", answer="Não.")]
    text = text_of(pairs)

    parts = [text[each.start : each.end] for each in cut(SourceKind.FAQ, text, pairs)]

    assert parts == ["Aceita Pix? 😀\nSim.\n\nCom desconto.", "Abre?\nNão."]


@settings(max_examples=200, deadline=None)
@given(text=LETTERS)
def test_parts_fit_and_together_hold_every_word(text: str) -> None:
    parts = cut(SourceKind.TEXT, text)

    assert all(0 < each.end - each.start <= LONGEST for each in parts)
    assert [each.start for each in parts] == sorted({each.start for each in parts})
    held = {place for each in parts for place in range(each.start, each.end)}
    assert all(place in held or each.isspace() or each in "\"”')]" for place, each in enumerate(text))
