"""The place of a reader in a workspace's event log, as clients see it: opaque, and of use in its own workspace only."""

import base64
import binascii
import hashlib
import hmac
from typing import Final
from uuid import UUID

from core.errors import Invalid

_SEQ_BYTES: Final = 8
_PART_BYTES: Final = 2
_CHECK_BYTES: Final = 8
_LENGTHS: Final = (22, 24)


class BadCursor(Invalid):
    """This is not a cursor of this workspace: give back one that an event carried, or leave `after` out."""

    code = "BAD_CURSOR"


def encode(workspace_id: UUID, seq: int, told: int = 0) -> str:
    """Write a place as text: behind an event, and behind the first `told` subjects of the next one."""
    place = seq.to_bytes(_SEQ_BYTES, "big") + (told.to_bytes(_PART_BYTES, "big") if told else b"")
    return base64.urlsafe_b64encode(place + _check(workspace_id, place)).rstrip(b"=").decode()


def decode(workspace_id: UUID, text: str) -> int:
    """Read a place: the last event that lies behind it as a whole; raises as `decode_within`."""
    return decode_within(workspace_id, text)[0]


def decode_within(workspace_id: UUID, text: str) -> tuple[int, int]:
    """Read a place: the last event that lies behind it as a whole, and how many subjects of the next one do.

    The check finds mistakes and mix-ups. It is no secret: what a reader may see is decided by the credential.

    Raises:
        BadCursor: the text is damaged, or belongs to another workspace.
    """
    if len(text) not in _LENGTHS or not text.isascii():
        raise BadCursor(field=("after",))
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadCursor(field=("after",)) from None
    place, check = raw[:-_CHECK_BYTES], raw[-_CHECK_BYTES:]
    seq, told = int.from_bytes(place[:_SEQ_BYTES], "big"), int.from_bytes(place[_SEQ_BYTES:], "big")
    # the comparison with the rewritten text refuses spare bits, so that a place has one spelling
    if not hmac.compare_digest(check, _check(workspace_id, place)) or encode(workspace_id, seq, told) != text:
        raise BadCursor(field=("after",))
    return seq, told


def _check(workspace_id: UUID, place: bytes) -> bytes:
    return hashlib.blake2s(place, key=workspace_id.bytes, digest_size=_CHECK_BYTES, person=b"events").digest()
