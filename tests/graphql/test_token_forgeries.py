"""Forged, stale and misused access tokens: each is refused where an identity is needed, and nothing breaks."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import jwt
import orjson
import pytest
from sqlalchemy import select

from core import clock
from core.ground import Ground
from core.ids import UserId, uuid7
from core.security.tokens import AUDIENCE, ISSUER, Claims
from models import AuditEntry
from tests.fixtures.door import Door
from tests.fixtures.people import LOGIN, ME, is_in, log_in, make_person
from tests.fixtures.tenants import Tenant, sign_in_user

OTHER_KEY = "somebody else's secret, thirty-two bytes or more"


class Forger:
    """Makes tokens that are good but for one thing."""

    def __init__(self, good: str, key: str) -> None:
        self.good = good
        self.key = key
        self.header: dict[str, Any] = jwt.get_unverified_header(good)
        self.claims: dict[str, Any] = jwt.decode(good, options={"verify_signature": False})

    def sign(self, *, key: str | None = None, without: str = "", header: Any = None, **claims: Any) -> str:
        given = {name: value for name, value in {**self.claims, **claims}.items() if name != without}
        chosen = {"kid": self.header["kid"]} if header is None else header
        return jwt.encode(given, key or self.key, "HS256", headers=chosen)

    def unsigned(self, algorithm: str) -> str:
        header = {**self.header, "alg": algorithm}
        return f"{_part(header)}.{_part(self.claims)}."

    def tampered(self, **claims: Any) -> str:
        header, _, signature = self.good.split(".")
        return f"{header}.{_part({**self.claims, **claims})}.{signature}"

    def labelled(self, algorithm: str) -> str:
        _, claims, signature = self.good.split(".")
        return f"{_part({**self.header, 'alg': algorithm})}.{claims}.{signature}"


def _part(content: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(content)).rstrip(b"=").decode()


FORGERIES: dict[str, Callable[[Forger], str]] = {
    "alg none": lambda f: f.unsigned("none"),
    "alg None": lambda f: f.unsigned("None"),
    "no signature": lambda f: f.unsigned("HS256"),
    "alg RS256": lambda f: f.labelled("RS256"),
    "alg HS512": lambda f: jwt.encode(f.claims, f.key * 2, "HS512", headers={"kid": f.header["kid"]}),
    "wrong key": lambda f: f.sign(key=OTHER_KEY),
    "unknown kid": lambda f: f.sign(header={"kid": "0" * 16}),
    "no kid": lambda f: f.sign(header={}),
    "kid that is a path": lambda f: f.sign(header={"kid": "../../dev/null"}),
    "wrong audience": lambda f: f.sign(aud="another-api"),
    "wrong issuer": lambda f: f.sign(iss="somebody"),
    "no expiry": lambda f: f.sign(without="exp"),
    "no audience": lambda f: f.sign(without="aud"),
    "no issuer": lambda f: f.sign(without="iss"),
    "no jti": lambda f: f.sign(without="jti"),
    "no subject": lambda f: f.sign(without="sub"),
    "no session": lambda f: f.sign(without="sid"),
    "an expiry beyond all calendars": lambda f: f.sign(exp=10**30),
    "a life longer than ten minutes": lambda f: f.sign(exp=clock.now() + timedelta(minutes=20)),
    "issued tomorrow": lambda f: f.sign(iat=clock.now() + timedelta(days=1)),
    "an expiry that is no number": lambda f: f.sign(exp="tomorrow"),
    "a subject that is no id": lambda f: f.sign(sub="' OR 1=1 --"),
    "a session that is no id": lambda f: f.sign(sid=["x"]),
    "another person's session": lambda f: f.sign(sub=uuid7().hex),
    "another session": lambda f: f.sign(sid=uuid7().hex),
    "tampered claims": lambda f: f.tampered(sub=uuid7().hex),
    "tampered expiry": lambda f: f.tampered(exp=f.claims["exp"] + 3_600),
    "cut off": lambda f: f.good[:-5],
    "two parts": lambda f: f.good.rpartition(".")[0],
    "something behind": lambda f: f"{f.good}.x",
    "endless": lambda f: f.good + "A" * 8_000,
    "deeply nested": lambda f: f"{base64.urlsafe_b64encode(b'[' * 1_200).decode()}.e30.x",
    "nothing like it": lambda _: "nonsense",
}


async def forger(door: Door, ground: Ground) -> Forger:
    signed = await log_in(door, await make_person(ground))
    secret = ground.settings.security.jwt_secret
    assert secret is not None
    return Forger(signed.payload["accessToken"], secret.get_secret_value())


async def test_the_forger_can_make_a_good_token(door: Door, ground: Ground) -> None:
    forging = await forger(door, ground)

    assert await is_in(door.with_token(forging.sign()))


@pytest.mark.parametrize("forgery", FORGERIES.values(), ids=FORGERIES.keys())
async def test_a_forged_token_opens_nothing(door: Door, ground: Ground, forgery: Callable[[Forger], str]) -> None:
    forging = await forger(door, ground)
    forged = door.with_token(forgery(forging))

    reply = await forged.execute(ME)

    assert reply.code in ("UNAUTHENTICATED", "SESSION_ENDED")
    assert reply.status == 200
    assert await is_in(door.with_token(forging.good))


async def test_a_bad_token_does_not_keep_one_from_signing_in(door: Door, ground: Ground) -> None:
    person = await make_person(ground)

    reply = await door.with_token("nonsense").execute(LOGIN, {"input": person.credentials})

    assert reply.data["login"]["accessToken"]


async def test_an_expired_token_says_so(door: Door, ground: Ground) -> None:
    forging = await forger(door, ground)
    past = clock.now() - timedelta(seconds=5)

    reply = await door.with_token(forging.sign(exp=past)).execute(ME)

    assert reply.code == "TOKEN_EXPIRED"
    assert "tokenRefresh" in reply.errors[0]["message"]


async def test_a_token_lives_for_ten_minutes_and_has_a_name_of_its_own(door: Door, ground: Ground) -> None:
    first, second = await forger(door, ground), await forger(door, ground)

    assert first.claims["exp"] - first.claims["iat"] == 600
    assert (first.claims["iss"], first.claims["aud"]) == (ISSUER, AUDIENCE)
    assert first.claims["jti"] != second.claims["jti"]
    assert first.header["kid"] == second.header["kid"]


async def test_a_token_for_anothers_workspace_sees_nothing_of_it(
    door: Door, ground: Ground, tenant: Tenant, other_tenant: Tenant
) -> None:
    user_id = UserId(tenant.owner_user.id)
    session_id = await sign_in_user(ground, user_id, tenant.workspace_id)
    claims = Claims(user_id=user_id, session_id=session_id, workspace_id=other_tenant.workspace_id)
    stranger = door.with_token(ground.tokens.issue(claims).token)

    reply = await stranger.execute("{ workspace { name } }")
    me = (await stranger.execute(ME)).data["me"]

    assert reply.code == "NOT_WORKSPACE_MEMBER"
    assert (me["workspace"], me["role"], me["permissions"]) == (None, None, [])


@pytest.mark.parametrize("line", ["Basic YTpi", "Bearer", "Token x", "Bearer a b"])
async def test_a_header_of_another_form_is_no_identity(door: Door, line: str) -> None:
    reply = await door.client.post("/graphql", json={"query": ME}, headers={"authorization": line})

    assert reply.status_code == 200
    assert reply.json()["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"


async def test_the_scheme_is_read_in_any_case(door: Door, ground: Ground) -> None:
    forging = await forger(door, ground)

    reply = await door.client.post("/graphql", json={"query": ME}, headers={"authorization": f"bearer {forging.good}"})

    assert reply.json()["data"]["me"]["user"]["id"]


async def test_an_act_is_written_down_with_the_person_and_the_place(door: Door, ground: Ground) -> None:
    person = await make_person(ground)
    await log_in(door, person)

    async with ground.database.system() as session:
        here = AuditEntry.workspace_id == person.workspace_id
        entry = (await session.scalars(select(AuditEntry).where(here, AuditEntry.action == "account.login"))).one()

    assert entry.subject_id == person.user.id
    assert entry.ip == "127.0.0.1"
