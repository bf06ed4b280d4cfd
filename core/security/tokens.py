"""Access tokens: JWTs of ten minutes (RFC 7519), signed with HMAC-SHA256 and a key that can be rotated.

What a token says does not change: one that was verified is known again by the digest of its text until it ends. Whether
its session stands is no matter of the token, and is asked elsewhere each time.
"""

import hashlib
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final, Self
from uuid import UUID

import jwt

from core import clock
from core.errors import Unauthenticated
from core.ids import UserId, WorkspaceId, uuid7
from core.settings import Security

LIFETIME: Final = timedelta(minutes=10)
ISSUER: Final = "whatshybrid"
AUDIENCE: Final = "whatshybrid-api"
_ALGORITHM: Final = "HS256"
_LONGEST: Final = 2_048
_LEEWAY: Final = 2
_REMEMBERED: Final = 5_000
_DIGEST: Final = 32
_REQUIRED: Final = ["iss", "aud", "sub", "sid", "jti", "iat", "exp"]
_HEX: Final = re.compile(r"[0-9a-f]{32}")


class TokenInvalid(Unauthenticated):
    """This access token is not valid: sign in again."""


class TokenExpired(Unauthenticated):
    """This access token has expired: get another with `tokenRefresh`."""

    code = "TOKEN_EXPIRED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What an access token says: which person, in which session, in which workspace, until when."""

    user_id: UserId
    session_id: UUID
    workspace_id: WorkspaceId | None
    expires_at: datetime | None = None

    def __hash__(self) -> int:
        """A session has few of them at a time."""
        return hash(self.session_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """A signed token, and when it ends."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class _Verified:
    """What a token says that was verified, and the second at which it ends."""

    claims: Claims
    ends_at: int


class AccessTokens:
    """Signs with the first secret, and reads what any of them signed. Knows `remembered` tokens again."""

    def __init__(self, secrets: Sequence[str], remembered: int = _REMEMBERED) -> None:
        self._keys = {_key_id(secret): secret for secret in secrets}
        self._current = _key_id(secrets[0])
        self._verified: dict[bytes, _Verified] = {}
        self._remembered = remembered

    @classmethod
    def of(cls, settings: Security) -> Self:
        """Take the secrets of the settings, which are complete by now."""
        if settings.jwt_secret is None:
            message = "JWT_SECRET is not set"
            raise ValueError(message)
        return cls([each.get_secret_value() for each in (settings.jwt_secret, *settings.jwt_previous_secrets)])

    def issue(self, claims: Claims) -> Issued:
        """Sign a token that lives for ten minutes from now."""
        now = clock.now().replace(microsecond=0)
        expires_at = now + LIFETIME
        payload: dict[str, Any] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": claims.user_id.hex,
            "sid": claims.session_id.hex,
            "jti": uuid7().hex,
            "iat": now,
            "exp": expires_at,
        }
        if claims.workspace_id is not None:
            payload["wid"] = claims.workspace_id.hex
        key = self._keys[self._current]
        token = jwt.encode(payload, key, _ALGORITHM, headers={"kid": self._current})
        return Issued(token=token, expires_at=expires_at)

    def read(self, token: str) -> Claims:
        """Check a token and return what it says.

        Raises:
            TokenExpired: its time is over.
            TokenInvalid: anything else is wrong with it.
        """
        if len(token) > _LONGEST or not token.isascii():
            raise TokenInvalid
        digest = blake2b(token.encode(), digest_size=_DIGEST).digest()
        known = self._verified.get(digest)
        if known is None:
            known = self._verify(token)
            self._remember(digest, known)
        if known.ends_at <= time.time():
            del self._verified[digest]
            raise TokenExpired
        return known.claims

    def _remember(self, digest: bytes, verified: _Verified) -> None:
        """Keep what was verified; of too many, the oldest go first, which end soonest."""
        self._verified[digest] = verified
        if len(self._verified) > self._remembered:
            del self._verified[next(iter(self._verified))]

    def _verify(self, token: str) -> _Verified:
        try:
            key = self._keys[str(jwt.get_unverified_header(token).get("kid"))]
            given = jwt.decode(
                token,
                key,
                [_ALGORITHM],
                options={"require": _REQUIRED},
                audience=AUDIENCE,
                issuer=ISSUER,
                leeway=_LEEWAY,
            )
            expires_at = datetime.fromtimestamp(given["exp"], UTC)
        except jwt.ExpiredSignatureError as error:
            raise TokenExpired from error
        except (jwt.InvalidTokenError, KeyError, ValueError, ArithmeticError) as error:
            raise TokenInvalid from error
        if given["exp"] - given["iat"] > LIFETIME.total_seconds():
            raise TokenInvalid
        wid = given.get("wid")
        claims = Claims(
            user_id=UserId(_identifier(given["sub"])),
            session_id=_identifier(given["sid"]),
            workspace_id=None if wid is None else WorkspaceId(_identifier(wid)),
            expires_at=expires_at,
        )
        return _Verified(claims, int(given["exp"]) + _LEEWAY)


def _identifier(value: object) -> UUID:
    if not isinstance(value, str) or not _HEX.fullmatch(value):
        raise TokenInvalid
    return UUID(hex=value)


def _key_id(secret: str) -> str:
    """Name a key without telling anything of it."""
    return hashlib.sha256(b"whatshybrid key id\0" + secret.encode()).hexdigest()[:16]
