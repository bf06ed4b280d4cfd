"""A mutation with a key happens once, however often and from however many places it is sent."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx
import orjson
import pytest
from sqlalchemy import delete, select, update

from core.database import Database
from core.ground import Ground
from core.ids import decode, encode, uuid7
from models import OneTimeToken, Role, TokenPurpose, User, WorkspaceMember
from services.contacts import archiving
from services.transaction import begin
from services.workspaces import members
from services.workspaces.members import RoleDraft
from tests.fixtures.contacts import CREATE, UPSERT, UPSERT_ALL, acts_of, log_of, make
from tests.fixtures.door import Door
from tests.fixtures.dying import dying_server
from tests.fixtures.invites import invite, token_of
from tests.fixtures.people import OTHER_PASSWORD, PASSWORD, REGISTER, is_in, log_in, make_person
from tests.fixtures.tenants import Tenant, join
from tests.fixtures.writes import answers_to_commit_are_lost

ERRORS = "userErrors { code message field }"
LABEL = f"mutation($input: LabelCreateInput!) {{ labelCreate(input: $input) {{ label {{ id name }} {ERRORS} }} }}"
FIELD = f"""mutation($input: CustomFieldCreateInput!) {{
  customFieldCreate(input: $input) {{ customField {{ id key kind options position }} {ERRORS} }} }}"""
INVITE = f"""mutation($input: InviteCreateInput!) {{
  inviteCreate(input: $input) {{ invite {{ id email role expiresAt invitedBy {{ id }} }} {ERRORS} }} }}"""
WORKSPACE = f"""mutation($input: WorkspaceCreateInput!) {{
  workspaceCreate(input: $input) {{ workspace {{ id name slug }} {ERRORS} }} }}"""

EVERY = {
    "contactCreate": (CREATE, {"name": "Ana", "email": "ana@example.com", "customFields": {}}),
    "contactUpsert": (UPSERT, {"phone": "+55 11 98765-4321"}),
    "contactsUpsert": (UPSERT_ALL, {"contacts": [{"email": "a@example.com"}, {"phone": "no"}, {"name": "Bia"}]}),
    "customFieldCreate": (FIELD, {"key": "cidade", "label": "Cidade", "kind": "SELECT", "options": ["Rio", "Recife"]}),
    "inviteCreate": (INVITE, {"email": "bia@example.com", "role": "VIEWER"}),
    "labelCreate": (LABEL, {"name": "VIP", "color": "#112233"}),
    "workspaceCreate": (WORKSPACE, {"name": "Filial"}),
}


async def send(door: Door, query: str, given: Mapping[str, Any], key: str | None = None) -> Mapping[str, Any]:
    """Send a mutation with the request's key in its header; return the body of the answer."""
    headers = {} if key is None else {"idempotency-key": key}
    answer = await door.post(orjson.dumps({"query": query, "variables": {"input": given}}), **headers)
    body: Mapping[str, Any] = answer.json()
    assert "errors" not in body, body
    return body


def codes(payload: Mapping[str, Any]) -> list[tuple[str, list[str]]]:
    return [(each["code"], each["field"]) for each in payload["userErrors"]]


@pytest.mark.parametrize("name", sorted(EVERY))
async def test_the_same_key_and_input_get_the_same_answer_and_nothing_more_happens(
    name: str, door: Door, database: Database, tenant: Tenant
) -> None:
    query, given = EVERY[name]
    asking = await door.as_(tenant.owner)
    first = await send(asking, query, given, "k1")
    log, acts = await log_of(database, tenant.workspace_id), await acts_of(database, tenant.workspace_id)

    again = await send(asking, query, {**given, "idempotencyKey": "k1"})

    assert again["data"] == first["data"]
    assert codes(first["data"][name]) == []
    assert again["extensions"]["idempotency"] == {"replayed": [name]}
    assert "idempotency" not in first["extensions"]
    assert await log_of(database, tenant.workspace_id) == log
    assert len(await acts_of(database, tenant.workspace_id)) == len(acts)


async def test_what_was_refused_among_many_is_told_again(ground: Ground, door: Door, tenant: Tenant) -> None:
    held = await make(ground, tenant.owner, name="Bia", email="bia@example.com")
    await make(ground, tenant.owner, name="Ana", phone="+55 11 98765-4321")
    asking = await door.as_(tenant.owner)
    torn = {"email": "bia@example.com", "phone": "+5511987654321"}
    given = {"contacts": [{"name": "Nina", "email": "nina@example.com"}, torn], "idempotencyKey": "k1"}
    first = await asking.mutate(UPSERT_ALL, {"input": given})

    again = await asking.mutate(UPSERT_ALL, {"input": given})

    assert again == first
    assert codes(again["results"][1])[0][0] == "CONTACT_DUPLICATE"
    assert again["results"][1]["duplicateOf"] == {"id": encode("contact", held.id)}


