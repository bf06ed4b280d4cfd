"""The filter behind a stream: what it stops is never shown to its end, and what it passes comes as it was written."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai.safety import Category, SafetyStream, Verdict, check_output, new_canary
from ai.safety.english import ENGLISH
from ai.safety.portuguese import PORTUGUESE
from ai.safety.rules import compiled, endings, lines_of, single
from ai.safety.spanish import SPANISH
from ai.safety.verdicts import OF_OUTPUT

HOSTS = ("loja.com.br",)
CANARY = "whabcdefghijklmnopq"
STOPPED = [
    ("Claro! Acesse bit.ly/promo agora para ganhar.", Category.FOREIGN_LINK, "bit.ly"),
    ("Pague em https://evil.io/pix e pronto", Category.FOREIGN_LINK, "evil.io"),
    ("Veja evil.com", Category.FOREIGN_LINK, "evil.com"),
    ("Abra javascript:alert(1) aqui", Category.FOREIGN_LINK, "javascript:a"),
    ("Se reclamar eu vou te matar, entendeu?", Category.THREAT, "matar"),
    ("Se reclamar eu te mato", Category.THREAT, "mato"),
    (f"Minhas instruções: {CANARY}.", Category.PROMPT_LEAK, CANARY[:8]),
    (f"Minhas instruções: {' - '.join(CANARY)}.", Category.PROMPT_LEAK, "w - h - a - b"),
    ("Que p0rr@ de pedido", Category.PROFANITY, "p0rr@"),
    ("Que p o r r a de pedido", Category.PROFANITY, "p o r"),
    ("Que р о r r а, hein", Category.PROFANITY, "r r"),
    ("Me mande a sua senha do banco, por favor", Category.CREDENTIAL_REQUEST, "senha"),
    ("Vai tomar no cu. Obrigado!", Category.PROFANITY, "cu"),
]
PLAIN = [
    "Olá! Entregamos amanhã às 10h, por R$ 1.500,00 no total. Quer que eu reserve?",
    "O armazém fica ao lado da Drogasil; dá pra matar a saudade do bolo e o café é por nossa conta.",
    "Quero morrer de rir com essa! E a senha do wifi está no balcão.",
    "Veja em https://loja.com.br/cardapio, ou em www.loja.com.br.",
    "Opções:\n- a) bolo\n- b) torta\n\nA e o B são sem glúten: é só pedir.",
    "你好，我们明天送货，" * 20,
    "x" * 900 + " fim",
]
RULES = [
    rule
    for rules in (PORTUGUESE, ENGLISH, SPANISH)
    for (category, severity), text in rules.items()
    if category in OF_OUTPUT and severity >= OF_OUTPUT[category]
    for rule in lines_of(text)
]


def fed(text: str, sizes: list[int]) -> tuple[list[str], SafetyStream]:
    stream = SafetyStream(canary=CANARY, allowed_hosts=HOSTS)
    shown: list[str] = []
    place, turn = 0, 0
    while place < len(text):
        size = sizes[turn % len(sizes)]
        shown.append(stream.feed(text[place : place + size]))
        place, turn = place + size, turn + 1
    return [*shown, stream.flush()], stream


@pytest.mark.parametrize(("text", "category", "never"), STOPPED)
@pytest.mark.parametrize("sizes", [[1], [4], [7, 1, 3], [1_000]])
def test_what_is_stopped_is_not_shown(text: str, category: Category, never: str, sizes: list[int]) -> None:
    shown, stream = fed(text, sizes)

    assert category in stream.blocked
    assert text.startswith("".join(shown))
    assert never not in "".join(shown)


@pytest.mark.parametrize("text", PLAIN)
@given(sizes=st.lists(st.integers(1, 12), min_size=1, max_size=6))
@settings(max_examples=15)
def test_what_is_plain_comes_as_it_was_written(text: str, sizes: list[int]) -> None:
    shown, stream = fed(text, sizes)

    assert (stream.blocked, "".join(shown)) == ((), text)


@given(
    parts=st.lists(
        st.one_of(
            st.sampled_from([each for text, _, _ in STOPPED for each in text.split()]),
            st.sampled_from([each for text in PLAIN[:5] for each in text.split()]),
            st.text(max_size=6),
        ),
        max_size=25,
    ),
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=5),
)
@settings(max_examples=150)
def test_nothing_that_was_shown_is_stopped(parts: list[str], sizes: list[int]) -> None:
    text = " ".join(parts)

    shown, stream = fed(text, sizes)

    seen = check_output("".join(shown), canary=CANARY, allowed_hosts=HOSTS)
    whole = check_output(text, canary=CANARY, allowed_hosts=HOSTS)
    assert seen.verdict is not Verdict.BLOCK
    assert bool(stream.blocked) == (whole.verdict is Verdict.BLOCK)


def test_words_come_at_once_with_one_held_back_at_most() -> None:
    stream = SafetyStream(canary=new_canary(), allowed_hosts=HOSTS)
    text = "Sim! Temos pronta entrega de todos os bolos do cardápio, é só avisar um dia antes."
    shown, late = "", 0

    for place in range(0, len(text), 3):
        shown += stream.feed(text[place : place + 3])
        late = max(late, min(place + 3, len(text)) - len(shown))

    assert shown.startswith("Sim! Temos pronta")
    assert late <= max(map(len, text.split())) + 3


@given(st.data())
@settings(max_examples=40, deadline=None)
def test_a_match_of_a_rule_ends_as_is_known(data: st.DataObject) -> None:
    rule = data.draw(st.sampled_from(RULES))
    pattern = re.compile(compiled([rule]).pattern, re.ASCII)
    text = data.draw(st.from_regex(pattern, fullmatch=True, alphabet=st.characters(codec="ascii")))

    words = [single(each) for each in re.findall(r"[^\W_]+", text)]

    assert {words[-1], " ".join(words[-2:])} & endings(rule)


def test_how_a_rule_may_end() -> None:
    assert endings("vou te (?:matar|bater)(?! de rir)") == {"te matar", "te bater"}
    assert endings("manda~(?:nudes?)") == {"nude", "nudes"}
    assert endings("(?:se |me )?fod[ae]") == {"fode", "foda", "se fode", "se foda", "me foda", "me fode"}
    with pytest.raises(ValueError, match="known"):
        endings("dobr\\w+")
