"""Opaque tokens, tokens that are derived from a secret and an id, and values that are kept sealed."""

import base64
import hashlib
import hmac
import os
import secrets
from typing import Final, Self
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.settings import Security

_TOKEN_BYTES: Final = 32
_NONCE_BYTES: Final = 12


class SealBroken(ValueError):
    """A sealed value was changed, or sealed with another secret."""


class Vault:
    """Works with keys that are made from one secret, a different one for each purpose (HKDF, RFC 5869)."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._seal = AESGCM(self._key("seal"))

    @classmethod
    def of(cls, settings: Security) -> Self:
        """Take the secret of the settings, which are complete by now."""
        if settings.jwt_refresh_secret is None:
            message = "JWT_REFRESH_SECRET is not set"
            raise ValueError(message)
        return cls(settings.jwt_refresh_secret.get_secret_value())

    @staticmethod
    def opaque() -> str:
        """Make a new random token of 256 bits."""
        return secrets.token_urlsafe(_TOKEN_BYTES)

    @staticmethod
    def digest(token: str) -> bytes:
        """Return what is kept of a token: its SHA-256, which is enough for 256 random bits."""
        return hashlib.sha256(token.encode("utf-8", "surrogatepass")).digest()

    def derive(self, purpose: str, id: UUID) -> str:
        """Return the token of a row: whoever knows the secret can make it again, so a job needs only the id."""
        mark = hmac.digest(self._key(f"token {purpose}"), id.bytes, "sha256")
        return base64.urlsafe_b64encode(mark).rstrip(b"=").decode()

    def seal(self, value: bytes) -> bytes:
        """Encrypt and sign a value (AES-256-GCM)."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._seal.encrypt(nonce, value, None)

    def unseal(self, sealed: bytes) -> bytes:
        """Return the value; raise `SealBroken` when it is not as it was sealed."""
        try:
            return self._seal.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except (InvalidTag, ValueError) as error:
            raise SealBroken from error

    def _key(self, purpose: str) -> bytes:
        return HKDF(SHA256(), 32, None, f"whatshybrid {purpose}".encode()).derive(self._secret)