async def test_without_a_key_it_happens_each_time(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)

    made = [(await asking.mutate(CREATE, {"input": {"name": "Ana"}}))["contact"]["id"] for _ in range(2)]

    assert len(set(made)) == 2


async def test_a_key_is_refused_for_another_input_or_another_mutation(
    door: Door, database: Database, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)
    await send(asking, CREATE, {"name": "Ana", "company": "A", "idempotencyKey": "k1"})
    log = await log_of(database, tenant.workspace_id)

    refused = [
        (await send(asking, CREATE, {"name": "Ana", "idempotencyKey": "k1"}))["data"]["contactCreate"],
        (await send(asking, CREATE, {"name": "Ana", "company": None, "idempotencyKey": "k1"}))["data"]["contactCreate"],
        (await send(asking, LABEL, {"name": "A", "color": "#000000", "idempotencyKey": "k1"}))["data"]["labelCreate"],
    ]
    by_header = await send(asking, CREATE, {"name": "Eva"}, "k1")

    assert [codes(each) for each in refused] == [[("IDEMPOTENCY_KEY_REUSED", ["idempotencyKey"])]] * 3
    assert codes(by_header["data"]["contactCreate"]) == [("IDEMPOTENCY_KEY_REUSED", [])]
    assert await log_of(database, tenant.workspace_id) == log


async def test_mutations_of_one_request_share_its_key_and_are_separate(
    door: Door, database: Database, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)
    query = """mutation($input: ContactCreateInput!) {
      a: contactCreate(input: $input) { contact { id } }
      contactCreate(input: $input) { contact { id } }
      b: contactCreate(input: $input) { contact { id } } }"""
    first = await send(asking, query, {"name": "Ana"}, "k1")
    log = await log_of(database, tenant.workspace_id)

    again = await send(asking, query, {"name": "Ana"}, "k1")

    assert len({each["contact"]["id"] for each in first["data"].values()}) == 3
    assert again["data"] == first["data"]
    assert again["extensions"]["idempotency"] == {"replayed": ["contactCreate"] * 3}
    assert await log_of(database, tenant.workspace_id) == log


@pytest.mark.parametrize("name", ["contactCreate", "workspaceCreate"])
async def test_twins_at_the_same_moment_happen_once(name: str, door: Door, database: Database, tenant: Tenant) -> None:
    query, given = EVERY[name]
    asking = await door.as_(tenant.owner)

    answers = await asyncio.gather(*(send(asking, query, given, "k1") for _ in range(12)))

    assert all(each["data"] == answers[0]["data"] for each in answers)
    assert sum("idempotency" not in each["extensions"] for each in answers) == 1
    created = [kind for kind, _ in await log_of(database, tenant.workspace_id) if kind == "contact.created"]
    assert len(created) == (1 if name == "contactCreate" else 0)
    mine = (await asking.execute("{ workspaces { id } }")).data["workspaces"]
    assert len(mine) == (1 if name == "contactCreate" else 2)


async def test_what_was_refused_may_be_done_later_with_the_same_key(ground: Ground, door: Door, tenant: Tenant) -> None:
    held = await make(ground, tenant.owner, name="Ana", email="ana@example.com")
    asking = await door.as_(tenant.owner)
    given = {"email": "ana@example.com", "idempotencyKey": "k1"}
    refused = await asking.mutate(CREATE, {"input": given})
    async with begin(ground, tenant.owner) as tx:
        await archiving.remove(tx, [held.id])

    done = await asking.mutate(CREATE, {"input": given})

    assert codes(refused) == [("CONTACT_DUPLICATE", ["email"])]
    assert done["contact"]["email"] == "ana@example.com"


