"""The voices that come with the product: one for each value of the setting, in every language."""

import pytest

from ai.catalogue import KEYED, ModelProvider, catalogue
from ai.personas import spoken, voices
from ai.results import Language
from models import Persona


def test_there_is_a_voice_for_every_value_of_the_setting() -> None:
    assert list(voices()) == [each.value for each in Persona]


def test_every_voice_speaks_every_language_in_words_of_its_own() -> None:
    texts = [text for voice in voices().values() for text in voice.instructions.values()]

    assert all(set(each.titles) == set(each.instructions) == set(Language) for each in voices().values())
    assert len(set(texts)) == len(voices()) * len(Language)
    assert all(text == text.strip() and "\n" not in text for text in texts)


def test_a_voice_is_within_what_a_workspace_may_write_itself() -> None:
    for each in voices().values():
        assert 0 <= each.temperature <= 1
        assert 50 <= each.max_tokens <= 2_000
        assert max(map(len, each.instructions.values())) <= 2_000


@pytest.mark.parametrize(
    ("tag", "language"),
    [("pt-BR", "pt"), ("pt-PT", "pt"), ("en", "en"), ("es-419", "es"), ("EN-us", "en"), ("ja", "pt"), ("", "pt")],
)
def test_a_tag_leads_to_a_language_that_is_worked_in(tag: str, language: str) -> None:
    assert spoken(tag) == language


def test_the_names_of_providers_are_those_of_the_catalogue() -> None:
    assert catalogue().providers == tuple(ModelProvider)
    assert set(ModelProvider) - set(KEYED) == {ModelProvider.OLLAMA}
