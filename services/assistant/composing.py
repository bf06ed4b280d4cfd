"""What is written for people: replies, summaries, translations, corrections, answers of the knowledge base.

By a model where one can be asked. Without one each says what it can, and invents nothing; a translation needs one.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from ai.conversations import Turn
from ai.engines import correction, knowledge, smart_replies, summary, translation
from ai.local import answers, corrections, heads
from ai.local import summary as local_summary
from ai.local.replies import suggest_replies
from ai.passages import Passage
from ai.results import Correction, KnowledgeAnswer, Reply, Summary, Tone, Translation
from ai.safety import hosts_in
from core import text
from core.errors import Invalid, Unavailable
from models import Feature
from services.access import Actor
from services.assistant import asking
from services.assistant.asking import Paid
from services.assistant.assistant import Assistant
from services.assistant.calls import Call, require_safe
from services.assistant.copilot.asked import checked_turns
from services.assistant.judging import Found, opened, spoken
from services.assistant.preferences import Preferences
from services.knowledge import retrieval

MOST_SUMMARIZED: Final = 200
MOST_REPLIES: Final = 5
LONGEST: Final = 6_000
_PASSAGES: Final = 5
_CODE: Final = 2


class CountInvalid(Invalid):
    """Ask for one to five replies."""


class LengthInvalid(Invalid):
    """A summary has 100 to 2,000 characters at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """How many replies are wanted, 1 to 5, and in which tones."""

    count: int = 3
    tones: tuple[Tone, ...] = tuple(Tone)


async def replies(
    assistant: Assistant,
    actor: Actor,
    turns: Sequence[Turn],
    wanted: Wanted,
    preferences: Preferences | None = None,
) -> tuple[tuple[Reply, ...], Paid | None]:
    """Return one to five short replies, in the tones that are wanted.

    Raises:
        CountInvalid, Invalid: what is asked for is not acceptable.
        ContentBlocked: nothing should be answered, or nobody should see it.
        SuggestionsOff, NoModelFits, CreditsSpent, FeatureBudgetSpent, ModelsFailed: it is not to be had.
    """
    count, tones = wanted.count, wanted.tones
    if not 1 <= count <= MOST_REPLIES:
        raise CountInvalid(field=("count",))
    said = checked_turns(turns)
    last = said[-1].text
    require_safe(last)
    call = await opened(assistant, actor, Feature.SMART_REPLIES, preferences)
    language = spoken(last, call)
    if call.is_local:
        found = await heads.classify_intent(last)
        await call.note_local()
        return suggest_replies(found.purpose, language, tones=tones, count=count), None
    passages, _ = await _known(assistant, actor, last)
    call.about = replace(call.about, hosts=_hosts(passages))
    masked, told = _masked(call, said, passages)
    call.judged = masked[-1].text
    manner = call.manner(language, voice=_voice(call))
    question = smart_replies.ask(masked, manner, count=count, tones=tones, passages=told)
    answered = await asking.ask(call, question, for_customer=True)
    origin = call.origin(answered.paid.model)
    written = smart_replies.read(answered.value, origin, language=language, count=count, tones=tones)
    return written, answered.paid


async def summarized(
    assistant: Assistant, actor: Actor, turns: Sequence[Turn], *, longest: int, preferences: Preferences | None = None
) -> Found[Summary]:
    """Return what a conversation of up to 200 messages came to; raises as `replies`."""
    if not 100 <= longest <= 2_000:
        raise LengthInvalid(field=("max_length",))
    said = checked_turns(turns, most=MOST_SUMMARIZED)
    call = await opened(assistant, actor, Feature.SUMMARY, preferences)
    today, language = call.terms.today, call.terms.language
    if call.is_local:
        result = await local_summary.summarize(said, today=today, language=language, longest=longest)
        await call.note_local()
        return Found(result=result)
    masked, _ = _masked(call, said, ())
    question = summary.ask(masked, call.manner(language), today=today, longest=longest)
    answered = await asking.ask(call, question)
    result = summary.read(answered.value, call.origin(answered.paid.model))
    return Found(result=result, paid=answered.paid)


async def translated(
    assistant: Assistant, actor: Actor, written: str, *, target: str, preferences: Preferences | None = None
) -> Found[Translation]:
    """Return a text in another language (ISO 639-1); its own is recognised.

    Raises:
        ProviderNeeded: only a model can do this. And as `replies`.
    """
    said = text.clean_text(text.undirected(written), field=("text",), most=LONGEST)
    code = _two_letters(target)
    call = await opened(assistant, actor, Feature.TRANSLATION, preferences)
    call.require_provider()
    masked = _masked_whole(call, said, translation.LONGEST)
    question = translation.ask(masked, call.manner(call.terms.language), target=code)
    answered = await asking.ask(call, question)
    result = translation.read(answered.value, call.origin(answered.paid.model), target=code)
    return Found(result=result, paid=answered.paid)


