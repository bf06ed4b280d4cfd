"""Identifiers: UUIDv7 in the database, `prefix_` + 32 hexadecimal digits in the API.

The API's form is opaque to clients. It never holds a workspace: the credential does.
"""

import os
import re
import time
from typing import NewType
from uuid import UUID

WorkspaceId = NewType("WorkspaceId", UUID)
UserId = NewType("UserId", UUID)

_HEX = re.compile(r"[0-9a-f]{32}")


def uuid7() -> UUID:
    """Make a time-ordered identifier (RFC 9562, section 5.7): 48 bits of Unix milliseconds, then 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    high = (milliseconds << 16) | 0x7000 | (random >> 68)
    low = (0b10 << 62) | (random & ((1 << 62) - 1))
    return UUID(int=(high << 64) | low)


def encode(prefix: str, value: UUID) -> str:
    """Write an identifier as the API shows it: `contact_0190...`."""
    return f"{prefix}_{value.hex}"


def decode(prefix: str, text: str) -> UUID | None:
    """Read an API identifier of this prefix; None for anything else, so that wrong and unknown ids look the same."""
    kind, _, digits = text.rpartition("_")
    if kind != prefix or not _HEX.fullmatch(digits):
        return None
    return UUID(int=int(digits, 16))
