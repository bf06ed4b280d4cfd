"""How promising contacts are: worked out from what is known of them, kept whenever it changed, and shown on them.

A score is made from three columns, and is worked out in the transaction that writes them. It is a rule and no model's
suggestion: workspaces that want no suggestions have it too. Nothing of a conversation is stored in this product: what
messages say of a lead counts only while they are given. A score that a person wrote is left alone.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import Final, NamedTuple
from uuid import UUID

import orjson
from sqlalchemy import ARRAY, Integer, Uuid, cast, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.orm.attributes import set_committed_value

from ai.conversations import Speaker, Turn
from ai.local import heads
from ai.local.scoring import Lead, score_lead
from ai.results import LeadScore as Found
from core import clock, text
from core.database import ReadSession
from core.errors import Invalid
from core.ground import Ground
from models import Contact, EventType, LeadScore, Permission, Sentiment, WorkspaceSettings
from services.access import Actor
from services.assistant.errors import SuggestionsOff
from services.contacts.errors import ContactUnknown, TooMany
from services.transaction import Transaction

MESSAGES_MOST: Final = 20
HISTORY_MOST: Final = 100
FACTS: Final = frozenset({"company", "position", "sentiment"})
"""The columns of a contact that its score is made from."""

_LONGEST: Final = 5_000
_RECENT: Final = 5
_REMEMBERED: Final = 1_024
_MOODS: Final[Mapping[Sentiment, float]] = {Sentiment.POSITIVE: 1.0, Sentiment.NEUTRAL: 0.5, Sentiment.NEGATIVE: 0.0}


class FirstScore(NamedTuple):
    """The first row of a contact's history; `factors` is written as JSON."""

    score: int
    recommendation: str
    factors: str
    provider: str


class HistoryTooLong(Invalid):
    """Ask for 1 to 100 scores."""

    code = "BAD_PAGE_SIZE"


async def score(ground: Ground, actor: Actor, contact_id: UUID, messages: Sequence[Turn] = ()) -> Found:
    """Work out how promising a contact is at this moment; messages, the oldest first, are read for it and not kept.

    Raises:
        ContactUnknown: there is none.
        SuggestionsOff: the workspace wants none.
        TooMany, Required, TextTooLong, TextInvalid: the messages are not acceptable.
    """
    actor.require(Permission.CONTACTS_READ)
    said = _checked(messages)
    async with ground.database.read(actor.workspace_id) as session:
        if not await _is_wanted(session, actor.workspace_id):
            raise SuggestionsOff
        lead = await facts(session, actor.workspace_id, contact_id)
    return score_lead(await heard(lead, said))


async def facts(session: ReadSession, workspace_id: UUID, contact_id: UUID) -> Lead:
    """Return what is known of a contact as a lead; what is not known stays unknown.

    Raises:
        ContactUnknown: there is none.
    """
    here = (Contact.workspace_id == workspace_id, Contact.id == contact_id)
    contact = await session.scalar(select(Contact).where(*here))
    if contact is None:
        raise ContactUnknown(field=("contact_id",))
    return _lead(contact.position, contact.sentiment, contact.company)


async def heard(lead: Lead, messages: Sequence[Turn]) -> Lead:
    """Add what the customer's last five messages are for, and their mood. How many there were before, and how long
    answers took, they do not tell.
    """
    said = [each.text for each in messages if each.speaker is Speaker.CUSTOMER][-_RECENT:]
    if not said:
        return lead
    purposes = [(await heads.classify_intent(each)).purpose for each in said]
    moods = [(await heads.analyze_sentiment(each)).score for each in said]
    return replace(lead, purposes=purposes, sentiment=sum(moods) / len(moods))


async def history(ground: Ground, actor: Actor, contact_id: UUID, first: int) -> Sequence[LeadScore]:
    """Return the latest scores of a contact that were kept, the newest first.

    Raises:
        HistoryTooLong: not 1 to 100.
    """
    actor.require(Permission.CONTACTS_READ)
    if not 1 <= first <= HISTORY_MOST:
        raise HistoryTooLong(field=("first",))
    statement = (
        select(LeadScore)
        .where(LeadScore.workspace_id == actor.workspace_id, LeadScore.contact_id == contact_id)
        .order_by(LeadScore.at.desc(), LeadScore.id.desc())
        .limit(first)
    )
    async with ground.database.read(actor.workspace_id) as session:
        return (await session.scalars(statement)).all()


@lru_cache(_REMEMBERED)
def first(position: str | None, sentiment: Sentiment | None, company: str | None) -> FirstScore:
    """Score a contact that is not stored yet: it shows that unless a person gave it a score."""
    found = score_lead(_lead(position, sentiment, company))
    factors = orjson.dumps(_factors(found)).decode()
    return FirstScore(found.score, found.recommendation.value, factors, found.provider)


