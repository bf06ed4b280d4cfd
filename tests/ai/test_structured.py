"""Answers have the shape that was asked for, by whichever means the model has, or there is an error."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Literal

import httpx
import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import BaseModel, Field

from ai.catalogue import Capability, catalogue
from ai.messages import Completion, FinishReason, Means, Message, Request, Role, Usage
from ai.provider import Credential, complete
from ai.providers import make_provider
from ai.structured import Misshapen, ask_for, fitted, parsed, shape_of
from tests.fakes.providers.server import Behaviour, ProviderServer
from tests.fakes.providers.wire import WIRES, Answer

QUESTION = Request(messages=(Message(role=Role.USER, text="Amei!"),), model=catalogue().models[0])


class Place(BaseModel):
    title: str
    default: int | None = None


class Sentiment(BaseModel):
    """How somebody feels."""

    label: Literal["positive", "neutral", "negative"]
    score: float = Field(ge=0, le=1, default=0.5)
    places: list[Place] = []


GOOD = '{"label": "positive", "score": 0.9, "places": [{"title": "loja", "default": 1}]}'
USAGE = Usage(input_tokens=10, output_tokens=5, micro_usd=7)


def answers(*texts: str) -> tuple[Callable[[Request], Awaitable[Completion]], list[Request]]:
    asked: list[Request] = []

    async def ask(request: Request) -> Completion:
        asked.append(request)
        text = texts[len(asked) - 1]
        return Completion(text=text, finish=FinishReason.STOP, usage=USAGE, model=request.model)

    return ask, asked


async def test_a_good_answer_is_asked_for_once() -> None:
    ask, asked = answers(GOOD)

    shaped = await ask_for(Sentiment, QUESTION, ask)

    assert shaped.value == Sentiment(label="positive", score=0.9, places=[Place(title="loja", default=1)])
    assert (shaped.asks, shaped.usage, len(asked)) == (1, USAGE, 1)


async def test_a_wrong_answer_is_asked_for_again_with_the_reasons_and_both_are_counted() -> None:
    ask, asked = answers('{"label": "happy", "score": 3}', GOOD)

    shaped = await ask_for(Sentiment, QUESTION, ask)

    assert shaped.value.label == "positive"
    assert (shaped.asks, shaped.usage) == (2, USAGE + USAGE)
    *before, answered, reasons = asked[1].messages
    assert tuple(before) == QUESTION.messages
    assert (answered.role, answered.text) == (Role.ASSISTANT, '{"label": "happy", "score": 3}')
    assert "label: Input should be 'positive', 'neutral' or 'negative'" in reasons.text
    assert "score: Input should be less than or equal to 1" in reasons.text


@pytest.mark.parametrize("text", ["", "não sei", "{}", "[1, 2]", '{"label": null}', '{"label": "positive"'[:9], "null"])
async def test_a_second_wrong_answer_is_an_error_that_knows_what_was_spent(text: str) -> None:
    ask, asked = answers(text, text)

    with pytest.raises(Misshapen) as caught:
        await ask_for(Sentiment, QUESTION, ask)

    assert caught.value.usage == USAGE + USAGE
    assert len(asked) == 2


@pytest.mark.parametrize(
    "text",
    [
        f"```json\n{GOOD}\n```",
        f"Claro! Aqui está:\n{GOOD}\nPosso ajudar?",
        "{label: 'positive', score: 0.9, places: [{title: 'loja', default: 1}]}",
        '{"label": "positive", "score": 0.9, "places": [{"title": "loja", "default": 1,}],}',
        '{"label": "positive", "score": 0.9, "places": [{"title": "loja", "default": 1}',
    ],
    ids=["fenced", "among words", "bare keys", "trailing commas", "cut off"],
)
def test_what_is_almost_json_is_repaired(text: str) -> None:
    assert parsed(Sentiment, text) == parsed(Sentiment, GOOD)


def test_a_model_that_corrects_itself_is_taken_at_its_last_word() -> None:
    first = GOOD.replace("positive", "negative")

    assert parsed(Sentiment, f"{first}\nNão, melhor:\n{GOOD}").label == "positive"


def test_a_strict_schema_closes_every_object_and_wants_every_field_whatever_fields_are_called() -> None:
    schema = orjson.loads(orjson.dumps(dict(shape_of(Sentiment).json_schema)))

    assert schema["required"] == ["label", "score", "places"]
    assert schema["additionalProperties"] is False
    place = schema["$defs"]["Place"]
    assert place["required"] == ["title", "default"]
    assert place["additionalProperties"] is False
    assert "default" not in schema["properties"]["score"]
    assert schema["properties"]["score"]["maximum"] == 1


@settings(deadline=None)
@given(st.sets(st.sampled_from(Capability)))
def test_a_model_is_asked_by_the_best_means_that_it_has(can: set[Capability]) -> None:
    model = replace(catalogue().models[0], capabilities=frozenset(can))

    asked = fitted(replace(QUESTION, shape=shape_of(Sentiment)), model)

    assert asked.model is model
    assert asked.shape is not None
    if Capability.JSON in can:
        assert asked.shape.by is Means.FORMAT
    elif Capability.TOOLS in can:
        assert asked.shape.by is Means.TOOL
    else:
        assert asked.shape.by is Means.PROMPT
        assert '"maximum":1' in asked.messages[-1].text
    assert fitted(QUESTION, model).messages == QUESTION.messages


@asynccontextmanager
async def asking(name: str, client: httpx.AsyncClient, can: frozenset[Capability]) -> AsyncIterator[Completion]:
    """Ask a provider's server for a sentiment of a model that can so much."""
    model = replace(catalogue().of(name)[0], capabilities=can)
    is_tool = Capability.TOOLS in can and Capability.JSON not in can
    answer = Answer(pieces=[GOOD[:20], GOOD[20:]], is_tool_call=is_tool)
    async with ProviderServer(WIRES[name], [Behaviour(answer=answer)]).running() as server:
        provider = make_provider(name, Credential(address=server.url), client)
        yield await complete(provider, fitted(replace(QUESTION, shape=shape_of(Sentiment)), model))


@pytest.mark.parametrize(
    "can", [{Capability.JSON}, {Capability.TOOLS}, set[Capability]()], ids=["json", "tool", "words"]
)
@pytest.mark.parametrize("name", tuple(WIRES))
async def test_every_provider_answers_in_a_shape_by_every_means(
    name: str, can: set[Capability], client: httpx.AsyncClient
) -> None:
    before = orjson.dumps(dict(shape_of(Sentiment).json_schema))
    async with asking(name, client, frozenset(can)) as completion:
        assert orjson.dumps(dict(shape_of(Sentiment).json_schema)) == before
        assert parsed(Sentiment, completion.text) == parsed(Sentiment, GOOD)


@pytest.mark.parametrize(
    ("escaped", "title"),
    [
        (r"loja\u0000 1", "loja 1"),
        (r"loja\uD83d 1", "loja 1"),
        (r"loja\ude00\u001B 1", "loja 1"),
        (r"\ud83d\ude00 \u00e7\n", "😀 ç\n"),
        (r"C:\\u0000", r"C:\u0000"),
    ],
)
def test_an_answer_holds_nothing_that_no_store_takes(escaped: str, title: str) -> None:
    assert parsed(Place, f'{{"title": "{escaped}"}}').title == title
