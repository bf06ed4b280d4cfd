"""What is learned from the seeds is right on sentences that were written apart, and as sure as it is right.

`pytest -s` shows the measures.
"""

import re
import sys
import tomllib
from collections import defaultdict
from pathlib import Path

import pytest

from ai.local import seeds
from ai.local.denials import affirmed
from ai.local.encoder import Embedded
from ai.local.heads import analyze_sentiment, classify_intent
from ai.local.language import recognize_language
from ai.local.wording import plainly
from ai.results import Emotion, Language, Method, Mood, Purpose

HELD_OUT = tomllib.loads(Path(__file__).with_name("held_out.toml").read_text("utf-8"))
pytestmark = pytest.mark.usefixtures("learned")

Judged = tuple[Language, bool, float]


def sentences(what: str) -> list[tuple[str, Language, str]]:
    return [
        (right, Language(language), text)
        for right, spoken in HELD_OUT[what].items()
        for language, texts in spoken.items()
        for text in texts
    ]


def words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", plainly(text)))


def shares(what: str, judged: list[Judged]) -> dict[Language, float]:
    by_language: defaultdict[Language, list[bool]] = defaultdict(list)
    for language, is_right, _ in judged:
        by_language[language].append(is_right)
    found = {language: sum(each) / len(each) for language, each in by_language.items()}
    for language, share in found.items():
        sys.stdout.write(f"\n{what} {language}: {share:.1%} of {len(by_language[language])}")
    return found


def gap(judged: list[Judged]) -> float:
    """Return how far confidences are from how often they are right."""
    return abs(sum(sure for *_, sure in judged) - sum(is_right for _, is_right, _ in judged)) / len(judged)


def test_no_held_out_sentence_is_a_seed() -> None:
    known = {words(text) for texts in seeds.sentences_of().values() for text in texts}
    held = {words(text) for what in ("purposes", "moods") for _, _, text in sentences(what)}

    assert not known & held
    assert all(len(spoken["pt"]) >= 15 for what in HELD_OUT.values() for spoken in what.values())


async def test_purposes_are_told() -> None:
    judged: list[Judged] = []
    for right, language, text in sentences("purposes"):
        said = await classify_intent(text)
        judged.append((language, said.purpose == right, said.confidence))

    found = shares("purpose", judged)

    assert found[Language.PORTUGUESE] >= 0.88
    assert min(found[Language.ENGLISH], found[Language.SPANISH]) >= 0.88
    assert gap(judged) < 0.05


@pytest.mark.parametrize(
    "text",
    [
        "Quero cancelar meu pedido", "quero falar com atendente", "I want to cancel my order",
        "quiero cancelar mi pedido",
    ],
)  # fmt: skip
async def test_who_cancels_or_wants_a_person_neither_buys_nor_complains(text: str) -> None:
    said = await classify_intent(text)

    assert said.purpose is Purpose.SUPPORT


async def test_moods_are_told() -> None:
    judged: list[Judged] = []
    for right, language, text in sentences("moods"):
        said = await analyze_sentiment(text)
        judged.append((language, said.label == right, said.confidence))

    found = shares("mood", judged)

    assert found[Language.PORTUGUESE] >= 0.86
    assert min(found[Language.ENGLISH], found[Language.SPANISH]) >= 0.83
    assert gap(judged) < 0.06


def test_languages_are_told() -> None:
    judged: list[Judged] = []
    for what in ("purposes", "moods"):
        for _, language, text in sentences(what):
            said = recognize_language(text)
            judged.append((language, said.language is language, said.confidence))

    assert min(shares("language", judged).values()) >= 0.95


@pytest.mark.parametrize("text", ["abre domingo?", "domingo abre", "abre sábado", "fecha no feriado?"])
def test_days_that_are_called_alike_in_spanish_are_portuguese_with_portuguese_verbs(text: str) -> None:
    assert recognize_language(text).language is Language.PORTUGUESE
    assert recognize_language("¿abren el domingo?").language is Language.SPANISH


@pytest.mark.parametrize("text", ["", "ok", "123", "😀", "..."])
def test_where_nothing_tells_the_language_nothing_is_claimed(text: str) -> None:
    said = recognize_language(text)

    assert (said.language, said.method, said.provider) == (Language.PORTUGUESE, Method.PROFILE, "local")
    assert said.confidence == pytest.approx(1 / 3)


@pytest.mark.parametrize("text", ["", "  \n ", "😀", "\ud800", "xqzt wvfk"])
async def test_what_says_nothing_is_other_and_neutral(text: str) -> None:
    intent, sentiment = await classify_intent(text), await analyze_sentiment(text)

    assert intent.purpose is Purpose.OTHER
    assert sentiment.label is Mood.NEUTRAL


@pytest.mark.parametrize("text", ["Quanto custa o bolo?", "Oi, tudo bem? Não é ruim! Vocês entregam em Santos?"])
async def test_what_is_embedded_for_several_is_embedded_once_and_judged_alike(text: str) -> None:
    embedded = Embedded()
    before = await embedded.row(text)

    intent, sentiment = await classify_intent(text, embedded), await analyze_sentiment(text, embedded)
    alone, felt = await classify_intent(text), await analyze_sentiment(text)

    assert await embedded.row(text) is before
    assert (intent.purpose, intent.also) == (alone.purpose, alone.also)
    assert (sentiment.label, sentiment.score) == (felt.label, pytest.approx(felt.score, abs=1e-4))
    assert intent.confidence == pytest.approx(alone.confidence, abs=1e-4)


