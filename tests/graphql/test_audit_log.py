"""The audit log through the door: who did what, filtered, page by page, for those who may."""

from typing import Any

import pytest
from sqlalchemy import update

from core.database import Database
from core.ground import Ground
from core.ids import encode
from models import Permission, Role, TokenPurpose, WorkspaceMember
from tests.fixtures.contacts import CREATE, DELETE, UPDATE, make
from tests.fixtures.door import Door
from tests.fixtures.people import LOGIN, LOGOUT, OTHER_PASSWORD, PASSWORD, act, link_of, log_in, make_person
from tests.fixtures.tenants import Tenant, join

PHONE = "+5511987654321"
LOG = """query($filter: AuditFilter, $first: Int, $after: String, $orderBy: [AuditOrder!]) {
  auditLog(filter: $filter, first: $first, after: $after, orderBy: $orderBy) {
    totalCount pageInfo { hasNextPage endCursor }
    nodes { id seq action subject subjectId actor { id } at ip userAgent requestId changes }
  }
}"""
FIELD = "mutation($input: CustomFieldCreateInput!) { customFieldCreate(input: $input) { userErrors { code } } }"
LABEL = "mutation($input: LabelCreateInput!) { labelCreate(input: $input) { label { id } } }"
LABELLED = "mutation($input: ContactLabelsInput!) { %s(input: $input) { userErrors { code } } }"


