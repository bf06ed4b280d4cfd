"""How promising contacts are: worked out from what is known of them, kept whenever it changed, and shown on them.

Nothing of a conversation is stored in this product: what messages say of a lead counts only while they are given. A
score that a person wrote is left alone.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final
from uuid import UUID

from sqlalchemy import ARRAY, Integer, Uuid, cast, func, select, update
from sqlalchemy.dialects.postgresql import distinct_on

from ai.conversations import Speaker, Turn
from ai.local import heads
from ai.local.scoring import Lead, score_lead
from ai.results import LeadScore as Found
from core import clock, text
from core.database import ReadSession, WriteSession
from core.errors import Invalid
from core.ground import Ground
from core.ids import WorkspaceId
from models import Contact, EventType, LeadScore, Permission, Sentiment, WorkspaceSettings
from services.access import Actor
from services.assistant.errors import SuggestionsOff
from services.contacts.errors import ContactUnknown, TooMany
from services.jobs import Job
from services.transaction import Transaction, begin

AT_ONCE: Final = 500
MESSAGES_MOST: Final = 20
HISTORY_MOST: Final = 100
FACTS: Final = frozenset({"company", "position", "sentiment"})
"""The columns of a contact that its score is made from."""

_LONGEST: Final = 5_000
_RECENT: Final = 5
_MOODS: Final[Mapping[Sentiment, float]] = {Sentiment.POSITIVE: 1.0, Sentiment.NEUTRAL: 0.5, Sentiment.NEGATIVE: 0.0}


class HistoryTooLong(Invalid):
    """Ask for 1 to 100 scores."""

    code = "BAD_PAGE_SIZE"


@dataclass(frozen=True, slots=True, kw_only=True)
class ScoreLeads(Job):
    """Work out the scores of up to 500 contacts. Their ids are hexadecimal, with spaces between."""

    workspace_id: UUID
    contact_ids: str


def rescore(tx: Transaction, contact_ids: Iterable[UUID]) -> None:
    """Have contacts scored after the commit: one job for each five hundred."""
    wanted = list(dict.fromkeys(contact_ids))
    for start in range(0, len(wanted), AT_ONCE):
        named = " ".join(each.hex for each in wanted[start : start + AT_ONCE])
        tx.enqueue(ScoreLeads(workspace_id=tx.workspace_id, contact_ids=named))


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


async def facts(session: ReadSession | WriteSession, workspace_id: UUID, contact_id: UUID) -> Lead:
    """Return what is known of a contact as a lead; what is not known stays unknown.

    Raises:
        ContactUnknown: there is none.
    """
    here = (Contact.workspace_id == workspace_id, Contact.id == contact_id)
    contact = await session.scalar(select(Contact).where(*here))
    if contact is None:
        raise ContactUnknown(field=("contact_id",))
    return _lead(contact)


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


async def work(ground: Ground, job: ScoreLeads) -> None:
    """Do a job: score its contacts as the system. Contacts that are gone, and workspaces that want no scores, are left
    out.
    """
    ids = [UUID(hex=each) for each in job.contact_ids.split()]
    async with begin(ground, Actor.system(WorkspaceId(job.workspace_id))) as tx:
        if await _is_wanted(tx.session, tx.workspace_id):
            await score_all(tx, ids)


async def score_all(tx: Transaction, contact_ids: Sequence[UUID]) -> None:
    """Score up to 500 contacts by what is known of them, keep what changed, and tell of it in one event.

    Raises:
        TooMany: there are more.
    """
    if len(contact_ids) > AT_ONCE:
        raise TooMany
    await keep(tx, {each.id: score_lead(_lead(each)) for each in await _locked(tx, contact_ids)})


async def keep(tx: Transaction, found: Mapping[UUID, Found], reasons: Sequence[str] = ()) -> None:
    """Keep the scores of contacts, where a score or a factor changed or a model gave `reasons`; contacts that are gone
    are left out. A contact shows the new score unless a person wrote another: it is replaced while it is the last one
    that was worked out, or was never set.
    """
    contacts = await _locked(tx, list(found))
    before = await _latest(tx, [each.id for each in contacts])
    fresh = [each for each in contacts if reasons or _is_news(before.get(each.id), found[each.id])]
    if not fresh:
        return
    tx.session.add_all(_row(each, found[each.id], reasons) for each in fresh)
    tx.publish(EventType.CONTACT_LEAD_SCORED, *(each.id for each in fresh), changed=[])
    own = {each.id: 0 if (last := before.get(each.id)) is None else last.score for each in fresh}
    moved = {
        each: found[each.id].score
        for each in fresh
        if each.lead_score == own[each.id] and each.lead_score != found[each.id].score
    }
    if moved:
        await _show(tx, moved)


async def _locked(tx: Transaction, contact_ids: Sequence[UUID]) -> Sequence[Contact]:
    """Return contacts, locked until the commit in the order of their ids, as all who write them lock them."""
    here = (Contact.workspace_id == tx.workspace_id, Contact.id.in_(contact_ids))
    statement = select(Contact).where(*here).order_by(Contact.id).with_for_update()
    return (await tx.session.scalars(statement.execution_options(populate_existing=True))).all()


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
    tx.publish(EventType.CONTACT_UPDATED, *ids, changed=["lead_score"])


async def _latest(tx: Transaction, contact_ids: Sequence[UUID]) -> Mapping[UUID, LeadScore]:
    statement = (
        select(LeadScore)
        .where(LeadScore.workspace_id == tx.workspace_id, LeadScore.contact_id.in_(contact_ids))
        .ext(distinct_on(LeadScore.contact_id))
        .order_by(LeadScore.contact_id, LeadScore.at.desc(), LeadScore.id.desc())
    )
    return {each.contact_id: each for each in await tx.session.scalars(statement)}


async def _is_wanted(session: ReadSession | WriteSession, workspace_id: UUID) -> bool:
    own = select(WorkspaceSettings.ai_enabled).where(WorkspaceSettings.workspace_id == workspace_id)
    return bool(await session.scalar(own))


def _checked(messages: Sequence[Turn]) -> list[Turn]:
    if len(messages) > MESSAGES_MOST:
        words = f"Give up to {MESSAGES_MOST} messages."
        raise TooMany(words, field=("messages",))
    return [
        replace(each, text=text.clean_text(each.text, field=("messages", str(place), "text"), most=_LONGEST))
        for place, each in enumerate(messages)
    ]


def _lead(contact: Contact) -> Lead:
    mood = None if contact.sentiment is None else _MOODS[contact.sentiment]
    return Lead(position=contact.position, sentiment=mood, company=contact.company)


def _is_news(last: LeadScore | None, found: Found) -> bool:
    return last is None or (last.score, last.factors) != (found.score, _factors(found))


def _row(contact: Contact, found: Found, reasons: Sequence[str]) -> LeadScore:
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
