"""The second factor: codes of thirty seconds (RFC 6238), and recovery codes for when the device is lost."""

import base64
import hashlib
import hmac
import secrets
from datetime import datetime
from typing import Final

from pyotp.totp import TOTP

STEP_SECONDS: Final = 30
_DIGITS: Final = 6
_SECRET_BYTES: Final = 20
_WINDOW: Final = 1
_ALPHABET: Final = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
_GROUP: Final = 5
_ISSUER: Final = "WhatsHybrid"


def new_secret() -> bytes:
    """Make a secret of 160 bits, as RFC 4226 asks."""
    return secrets.token_bytes(_SECRET_BYTES)


def spelled(secret: bytes) -> str:
    """Write a secret as authenticator apps take it by hand (base32)."""
    return base64.b32encode(secret).decode()


def provisioning_uri(secret: bytes, account: str) -> str:
    """Return the `otpauth://` address that authenticator apps read from a QR code."""
    return TOTP(spelled(secret)).provisioning_uri(name=account, issuer_name=_ISSUER)


def matching_step(secret: bytes, code: str, at: datetime) -> int | None:
    """Return the number of the time step that a code belongs to, of the current and its neighbours; None for none.

    The caller keeps the number, and refuses the same or an older one: a code works once.
    """
    digits = "".join(code.split())
    if len(digits) != _DIGITS or not (digits.isascii() and digits.isdecimal()):
        return None
    totp = TOTP(spelled(secret))
    now = int(at.timestamp()) // STEP_SECONDS
    found = None
    for step in range(now - _WINDOW, now + _WINDOW + 1):
        if hmac.compare_digest(totp.generate_otp(step), digits):
            found = step
    return found


def new_recovery_codes(count: int = 10) -> list[str]:
    """Make codes of two groups of five characters, without those that are mistaken for each other."""
    return ["-".join("".join(secrets.choice(_ALPHABET) for _ in range(_GROUP)) for _ in range(2)) for _ in range(count)]


def recovery_digest(code: str) -> bytes:
    """Return what is kept of a recovery code, however it is typed."""
    plain = "".join(each for each in code.upper() if each.isalnum())
    return hashlib.sha256(b"recovery " + plain.encode("utf-8", "surrogatepass")).digest()
