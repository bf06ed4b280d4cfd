"""The events of one suggestion, from what is known to the books.

Whoever reads may stop at any moment: the provider's stream is closed at once, and what came is settled.
"""

from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Final

from ai.catalogue import Model, UnknownModel
from ai.engines.citations import CitationStream
from ai.local import copilot as local
from ai.local.replies import Addressed, suggest_replies
from ai.results import LOCAL, Purpose
from ai.safety import Category
from models import Feature, Outcome
from services.access import Actor
from services.assistant import cache
from services.assistant.assistant import Assistant
from services.assistant.calls import About, Call
from services.assistant.copilot import background
from services.assistant.copilot.asked import Asked
from services.assistant.copilot.background import Background
from services.assistant.copilot.beside import Beside, working
from services.assistant.copilot.events import (
    Alternative,
    Analysis,
    Blocked,
    Delta,
    Event,
    Side,
    Sources,
    Started,
)
from services.assistant.copilot.generating import Generation, Prepared
from services.assistant.copilot.results import completed, draft, used
from services.assistant.copilot.screening import screen
from services.assistant.copilot.streams import Begun
from services.assistant.copilot.wording import masked, question

_GRAVE: Final = frozenset({Category.THREAT, Category.SELF_HARM, Category.HATE, Category.VIOLENCE})


async def write(assistant: Assistant, actor: Actor, asked: Asked, begun: Begun) -> AsyncGenerator[Event]:
    """Yield what happens while a suggestion is written: `Started` first, and one of the endings last.

    Raises:
        DomainError: it could not begin, or go on; whoever reads tells it as `Failed`.
    """
    async with working() as beside, aclosing(_written(assistant, actor, asked, begun, beside)) as events:
        async for event in events:
            yield event


async def _written(
    assistant: Assistant, actor: Actor, asked: Asked, begun: Begun, beside: Beside
) -> AsyncGenerator[Event]:
    screening = beside.begin(screen(asked.turns), "safety")
    decided, known = await background.gather(assistant, actor, asked, beside)
    found = await screening
    about = About(
        id=begun.id,
        flags=found.flags,
        is_shown=begun.is_shown,
        preferences=asked.preferences,
        contact_id=known.contact_id,
        persona=known.persona,
        known=known.known,
        hosts=known.hosts,
    )
    call = Call(assistant, actor, Feature.COPILOT, decided, about)
    if found.blocked:
        yield _started(call, known, None)
        await call.finish(call.outlay(Outcome.BLOCKED))
        yield Blocked(side=Side.INPUT, categories=found.blocked)
        return
    written = _locally(call, asked, known) if call.is_local else _by_model(call, asked, known)
    async with aclosing(written) as events:
        async for event in events:
            yield event


async def _by_model(call: Call, asked: Asked, known: Background) -> AsyncGenerator[Event]:
    told = masked(call, asked, known)
    first = question(call, asked, known, told)
    call.check(first.messages)
    call.note_question(first.prompt, first.messages)
    ranking = call.route(first.messages, first.max_tokens)
    request = first.request(ranking.candidates[0].model)
    yield _started(call, known, ranking.candidates[0].model)
    for event in _seen(call, known):
        yield event
    key = cache.key_of(call.actor.workspace_id, request, without=call.canary)
    kept = await _kept(call, key, asked)
    if kept is not None:
        async with aclosing(_replayed(call, asked, known, *kept)) as events:
            async for event in events:
                yield event
        return
    await call.hold(ranking, times=1 + asked.alternatives)
    generation = Generation(call, asked, known, Prepared(told=told, request=request, ranking=ranking, key=key))
    async with aclosing(generation.events()) as events:
        async for event in events:
            yield event


async def _kept(call: Call, key: str, asked: Asked) -> tuple[str, Model] | None:
    """Return what was answered before, and by whom. Alternatives are always asked for anew."""
    if call.preferences.fresh or asked.alternatives:
        return None
    kept = await cache.find(call.assistant.ground, key)
    try:
        return None if kept is None else (kept.text, call.assistant.fleet.catalogue.get(kept.model))
    except UnknownModel:
        return None


async def _replayed(call: Call, asked: Asked, known: Background, said: str, model: Model) -> AsyncGenerator[Event]:
    """Yield an answer that was given before, at no cost."""
    final = await completed(call, asked, known, said, model)
    offset = 0
    for piece in local.pieces(final.text):
        yield Delta(text=piece, offset=offset)
        offset += len(piece)
    call.record.answer = said
    outlay = call.cached(model)
    books = await call.finish(outlay, draft(call, asked, known, final))
    yield used(outlay, books)
    yield final


async def _locally(call: Call, asked: Asked, known: Background) -> AsyncGenerator[Event]:
    """Yield what needs no model: sentences of the knowledge base word for word, or a template."""
    yield _started(call, known, None)
    for event in _seen(call, known):
        yield event
    to = Addressed(name=_first_name(known), company=call.terms.company)
    if not _GRAVE.isdisjoint(call.about.flags):
        # to a threat, or to somebody in distress, nobody quotes a price list
        known = replace(known, passages=(), intent=replace(known.intent, purpose=Purpose.OTHER, also=()))
    reply = await local.compose(
        asked.turns,
        passages=known.passages if known.grounded else (),
        intent=known.intent,
        language=known.language,
        to=to,
    )
    stream = CitationStream(known.passages)
    offset = 0
    for piece in (*local.pieces(reply.text), ""):
        ready = stream.feed(piece) if piece else stream.flush()
        if ready:
            yield Delta(text=ready, offset=offset)
            offset += len(ready)
    final = await completed(call, asked, known, reply.text, None)
    others = suggest_replies(known.intent.purpose, known.language, to=to, count=asked.alternatives + 1)
    different = [each.text for each in others if each.text != final.text][: asked.alternatives]
    for index, text in enumerate(different, 1):
        yield Alternative(index=index, text=text)
    outlay = call.outlay(Outcome.COMPLETED)
    books = await call.finish(outlay, draft(call, asked, known, final))
    yield used(outlay, books)
    yield final


def _started(call: Call, known: Background, model: Model | None) -> Started:
    return Started(
        suggestion_id=call.id,
        provider=LOCAL if model is None else model.provider,
        model=None if model is None else model.key,
        strategy=None if model is None else call.strategy.value,
        language=known.language,
        persona=known.persona,
        generated=model is not None,
    )


def _seen(call: Call, known: Background) -> list[Event]:
    analysis = Analysis(
        purpose=known.intent.purpose,
        purpose_confidence=known.intent.confidence,
        mood=known.mood.label,
        mood_score=known.mood.score,
        language=known.language,
        flags=call.about.flags,
    )
    if not known.passages and not known.missing:
        return [analysis]
    return [analysis, Sources(passages=known.passages, grounded=known.grounded, missing=known.missing)]


def _first_name(known: Background) -> str:
    words = (known.contact.name if known.contact is not None else "").split()
    return words[0] if words else ""