APART: dict[Mood, tuple[str, ...]] = {
    Mood.NEGATIVE: (
        "vocês são uns ladrões", "bando de ladrão", "isso é roubo", "vocês me roubaram", "você é um mentiroso",
        "cambada de picareta", "que gente desonesta", "vocês são uns golpistas",
        "gente sem vergonha", "vocês não prestam",
        "you are thieves", "you guys are cheaters", "what a bunch of liars", "son unos ladrones",
        "ustedes mienten siempre",
        "não é ruim, é péssimo", "it's not bad, it's terrible", "fui mal atendida, sem noção",
        "that was bad", "está mal hecho",
    ),
    Mood.NEUTRAL: (
        "quiero devolver el producto", "quiero devolver un pedido", "quiero cambiar la talla",
        "quisiera anular mi pedido",
        "quero devolver uma blusa", "queria fazer a troca de um vestido", "quero cancelar meu pedido",
        "I want to return a shirt", "I'd like to cancel my booking", "necesito cancelar mi cita",
        "quiero hacer un pedido",
    ),
    Mood.POSITIVE: (
        "nada mal", "nada mal esse bolo", "não está nada mal", "não é ruim não", "achei nada mau", "not bad at all",
        "it wasn't bad", "no está mal", "nada mal la torta", "sem defeito nenhum", "não tenho do que reclamar",
        "nothing to complain about", "no tengo quejas", "vim matar a saudade do pão", "matei a saudade do bolo",
        "que saudade desse café", "I really missed your bread",
    ),
}  # fmt: skip


@pytest.mark.parametrize("mood", APART)
async def test_insults_plain_wishes_and_praise_by_denial_are_not_taken_for_one_another(mood: Mood) -> None:
    wrong = [text for text in APART[mood] if (await analyze_sentiment(text)).label is not mood]

    assert wrong == []


async def test_neither_praise_by_denial_nor_longing_is_a_complaint() -> None:
    said = {text: (await classify_intent(text)).purpose for text in APART[Mood.POSITIVE]}

    assert [text for text, purpose in said.items() if purpose is Purpose.COMPLAINT] == []


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("nada mal mesmo", "muito bom mesmo"),
        ("o bolo não estava ruim", "o bolo não estava ruim"),
        ("o bolo não está ruim", "o bolo muito bom"),
        ("não é ruim, é péssimo", "não é ruim, é péssimo"),
        ("gente mal-educada, não mal informada", "gente mal-educada, não mal informada"),
        ("sem defeitos", "está perfeito"),
        ("veio com defeito", "veio com defeito"),
        ("sem problema", "sem problema"),
    ],
)
def test_what_is_denied_to_be_bad_is_praised(text: str, said: str) -> None:
    assert affirmed(text) == said


async def test_a_greeting_before_a_wish_is_beside_it() -> None:
    said = await classify_intent("Oi, tudo bem? Quanto custa o bolo? Vocês entregam em Santos?")

    assert said.purpose is Purpose.PRICING
    assert set(said.also) == {Purpose.GREETING, Purpose.INFORMATION}
    assert (said.provider, said.method, said.generated) == ("local", Method.HEAD, False)
    assert [each.confidence for each in said.candidates] == sorted(
        (each.confidence for each in said.candidates), reverse=True
    )


async def test_a_polite_complaint_is_a_complaint() -> None:
    text = "Obrigado! Mas o produto veio quebrado. Quero meu dinheiro de volta"

    assert (await classify_intent(text)).purpose is Purpose.COMPLAINT
    assert (await analyze_sentiment(text)).label is Mood.NEGATIVE


@pytest.mark.parametrize(
    ("text", "emotion"),
    [
        ("agradeço muito, vocês foram atenciosos", Emotion.GRATITUDE),
        ("faz três horas que espero, até quando?", Emotion.IMPATIENCE),
        ("estou com receio de cair em um golpe", Emotion.WORRY),
        ("seus incompetentes, vou processar a loja", Emotion.ANGER),
    ],
)
async def test_what_is_felt_is_told_with_the_mood(text: str, emotion: Emotion) -> None:
    said = await analyze_sentiment(text)

    assert said.emotions[0].emotion is emotion
    assert (said.score > 0.5) == (said.label is Mood.POSITIVE)


async def test_the_same_message_always_gets_the_same_answer() -> None:
    text = "vcs entregam hj? qto fica o frete"

    assert await classify_intent(text) == await classify_intent(text)
    assert await analyze_sentiment(text) == await analyze_sentiment(text)


async def test_a_very_long_message_is_bounded() -> None:
    said = await classify_intent("quero comprar dois bolos. " * 4_000)

    assert said.purpose is Purpose.PURCHASE


@pytest.mark.parametrize(
    ("text", "mood"),
    [
        ("😡😡", Mood.NEGATIVE),
        ("🤬", Mood.NEGATIVE),
        ("chegou hoje 😭💔", Mood.NEGATIVE),
        ("👎", Mood.NEGATIVE),
        ("❤️", Mood.POSITIVE),
        ("chegou 😍😍", Mood.POSITIVE),
        ("👏🏽👏🏽👏🏽", Mood.POSITIVE),
        ("qual o horário?", Mood.NEUTRAL),
    ],
)
async def test_emoji_tell_a_mood(text: str, mood: Mood) -> None:
    assert (await analyze_sentiment(text)).label is mood


@pytest.mark.parametrize(
    "text",
    [
        "sem problema, obrigado",
        "não tem problema",
        "sem problemas, pode ser amanhã",
        "no problem, thanks",
        "sin problema",
    ],
)
async def test_what_is_no_problem_is_not_complained_of(text: str) -> None:
    assert (await analyze_sentiment(text)).label is not Mood.NEGATIVE