async def test_an_act_is_told_with_who_where_and_what(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    contact = (await asking.mutate(CREATE, {"input": {"name": "Ana", "notes": "Liga cedo"}}))["contact"]
    await asking.mutate(UPDATE, {"input": {"id": contact["id"], "name": "Bia", "notes": None}})

    page = (await asking.execute(LOG, {"filter": {"subjectId": {"eq": contact["id"]}}})).data["auditLog"]

    newest, oldest = page["nodes"]
    assert (newest["action"], oldest["action"]) == ("contact.update", "contact.create")
    assert newest["changes"] == {
        "name": {"before": "Ana", "after": "Bia"},
        "notes": {"before": "Liga cedo", "after": None},
    }
    assert newest["actor"] == {"id": encode("user", tenant.owner_user.id)}
    assert newest["subject"] == "Contact"
    assert newest["subjectId"] == contact["id"]
    assert newest["ip"] == "127.0.0.1"
    assert newest["userAgent"].startswith("python-httpx")
    assert newest["requestId"]
    assert int(newest["seq"]) == int(oldest["seq"]) + 1
    assert page["totalCount"] == 2


async def test_choices_are_told_by_the_names_of_the_api(ground: Ground, door: Door, tenant: Tenant) -> None:
    member = await join(ground, tenant, Role.MEMBER)
    asking = await door.as_(tenant.owner)
    given = {
        "userId": encode("user", member.user_id or tenant.workspace_id),
        "role": "ADMIN",
        "revoked": ["PHONES_READ"],
    }
    await asking.mutate(
        "mutation($input: MemberRoleChangeInput!) { memberRoleChange(input: $input) { userErrors { code } } }",
        {"input": given},
    )
    created = await asking.mutate(CREATE, {"input": {"name": "Ana", "sentiment": "POSITIVE", "phone": PHONE}})
    await asking.mutate(DELETE, {"input": {"ids": [created["contact"]["id"]]}})

    page = (await asking.execute(LOG)).data["auditLog"]

    changes = {each["action"]: each["changes"] for each in page["nodes"]}
    assert changes["member.role_change"]["role"] == {"before": "MEMBER", "after": "ADMIN"}
    assert changes["member.role_change"]["revoked"] == {"before": [], "after": ["PHONES_READ"]}
    assert changes["contact.create"]["sentiment"] == {"before": None, "after": "POSITIVE"}
    assert changes["contact.delete"]["identities"]["before"] == [{"kind": "PHONE", "value": PHONE}]


async def test_what_people_do_to_their_accounts_is_told_with_who_did_it(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    here, elsewhere = await log_in(door, person), await log_in(door, person)
    await act(here.door, "profileUpdate", "ProfileUpdateInput", name="Outro Nome")
    await act(here.door, "passwordChange", "PasswordChangeInput", currentPassword=PASSWORD, password=OTHER_PASSWORD)
    again = await log_in(door, person, password=OTHER_PASSWORD)
    await again.door.mutate(LOGOUT)
    await act(door, "passwordResetRequest", "PasswordResetRequestInput", email=person.user.email)
    link = await link_of(ground, person.user.id, TokenPurpose.PASSWORD_RESET)

    nodes = (await here.door.execute(LOG)).data["auditLog"]["nodes"]
    await act(door, "passwordReset", "PasswordResetInput", token=link, password=PASSWORD)
    last = (await (await log_in(door, person)).door.execute(LOG)).data["auditLog"]["nodes"]

    told = {each["action"]: each for each in [*nodes, *last] if each["action"].startswith("account.")}
    assert told.keys() == {
        "account.login",
        "account.profile_update",
        "account.password_change",
        "account.logout",
        "account.password_reset",
    }
    for each in told.values():
        assert each["actor"] == {"id": encode("user", person.user.id)}, each
        assert all(each[name] for name in ("ip", "userAgent", "requestId")), each
    assert told["account.profile_update"]["changes"]["name"] == {"before": person.user.name, "after": "Outro Nome"}
    assert elsewhere.payload["user"]["id"] == encode("user", person.user.id)


async def test_filters_narrow_the_log_down(ground: Ground, door: Door, tenant: Tenant) -> None:
    member = await join(ground, tenant, Role.MEMBER)
    mine = await make(ground, tenant.owner, name="Ana")
    await make(ground, member, name="Bia")
    asking = await door.as_(tenant.owner)
    assert member.user_id is not None

    async def count(filter: Any) -> int:
        return (await asking.execute(LOG, {"filter": filter})).data["auditLog"]["totalCount"]

    assert await count({"actor": {"eq": encode("user", member.user_id)}}) == 1
    assert await count({"action": {"startsWith": "contact."}}) == 2
    assert await count({"action": {"eq": "contact.create"}, "actor": {"ne": encode("user", member.user_id)}}) == 1
    assert await count({"subject": {"eq": "Contact"}, "subjectId": {"in": [encode("contact", mine.id)]}}) == 1
    assert await count({"subjectId": {"eq": encode("secret", mine.id)}}) == 0
    assert await count({"at": {"gt": "2100-01-01T00:00:00Z"}}) == 0
    assert await count({"not": [{"action": {"startsWith": "contact"}}]}) == await count({}) - 2


async def test_pages_of_the_log_are_dense_and_in_order(ground: Ground, door: Door, tenant: Tenant) -> None:
    for n in range(5):
        await make(ground, tenant.owner, name=f"Ana {n}")
    asking = await door.as_(tenant.owner)

    seqs: list[int] = []
    after = None
    while True:
        page = (await asking.execute(LOG, {"first": 2, "after": after, "orderBy": ["OLDEST"]})).data["auditLog"]
        seqs += [int(each["seq"]) for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break

    assert seqs == list(range(1, len(seqs) + 1))
    assert len(seqs) == page["totalCount"] >= 5


@pytest.mark.parametrize(("role", "code"), [(Role.ADMIN, None), (Role.MEMBER, "FORBIDDEN"), (Role.VIEWER, "FORBIDDEN")])
async def test_only_those_who_may_read_the_log(
    ground: Ground, door: Door, tenant: Tenant, role: Role, code: str | None
) -> None:
    asking = await door.as_(await join(ground, tenant, role))

    assert (await asking.execute(LOG)).code == code


async def test_the_log_of_others_is_not_seen(ground: Ground, door: Door, tenant: Tenant, other_tenant: Tenant) -> None:
    theirs = await make(ground, other_tenant.owner, name="Bia")
    asking = await door.as_(tenant.owner)

    page = (await asking.execute(LOG, {"filter": {"subjectId": {"eq": encode("contact", theirs.id)}}})).data

    assert page["auditLog"]["nodes"] == []


async def test_changes_are_told_in_the_words_of_the_api(ground: Ground, door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    owner = encode("user", tenant.owner_user.id)
    await asking.mutate(FIELD, {"input": {"key": "meu_plano", "label": "Plano", "kind": "TEXT"}})
    given = {
        "phone": "11987654321", "externalId": "crm-7", "ownerId": owner, "leadScore": 7, "email": "ana@example.com",
        "customFields": {"meu_plano": "a"}, "whatsappId": "123456789@lid", "company": "Padaria",
    }  # fmt: skip
    contact = (await asking.mutate(CREATE, {"input": given}))["contact"]
    label = (await asking.mutate(LABEL, {"input": {"name": "VIP", "color": "#112233"}}))["label"]
    pairs = {"input": {"contactIds": [contact["id"]], "labelIds": [label["id"]]}}
    for name in ("contactLabelsAdd", "contactLabelsRemove"):
        await asking.mutate(LABELLED % name, pairs)
    await asking.mutate(DELETE, {"input": {"ids": [contact["id"]]}})

    nodes = (await asking.execute(LOG, {"filter": {"subjectId": {"eq": contact["id"]}}})).data["auditLog"]["nodes"]
    deleted, removed, added, created = [each["changes"] for each in nodes]

    told = {
        **{name: given[name] for name in given if name != "phone"},
        "phone": "+5511987654321",
        "name": "crm-7",
        "id": contact["id"],
        "workspaceId": encode("workspace", tenant.workspace_id),
        "createdById": owner,
    }
    assert created == {name: {"before": None, "after": value} for name, value in told.items()}
    assert added == {"labels": {"before": [], "after": [label["id"]]}}
    assert removed == {"labels": {"before": [label["id"]], "after": []}}
    identities = {each["kind"]: each["value"] for each in deleted.pop("identities")["before"]}
    assert identities == {
        "EXTERNAL": "crm-7", "PHONE": "+5511987654321", "WHATSAPP_LID": "123456789@lid", "EMAIL": "ana@example.com",
    }  # fmt: skip
    gone = ("name", "phone", "email", "company", "customFields", "ownerId", "leadScore")
    assert deleted == {name: {"before": told[name], "after": None} for name in gone}


async def test_a_login_is_told_with_its_session(ground: Ground, door: Door) -> None:
    person = await make_person(ground)
    asking = door.with_token((await door.mutate(LOGIN, {"input": person.credentials}))["accessToken"])

    page = (await asking.execute(LOG, {"filter": {"action": {"eq": "account.login"}}})).data["auditLog"]

    (changes,) = [each["changes"] for each in page["nodes"]]
    assert changes["sessionId"]["before"] is None
    assert changes["sessionId"]["after"].startswith("session_")


async def test_changes_hold_no_numbers_for_those_who_may_not_read_them(
    ground: Ground, door: Door, database: Database, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)
    await asking.mutate(FIELD, {"input": {"key": "celular", "label": "Celular", "kind": "PHONE"}})
    given = {"phone": "11987654321", "externalId": "5511987654321", "customFields": {"celular": "11987654321"}}
    contact = (await asking.mutate(CREATE, {"input": given}))["contact"]
    await asking.mutate(UPDATE, {"input": {"id": contact["id"], "externalId": None}})
    await asking.mutate(UPDATE, {"input": {"id": contact["id"], "name": "Ana", "phone": "11987650000"}})
    await asking.mutate(DELETE, {"input": {"ids": [contact["id"]]}})
    admin = await join(ground, tenant, Role.ADMIN)
    async with database.write(tenant.workspace_id) as session:
        here = (WorkspaceMember.workspace_id == tenant.workspace_id, WorkspaceMember.user_id == admin.user_id)
        await session.execute(update(WorkspaceMember).where(*here).values(revoked=[Permission.PHONES_READ.value]))
    limited = await door.as_(admin)

    nodes = (await limited.execute(LOG, {"filter": {"subjectId": {"eq": contact["id"]}}})).data["auditLog"]["nodes"]

    assert len(nodes) == 4
    assert "98765" not in str([each["changes"] for each in nodes])
    assert nodes[1]["changes"] == {
        "name": {"before": "+55 *******4321", "after": "Ana"},
        "phone": {"before": "+55 *******4321", "after": "+55 *******0000"},
    }
