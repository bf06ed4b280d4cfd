"""What the demo's knowledge answers, and what it says that it does not know."""

from uuid import uuid4

import pytest

from ai.local import answers
from ai.passages import Passage
from ai.results import Language
from benchmarks.retrieval import weigh
from models.documents import Pair, SourceKind
from server.demo_knowledge import drafts
from services.knowledge import fusing
from services.knowledge.chunking import cut, text_of
from services.knowledge.indexing import told
from services.knowledge.storage import Chunk

EXCHANGES = "avise em até 24 horas com uma foto"
MONEY = "o dinheiro"
CANCELLING = "Encomendas podem ser canceladas"
PARTS = "podem ser parceladas"


def demo_passages() -> list[str]:
    """Return the demo's knowledge as it is searched."""
    found: list[str] = []
    for kind, draft in drafts():
        pairs = [Pair(question=each.question, answer=each.answer) for each in draft.pairs or ()]
        text = text_of(pairs) if kind is SourceKind.FAQ else (draft.text or "").strip()
        for part in cut(kind, text, pairs):
            words = text[part.start : part.end]
            chunk = Chunk(
                id=uuid4(), source_id=uuid4(), start=part.start, end=part.end, heading=part.heading, text=words
            )
            found.append(told(draft.title or "", chunk))
    return found


def answer(question: str) -> str:
    """Return the best passage for a question; nothing where none is said to be about it."""
    passages = demo_passages()
    (evidence,) = weigh(passages, [question])
    best = int(fusing.ranking(evidence).argmax())
    return passages[best] if fusing.certainty(evidence, best) >= fusing.GROUNDED else ""


@pytest.mark.parametrize(
    ("question", "holds"),
    [
        ("Posso trocar um bolo amassado?", EXCHANGES),
        ("Meu bolo chegou amassado, posso trocar?", EXCHANGES),
        ("A torta veio com defeito, vocês devolvem o dinheiro?", MONEY),
        ("Dá para trocar um pão que veio diferente do pedido?", EXCHANGES),
        ("Posso cancelar um bolo?", CANCELLING),
        ("Posso parcelar um bolo?", PARTS),
        ("Posso retirar na loja?", "pode ser retirado na loja"),
        ("a loja abre domingo?", "Aos domingos"),
    ],
)
def test_what_is_known_is_found(question: str, holds: str) -> None:
    assert holds in answer(question)


async def test_what_the_search_finds_is_quoted() -> None:
    question = "Posso trocar um bolo amassado?"
    passages = demo_passages()
    (evidence,) = weigh(passages, [question])
    best = int(fusing.ranking(evidence).argmax())
    score = fusing.certainty(evidence, best)
    found = Passage(chunk_id=uuid4(), source_id=uuid4(), title="", text=passages[best], start=0, end=0, score=score)

    said = await answers.answer(question, [found], language=Language.PORTUGUESE)

    assert said.grounded
    assert EXCHANGES in said.text


@pytest.mark.parametrize("question", ["Posso devolver um bolo?", "Posso devolver uma torta?"])
def test_a_rule_for_something_else_is_no_answer(question: str) -> None:
    said = answer(question)

    assert not said or EXCHANGES in said


@pytest.mark.parametrize(
    "question",
    [
        "Qual o CNPJ de vocês?",
        "Qual o telefone de vocês?",
        "Qual é o CPF do dono?",
        "Qual o site de vocês?",
        "Qual a senha do wifi?",
        "Qual o Instagram da loja?",
        "tem wifi na loja?",
        "qual o wifi da loja?",
        "quem é o dono da loja?",
    ],
)
def test_what_nobody_told_is_not_known(question: str) -> None:
    assert answer(question) == ""
