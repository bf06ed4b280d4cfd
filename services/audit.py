"""The audit log: what an entry holds, how entries are chained, and how a broken chain is found."""

import hashlib
import hmac
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import cast
from uuid import UUID

import orjson
from sqlalchemy import ColumnElement, func, inspect, select

from core.database import WriteSession
from core.ids import uuid7
from models import AuditEntry, Base, WorkspaceCounter
from services.access import Actor

_BATCH = 1000
_CALENDAR = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
_SALT_BYTES = 16
_ENDLESS = 2**63 - 1
_PLAIN = frozenset({str, int, bool, type(None)})
_HIDDEN = frozenset(
    {"password_hash", "totp_secret", "totp_last_step", "token_hash", "secret", "search_text", "search_document"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One thing done, before it is numbered and chained."""

    action: str
    subject: str
    subject_id: UUID | None
    changes: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """An act as the log keeps it, but for its number. `rest` is the part of its canonical JSON behind the number."""

    act: Act
    id: UUID
    changes: str
    salt: bytes
    digest: bytes
    rest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Chain:
    """What verification found: how many entries hold, and the first that does not."""

    entries: int
    broken_at: int | None = None
    reason: str | None = None


def changed(row: Base) -> dict[str, object]:
    """Return the row's unsaved changes as `{column: {"before", "after"}}`. Call it before the session is flushed."""
    found: dict[str, object] = {}
    state = inspect(row)
    if state.key is None:
        return created({name: state.dict[name] for name in state.mapper.column_attrs.keys() & state.dict.keys()})
    for attribute in state.mapper.column_attrs:
        history = state.attrs[attribute.key].history
        if attribute.key in _HIDDEN or not history.has_changes():
            continue
        before = plain(history.deleted[0]) if history.deleted else None
        after = plain(history.added[0]) if history.added else None
        if before != after:
            found[attribute.key] = {"before": before, "after": after}
    return found


def created(values: Mapping[str, object]) -> dict[str, object]:
    """Return the same of a row that is new, by the values of its columns."""
    given = {name: plain(value) for name, value in values.items() if name not in _HIDDEN}
    return {name: {"before": None, "after": after} for name, after in given.items() if after is not None}


def plain(value: object) -> object:
    """Turn a column's value into JSON that reads back from jsonb unchanged. Numbers with a fraction become text."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is dict:
        return {str(key): plain(each) for key, each in cast("dict[object, object]", value).items()}
    match value:
        case None | bool() | int():
            return value
        case StrEnum():
            return value.value
        case str():
            return value
        case datetime():
            return value.astimezone(UTC).isoformat()
        case bytes():
            return None
        case Mapping():
            return {str(key): plain(each) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case Sequence() | set() | frozenset():
            return [plain(each) for each in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case _:
            return str(value)


def seal(act: Act, actor: Actor, at: datetime) -> Sealed:
    """Write down an act, ready to be chained once its number is known."""
    changes, salt, entry_id = plain(act.changes), os.urandom(_SALT_BYTES), uuid7()
    written = orjson.dumps(changes, option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(salt + written).digest()
    origin = actor.origin
    facts = (
        act.action,
        act.subject,
        act.subject_id,
        actor.user_id,
        at,
        origin.ip,
        origin.user_agent,
        origin.request_id,
    )
    return Sealed(
        act=act,
        id=entry_id,
        changes=written.decode(),
        salt=salt,
        digest=digest,
        rest=_rest(entry_id, *facts, digest),
    )


def beginning(workspace_id: UUID) -> bytes:
    """Return the part of an entry's canonical JSON that stands before its number."""
    return b'["%b",' % str(workspace_id).encode()


def digest_of(changes: object, salt: bytes) -> bytes:
    """SHA-256 over the salt and the canonical JSON of the changes."""
    return hashlib.sha256(salt + orjson.dumps(changes, option=orjson.OPT_SORT_KEYS)).digest()


def hash_of(entry: AuditEntry) -> bytes:
    """SHA-256 over the previous hash and the entry's canonical JSON."""
    facts = (entry.action, entry.subject, entry.subject_id, entry.actor_id, entry.at)
    rest = _rest(entry.id, *facts, entry.ip, entry.user_agent, entry.request_id, entry.digest)
    return hashlib.sha256(entry.previous + beginning(entry.workspace_id) + str(entry.seq).encode() + rest).digest()


def _rest(*facts: object) -> bytes:
    """Return the part of an entry's canonical JSON that stands behind its number."""
    return b"," + orjson.dumps(facts, default=_spelled, option=orjson.OPT_PASSTHROUGH_DATETIME)[1:]


def _spelled(fact: object) -> str:
    match fact:
        case datetime():
            return fact.astimezone(UTC).isoformat(timespec="microseconds")
        case bytes():
            return fact.hex()
        case _:
            return str(fact)


async def verify(session: WriteSession, workspace_id: UUID) -> Chain:
    """Walk a workspace's chain in batches and report the first entry that does not hold.

    Finds a changed byte, a missing or added row, and a cut tail (the counter's row knows the last number and hash).
    """
    counter = await session.scalar(select(WorkspaceCounter).where(WorkspaceCounter.workspace_id == workspace_id))
    if counter is None:
        return Chain(entries=0, broken_at=1, reason="the row that counts the entries is missing")
    first, undated = await _oddities(session, workspace_id)
    if first < 1:
        return Chain(entries=0, broken_at=first, reason=f"entry {first} was added")
    seq, previous, size = 0, b"", _BATCH
    while True:
        here = (AuditEntry.workspace_id == workspace_id, AuditEntry.seq > seq, AuditEntry.seq < undated)
        try:
            batch = await _read(session, *here, size=size)
        except ValueError:  # changes that no reader of JSON takes
            if size == 1:
                return Chain(entries=seq, broken_at=seq + 1, reason=f"the changes of entry {seq + 1} were altered")
            size = 1
            continue
        for entry in batch:
            reason = _fault(entry, seq + 1, previous)
            if reason is not None:
                return Chain(entries=seq, broken_at=seq + 1, reason=reason)
            seq, previous = entry.seq, entry.hash
        if len(batch) < size:
            break
    if undated != _ENDLESS:
        return Chain(entries=seq, broken_at=seq + 1, reason=f"the time of entry {undated} was altered")
    return _ended(seq, seq == counter.audit_seq and hmac.compare_digest(previous, counter.audit_head))


async def _read(session: WriteSession, *here: ColumnElement[bool], size: int) -> Sequence[AuditEntry]:
    return (await session.scalars(select(AuditEntry).where(*here).order_by(AuditEntry.seq).limit(size))).all()


async def _oddities(session: WriteSession, workspace_id: UUID) -> tuple[int, int]:
    """Return the number of the first entry, and that of the first whose time is outside of the calendar: such a row
    cannot even be read.
    """
    odd = func.min(AuditEntry.seq).filter(~AuditEntry.at.between(*_CALENDAR))
    first, undated = func.coalesce(func.min(AuditEntry.seq), 1), func.coalesce(odd, _ENDLESS)
    found = await session.execute(select(first, undated).where(AuditEntry.workspace_id == workspace_id))
    lowest, latest = found.one()
    return lowest, latest


def _ended(seq: int, is_whole: bool) -> Chain:
    if is_whole:
        return Chain(entries=seq)
    return Chain(entries=seq, broken_at=seq + 1, reason="the end of the log is missing, or was added to")


def _fault(entry: AuditEntry, expected: int, previous: bytes) -> str | None:
    if entry.seq != expected:
        return f"entry {expected} is missing"
    if entry.previous != previous:
        return f"entry {expected} does not follow the one before it"
    if not _has_digest(entry):
        return f"the changes of entry {expected} were altered"
    if entry.hash != hash_of(entry):
        return f"entry {expected} was altered"
    return None


def _has_digest(entry: AuditEntry) -> bool:
    try:
        return entry.digest == digest_of(entry.changes, entry.salt)
    except TypeError:  # nested deeper than anything that was ever logged
        return False
