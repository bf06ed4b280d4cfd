"""Doing a thing once however often it is asked: a client's key, and the answer that was given under it.

The key's row is written by the mutation's own transaction. What was rolled back leaves no key, and what was committed
always has one, so that no crash in between makes it happen twice. The unique index lets a twin wait for the first, as
long as anything may wait for a lock, and then read its row.
"""

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Any, Final
from uuid import UUID

import orjson

from core import clock
from core.database import WriteSession
from core.errors import Conflict, Invalid
from core.ids import uuid7
from models import IdempotencyKey, PersonalIdempotencyKey
from services.transaction import SystemTransaction, Transaction

KEPT: Final = timedelta(hours=24)
LONGEST: Final = 200


class IdempotencyKeyInvalid(Invalid):
    """Write a key of 1 to 200 printable ASCII characters."""

    code = "IDEMPOTENCY_KEY_INVALID"


class IdempotencyKeyReused(Conflict):
    """This key was used for something else in the last 24 hours: take a new one for each thing that is to be done."""

    code = "IDEMPOTENCY_KEY_REUSED"


class Gone(Conflict):
    """This was done under this key before, and what it made is gone by now: take a new key to do it again."""

    code = "GONE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """One thing that is asked for under a key: which mutation, and the fingerprint of its input.

    `field` is where in the input the key stands; empty for one that came beside the input.
    """

    mutation: str
    key_hash: bytes
    fingerprint: bytes
    field: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """Where the keys of whoever asks are kept."""

    session: WriteSession
    table: type[IdempotencyKey | PersonalIdempotencyKey]
    owner: Mapping[str, UUID]


def in_workspace(tx: Transaction, user_id: UUID) -> Shelf:
    """Return the keys of a member, for what they do in the transaction's workspace."""
    owner = {"workspace_id": tx.workspace_id, "user_id": user_id}
    return Shelf(session=tx.session, table=IdempotencyKey, owner=owner)


def of_person(tx: SystemTransaction, user_id: UUID) -> Shelf:
    """Return the keys of a person, for what they do outside of any workspace."""
    return Shelf(session=tx.session, table=PersonalIdempotencyKey, owner={"user_id": user_id})


def asked(
    key: str, mutation: str, input: Mapping[str, Any], *, field: tuple[str, ...] = (), part: str | None = None
) -> Asked:
    """Check a key, and write down what is asked for under it. `part` names one of several mutations with one key.

    The fingerprint is keyed by the key, which is not kept: nobody can try inputs against the table.

    Raises:
        IdempotencyKeyInvalid: the key is empty, too long, or holds what cannot be printed.
    """
    if not 0 < len(key) <= LONGEST or not (key.isascii() and key.isprintable()):
        raise IdempotencyKeyInvalid(field=field)
    whole = key.encode() if part is None else f"{key}\n{part}".encode()
    canonical = json.dumps(input, sort_keys=True, separators=(",", ":"), default=_spelled)
    return Asked(
        mutation=mutation,
        key_hash=hashlib.sha256(whole).digest(),
        fingerprint=hmac.digest(whole, canonical.encode(), "sha256"),
        field=field,
    )


async def claim(shelf: Shelf, asked: Asked) -> Mapping[str, Any] | None:
    """Take a key as a transaction's first act; return the answer that was given under it, or None when it is new.

    Waits for a transaction that has just taken the same key. A key that has run out is as good as new.

    Raises:
        IdempotencyKeyReused: it was taken for another mutation, or another input.
    """
    now = clock.now()
    claim, kept, _ = _statements(shelf.table.__tablename__, tuple(shelf.owner))
    place = (asked.key_hash, *shelf.owner.values())
    fresh = (uuid7(), asked.mutation, asked.fingerprint, now, now + KEPT)
    if await shelf.session.fetch(claim, *place, *fresh):
        return None
    (row,) = await shelf.session.fetch(kept, *place)
    if row["mutation"] != asked.mutation or not hmac.compare_digest(row["fingerprint"], asked.fingerprint):
        raise IdempotencyKeyReused(field=asked.field)
    return row["answer"]


async def keep(shelf: Shelf, asked: Asked, answer: Mapping[str, Any]) -> None:
    """Keep what is answered, under the key that this transaction took."""
    *_, keep = _statements(shelf.table.__tablename__, tuple(shelf.owner))
    await shelf.session.fetch(keep, asked.key_hash, *shelf.owner.values(), orjson.dumps(answer).decode())


@cache
def _statements(table: str, owner: tuple[str, ...]) -> tuple[str, str, str]:
    """Return what takes a key, what reads it, and what keeps an answer under it. The key's place comes first."""
    places = ("key_hash", *owner)
    count = len(places)
    fresh = ("id", "mutation", "fingerprint", "created_at", "expires_at")
    columns = (*places, *fresh)
    here = " AND ".join(f"{name} = ${place}" for place, name in enumerate(places, 1))
    claim = f"""
        INSERT INTO {table} AS kept ({", ".join(columns)}, answer)
        VALUES ({", ".join(f"${place}" for place in range(1, len(columns) + 1))}, '{{}}')
        ON CONFLICT ({", ".join((*owner, "key_hash"))}) DO UPDATE
        SET answer = excluded.answer, {", ".join(f"{name} = excluded.{name}" for name in fresh)}
        WHERE kept.expires_at <= excluded.created_at
        RETURNING id
    """  # noqa: S608  (names of our own)
    return (
        claim,
        f"SELECT mutation, fingerprint, answer FROM {table} WHERE {here}",  # noqa: S608  (names of our own)
        f"UPDATE {table} SET answer = ${count + 1}::jsonb WHERE {here}",  # noqa: S608  (names of our own)
    )


def _spelled(value: object) -> str:
    """Write what JSON has no form for: moments and days, and ids."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date | UUID):
        return str(value)
    raise TypeError
