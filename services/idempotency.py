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
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.dialects.postgresql import insert

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
    fresh: dict[str, Any] = {
        "id": uuid7(),
        "mutation": asked.mutation,
        "fingerprint": asked.fingerprint,
        "answer": {},
        "created_at": now,
        "expires_at": now + KEPT,
    }
    table = shelf.table
    taken = (
        insert(table)
        .values(**shelf.owner, key_hash=asked.key_hash, **fresh)
        .on_conflict_do_update(index_elements=[*shelf.owner, "key_hash"], set_=fresh, where=table.expires_at <= now)
        .returning(table.id)
    )
    if (await shelf.session.execute(taken)).one_or_none() is not None:
        return None
    kept = select(table.mutation, table.fingerprint, table.answer).where(*_place(shelf, asked))
    row = (await shelf.session.execute(kept)).one()
    if row.mutation != asked.mutation or not hmac.compare_digest(row.fingerprint, asked.fingerprint):
        raise IdempotencyKeyReused(field=asked.field)
    return row.answer


async def keep(shelf: Shelf, asked: Asked, answer: Mapping[str, Any]) -> None:
    """Keep what is answered, under the key that this transaction took."""
    statement = update(shelf.table).where(*_place(shelf, asked)).values(answer=dict(answer))
    await shelf.session.execute(statement, execution_options={"synchronize_session": False})


def _place(shelf: Shelf, asked: Asked) -> list[Any]:
    owner = [getattr(shelf.table, name) == value for name, value in shelf.owner.items()]
    return [*owner, shelf.table.key_hash == asked.key_hash]


def _spelled(value: object) -> str:
    """Write what JSON has no form for: moments and days, and ids."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date | UUID):
        return str(value)
    raise TypeError
