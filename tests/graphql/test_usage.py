"""The use of models through the door."""

from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects import postgresql

from core.database import Database
from core.ground import Ground
from core.ids import encode
from models import AiUsage, Outcome, Role
from tests.fixtures.asked import moment, note
from tests.fixtures.contacts import make
from tests.fixtures.door import Door
from tests.fixtures.tenants import Tenant, join

USAGE = """query ($groupBy: [AiUsageGroup!]!, $period: AiUsagePeriodInput, $timeZone: String) {
  aiUsage(groupBy: $groupBy, period: $period, timeZone: $timeZone) {
    from to timeZone truncated totals { requests costMicroUsd }
    rows { requests completed partial failed blocked cancelled cached inputTokens outputTokens costMicroUsd credits
      medianFirstTokenMs p95FirstTokenMs averageMs
      keys { provider model feature persona outcome day user { id } } } } }"""
REQUESTS = """query ($filter: AiRequestFilter) { aiRequests(filter: $filter) { totalCount nodes {
  id feature outcome provider model costMicroUsd user { id } contact { name } at } } }"""
MAY = {"from": "2026-05-01T00:00:00Z", "to": "2026-06-01T00:00:00Z"}


async def test_use_is_told_by_person_and_day(ground: Ground, door: Door, database: Database, tenant: Tenant) -> None:
    await note(
        database, tenant.workspace_id,
        {"at": moment("2026-05-02T01:00"), "user_id": tenant.owner_user.id, "micro_usd": 5_000_000_000},
        {"at": moment("2026-06-01T00:00"), "user_id": tenant.owner_user.id},
    )  # fmt: skip
    given = {"groupBy": ["USER", "DAY"], "period": MAY, "timeZone": "America/Sao_Paulo"}

    report = (await (await door.as_(tenant.owner)).execute(USAGE, given)).data["aiUsage"]

    (row,) = report["rows"]
    assert row["keys"]["user"] == {"id": encode("user", tenant.owner_user.id)}
    assert (row["keys"]["day"], row["keys"]["model"]) == ("2026-05-01", None)
    assert (row["requests"], row["costMicroUsd"]) == (1, "5000000000")
    assert report["totals"] == {"requests": 1, "costMicroUsd": "5000000000"}
    assert (report["from"], report["timeZone"]) == ("2026-05-01T00:00:00+00:00", "America/Sao_Paulo")


async def test_a_viewer_sees_the_whole_but_not_who_asked(
    ground: Ground, door: Door, database: Database, tenant: Tenant
) -> None:
    await note(database, tenant.workspace_id, {"user_id": tenant.owner_user.id})
    viewer = await door.as_(await join(ground, tenant, Role.VIEWER))

    by_feature = (await viewer.execute(USAGE, {"groupBy": ["FEATURE"]})).data["aiUsage"]
    by_user = (await viewer.execute(USAGE, {"groupBy": ["USER"]})).data["aiUsage"]

    assert [(each["keys"]["feature"], each["requests"]) for each in by_feature["rows"]] == [("COPILOT", 1)]
    assert (by_user["rows"], by_user["totals"]["requests"]) == ([], 0)
    assert (await viewer.execute(REQUESTS)).code == "FORBIDDEN"


@pytest.mark.parametrize(
    ("given", "code", "field"),
    [
        ({"groupBy": []}, "INVALID", ["groupBy"]),
        ({"groupBy": ["DAY", "WEEK"]}, "INVALID", ["groupBy"]),
        ({"groupBy": ["DAY"], "timeZone": "Nowhere"}, "TIMEZONE_UNKNOWN", ["timeZone"]),
        ({"groupBy": ["DAY"], "period": {"preset": "TODAY", **MAY}}, "INVALID", ["period", "preset"]),
        ({"groupBy": ["DAY"], "period": {"from": MAY["from"], "to": MAY["from"]}}, "INVALID", ["period"]),
        ({"groupBy": ["DAY"], "period": {"to": MAY["to"]}}, "INVALID", ["period", "from"]),
    ],
)
async def test_what_cannot_be_told_is_refused(
    door: Door, tenant: Tenant, given: Any, code: str, field: list[str]
) -> None:
    reply = await (await door.as_(tenant.owner)).execute(USAGE, given)

    assert (reply.code, reply.body["errors"][0]["extensions"]["field"]) == (code, field)


async def test_requests_are_listed_one_by_one_the_newest_first(
    ground: Ground, door: Door, database: Database, tenant: Tenant
) -> None:
    contact = await make(ground, tenant.owner, name="Ana")
    await note(
        database, tenant.workspace_id,
        {"at": moment("2026-05-01"), "contact_id": contact.id, "user_id": tenant.owner_user.id, "micro_usd": 7},
        {"at": moment("2026-05-02"), "outcome": Outcome.FAILED, "provider": "openai", "model": None},
    )  # fmt: skip
    asking = await door.as_(tenant.owner)

    listed = (await asking.execute(REQUESTS)).data["aiRequests"]
    failed = (await asking.execute(REQUESTS, {"filter": {"outcome": {"eq": "FAILED"}}})).data["aiRequests"]
    early = (await asking.execute(REQUESTS, {"filter": {"at": {"lt": "2026-05-02T00:00:00Z"}}})).data["aiRequests"]

    asked_by = {
        "user": {"user": {"eq": encode("user", tenant.owner_user.id)}},
        "contact": {"contact": {"eq": encode("contact", contact.id)}},
        "model": {"model": {"eq": "llama"}},
    }
    narrowed = [(await asking.execute(REQUESTS, {"filter": each})).data["aiRequests"] for each in asked_by.values()]

    assert [[each["provider"] for each in one["nodes"]] for one in narrowed] == [["groq"]] * 3
    assert [each["provider"] for each in listed["nodes"]] == ["openai", "groq"]
    assert [each["provider"] for each in failed["nodes"]] == ["openai"]
    (first,) = early["nodes"]
    assert first["id"].startswith("airequest_")
    assert (first["contact"], first["costMicroUsd"], first["model"]) == ({"name": "Ana"}, "7", "llama")
    assert first["user"] == {"id": encode("user", tenant.owner_user.id)}


@pytest.mark.parametrize("column", ["contact_id", "user_id"])
async def test_requests_of_one_contact_or_person_are_found_by_an_index(
    database: Database, tenant: Tenant, column: str
) -> None:
    plain = select(AiUsage.id).where(
        AiUsage.workspace_id == tenant.workspace_id, getattr(AiUsage, column) == tenant.owner_user.id
    )
    ordered = plain.order_by(AiUsage.at.desc(), AiUsage.id.desc()).limit(20)
    spelled = ordered.compile(dialect=postgresql.dialect(), compile_kwargs={"literal_binds": True})
    async with database.write(tenant.workspace_id) as session:
        for way in ("enable_seqscan", "enable_sort"):
            await session.execute(text(f"SET LOCAL {way} = off"))
        plan = "\n".join((await session.scalars(text(f"EXPLAIN {spelled}"))).all())

    assert f"ix_ai_usage_{column}" in plan
    assert "Sort" not in plan