async def rescore(tx: Transaction, contacts: Iterable[Contact], *, given: Collection[Contact] = ()) -> frozenset[UUID]:
    """Score contacts of whom more is known, as `keep` does."""
    return await keep(
        tx, {each: score_lead(_lead(each.position, each.sentiment, each.company)) for each in contacts}, given=given
    )


async def keep(
    tx: Transaction, found: Mapping[Contact, Found], *, reasons: Sequence[str] = (), given: Collection[Contact] = ()
) -> frozenset[UUID]:
    """Keep the scores of contacts that the caller has locked, where a score or a factor changed or a model gave
    `reasons`.

    A contact shows the new score unless a person wrote another: it is replaced while it is the last one that was worked
    out, or was never set. `given` are those to whom a person gives a score at this moment. Return which ones show
    another score now: the caller tells of their change.
    """
    if not found:
        return frozenset()
    before = await _latest(tx, [each.id for each in found])
    fresh = [each for each in found if reasons or _is_news(before.get(each.id), found[each])]
    if not fresh:
        return frozenset()
    tx.session.add_all(_row(each, found[each], reasons) for each in fresh)
    tx.publish(EventType.CONTACT_LEAD_SCORED, *(each.id for each in fresh), changed=[])
    own = {each.id: 0 if (last := before.get(each.id)) is None else last.score for each in fresh}
    moved = {
        each: found[each].score
        for each in fresh
        if each not in given and each.lead_score == own[each.id] and each.lead_score != found[each].score
    }
    if moved:
        await _show(tx, moved)
    return frozenset(each.id for each in moved)


async def _show(tx: Transaction, scores: Mapping[Contact, int]) -> None:
    """Write scores on contacts. When they were last changed stays: nobody's work on them has become stale by this."""
    for contact, new in scores.items():
        tx.audit("contact.score", contact, changes={"lead_score": {"before": contact.lead_score, "after": new}})
    ids = [each.id for each in scores]
    pairs = func.unnest(cast(ids, ARRAY(Uuid)), cast(list(scores.values()), ARRAY(Integer)))
    given = pairs.table_valued("id", "score").render_derived(name="given")
    await tx.session.execute(
        update(Contact)
        .where(Contact.workspace_id == tx.workspace_id, Contact.id == given.c.id)
        .values(lead_score=given.c.score, updated_at=Contact.updated_at),
        execution_options={"synchronize_session": False},
    )
    for contact, new in scores.items():
        set_committed_value(contact, "lead_score", new)


async def _latest(tx: Transaction, contact_ids: Sequence[UUID]) -> Mapping[UUID, LeadScore]:
    statement = (
        select(LeadScore)
        .where(LeadScore.workspace_id == tx.workspace_id, LeadScore.contact_id.in_(contact_ids))
        .ext(distinct_on(LeadScore.contact_id))
        .order_by(LeadScore.contact_id, LeadScore.at.desc(), LeadScore.id.desc())
    )
    return {each.contact_id: each for each in await tx.session.scalars(statement)}


async def _is_wanted(session: ReadSession, workspace_id: UUID) -> bool:
    own = select(WorkspaceSettings.ai_enabled).where(WorkspaceSettings.workspace_id == workspace_id)
    return bool(await session.scalar(own))


def _checked(messages: Sequence[Turn]) -> list[Turn]:
    if len(messages) > MESSAGES_MOST:
        words = f"Give up to {MESSAGES_MOST} messages."
        raise TooMany(words, field=("messages",))
    return [
        replace(
            each,
            text=text.clean_text(text.undirected(each.text), field=("messages", str(place), "text"), most=_LONGEST),
        )
        for place, each in enumerate(messages)
    ]


def _lead(position: str | None, sentiment: Sentiment | None, company: str | None) -> Lead:
    mood = None if sentiment is None else _MOODS[sentiment]
    return Lead(position=position, sentiment=mood, company=company)


def _is_news(last: LeadScore | None, found: Found) -> bool:
    return last is None or (last.score, last.factors) != (found.score, _factors(found))


def _row(contact: Contact, found: Found, reasons: Sequence[str] = ()) -> LeadScore:
    return LeadScore(
        workspace_id=contact.workspace_id,
        contact_id=contact.id,
        score=found.score,
        recommendation=found.recommendation.value,
        factors=_factors(found),
        reasons=list(reasons),
        provider=found.provider,
        at=clock.now(),
    )


def _factors(found: Found) -> dict[str, object]:
    return {each.name: {"points": each.points, "most": each.most, "known": each.is_known} for each in found.factors}
