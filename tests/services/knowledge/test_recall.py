"""How often the right passage is found, for questions as customers write them. The gates are just below the measure."""

import pytest

from benchmarks import retrieval
from core.ground import Ground
from services.knowledge import fusing
from services.knowledge.fusing import Evidence
from services.knowledge.lexical import Lexicon
from services.knowledge.retrieval import search
from services.knowledge.subjects import is_about_place
from tests.fixtures import knowledge
from tests.fixtures.tenants import Tenant


@pytest.fixture(scope="module")
def weighed() -> retrieval.Weighed:
    return retrieval.weigh_all(retrieval.read_set())


def test_the_right_passage_is_found(weighed: retrieval.Weighed) -> None:
    found = retrieval.score(fusing.ranking, weighed.answered, weighed.places)

    assert found.first >= retrieval.LEAST_FIRST
    assert found.fifth >= retrieval.LEAST_FIFTH


def test_the_fusion_beats_each_of_its_parts_and_the_sum_of_ranks(weighed: retrieval.Weighed) -> None:
    scores = {name: retrieval.score(rank, weighed.answered, weighed.places) for name, rank in retrieval.METHODS.items()}

    best = scores.pop("ours")
    assert all(best.first > each.first and best.mrr > each.mrr for each in scores.values())


def test_what_is_not_known_is_said_not_to_be(weighed: retrieval.Weighed) -> None:
    trust = retrieval.trust(weighed.answered, weighed.unanswered)

    assert trust.right >= retrieval.LEAST_GROUNDED
    assert trust.false <= retrieval.MOST_FALSE


UNSAID = (
    "vcs entregam em Campinas?", "entregam em sorocaba?", "entrega pro tatuapé?", "vocês têm loja em Recife?",
    "quanto custa o bolo de pistache?", "tem bolo de maracujá?", "aceita Bitcoin?", "posso pagar com PayPal?",
    "vendem cerveja?", "quem é o presidente do Brasil?", "who is the president?", "do you deliver to London?",
    "do you sell wine?", "¿hacen envíos a Madrid?", "¿tienen tienda en Lima?",
)  # fmt: skip
SAID = {
    "onde fica a loja": "address", "onde vcs ficam?": "address", "qual o endereço de vocês?": "address",
    "where are you located?": "address", "¿dónde están ubicados?": "address",
    "entregam na Vila Nova?": "delivery_area", "vcs entregam em santa luzia?": "delivery_area",
    "Oi, sou o Paulo! Tem estacionamento?": "parking", "QUANTO CUSTA O PAO FRANCES": "bread",
    "tem pão sem glúten?": "gluten", "aceita Visa?": "payment",
}  # fmt: skip


def test_a_passage_that_lacks_the_place_the_name_or_the_thing_is_no_ground() -> None:
    passages = list(retrieval.read_set().passages.values())

    wrong = [
        question
        for question, evidence in zip(UNSAID, retrieval.weigh(passages, UNSAID), strict=True)
        if retrieval.is_grounded(evidence)
    ]

    assert wrong == []


def test_a_passage_that_names_them_is_found_and_is_one() -> None:
    given = retrieval.read_set().passages
    names = list(given)

    weighed = dict(zip(SAID, retrieval.weigh(list(given.values()), list(SAID)), strict=True))

    found = {question: names[int(fusing.ranking(each).argmax())] for question, each in weighed.items()}
    assert found == SAID
    assert [question for question, each in weighed.items() if not retrieval.is_grounded(each)] == []


@pytest.mark.parametrize("others", [10, 1_000])
def test_what_lacks_the_place_stands_behind_what_has_it_however_much_is_known(others: int) -> None:
    fee = "Taxa de entrega: a entrega custa 10 reais. Prazo da entrega: um dia. A taxa de entrega e o prazo da entrega."
    campinas = "Em Campinas entregamos por 15 reais, em dois dias úteis, com frete combinado conforme a distância."
    scores = Lexicon([fee, campinas, *(f"Pergunta {place}: mesa, cadeira e janela." for place in range(others))]).score(
        "qual a taxa de entrega e o prazo da entrega em Campinas?"
    )

    evidence = Evidence(bm25=scores.bm25, coverage=scores.coverage, cosine=None, words=4, lacks=scores.lacks)

    assert fusing.ranking(evidence).argsort()[::-1][:2].tolist() == [1, 0]
    assert retrieval.is_grounded(evidence)


@pytest.mark.parametrize(
    "asked",
    [
        "onde fica a padaria?", "onde fica o restaurante?", "onde fica a clínica certinho?",
        "qual o endereço da oficina?", "onde vcs ficam?", "where is your salon?", "¿dónde queda el restaurante?",
        "¿dónde está la farmacia?",
    ],
)  # fmt: skip
def test_whatever_the_business_is_its_address_answers_where_it_is(asked: str) -> None:
    given = retrieval.read_set().passages

    (evidence,) = retrieval.weigh(list(given.values()), [asked])

    assert list(given)[int(fusing.ranking(evidence).argmax())] == "address"
    assert retrieval.is_grounded(evidence)


@pytest.mark.parametrize("asked", ["onde está minha mercadoria?", "onde está meu pedido?", "where is my parcel?"])
def test_where_something_else_is_no_address_answers(asked: str) -> None:
    assert not is_about_place(asked)


def test_without_an_address_nobody_is_told_where_the_shop_is() -> None:
    given = {name: text for name, text in retrieval.read_set().passages.items() if name != "address"}
    asked = ["onde fica a loja", "qual o endereço de vcs?", "where is your store?", "¿dónde queda la tienda?"]

    weighed = retrieval.weigh(list(given.values()), asked)

    assert [retrieval.is_grounded(each) for each in weighed] == [False] * len(asked)


async def test_the_stores_find_what_the_measurement_finds(ground: Ground, tenant: Tenant) -> None:
    given = retrieval.read_set()
    for name, passage in list(given.passages.items())[:8]:
        await knowledge.add(ground, tenant, name, passage)
    asked = [(question, name) for question, name in given.questions if name in list(given.passages)[:8]]

    found = [(await search(ground, tenant.workspace_id, question)).passages[0].title for question, _ in asked]

    right = sum(title == name for title, (_, name) in zip(found, asked, strict=True))
    assert right / len(asked) >= retrieval.LEAST_FIRST


@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("What time do you open?", "hours"),
        ("ta aberto hj?", "hours"),
        ("do you have parking?", "parking"),
        ("¿Cuánto cuesta el envío?", "delivery_fee"),
        ("how much is the delivery?", "delivery_fee"),
        ("do you accept credit card?", "payment"),
    ],
)
async def test_guests_and_the_hurried_find_what_a_portuguese_base_says(
    ground: Ground, tenant: Tenant, question: str, name: str
) -> None:
    given = retrieval.read_set().passages
    for each in ("hours", "parking", "delivery_fee", "payment", "cake_size", "pets"):
        await knowledge.add(ground, tenant, each, given[each])

    found = await search(ground, tenant.workspace_id, question)

    assert found.is_grounded
    assert found.passages[0].title == name
