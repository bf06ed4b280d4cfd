"""Reports on the use of models: what is counted, where days are cut, and who sees whom."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from core import clock
from core.database import Database
from core.ground import Ground
from core.text import TimezoneUnknown
from models import AiUsageGroup, AiUsagePreset, Feature, Outcome, Role
from services import periods, usage_reports
from services.access import Actor
from services.periods import PeriodDraft, PeriodInvalid
from services.usage_reports import GroupsInvalid, Report, Wish
from tests.fixtures.asked import moment, note
from tests.fixtures.tenants import Tenant, join

SPAN = PeriodDraft(since=moment("2026-01-01"), until=moment("2027-01-01"))


async def told(ground: Ground, actor: Actor, *groups: AiUsageGroup, zone: str | None = None) -> Report:
    return await usage_reports.report(ground, actor, Wish(groups=groups, period=SPAN, time_zone=zone))


def days(report: Report) -> dict[date | None, int]:
    return {each.keys.day: each.figures.requests for each in report.rows}


async def test_requests_are_counted_by_what_they_have_in_common(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    at = moment("2026-05-05T12:00")
    paid = {"at": at, "input_tokens": 100, "output_tokens": 20, "micro_usd": 1_500, "credits": 2}
    await note(
        database,
        tenant.workspace_id,
        *({**paid, "first_token_ms": ms, "took_ms": 2 * ms} for ms in (100, 200, 300)),
        {"at": at, "outcome": Outcome.FAILED, "took_ms": 400},
        {"at": at, "is_cached": True},
        {"at": at, "provider": "local", "model": None, "feature": Feature.INTENT},
    )

    report = await told(ground, tenant.owner, AiUsageGroup.PROVIDER, AiUsageGroup.FEATURE)

    dear, local = report.rows
    assert (dear.keys.provider, dear.keys.feature, dear.keys.model) == ("groq", Feature.COPILOT, None)
    assert (dear.figures.requests, dear.figures.completed, dear.figures.failed, dear.figures.cached) == (5, 4, 1, 1)
    assert (dear.figures.input_tokens, dear.figures.output_tokens) == (300, 60)
    assert (dear.figures.micro_usd, dear.figures.credits) == (4_500, 6)
    assert (dear.figures.median_first_token_ms, dear.figures.p95_first_token_ms) == (200, 290)
    assert dear.figures.average_ms == 320
    assert (local.keys.provider, local.keys.feature) == ("local", Feature.INTENT)
    assert local.figures.median_first_token_ms is None
    assert (report.totals.requests, report.totals.micro_usd, report.is_truncated) == (6, 4_500, False)


async def test_where_nothing_was_asked_the_totals_are_nothing(ground: Ground, tenant: Tenant) -> None:
    report = await told(ground, tenant.owner, AiUsageGroup.MODEL)

    assert report.rows == ()
    assert (report.totals.requests, report.totals.micro_usd, report.totals.average_ms) == (0, 0, None)


async def test_days_are_those_of_the_workspace(ground: Ground, database: Database, tenant: Tenant) -> None:
    """São Paulo is three hours behind UTC, all year."""
    await note(
        database,
        tenant.workspace_id,
        *({"at": moment(at)} for at in ("2026-03-01T02:59:59", "2026-03-01T03:00", "2026-03-02T02:59:59")),
    )

    own = await told(ground, tenant.owner, AiUsageGroup.DAY)
    month = await told(ground, tenant.owner, AiUsageGroup.MONTH)
    utc = await told(ground, tenant.owner, AiUsageGroup.DAY, zone="UTC")

    assert own.period.zone.key == "America/Sao_Paulo"
    assert list(days(own).items()) == [(date(2026, 3, 1), 2), (date(2026, 2, 28), 1)]
    assert days(month) == {date(2026, 3, 1): 2, date(2026, 2, 1): 1}
    assert days(utc) == {date(2026, 3, 1): 2, date(2026, 3, 2): 1}


async def test_a_day_is_whole_when_the_clocks_are_changed(ground: Ground, database: Database, tenant: Tenant) -> None:
    """In New York 8 March 2026 has 23 hours, and 1 November has 25."""
    zone = ZoneInfo("America/New_York")
    short, long = moment("2026-03-08T05:00"), moment("2026-11-01T04:00")
    await note(
        database,
        tenant.workspace_id,
        *({"at": short + timedelta(hours=n)} for n in range(-1, 24)),
        *({"at": long + timedelta(hours=n)} for n in range(-1, 26)),
    )

    found = days(await told(ground, tenant.owner, AiUsageGroup.DAY, zone=zone.key))
    weeks = days(await told(ground, tenant.owner, AiUsageGroup.WEEK, zone=zone.key))

    assert found == {
        date(2026, 3, 7): 1, date(2026, 3, 8): 23, date(2026, 3, 9): 1,
        date(2026, 10, 31): 1, date(2026, 11, 1): 25, date(2026, 11, 2): 1,
    }  # fmt: skip
    assert weeks == {
        date(2026, 3, 2): 24, date(2026, 3, 9): 1, date(2026, 10, 26): 26, date(2026, 11, 2): 1
    }  # fmt: skip


async def test_people_are_seen_by_those_who_manage_the_use_of_models(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    member = await join(ground, tenant, Role.MEMBER)
    at = moment("2026-05-05")
    await note(
        database, tenant.workspace_id,
        *({"at": at, "user_id": each} for each in (tenant.owner.user_id, tenant.owner.user_id, member.user_id, None)),
    )  # fmt: skip

    all_of_them = await told(ground, tenant.owner, AiUsageGroup.USER)
    own = await told(ground, member, AiUsageGroup.USER, AiUsageGroup.MODEL)
    together = await told(ground, member, AiUsageGroup.MODEL)

    assert {each.keys.user_id: each.figures.requests for each in all_of_them.rows} == {
        tenant.owner.user_id: 2, member.user_id: 1, None: 1,
    }  # fmt: skip
    assert [(each.keys.user_id, each.figures.requests) for each in own.rows] == [(member.user_id, 1)]
    assert own.totals.requests == 1
    assert together.totals.requests == 4


async def test_requests_of_another_workspace_do_not_count(
    ground: Ground, database: Database, tenant: Tenant, other_tenant: Tenant
) -> None:
    await note(database, other_tenant.workspace_id, {"at": moment("2026-05-05")})

    assert (await told(ground, tenant.owner, AiUsageGroup.MODEL)).totals.requests == 0


async def test_a_report_has_a_thousand_rows_and_says_when_there_are_more(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    at = moment("2026-05-05")
    await note(database, tenant.workspace_id, *({"at": at, "model": f"m{n}", "micro_usd": n} for n in range(1_000)))

    whole = await told(ground, tenant.owner, AiUsageGroup.MODEL)
    await note(database, tenant.workspace_id, {"at": at, "model": "one more", "micro_usd": 5_000})
    cut = await told(ground, tenant.owner, AiUsageGroup.MODEL)

    assert (len(whole.rows), whole.is_truncated) == (1_000, False)
    assert (len(cut.rows), cut.is_truncated, cut.totals.requests) == (1_000, True, 1_001)
    assert cut.rows[0].keys.model == "one more"


async def test_a_report_takes_one_statement_beside_the_time_zone(
    ground: Ground, database: Database, tenant: Tenant
) -> None:
    sent: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    sa.event.listen(database.engine.sync_engine, "before_cursor_execute", listen)
    try:
        await told(ground, tenant.owner, AiUsageGroup.MODEL, AiUsageGroup.DAY, zone="UTC")
    finally:
        sa.event.remove(database.engine.sync_engine, "before_cursor_execute", listen)

    assert len([each for each in sent if "ai_usage" in each]) == len([each for each in sent if "FROM" in each]) == 1


@pytest.mark.parametrize(
    "groups",
    [
        (),
        (AiUsageGroup.MODEL, AiUsageGroup.MODEL),
        (AiUsageGroup.DAY, AiUsageGroup.MONTH),
        (AiUsageGroup.MODEL, AiUsageGroup.USER, AiUsageGroup.PERSONA, AiUsageGroup.DAY),
    ],
)
async def test_what_cannot_be_grouped_is_refused(
    ground: Ground, tenant: Tenant, groups: tuple[AiUsageGroup, ...]
) -> None:
    with pytest.raises(GroupsInvalid):
        await told(ground, tenant.owner, *groups)


async def test_a_time_zone_is_one_of_the_list(ground: Ground, tenant: Tenant) -> None:
    with pytest.raises(TimezoneUnknown):
        await told(ground, tenant.owner, AiUsageGroup.DAY, zone="Mars/Olympus")


@pytest.mark.parametrize(
    ("preset", "zone", "since", "until"),
    [
        ("today", "America/Sao_Paulo", "2026-03-10T03:00", "2026-03-11T02:30"),
        ("today", "UTC", "2026-03-11T00:00", "2026-03-11T02:30"),
        ("last_7_days", "America/New_York", "2026-03-04T05:00", "2026-03-11T02:30"),
        ("last_30_days", "UTC", "2026-02-10T00:00", "2026-03-11T02:30"),
        ("this_month", "America/Sao_Paulo", "2026-03-01T03:00", "2026-03-11T02:30"),
        ("last_month", "America/Sao_Paulo", "2026-02-01T03:00", "2026-03-01T03:00"),
    ],
)
def test_a_period_with_a_name_begins_at_a_midnight(preset: str, zone: str, since: str, until: str) -> None:
    draft = PeriodDraft(preset=AiUsagePreset(preset))

    found = periods.read(draft, ZoneInfo(zone), moment("2026-03-11T02:30"))

    assert (found.since, found.until) == (moment(since), moment(until))


def test_a_day_whose_midnight_is_skipped_begins_when_it_is() -> None:
    """On 4 November 2018 in São Paulo 23:59:59 was followed by 1:00."""
    found = periods.read(
        PeriodDraft(preset=AiUsagePreset.TODAY), ZoneInfo("America/Sao_Paulo"), moment("2018-11-04T15:00")
    )

    assert found.since == moment("2018-11-04T03:00")


@pytest.mark.parametrize(
    "draft",
    [
        PeriodDraft(preset=AiUsagePreset.TODAY, since=moment("2026-01-01")),
        PeriodDraft(preset=AiUsagePreset.TODAY, until=moment("2026-01-01")),
        PeriodDraft(until=moment("2026-01-01")),
        PeriodDraft(since=moment("2026-01-02"), until=moment("2026-01-01")),
        PeriodDraft(since=moment("2026-01-01"), until=moment("2026-01-01")),
        PeriodDraft(since=moment("2025-01-01"), until=moment("2026-02-06T00:00")),
    ],
)
def test_what_is_no_period_is_refused(draft: PeriodDraft) -> None:
    with pytest.raises(PeriodInvalid):
        periods.read(draft, ZoneInfo("UTC"), clock.now())


def test_a_period_without_an_end_goes_on_until_now() -> None:
    now = moment("2026-02-05T00:00")

    assert periods.read(PeriodDraft(since=moment("2025-01-01")), ZoneInfo("UTC"), now).until == now
