"""What comes back is bounded, lenient about spelling, unmasked in its values, and labelled with who found it."""

import itertools
from datetime import date
from decimal import Decimal

import orjson
import pytest
from pydantic import BaseModel, ValidationError

from ai.conversations import Speaker
from ai.engines import (
    copilot,
    correction,
    entities,
    intent,
    knowledge,
    lead_score,
    sentiment,
    smart_replies,
    summary,
    translation,
)
from ai.engines.confidence import Evidence
from ai.engines.material import ContactFacts, DealStage
from ai.privacy import Masking
from ai.results import (
    Emotion,
    Entities,
    EntityKind,
    GroundKind,
    Language,
    Method,
    Mood,
    Purpose,
    Rule,
    Status,
    Tone,
)
from ai.structured import parsed
from tests.ai.engines.asking import TODAY, customer, manner, origin, passage

PASSAGES = [passage("Entregamos em 2 dias."), passage("Frete grátis.", title="Frete", number=2)]


def json_of(value: object) -> str:
    return orjson.dumps(value).decode()


def test_a_mood_is_read_in_any_case_with_the_surest_emotion_first() -> None:
    felt: object = [{"emotion": "Worry", "confidence": 0.3}, {"emotion": "ANGER", "confidence": 0.8}]
    said = {"label": " Negative", "score": 0.1, "confidence": 0.9, "emotions": felt}

    found = sentiment.read(parsed(sentiment.SentimentAnswer, json_of(said)), origin=origin("groq"))

    assert (found.label, found.score, found.confidence) == (Mood.NEGATIVE, 0.1, 0.9)
    assert [each.emotion for each in found.emotions] == [Emotion.ANGER, Emotion.WORRY]
    assert (found.provider, found.method, found.generated) == ("groq", Method.MODEL, True)


@pytest.mark.parametrize("score", [-0.1, 1.1, 80, "high", None])
def test_scores_out_of_bounds_are_refused(score: object) -> None:
    said: object = {"label": "neutral", "score": score, "confidence": 0.9, "emotions": []}

    with pytest.raises(ValidationError):
        parsed(sentiment.SentimentAnswer, json_of(said))


def test_a_purpose_is_its_own_first_candidate_and_no_other_wish() -> None:
    said = {
        "purpose": "Product-Inquiry",
        "confidence": 0.6,
        "candidates": [{"purpose": "pricing", "confidence": 0.3}, {"purpose": "product inquiry", "confidence": 0.9}],
        "sub_intents": ["pricing", "product_inquiry", "pricing", "other"],
    }

    found = intent.read(parsed(intent.IntentAnswer, json_of(said)), origin=origin("openai"))

    assert (found.purpose, found.confidence) == (Purpose.PRODUCT_INQUIRY, 0.6)
    assert [(each.purpose, each.confidence) for each in found.candidates] == [
        (Purpose.PRODUCT_INQUIRY, 0.6),
        (Purpose.PRICING, 0.3),
    ]
    assert found.also == (Purpose.PRICING,)


def named(text: str, *parts: tuple[str, str], masking: Masking | None = None) -> Entities:
    said = {"named": [{"quote": quote, "kind": kind, "confidence": 0.9} for quote, kind in parts]}
    return entities.read(
        parsed(entities.EntitiesAnswer, json_of(said)),
        original=entities.Original(text=text, today=TODAY),
        origin=origin("mistral", masking),
    )


def test_quotes_are_found_in_the_unmasked_text_and_others_dropped() -> None:
    text = "O Zé Bigode da Pães & Cia volta, e-mail ze@paes.com.br"
    masking = Masking()
    masked = masking.mask(text)
    token = masked[masked.index("⟦") : masked.index("⟧") + 1]

    found = named(
        text, ("zé bigode", "Person"), ("Pães & Cia", "company"), ("Maria", "person"), (token, "email"), masking=masking
    )

    assert [(each.text, each.kind) for each in found.found] == [
        ("Zé Bigode", EntityKind.PERSON),
        ("Pães & Cia", EntityKind.COMPANY),
        ("ze@paes.com.br", EntityKind.EMAIL),
    ]
    assert all(text[each.start : each.end] == each.text for each in found.found)
    assert found.provider == "mistral"


def test_rules_stand_and_nothing_overlaps() -> None:
    text = "Pago R$ 50,00 amanhã pela banana"

    found = named(text, ("50,00", "quantity"), ("amanhã pela", "order"), ("ana", "person"), ("banana", "order"))

    assert [each.kind for each in found.found] == [EntityKind.MONEY, EntityKind.DATE, EntityKind.ORDER]
    money = found.found[0].money
    assert money is not None
    assert money.minor == int(Decimal("50.00") * 100)
    assert found.found[1].value == "2026-11-28"
    spans = [(each.start, each.end) for each in found.found]
    assert all(before[1] <= after[0] for before, after in itertools.pairwise(spans))


