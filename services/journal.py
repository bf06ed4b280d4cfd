"""What a transaction leaves in the books of its workspace: audit entries and events, numbered without a gap.

One statement locks the row that counts them, chains the entries (`services/audit.py` says how) and adds both. The lock
is held from here to the commit, so this is the last statement of a transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import orjson

from core import clock
from core.database import WriteSession
from models import EventType
from services import audit
from services.access import Actor

_WRITE: Final = """
    WITH RECURSIVE held AS (
        SELECT event_seq, audit_seq, audit_head FROM workspace_counters WHERE workspace_id = $1 FOR UPDATE
    ), chain AS (
        SELECT 0 AS place, audit_seq AS seq, ''::bytea AS previous, audit_head AS hash FROM held
        UNION ALL
        SELECT place + 1, seq + 1, hash,
            sha256(hash || $3::bytea || convert_to((seq + 1)::text, 'UTF8') || ($4::bytea[])[place + 1])
        FROM chain WHERE place < cardinality($4::bytea[])
    ), entries AS (
        INSERT INTO audit_entries (workspace_id, actor_id, at, ip, user_agent, request_id, id, seq, previous, hash,
            action, subject, subject_id, changes, salt, digest)
        SELECT $1, $2, $5, $6, $7, $8, act.id, chain.seq, chain.previous, chain.hash,
            act.action, act.subject, act.subject_id, act.changes::jsonb, act.salt, act.digest
        FROM chain JOIN unnest($9::uuid[], $10::text[], $11::text[], $12::uuid[], $13::text[], $14::bytea[],
            $15::bytea[]) WITH ORDINALITY AS act (id, action, subject, subject_id, changes, salt, digest, place)
            USING (place)
    ), told AS (
        INSERT INTO events (workspace_id, actor_id, at, seq, type, subject_ids, payload)
        SELECT $1, $2, $5, held.event_seq + notice.place, notice.type, notice.subject_ids::uuid[],
            notice.payload::jsonb
        FROM held, unnest($16::text[], $17::text[], $18::text[]) WITH ORDINALITY
            AS notice (type, subject_ids, payload, place)
    )
    UPDATE workspace_counters AS counter
    SET event_seq = held.event_seq + cardinality($16::text[]), audit_seq = chain.seq, audit_head = chain.hash
    FROM held, chain WHERE counter.workspace_id = $1 AND chain.place = cardinality($4::bytea[])
    RETURNING counter.event_seq
"""


class CounterMissing(RuntimeError):
    """A workspace lacks the row that counts its events and audit entries: it was never made, or is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """An event, before it is numbered."""

    type: EventType
    subject_ids: tuple[UUID, ...]
    payload: Mapping[str, object]


async def write(session: WriteSession, actor: Actor, acts: Sequence[audit.Act], notices: Sequence[Notice]) -> None:
    """Number and add what an actor did, in its order.

    Raises:
        CounterMissing: the workspace has no counters.
    """
    at, origin = clock.now(), actor.origin
    sealed = [audit.seal(each, actor, at) for each in acts]
    written = await session.fetch(
        _WRITE,
        actor.workspace_id,
        actor.user_id,
        audit.beginning(actor.workspace_id),
        [each.rest for each in sealed],
        at,
        origin.ip,
        origin.user_agent,
        origin.request_id,
        [each.id for each in sealed],
        [each.act.action for each in sealed],
        [each.act.subject for each in sealed],
        [each.act.subject_id for each in sealed],
        [each.changes for each in sealed],
        [each.salt for each in sealed],
        [each.digest for each in sealed],
        [each.type.value for each in notices],
        [f"{{{','.join(map(str, each.subject_ids))}}}" for each in notices],
        [orjson.dumps(audit.plain(each.payload)).decode() for each in notices],
    )
    if not written:
        raise CounterMissing
