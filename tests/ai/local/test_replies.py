"""Templates answer in the language and tone that was asked for, claim nothing, and read no name as a template."""

import itertools
import re

import pytest

from ai.local.replies import Addressed, suggest_replies
from ai.results import Language, Method, Purpose, Reply, Tone

ALL = list(itertools.product(Purpose, Language))


def bank(purpose: Purpose, language: Language, to: Addressed | None = None) -> list[Reply]:
    """Return every reply that there is: all tones together may be more than are given at once."""
    return [each for tone in Tone for each in suggest_replies(purpose, language, to=to, tones=[tone], count=5)]


@pytest.mark.parametrize(("purpose", "language"), ALL)
@pytest.mark.parametrize("to", [Addressed(), Addressed(name="Ana"), Addressed(company="Doce Lar")])
def test_every_purpose_has_a_reply_in_every_tone(purpose: Purpose, language: Language, to: Addressed) -> None:
    replies = bank(purpose, language, to)

    assert {each.tone for each in replies} == set(Tone)
    assert len({each.text for each in replies}) == len(replies)
    for each in replies:
        assert each.text == each.text.strip()
        assert not re.search(r"[\[\]{}]|  | [,.!?]", each.text)
        assert (each.provider, each.method, each.generated) == ("local", Method.TEMPLATE, False)


@pytest.mark.parametrize(("purpose", "language"), ALL)
def test_no_reply_states_a_number_a_link_or_a_day(purpose: Purpose, language: Language) -> None:
    for each in bank(purpose, language):
        assert not re.search(r"\d|%|\$|http|www|hoje|amanhã|today|tomorrow|mañana", each.text)


YES = (
    "sim|claro|certamente|com certeza|[óo]timo|perfeito|excelente|maravilha|oba|combinado|pois n[ãa]o"
    "|yes|sure|certainly|of course|great|perfect|excellent|yay|all right|happy to"
    "|s[íi]|por supuesto|muy bien|perfecto|genial|de acuerdo|con gusto"
)
LET_US = "bora|let's|vamos"
"""To look at what went wrong together is no yes to anything."""


@pytest.mark.parametrize(("purpose", "language"), ALL)
def test_no_reply_says_yes(purpose: Purpose, language: Language) -> None:
    yes = YES if purpose is Purpose.SUPPORT else f"{YES}|{LET_US}"

    for each in bank(purpose, language):
        assert not re.match(rf"\W*(?:{yes})\b", each.text, re.IGNORECASE), each.text


def test_a_name_and_a_company_are_said_as_they_are() -> None:
    (reply,) = suggest_replies(
        Purpose.GREETING,
        Language.PORTUGUESE,
        to=Addressed(name="{company}[x]", company="Doce\nLar"),
        tones=[Tone.FORMAL],
        count=1,
    )

    assert reply.text.startswith("Olá, {company}[x]. Agradecemos o contato com a Doce Lar.")


def test_tones_are_taken_in_turn_and_the_count_is_kept_within_bounds() -> None:
    tones = [Tone.FRIENDLY, Tone.FORMAL]

    replies = suggest_replies(Purpose.PRICING, Language.PORTUGUESE, tones=tones, count=3)

    assert [each.tone for each in replies] == [Tone.FRIENDLY, Tone.FORMAL, Tone.FRIENDLY]
    assert len(suggest_replies(Purpose.PRICING, Language.PORTUGUESE, count=0)) == 1
    assert len(suggest_replies(Purpose.PRICING, Language.PORTUGUESE, count=50)) == 5
    assert suggest_replies(Purpose.OTHER, Language.ENGLISH) == suggest_replies(Purpose.OTHER, Language.ENGLISH)
