"""Without a key suggestions and answers quote the knowledge base word for word, or say nothing that could be wrong."""

import re
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai.conversations import Turn
from ai.engines.citations import validated
from ai.local.answers import answer
from ai.local.copilot import LocalReply, compose, pieces
from ai.local.quotes import best_quotes
from ai.local.replies import Addressed, suggest_replies
from ai.passages import Passage
from ai.results import LOCAL, Candidate, Intent, Language, Method, Purpose, Tone
from tests.ai.engines.asking import customer, passage, team

pytestmark = pytest.mark.usefixtures("learned")

BASE = [
    passage(
        "Entregamos em todo o Brasil. O prazo para São Paulo capital é de 2 dias úteis, e de 5 a 8 dias úteis para as "
        "demais regiões. O frete é grátis acima de R$ 199.",
        title="Entregas",
        number=1,
    ),
    passage(
        "Pergunta: Posso trocar um produto?\nResposta: Sim. Você tem 7 dias depois do recebimento para pedir a troca.\n"
        "Pergunta: Quem paga o frete da devolução?\nResposta: O frete da devolução é por nossa conta.",
        title="Trocas",
        number=2,
    ),
    passage(
        "Produto: Bolo de chocolate 1 kg; Preço: R$ 79,90\nProduto: Brigadeiro (cento); Preço: R$ 120,00",
        title="Preços",
        number=3,
    ),
]


def meant(purpose: Purpose, confidence: float = 0.9, also: tuple[Purpose, ...] = ()) -> Intent:
    return Intent(
        provider=LOCAL,
        method=Method.HEAD,
        purpose=purpose,
        confidence=confidence,
        candidates=(Candidate(purpose=purpose, confidence=confidence),),
        also=also,
    )


async def composed(
    *turns: Turn,
    purpose: Purpose = Purpose.INFORMATION,
    passages: Sequence[Passage] = BASE,
    language: Language = Language.PORTUGUESE,
    to: Addressed | None = None,
) -> LocalReply:
    return await compose(
        turns,
        passages=passages,
        intent=meant(purpose),
        language=language,
        to=to or Addressed(),
    )


@pytest.mark.parametrize(
    ("asked", "said", "number"),
    [
        ("Qual o prazo de entrega pra São Paulo?", "2 dias úteis", 1),
        ("posso trocar se não servir?", "7 dias depois do recebimento", 2),
        ("quem paga o frete da devolução", "por nossa conta", 2),
        ("quanto custa o cento de brigadeiro?", "R$ 120,00", 3),
    ],
)
async def test_the_sentence_that_answers_is_quoted_word_for_word(asked: str, said: str, number: int) -> None:
    reply = await composed(team("Oi, Ana!"), customer(asked))

    assert said in reply.text
    assert number in reply.cited
    assert (reply.provider, reply.method, reply.generated) == (LOCAL, Method.EXTRACTIVE, False)
    for quote, cited in re.findall(r"\s*(.+?) \[(\d)\]", reply.text):
        assert quote in BASE[int(cited) - 1].text
    assert "?" not in reply.text
    assert "Resposta" not in reply.text
    assert [each.number for each in validated(reply.text, BASE).citations] == [*reply.cited]


PRICES = passage(
    "Pão de queijo — porção com 10 unidades. Preço: R$ 16,00.\n\n"
    "Bolo de cenoura com chocolate — serve 8 pessoas. Preço: R$ 42,00.",
    title="Produtos e preços",
    number=2,
)
HOURS = passage(
    "# Horário de funcionamento\n\nAbrimos de segunda a sexta das 7h às 19h e aos sábados das 7h às 14h. Aos domingos "
    "e nos feriados nacionais ficamos fechados.",
    title="Horário e endereço",
)
SHIPPING = passage("# Taxa de entrega\n\nA taxa de entrega é R$ 6,00 no Centro, e R$ 10,00 na Vila Nova.")
CAKES = passage(
    "Com quanta antecedência encomendo um bolo?\nCom três dias de antecedência. Conte 100 g de bolo por pessoa.",
    title="Encomendas",
)


