"""The catalogue's laws: every price is known or refused, every old name leads to a living model."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ai.catalogue import Capability, Model, Region, UnknownModel, Unpriced, catalogue

ORIGINAL = {
    "openai": ["gpt-4o", "gpt-4o-mini", "gpt-4-turbo", "gpt-4", "gpt-3.5-turbo"],
    "anthropic": [
        "claude-3-5-sonnet-20241022",
        "claude-3-opus-20240229",
        "claude-3-sonnet-20240229",
        "claude-3-haiku-20240307",
    ],
    "google": ["gemini-1.5-pro", "gemini-1.5-flash", "gemini-1.0-pro"],
    "groq": ["llama-3.1-70b-versatile", "llama-3.1-8b-instant", "mixtral-8x7b-32768", "llama2-70b-4096"],
    "mistral": ["mistral-large-latest", "mistral-medium", "mistral-small"],
    "cohere": ["command-r-plus", "command-r", "command"],
    "together": [
        "meta-llama/Llama-3-70b-chat-hf",
        "meta-llama/Llama-3-8b-chat-hf",
        "mistralai/Mixtral-8x7B-Instruct-v0.1",
    ],
    "ollama": ["llama2"],
}
MODELS = catalogue().models


def test_there_are_the_eight_providers_in_the_originals_order() -> None:
    assert catalogue().providers == (
        "openai", "anthropic", "google", "groq", "mistral", "cohere", "together", "ollama",
    )  # fmt: skip


@pytest.mark.parametrize(("provider", "name"), [(p, n) for p, names in ORIGINAL.items() for n in names])
def test_a_model_of_the_original_readme_leads_to_a_living_priced_one_of_its_provider(provider: str, name: str) -> None:
    model = catalogue().get(name)

    assert model.provider == provider
    assert model.is_priced
    assert catalogue().get(f"{provider}/{name}") is model


@pytest.mark.parametrize("model", MODELS, ids=lambda each: each.key)
def test_what_is_said_of_a_model_can_be(model: Model) -> None:
    assert catalogue().get(model.key) is model
    assert (model.price_in is None) == (model.price_out is None)
    assert model.context >= 4_096
    assert 0 <= model.quality <= 100
    if model.is_priced and model.provider != "ollama":
        assert model.cost(1_000, 1_000) > 0
        assert (model.price_out or 0) >= (model.price_in or 0)


def test_no_alias_is_the_name_of_a_living_model_of_that_provider() -> None:
    keys = {each.key for each in MODELS}

    assert not keys & catalogue().aliases.keys()
    assert set(catalogue().aliases.values()) <= keys


def test_every_providers_default_is_priced() -> None:
    for provider in catalogue().providers:
        assert catalogue().of(provider)[0].is_priced


def test_an_unknown_price_is_refused_and_never_nothing() -> None:
    model = catalogue().get("groq/llama-3.3-70b-versatile")

    assert not model.is_priced
    with pytest.raises(Unpriced):
        model.cost(0, 0)


def test_a_name_that_two_providers_have_needs_the_provider() -> None:
    with pytest.raises(UnknownModel):
        catalogue().get("openai/gpt-oss-120b")

    assert catalogue().get("together/openai/gpt-oss-120b").provider == "together"


def test_a_local_server_has_the_models_that_it_says_and_they_cost_nothing() -> None:
    here = catalogue().with_local("ollama", ["llama3.2:latest", "qwen3:4b"])

    assert [each.name for each in here.of("ollama")] == ["llama3.2:latest", "qwen3:4b"]
    assert here.get("ollama/qwen3:4b").cost(10_000, 10_000) == 0
    assert here.get("ollama/qwen3:4b").region is Region.HERE
    assert Capability.TOOLS in here.get("ollama/llama3.2:latest").capabilities
    assert here.of("openai") == catalogue().of("openai")


def test_a_local_server_that_does_not_answer_may_have_any_model() -> None:
    away, here = catalogue(), catalogue().with_local("ollama", ["llama3.2:latest", "qwen3:4b"])

    assert away.get("ollama/llama3.2:latest").key == away.get("llama3.2:latest").key == "ollama/llama3.2:latest"
    assert Capability.TOOLS in away.get("ollama/llama3.2:latest").capabilities
    assert (away.get("ollama/other:7b").provider, away.get("ollama/other:7b").is_priced) == ("ollama", True)
    for known, name in ((away, "ollama/"), (away, "other:7b"), (away, "openai/other"), (here, "ollama/other:7b")):
        with pytest.raises(UnknownModel):
            known.get(name)


@pytest.mark.parametrize("name", ["llama3.2", "ollama/llama3.2", "llama2", "ollama/llama2", "llama3.2:latest"])
def test_the_latest_of_a_local_servers_models_needs_no_tag(name: str) -> None:
    here = catalogue().with_local("ollama", ["qwen3:4b", "llama3.2:latest"])

    assert here.get(name).key == "ollama/llama3.2:latest"


@settings(deadline=None)
@given(tokens_in=st.integers(0, 10**7), tokens_out=st.integers(0, 10**7), price=st.integers(1, 10**8))
def test_a_cost_is_never_below_the_true_one_nor_a_micro_dollar_above(
    tokens_in: int, tokens_out: int, price: int
) -> None:
    model = replace(MODELS[0], price_in=price, price_out=2 * price)

    cost = model.cost(tokens_in, tokens_out)

    true = tokens_in * price + tokens_out * 2 * price
    assert true <= cost * 1_000_000 < true + 1_000_000