async def corrected(
    assistant: Assistant, actor: Actor, written: str, *, tone: Tone | None, preferences: Preferences | None = None
) -> Found[Correction]:
    """Return a text put right, in another tone where one is wanted, which needs a model; raises as `translated`."""
    said = text.clean_text(text.undirected(written), field=("text",), most=LONGEST)
    call = await opened(assistant, actor, Feature.CORRECTION, preferences)
    language = spoken(said, call)
    if call.is_local:
        if tone is not None:
            call.require_provider()
        result = await asyncio.to_thread(corrections.correct, said, language=language)
        await call.note_local()
        return Found(result=result)
    masked = _masked_whole(call, said, correction.LONGEST)
    question = correction.ask(masked, call.manner(language), tone=tone)
    answered = await asking.ask(call, question)
    result = correction.read(answered.value, call.origin(answered.paid.model), original=said, tone=tone)
    return Found(result=result, paid=answered.paid)


async def answered(
    assistant: Assistant, actor: Actor, asked: str, preferences: Preferences | None = None
) -> Found[KnowledgeAnswer]:
    """Return what the knowledge base says to a question, with citations, or that it says nothing of it.

    Raises:
        Unavailable: the knowledge base does not answer. And as `replies`.
    """
    said = text.clean_text(text.undirected(asked), field=("question",), most=1_000)
    require_safe(said)
    call = await opened(assistant, actor, Feature.KNOWLEDGE, preferences)
    language = spoken(said, call)
    found = await retrieval.search(assistant.ground, actor.workspace_id, said, _PASSAGES)
    if call.is_local or not found.is_grounded:
        known = found.passages if found.is_grounded else ()
        here = await answers.answer(said, known, language=language)
        await call.note_local()
        return Found(result=here)
    call.about = replace(call.about, hosts=_hosts(found.passages))
    [question_told], told = _masked_texts(call, [said], found.passages)
    call.judged = question_told
    question = knowledge.ask(question_told, call.manner(language, voice=_voice(call)), passages=told)
    written = await asking.write(call, question)
    origin = call.origin(written.paid.model)
    result = knowledge.read(written.text, origin, passages=found.passages, language=language)
    return Found(result=result, paid=written.paid)


def _two_letters(tag: str) -> str:
    """Return the code of a language tag's language (ISO 639-1). Those that have none of two letters are unknown."""
    code = text.language(tag, field=("to",)).partition("-")[0].lower()
    if len(code) != _CODE:
        raise text.LanguageUnknown(field=("to",))
    return code


def _masked_whole(call: Call, said: str, most: int) -> str:
    """Mask a text of which nothing may be cut off."""
    [masked] = call.mask(said)
    if len(masked) > most:
        raise text.TextTooLong("There is too much personal data in this text: give it in parts.", field=("text",))
    return masked


async def _known(assistant: Assistant, actor: Actor, question: str) -> tuple[tuple[Passage, ...], bool]:
    """Return what the knowledge base says; nothing when it is away, as replies do without."""
    try:
        found = await retrieval.search(assistant.ground, actor.workspace_id, question, _PASSAGES)
    except Unavailable:
        return (), False
    return found.passages, found.is_grounded


def _masked(
    call: Call, turns: Sequence[Turn], passages: Sequence[Passage]
) -> tuple[tuple[Turn, ...], tuple[Passage, ...]]:
    texts, told = _masked_texts(call, [each.text for each in turns], passages)
    return tuple(replace(turn, text=each) for turn, each in zip(turns, texts, strict=True)), told


def _masked_texts(
    call: Call, texts: Sequence[str], passages: Sequence[Passage]
) -> tuple[list[str], tuple[Passage, ...]]:
    """Mask texts and passages as one conversation."""
    parts = [part for each in passages for part in (each.title, each.text)]
    told = iter(call.mask(*texts, *parts))
    masked = [next(told) for _ in texts]
    return masked, tuple(replace(each, title=next(told), text=next(told)) for each in passages)


def _hosts(passages: Sequence[Passage]) -> frozenset[str]:
    return hosts_in("\n".join(part for each in passages for part in (each.text, each.url or "")))


def _voice(call: Call) -> str:
    """Return what the workspace adds to the instructions, masked like any other text."""
    [extra] = call.mask(call.extra)
    return extra
