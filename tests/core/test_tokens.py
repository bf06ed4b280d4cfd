"""Access tokens: what one signs another reads, also after the key was changed."""

import time
from datetime import timedelta
from uuid import uuid4

import jwt
import pytest
from pydantic import SecretStr

from core import clock
from core.ids import UserId, WorkspaceId, uuid7
from core.security.tokens import AUDIENCE, ISSUER, AccessTokens, Claims, TokenExpired, TokenInvalid
from core.settings import Security

OLD, NEW = "the old secret, thirty-two bytes or more", "the new secret, thirty-two bytes or more"


def claims(*, workspace: bool = True) -> Claims:
    return Claims(user_id=UserId(uuid7()), session_id=uuid7(), workspace_id=WorkspaceId(uuid7()) if workspace else None)


@pytest.mark.parametrize("workspace", [True, False])
def test_what_was_signed_is_read(workspace: bool) -> None:
    tokens, given = AccessTokens([NEW]), claims(workspace=workspace)

    issued = tokens.issue(given)
    read = tokens.read(issued.token)

    assert (read.user_id, read.session_id, read.workspace_id) == (given.user_id, given.session_id, given.workspace_id)
    assert read.expires_at == issued.expires_at
    assert timedelta(minutes=9, seconds=58) < issued.expires_at - clock.now() <= timedelta(minutes=10)


def test_a_key_that_was_replaced_still_reads_and_does_not_sign() -> None:
    before, after = AccessTokens([OLD]), AccessTokens([NEW, OLD])
    old = before.issue(claims()).token

    assert after.read(old)
    with pytest.raises(TokenInvalid):
        before.read(after.issue(claims()).token)


def test_a_key_that_was_dropped_reads_nothing() -> None:
    old = AccessTokens([OLD]).issue(claims()).token

    with pytest.raises(TokenInvalid):
        AccessTokens([NEW]).read(old)


def test_the_settings_name_the_keys() -> None:
    security = Security(jwt_secret=SecretStr(NEW), jwt_previous_secrets=(SecretStr(OLD),))

    assert AccessTokens.of(security).read(AccessTokens([OLD]).issue(claims()).token)


def test_the_name_of_a_key_tells_nothing_of_it() -> None:
    kid = jwt.get_unverified_header(AccessTokens([NEW]).issue(claims()).token)["kid"]

    assert len(kid) == 16
    assert NEW not in kid


def test_a_token_is_good_until_its_time_is_over() -> None:
    tokens = AccessTokens([NEW])
    header = jwt.get_unverified_header(tokens.issue(claims()).token)
    given = jwt.decode(tokens.issue(claims()).token, options={"verify_signature": False})

    def ending(seconds: float) -> str:
        return jwt.encode({**given, "exp": clock.now() + timedelta(seconds=seconds)}, NEW, "HS256", header)

    assert tokens.read(ending(1))
    with pytest.raises(TokenExpired):
        tokens.read(ending(-5))


def test_a_token_that_was_read_before_ends_with_its_time() -> None:
    tokens = AccessTokens([NEW])
    good = tokens.issue(claims()).token
    given = jwt.decode(good, options={"verify_signature": False})
    # two seconds are granted to clocks that differ: this one has one second left
    ending = jwt.encode(
        {**given, "exp": clock.now() - timedelta(seconds=1)}, NEW, "HS256", jwt.get_unverified_header(good)
    )
    assert tokens.read(ending) is tokens.read(ending)

    time.sleep(1.2)

    with pytest.raises(TokenExpired):
        tokens.read(ending)
    with pytest.raises(TokenExpired):
        tokens.read(ending)
    assert tokens.read(good)


def test_a_token_that_differs_in_one_letter_is_verified_afresh() -> None:
    tokens = AccessTokens([NEW])
    good = tokens.issue(claims()).token
    assert tokens.read(good)

    for place in (5, len(good) // 2, len(good) - 3):
        forged = good[:place] + ("A" if good[place] != "A" else "B") + good[place + 1 :]
        with pytest.raises(TokenInvalid):
            tokens.read(forged)


def test_what_is_remembered_of_tokens_is_bounded_and_holds_none_of_them() -> None:
    tokens = AccessTokens([NEW], remembered=3)
    issued = [tokens.issue(claims()).token for _ in range(5)]

    for each in (*issued, *issued):
        assert tokens.read(each)

    assert len(tokens._verified) == 3
    assert not any(each.encode() in tokens._verified for each in issued)


@pytest.mark.parametrize("token", ["", ".", "..", "a.b.c", "é.e.e", "\x00", "x" * 3_000])
def test_what_is_no_token_is_invalid(token: str) -> None:
    with pytest.raises(TokenInvalid):
        AccessTokens([NEW]).read(token)


@pytest.mark.parametrize("name", ["sub", "sid", "wid"])
@pytest.mark.parametrize("value", ["bef56f66-5d56-44c9-b50f-1b704361fed5", "x" * 32, "", 7, None])
def test_ids_of_another_form_are_invalid(name: str, value: object) -> None:
    if name == "wid" and value is None:
        value = 0
    now = clock.now()
    given = {"iss": ISSUER, "aud": AUDIENCE, "jti": "x", "iat": now, "exp": now + timedelta(minutes=1)}
    ids = {"sub": uuid4().hex, "sid": uuid4().hex, "wid": uuid4().hex, name: value}
    kid = jwt.get_unverified_header(AccessTokens([NEW]).issue(claims()).token)["kid"]

    with pytest.raises(TokenInvalid):
        AccessTokens([NEW]).read(jwt.encode({**given, **ids}, NEW, "HS256", {"kid": kid}))
