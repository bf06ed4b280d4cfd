"""Suggested replies as verbs: offered once, decided in order, and what is learned from it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from core import clock
from core.database import Database
from core.errors import Invalid
from core.ground import Ground
from core.ids import uuid7
from models import AiAcceptanceGroup, Event, EventType, Feature, Role, Suggestion, SuggestionState
from services import learning, suggestions
from services.access import Actor, PermissionMissing
from services.contacts.errors import ContactUnknown
from services.learning import Acceptance, GroupsInvalid
from services.periods import PeriodDraft
from services.suggestions import Example, SuggestionDraft, SuggestionUnknown
from services.transaction import begin
from tests.fixtures.asked import suggest
from tests.fixtures.contacts import log_of, make
from tests.fixtures.tenants import Tenant, join

State = SuggestionState


def draft(**given: Any) -> SuggestionDraft:
    usual = {
        "feature": Feature.COPILOT, "asked": "Quanto custa?", "text": "Custa R$ 10,00.",
        "provider": "local", "language": "pt",
    }  # fmt: skip
    return SuggestionDraft(**{**usual, **given})


async def offered(ground: Ground, actor: Actor, **given: Any) -> Suggestion:
    async with begin(ground, actor) as tx:
        return await suggestions.offer(tx, draft(**given))


async def told(ground: Ground, actor: Actor, suggestion: Suggestion, *states: Any) -> Suggestion:
    """Tell states one after the other; a pair is a state and a final text."""
    for each in states:
        state, text = each if isinstance(each, tuple) else (each, None)
        async with begin(ground, actor) as tx:
            suggestion = await suggestions.decide(tx, suggestion.id, state, text)
    return suggestion


async def payloads(database: Database, tenant: Tenant) -> list[Any]:
    statement = select(Event.payload).where(
        Event.workspace_id == tenant.workspace_id, Event.type == EventType.SUGGESTION_DECIDED
    )
    async with database.read(tenant.workspace_id) as session:
        return list(await session.scalars(statement.order_by(Event.seq)))


async def test_a_suggestion_is_offered_to_whoever_asked_and_told(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    contact = await make(ground, tenant.owner, name="Ana")

    made = await offered(ground, tenant.owner, contact_id=contact.id, confidence=0.5, micro_usd=12, intent="pricing")

    assert (made.user_id, made.contact_id, made.state) == (tenant.owner.user_id, contact.id, State.OFFERED)
    assert (made.confidence, made.micro_usd, made.intent, made.is_accepted) == (0.5, 12, "pricing", None)
    assert ("suggestion.created", (made.id,)) in await log_of(database, tenant.workspace_id)


async def test_one_request_of_a_client_gets_one_suggestion(ground: Ground, database: Database, tenant: Tenant) -> None:
    asked = await asyncio.gather(
        *(offered(ground, tenant.owner, client_request_id="r1", text=f"Resposta {n}") for n in range(5))
    )
    other = await offered(ground, await join(ground, tenant, Role.MEMBER), client_request_id="r1")

    assert len({each.id for each in asked}) == 1
    assert other.id != asked[0].id
    assert [each[0] for each in await log_of(database, tenant.workspace_id)].count("suggestion.created") == 2


async def test_a_suggestion_for_a_contact_that_is_not_ours_is_refused(
    ground: Ground, tenant: Tenant, other_tenant: Tenant
) -> None:
    theirs = await make(ground, other_tenant.owner, name="Ana")

    for contact_id in (theirs.id, uuid7()):
        with pytest.raises(ContactUnknown):
            await offered(ground, tenant.owner, contact_id=contact_id)


@pytest.mark.parametrize(
    ("states", "state", "is_accepted", "final_text", "decisions"),
    [
        ([State.SHOWN], State.SHOWN, None, None, []),
        ([State.SHOWN, State.SHOWN, State.USED, State.USED], State.USED, True, None, ["used"]),
        ([State.USED, State.SHOWN, State.OFFERED], State.USED, True, None, ["used"]),
        ([(State.EDITED, " Oi \r\nAna ")], State.EDITED, True, "Oi \nAna", ["edited"]),
        ([(State.EDITED, "a"), (State.EDITED, "a"), (State.EDITED, "b")], State.EDITED, True, "b", ["edited"] * 2),
        ([(State.EDITED, "a"), State.SENT, State.REJECTED], State.SENT, True, "a", ["edited", "sent"]),
        ([(State.SENT, "a"), (State.SENT, "b")], State.SENT, True, "a", ["sent"]),
        ([State.REJECTED, (State.USED, "x")], State.USED, True, None, ["rejected", "used"]),
        ([(State.EDITED, "a"), State.REJECTED, State.USED], State.USED, True, None, ["edited", "rejected", "used"]),
        ([(State.REJECTED, "x")], State.REJECTED, False, None, ["rejected"]),
    ],
)
async def test_what_is_told_twice_or_out_of_order_changes_nothing(
    ground: Ground,
    database: Database,
    tenant: Tenant,
    states: Any,
    state: State,
    is_accepted: bool | None,
    final_text: str | None,
    decisions: list[str],
) -> None:
    found = await told(ground, tenant.owner, await offered(ground, tenant.owner), *states)

    assert (found.state, found.is_accepted, found.final_text) == (state, is_accepted, final_text)
    assert (found.decided_at is None) is (is_accepted is None)
    assert await payloads(database, tenant) == [{"state": each} for each in decisions]


@pytest.mark.parametrize("text", [None, "", "  ", "x" * 5_001, "a\x00"])
async def test_an_edited_reply_needs_its_text(ground: Ground, tenant: Tenant, text: str | None) -> None:
    made = await offered(ground, tenant.owner)

    with pytest.raises(Invalid) as refused:
        await told(ground, tenant.owner, made, (State.EDITED, text))

    assert refused.value.problems[0].field == ("final_text",)


async def test_only_suggestions_of_the_workspace_are_decided_about_by_those_who_may(
    ground: Ground, tenant: Tenant, other_tenant: Tenant
) -> None:
    theirs, own = await offered(ground, other_tenant.owner), await offered(ground, tenant.owner)

    with pytest.raises(SuggestionUnknown):
        await told(ground, tenant.owner, theirs, State.USED)
    with pytest.raises(PermissionMissing):
        await told(ground, await join(ground, tenant, Role.VIEWER), own, State.USED)


async def test_examples_are_the_latest_that_were_taken_with_what_people_made_of_them(
    ground: Ground, database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    now = clock.now()
    taken = {"is_accepted": True, "persona": "formal", "intent": "pricing"}
    await suggest(
        database, tenant.workspace_id,
        *({**taken, "at": now - timedelta(minutes=n), "asked": f"P{n}", "text": f"R{n}"} for n in range(3)),
        {**taken, "at": now - timedelta(hours=1), "asked": "P9", "final_text": "Minha"},
        {**taken, "is_accepted": False},
        {**taken, "is_accepted": None},
        {**taken, "persona": "casual", "asked": "casual"},
        {**taken, "intent": "support", "asked": "support"},
    )  # fmt: skip
    await suggest(database, other_tenant.workspace_id, taken)

    async with database.rows(tenant.workspace_id) as reading:
        here = (reading, tenant.workspace_id)
        two = await suggestions.accepted_examples(*here, persona="formal", intent="pricing", limit=2)
        all_of_them = await suggestions.accepted_examples(*here, persona="formal", intent="pricing", limit=99)
        of_any = await suggestions.accepted_examples(*here, persona=None, intent=None, limit=99)
        none = await suggestions.accepted_examples(*here, persona="formal", intent="other")

    assert two == [Example(asked="P0", answered="R0"), Example(asked="P1", answered="R1")]
    assert all_of_them[-1] == Example(asked="P9", answered="Minha")
    assert (len(all_of_them), len(of_any), none) == (4, 6, [])


async def test_acceptance_is_counted_over_ninety_days(ground: Ground, database: Database, tenant: Tenant) -> None:
    await suggest(
        database, tenant.workspace_id,
        {"is_accepted": True}, {"is_accepted": False}, {"is_accepted": None},
        {"is_accepted": True, "persona": "formal"},
        {"is_accepted": True, "feature": Feature.SMART_REPLIES, "model": None, "provider": "local"},
        {"is_accepted": True, "at": clock.now() - timedelta(days=91)},
    )  # fmt: skip

    async with database.rows(tenant.workspace_id) as reading:
        here = (reading, tenant.workspace_id)
        every = await learning.acceptance(*here)
        copilot = await learning.acceptance(*here, feature=Feature.COPILOT, persona="friendly", model="groq/llama")
        none = await learning.acceptance(*here, feature=Feature.SUMMARY)

    assert every == Acceptance(accepted=3, decided=4)
    assert copilot == Acceptance(accepted=1, decided=2)
    assert none == Acceptance(accepted=0, decided=0)


async def test_a_report_tells_what_is_taken_at_what_price_and_how_much_is_changed(
    ground: Ground, database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    ten = "um dois três quatro cinco seis sete oito nove dez"
    taken = {"is_accepted": True, "text": ten, "micro_usd": 100}
    await suggest(database, other_tenant.workspace_id, taken)
    await suggest(
        database, tenant.workspace_id,
        {**taken, "state": State.USED},
        {**taken, "state": State.EDITED, "final_text": ten.replace("dez", "onze")},
        {**taken, "state": State.SENT, "final_text": "nada disso"},
        {**taken, "state": State.SENT, "final_text": ten},
        {"is_accepted": False, "state": State.REJECTED, "micro_usd": 150},
        {"state": State.SHOWN}, {"state": State.OFFERED, "persona": "formal"},
    )  # fmt: skip

    groups = [AiAcceptanceGroup.PERSONA, AiAcceptanceGroup.FEATURE]
    report = await learning.report(ground, tenant.owner, groups, PeriodDraft())

    friendly, formal = report.rows
    found = friendly.decisions
    assert (friendly.keys.persona, friendly.keys.feature) == ("friendly", Feature.COPILOT)
    assert (found.offered, found.shown, found.accepted, found.edited, found.rejected) == (6, 6, 4, 2, 1)
    assert (found.acceptance_rate, found.cost_per_accepted) == (0.8, 138)
    assert found.median_edit == pytest.approx((0.1 + 1.0) / 2)
    nothing = formal.decisions
    assert (formal.keys.persona, nothing.offered, nothing.shown) == ("formal", 1, 0)
    assert (nothing.acceptance_rate, nothing.cost_per_accepted, nothing.median_edit) == (None, None, None)
    assert (report.totals.offered, report.totals.accepted, report.is_truncated) == (7, 4, False)
    assert report.totals.median_edit == found.median_edit


@pytest.mark.parametrize("groups", [[], [AiAcceptanceGroup.MODEL] * 2])
async def test_what_cannot_be_grouped_is_refused(ground: Ground, tenant: Tenant, groups: Any) -> None:
    with pytest.raises(GroupsInvalid):
        await learning.report(ground, tenant.owner, groups, PeriodDraft())


async def test_a_models_quality_is_told_from_twenty_decisions_on_by_its_key(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    gpt, llama = {"provider": "groq", "model": "openai/gpt"}, {"provider": "groq", "model": "groq/llama"}
    await suggest(
        database, tenant.workspace_id,
        *({**gpt, "is_accepted": n < 18} for n in range(20)),
        *({**llama, "is_accepted": True} for n in range(19)), {**llama, "is_accepted": None},
        *({"provider": "local", "model": None, "is_accepted": True} for n in range(30)),
    )  # fmt: skip

    async with database.read(tenant.workspace_id) as session:
        found = await learning.routing_quality(session, tenant.workspace_id)

    assert found == {"groq/openai/gpt": pytest.approx(100 * 20 / 24)}


@given(st.integers(0, 10_000).flatmap(lambda decided: st.tuples(st.integers(0, decided), st.just(decided))))
def test_a_smoothed_share_lies_between_the_share_and_a_half(counts: tuple[int, int]) -> None:
    accepted, decided = counts

    found = learning.smoothed(accepted, decided)

    share = 100 * accepted / decided if decided else 50
    assert 0 < found < 100
    assert min(share, 50) - 1e-9 <= found <= max(share, 50) + 1e-9
    assert found < learning.smoothed(accepted + 1, decided + 1)


@given(st.text(), st.text())
def test_the_share_of_what_was_changed_is_one(text: str, other: str) -> None:
    assert 0 <= learning.changed_share(text, other) <= 1
    assert learning.changed_share(text, text) == 0