def test_a_summary_is_unmasked_in_its_values() -> None:
    masking = Masking()
    token = masking.mask("ana@doce.com")
    said = {
        "text": f"Cliente {token} quer trocar.",
        "key_points": ["troca", "troca"],
        "decisions": [],
        "open_questions": [f"Qual o prazo, {token}?"],
        "action_items": [
            {"text": "Enviar etiqueta", "owner": "TEAM", "due": "2026-11-30"},
            {"text": "Postar", "owner": "customer", "due": ""},
        ],
        "status": "Em andamento",
    }

    found = summary.read(
        parsed(summary.SummaryAnswer, json_of(said)),
        origin=origin("cohere", masking),
    )

    assert found.text == "Cliente ana@doce.com quer trocar."
    assert found.key_points == ("troca",)
    assert found.open_questions == ("Qual o prazo, ana@doce.com?",)
    assert [(each.owner, each.due) for each in found.action_items] == [
        (Speaker.TEAM, date(2026, 11, 30)),
        (Speaker.CUSTOMER, None),
    ]
    assert found.status is Status.ONGOING


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        (translation.TranslationAnswer, {"source_language": "portuguese", "text": "x"}),
        (translation.TranslationAnswer, {"source_language": "pt", "text": "  "}),
        (correction.CorrectionAnswer, {"text": "a" * 12_001}),
        (smart_replies.RepliesAnswer, {"replies": [{"text": "a" * 4_001, "tone": "formal"}]}),
        (lead_score.ReasonsAnswer, {"reasons": ["a" * 401]}),
        (intent.IntentAnswer, {"purpose": "buy", "confidence": 1, "candidates": [], "sub_intents": []}),
    ],
)
def test_what_has_no_bounds_or_no_meaning_is_refused(kind: type[BaseModel], said: object) -> None:
    with pytest.raises(ValidationError):
        parsed(kind, json_of(said))


def test_long_lists_are_read_up_to_their_bound() -> None:
    said = {"reasons": [f"razão {number}" for number in range(50)]}

    found = lead_score.read(
        parsed(lead_score.ReasonsAnswer, json_of(said)),
        origin=origin("groq"),
    )

    assert found.reasons == ("razão 0", "razão 1", "razão 2")


def test_a_translation_knows_both_languages() -> None:
    masking = Masking()
    token = masking.mask("ana@doce.com")
    said = {"source_language": "pt-BR", "text": f"Write to {token.lower()}"}

    found = translation.read(
        parsed(translation.TranslationAnswer, json_of(said)),
        target="en",
        origin=origin("google", masking),
    )

    assert (found.text, found.source, found.target) == ("Write to ana@doce.com", "pt", "en")


def test_a_correction_tells_each_change_of_the_text_as_it_was() -> None:
    original = "voce recebeu , Ana?"

    found = correction.read(
        correction.CorrectionAnswer(text="Você recebeu, Ana?"),
        original=original,
        tone=Tone.FORMAL,
        origin=origin(),
    )

    assert [(each.before, each.after) for each in found.changes] == [("voce", "Você"), (" ", "")]
    assert all(original[each.start : each.end] == each.before for each in found.changes)
    assert found.tone is Tone.FORMAL


def test_replies_are_different_without_markers_and_in_the_wanted_tones_first() -> None:
    texts = [("Olá [1]!", "friendly"), ("Olá!", "friendly"), ("Prezada, ⟦NAME_9⟧", "Formal"), ("Certo.", "neutral")]
    said = {"replies": [{"text": text, "tone": tone} for text, tone in texts]}

    found = smart_replies.read(
        parsed(smart_replies.RepliesAnswer, json_of(said)),
        count=2,
        tones=[Tone.FORMAL],
        language=Language.PORTUGUESE,
        origin=origin(),
    )

    assert [(each.text, each.tone) for each in found] == [
        ("Prezada, ⟦NAME_9⟧", Tone.FORMAL),
        ("Olá!", Tone.FRIENDLY),
    ]


def test_an_answer_with_a_valid_citation_is_grounded() -> None:
    found = knowledge.read(
        "Em 2 dias [1], com frete grátis [2][7].",
        passages=PASSAGES,
        language=Language.PORTUGUESE,
        origin=origin(),
    )

    assert found.text == "Em 2 dias, com frete grátis."
    assert [each.number for each in found.citations] == [1, 2]
    assert (found.grounded, found.method) == (True, Method.MODEL)


@pytest.mark.parametrize(
    "said", ["Em 2 dias.", "Em 2 dias [3].", knowledge.NOTHING, f"{knowledge.NOTHING} [1]", "[1]", ""]
)
def test_an_answer_without_one_is_not_found_and_no_words_of_the_model(said: str) -> None:
    found = knowledge.read(
        said,
        passages=PASSAGES,
        language=Language.PORTUGUESE,
        origin=origin(),
    )

    assert found.text.startswith("Não encontrei")
    assert (found.grounded, found.citations, found.generated, found.provider) == (False, (), False, "openai")


def test_a_suggestion_names_what_it_rests_on() -> None:
    rules = copilot.rules_of(
        copilot.Situation(turns=[customer("oi")], stage=DealStage.LEAD, contact=ContactFacts(name="Ana")), manner()
    )

    found = copilot.read(
        " Chega em 2 dias [1]. ",
        passages=PASSAGES,
        evidence=Evidence(retrieval=0.8),
        rules=rules,
        origin=origin("anthropic"),
    )

    assert found.text == "Chega em 2 dias."
    assert found.confidence == 0.8
    assert [(each.kind, each.name) for each in found.grounds] == [
        (GroundKind.SOURCE, "Entregas"),
        (GroundKind.RULE, "conversation"),
        (GroundKind.RULE, "contact"),
        (GroundKind.RULE, "deal_stage"),
    ]


def test_a_suggestion_that_cites_nothing_is_not_sure_of_what_was_found() -> None:
    sure = Evidence(retrieval=0.99, intent=0.9)

    found = copilot.read("Vou verificar.", passages=PASSAGES, evidence=sure, origin=origin())

    assert found.confidence == 0.3


def test_a_suggestion_of_which_nothing_is_known_says_so() -> None:
    found = copilot.read(
        "Vou verificar.",
        passages=(),
        evidence=Evidence(),
        origin=origin("ollama"),
    )

    assert found.confidence is None
    assert [each.name for each in found.grounds] == [Rule.NO_SOURCE]