@pytest.mark.parametrize("key", ["", "k" * 201, "a\nb", "chave é", "\x00", "\x7f"])
async def test_what_is_no_key_is_refused(key: str, door: Door, database: Database, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    log = await log_of(database, tenant.workspace_id)

    payload = await asking.mutate(CREATE, {"input": {"name": "Ana", "idempotencyKey": key}})

    assert codes(payload) == [("IDEMPOTENCY_KEY_INVALID", ["idempotencyKey"])]
    assert await log_of(database, tenant.workspace_id) == log


async def test_a_header_that_is_no_key_is_refused_for_all_that_it_stands_for(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)

    answers = [await send(asking, CREATE, {"name": "Ana"}, key) for key in ("", "k" * 201)]

    assert [codes(each["data"]["contactCreate"]) for each in answers] == [[("IDEMPOTENCY_KEY_INVALID", [])]] * 2


async def test_the_longest_key_is_a_key(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    given = {"name": "Ana", "idempotencyKey": "~ " * 100}

    made = [(await asking.mutate(CREATE, {"input": given}))["contact"]["id"] for _ in range(2)]

    assert len(set(made)) == 1


async def test_a_commit_whose_answer_is_lost_is_told_apart_and_asked_for_again(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    given = {"name": "Ana", "email": "ana@example.com", "idempotencyKey": "k1"}
    await asking.execute("{ contacts(first: 1) { totalCount } }")  # who they are is known for some seconds now

    with answers_to_commit_are_lost():
        lost = await asking.execute(CREATE, {"input": given})
        bare = await asking.execute(CREATE, {"input": {"name": "Bia"}})
    again = await asking.execute(CREATE, {"input": given})

    assert (lost.code, bare.code) == ("OUTCOME_UNKNOWN", "OUTCOME_UNKNOWN")
    assert again.data["contactCreate"]["contact"]["identities"] == [{"kind": "EMAIL", "value": "ana@example.com"}]
    found = (await asking.execute("{ contacts(first: 10) { nodes { name } } }")).data["contacts"]["nodes"]
    assert sorted(each["name"] for each in found) == ["Ana", "Bia"]


async def test_keys_of_others_do_not_meet(ground: Ground, door: Door, tenant: Tenant, other_tenant: Tenant) -> None:
    colleague = await join(ground, tenant, Role.MEMBER)
    doors = [await door.as_(each) for each in (tenant.owner, colleague, other_tenant.owner)]

    made = [(await send(each, CREATE, {"name": "Ana"}, "k1"))["data"]["contactCreate"] for each in doors]
    founded = [(await send(each, WORKSPACE, {"name": "Filial"}, "k1"))["data"] for each in doors[:2]]

    assert len({each["contact"]["id"] for each in made}) == 3
    assert founded[0] != founded[1]


async def test_an_answer_shows_things_as_they_are_now(ground: Ground, door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    given = {"name": "VIP", "color": "#112233", "idempotencyKey": "k1"}
    made = await asking.mutate(LABEL, {"input": given})
    change = """mutation($id: ID!) { labelUpdate(input: { id: $id, name: "Ouro" }) { label { name } } }"""
    await asking.mutate(change, {"id": made["label"]["id"]})
    changed = await asking.mutate(LABEL, {"input": given})
    await asking.mutate("mutation($id: ID!) { labelDelete(input: { ids: [$id] }) { deletedIds } }", made["label"])

    gone = await asking.mutate(LABEL, {"input": given})

    assert changed["label"] == {"id": made["label"]["id"], "name": "Ouro"}
    assert gone["label"] is None
    assert codes(gone) == [("GONE", [])]


async def test_an_answer_may_be_asked_for_with_other_fields(door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    given = {"name": "Ana", "email": "ana@example.com", "idempotencyKey": "k1"}
    little = "mutation($input: ContactCreateInput!) { contactCreate(input: $input) { userErrors { code } } }"
    await asking.mutate(little, {"input": given})

    again = await asking.mutate(CREATE, {"input": given})

    assert again["contact"]["identities"] == [{"kind": "EMAIL", "value": "ana@example.com"}]


async def test_whoever_may_not_any_more_gets_no_answer_again(ground: Ground, door: Door, tenant: Tenant) -> None:
    member = await join(ground, tenant, Role.MEMBER)
    given = {"name": "Ana", "idempotencyKey": "k1"}
    await (await door.as_(member)).mutate(CREATE, {"input": given})
    assert member.user_id is not None
    await members.change_role(ground, tenant.identity, member.user_id, RoleDraft(role=Role.VIEWER))

    again = await (await door.as_(member)).execute(CREATE, {"input": given})

    assert again.code == "FORBIDDEN"


async def test_a_workspace_that_one_has_left_is_not_shown_again(ground: Ground, door: Door, tenant: Tenant) -> None:
    asking = await door.as_(tenant.owner)
    made = (await send(asking, WORKSPACE, {"name": "Filial"}, "k1"))["data"]["workspaceCreate"]
    async with ground.database.system() as session:
        workspace_id = decode("workspace", made["workspace"]["id"])
        await session.execute(delete(WorkspaceMember).where(WorkspaceMember.workspace_id == workspace_id))

    again = (await send(asking, WORKSPACE, {"name": "Filial"}, "k1"))["data"]["workspaceCreate"]

    assert again["workspace"] is None
    assert codes(again) == [("GONE", [])]


async def test_an_account_is_made_once_and_signed_in_to_again(door: Door, ground: Ground) -> None:
    given = {"email": f"bia.{uuid7().hex}@example.com", "password": PASSWORD, "name": "Bia", "workspaceName": "Filial"}
    query = REGISTER.replace("userErrors", "user { id } userErrors", 1)

    twins = await asyncio.gather(*(send(door, query, given, "k1") for _ in range(3)))
    again = await send(door, query, given, "k1")
    others = [
        (await send(door, query, {**given, **more}, key))["data"]["register"]
        for more, key in (({}, "k2"), ({}, None), ({"name": "Eva"}, "k1"), ({"password": OTHER_PASSWORD}, "k1"))
    ]

    told = [each["data"]["register"] for each in (*twins, again)]
    assert [codes(each) for each in told] == [[]] * 4
    assert len({each["user"]["id"] for each in told}) == len({each["workspaceId"] for each in told}) == 1
    assert len({each["refreshToken"] for each in told}) == 4
    assert [await is_in(door.with_token(each["accessToken"])) for each in told] == [True] * 4
    assert again["extensions"]["idempotency"] == {"replayed": ["register"]}
    assert [codes(each)[0][0] for each in others] == [
        "EMAIL_TAKEN", "EMAIL_TAKEN", "IDEMPOTENCY_KEY_REUSED", "EMAIL_TAKEN",
    ]  # fmt: skip


async def test_a_mail_is_sent_once_for_a_key(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    reset = "mutation ($input: PasswordResetRequestInput!) { passwordResetRequest(input: $input) { done } }"
    spelled = {"email": person.user.email.upper()}
    signed = (await log_in(door, person)).door
    async with ground.database.system() as session:
        await session.execute(update(User).where(User.id == person.user.id).values(email_verified_at=None))

    answers = [
        await send(door, reset, given, key)
        for given, key in (({"email": person.user.email}, "k1"), ({"email": person.user.email}, "k1"), (spelled, "k1"))
    ]
    for _ in range(2):
        await signed.post(b'{"query": "mutation { emailVerifyRequest { done } }"}', **{"idempotency-key": "k2"})

    async with ground.database.system() as session:
        kinds = list(await session.scalars(select(OneTimeToken.purpose).where(OneTimeToken.user_id == person.user.id)))
    assert sorted(kinds) == sorted([TokenPurpose.PASSWORD_RESET, TokenPurpose.EMAIL_VERIFY])
    assert [each["data"] for each in answers] == [{"passwordResetRequest": {"done": True}}] * 3
    assert not any("idempotency" in each["extensions"] for each in answers)


async def test_an_invitation_is_accepted_once(door: Door, ground: Ground, tenant: Tenant) -> None:
    person = await make_person(ground)
    await invite(await door.as_(tenant.owner), person.user.email)
    token = await token_of(ground, person.user.email)
    signed = (await log_in(door, person)).door
    query = f"mutation ($input: InviteAcceptInput!) {{ inviteAccept(input: $input) {{ workspace {{ id }} {ERRORS} }} }}"

    answers = [(await send(signed, query, {"token": token}, key))["data"]["inviteAccept"] for key in ("k1", "k1", "k2")]

    assert answers[0] == answers[1]
    assert answers[0]["workspace"]["id"] == encode("workspace", tenant.workspace_id)
    assert codes(answers[2]) == [("INVITE_INVALID", ["token"])]


async def test_what_a_process_did_before_it_died_is_not_done_again(
    door: Door, database: Database, database_url: str, redis_url: str, tenant: Tenant
) -> None:
    asking = await door.as_(tenant.owner)
    body = orjson.dumps({"query": CREATE, "variables": {"input": {"name": "Ana", "idempotencyKey": "k1"}}})
    headers = {"content-type": "application/json", **asking.headers}
    with dying_server(database_url, redis_url) as address:
        async with httpx.AsyncClient(base_url=address) as client:
            with pytest.raises(httpx.RemoteProtocolError):
                await client.post("/graphql", content=body, headers=headers)
    committed = await log_of(database, tenant.workspace_id)

    retried = (await asking.post(body)).json()

    assert [kind for kind, _ in committed].count("contact.created") == 1
    assert retried["extensions"]["idempotency"] == {"replayed": ["contactCreate"]}
    assert retried["data"]["contactCreate"]["contact"]["id"] == encode("contact", committed[-1][1][0])
    assert await log_of(database, tenant.workspace_id) == committed