@pytest.mark.parametrize(
    ("asked", "first", "said"),
    [
        ("que horas vocês abrem?", HOURS, "Abrimos de segunda a sexta das 7h às 19h"),
        ("QUE HORAS FECHA????", HOURS, "Abrimos de segunda a sexta das 7h às 19h"),
        ("quanto custa bolo", CAKES, "Bolo de cenoura com chocolate — serve 8 pessoas. Preço: R$ 42,00."),
        ("tem pao de queijo?", PRICES, "Pão de queijo — porção com 10 unidades. Preço: R$ 16,00."),
        ("quanto é a entrega?", SHIPPING, "A taxa de entrega é R$ 6,00 no Centro"),
    ],
)
async def test_what_the_search_is_sure_of_is_quoted_with_its_price_or_hour_and_without_headings(
    asked: str, first: Passage, said: str
) -> None:
    passages = [replace(first, score=0.97), replace(PRICES, score=0.9)]

    found = await answer(asked, passages, language=Language.PORTUGUESE)

    assert found.grounded
    assert said in found.text
    assert "#" not in found.text


@pytest.mark.parametrize(
    "asked", ["quanto custa a entrega?", "qual a taxa de entrega?", "valor da entrega", "vcs entregam?"]
)
async def test_the_sentence_that_holds_what_is_asked_goes_before_those_that_share_its_heading(asked: str) -> None:
    fees = passage(
        "# Taxa de entrega\n\nA taxa de entrega é R$ 6,00 no Jardim América e no Centro, e R$ 10,00 na Vila Nova e em "
        "Santa Luzia. Acima de R$ 120,00 o frete é grátis. O pedido mínimo para entrega é R$ 30,00."
    )

    found = await composed(customer(asked), purpose=Purpose.PRICING, passages=[replace(fees, score=0.97)])

    assert "A taxa de entrega é R$ 6,00 no Jardim América" in found.text


async def test_the_same_conversation_has_the_same_reply() -> None:
    turns = (customer("Oi"), customer("o frete é de graça?"))

    assert await composed(*turns) == await composed(*turns)


async def test_a_greeting_is_said_at_the_beginning_or_in_return_with_the_name_that_is_known() -> None:
    asked = customer("qual o prazo para São Paulo?")

    first = await composed(asked, to=Addressed(name="Ana\n Souza"))
    later = await composed(team("Olá!"), asked, to=Addressed(name="Ana"))
    returned = await composed(team("Olá!"), customer("Bom dia"), asked, language=Language.SPANISH)

    assert first.text.startswith("Olá, Ana Souza! O prazo")
    assert later.text.startswith("O prazo")
    assert returned.text.startswith("¡Hola! Nuestra información está en portugués y dice: O prazo")


@pytest.mark.parametrize(
    ("asked", "language", "told"),
    [
        ("How long is delivery to São Paulo?", Language.ENGLISH, "Our information is in Portuguese, and says: "),
        (
            "¿Cuál es el plazo de entrega para São Paulo?",
            Language.SPANISH,
            "Nuestra información está en portugués y dice: ",
        ),
        ("Can I exchange a product?", Language.ENGLISH, "Our information is in Portuguese, and says: "),
        ("Qual o prazo de entrega para São Paulo?", Language.PORTUGUESE, ""),
    ],
)
async def test_a_quote_in_another_language_is_told_to_be_that_in_the_askers(
    asked: str, language: Language, told: str
) -> None:
    found = await answer(asked, BASE, language=language)
    reply = await composed(team("Oi!"), customer(asked), language=language)

    for text in (found.text, reply.text):
        assert text.startswith(told)
        assert ("Portug" in text or "portug" in text) == bool(told)
    quoted = [line for each in BASE for line in each.text.splitlines()]
    assert any(found.text.removeprefix(told).split(" [")[0][:40] in line for line in quoted)
    assert [each.number for each in validated(reply.text, BASE).citations] == [*reply.cited]


async def test_quotes_in_the_askers_language_are_told_as_they_are() -> None:
    english = [passage("We deliver within two days. Shipping is free above 50 dollars.", title="Delivery")]

    found = await answer("How long is delivery?", english, language=Language.ENGLISH)

    assert found.text.startswith("We deliver within two days")


