"""The place of a reader in a workspace's event log, as clients see it: opaque, and of use in its own workspace only."""

import base64
import binascii
import hashlib
import hmac
from typing import Final
from uuid import UUID

from core.errors import Invalid

_SEQ_BYTES: Final = 8
_CHECK_BYTES: Final = 8
_LENGTH: Final = 22


class BadCursor(Invalid):
    """This is not a cursor of this workspace: give back one that an event carried, or leave `after` out."""

    code = "BAD_CURSOR"


def encode(workspace_id: UUID, seq: int) -> str:
    """Write a place as text."""
    place = seq.to_bytes(_SEQ_BYTES, "big")
    return base64.urlsafe_b64encode(place + _check(workspace_id, place)).rstrip(b"=").decode()


def decode(workspace_id: UUID, text: str) -> int:
    """Read a place.

    The check finds mistakes and mix-ups. It is no secret: what a reader may see is decided by the credential.

    Raises:
        BadCursor: the text is damaged, or belongs to another workspace.
    """
    if len(text) != _LENGTH or not text.isascii():
        raise BadCursor(field=("after",))
    try:
        raw = base64.b64decode(text + "==", altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise BadCursor(field=("after",)) from None
    place, check = raw[:_SEQ_BYTES], raw[_SEQ_BYTES:]
    seq = int.from_bytes(place, "big")
    # the comparison with the rewritten text refuses spare bits, so that a place has one spelling
    if not hmac.compare_digest(check, _check(workspace_id, place)) or encode(workspace_id, seq) != text:
        raise BadCursor(field=("after",))
    return seq


def _check(workspace_id: UUID, place: bytes) -> bytes:
    return hashlib.blake2s(place, key=workspace_id.bytes, digest_size=_CHECK_BYTES, person=b"events").digest()