@pytest.mark.parametrize(
    ("asked", "purpose", "language"),
    [
        ("vende cerveja?", Purpose.PRODUCT_INQUIRY, Language.PORTUGUESE),
        ("vocês abrem no domingo?", Purpose.INFORMATION, Language.PORTUGUESE),
        ("dá pra marcar hoje?", Purpose.SCHEDULE, Language.PORTUGUESE),
        ("posso levar dois?", Purpose.PURCHASE, Language.PORTUGUESE),
        ("tem desconto?", Purpose.PRICING, Language.PORTUGUESE),
        ("do you sell beer?", Purpose.PRODUCT_INQUIRY, Language.ENGLISH),
        ("can I book for today?", Purpose.SCHEDULE, Language.ENGLISH),
        ("¿venden cerveza?", Purpose.PRODUCT_INQUIRY, Language.SPANISH),
        ("¿puedo pagar en cuotas?", Purpose.PRICING, Language.SPANISH),
    ],
)
async def test_what_nothing_is_known_of_is_going_to_be_checked_and_not_affirmed(
    asked: str, purpose: Purpose, language: Language
) -> None:
    reply = await composed(customer(asked), purpose=purpose, passages=[], language=language)

    assert re.search(r"[Vv]ou verificar|[Ll]et me check|[Vv]oy a verificar", reply.text)


@pytest.mark.parametrize("purpose", [Purpose.GREETING, Purpose.GOODBYE, Purpose.COMPLAINT])
async def test_small_talk_and_complaints_get_a_template(purpose: Purpose) -> None:
    reply = await composed(customer("prazo de entrega São Paulo"), purpose=purpose, to=Addressed(name="Ana"))

    (template,) = suggest_replies(
        purpose, Language.PORTUGUESE, to=Addressed(name="Ana"), tones=(Tone.NEUTRAL,), count=1
    )
    assert (reply.text, reply.cited, reply.method) == (template.text, (), Method.TEMPLATE)


async def test_a_wish_beside_a_greeting_is_answered() -> None:
    reply = await compose(
        [customer("Oi! Quanto custa o brigadeiro?")],
        passages=BASE,
        intent=meant(Purpose.GREETING, also=(Purpose.PRICING,)),
        language=Language.PORTUGUESE,
        to=Addressed(),
    )

    assert reply.cited == (3,)


@pytest.mark.parametrize(
    ("passages", "asked"),
    [([], "qual o prazo?"), (BASE, "vocês têm vaga de emprego?")],
)
async def test_what_the_base_does_not_say_is_not_answered_out_of_it(passages: Sequence[Passage], asked: str) -> None:
    reply = await composed(customer(asked), passages=passages)
    found = await answer(asked, passages, language=Language.PORTUGUESE)

    assert (reply.method, reply.cited) == (Method.TEMPLATE, ())
    assert (found.method, found.grounded, found.citations) == (Method.TEMPLATE, False, ())
    assert found.text.startswith("Não encontrei")


@pytest.mark.parametrize("turns", [(), (team("Olá"),), (customer(""),), (customer("🙂"),)])
async def test_a_conversation_that_asks_nothing_gets_a_template(turns: tuple[Turn, ...]) -> None:
    reply = await composed(*turns, purpose=Purpose.OTHER)

    assert reply.method is Method.TEMPLATE
    assert reply.text


async def test_an_answer_cites_what_it_quotes() -> None:
    found = await answer("o frete é grátis?", BASE, language=Language.PORTUGUESE)

    assert found.grounded
    assert "O frete é grátis acima de R$ 199." in found.text
    assert "[" not in found.text
    first = found.citations[0]
    assert found.text[: first.position] == "O frete é grátis acima de R$ 199."
    assert first.passage is BASE[0]


@settings(deadline=None, max_examples=20)
@given(st.lists(st.text(max_size=120), max_size=3), st.text(max_size=40))
def test_quotes_are_always_parts_of_their_passages(texts: list[str], asked: str) -> None:
    passages = [passage(text, number=number) for number, text in enumerate(texts, 1)]

    for each in best_quotes(asked, passages, most=3):
        assert passages[each.number - 1].text[each.start : each.start + len(each.text)] == each.text
        assert 0 <= each.merit <= 1


@settings(deadline=None)
@given(st.text())
def test_the_pieces_of_a_text_are_the_text(text: str) -> None:
    assert "".join(pieces(text)) == text
    assert all(pieces(text))


def test_a_text_comes_word_by_word() -> None:
    assert list(pieces("Olá, Ana!\nTudo bem? ")) == ["Olá,", " Ana!", "\nTudo", " bem?", " "]
