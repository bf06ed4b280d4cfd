"""What a transaction leaves in the books of its workspace: audit entries and events, numbered without a gap.

One statement locks the row that counts them, chains the entries (`services/audit.py` says how) and adds both. The lock
is held from here to the commit, so this is the last statement of a transaction, and goes out in one write with COMMIT.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

import orjson

from core import clock
from core.database import WriteSession, wire
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
        SELECT $1, act.actor_id, $2, act.ip, act.user_agent, act.request_id, act.id, chain.seq, chain.previous,
            chain.hash, act.action, act.subject, act.subject_id, act.changes::jsonb, act.salt, act.digest
        FROM chain JOIN unnest($5::uuid[], $6::text[], $7::text[], $8::text[], $9::uuid[], $10::text[], $11::text[],
            $12::uuid[], $13::text[], $14::bytea[], $15::bytea[]) WITH ORDINALITY AS act (actor_id, ip, user_agent,
            request_id, id, action, subject, subject_id, changes, salt, digest, place) USING (place)
    ), told AS (
        INSERT INTO events (workspace_id, actor_id, at, seq, type, subject_ids, payload)
        SELECT $1, notice.actor_id, $2, held.event_seq + notice.place, notice.type, notice.subject_ids::uuid[],
            notice.payload::jsonb
        FROM held, unnest($16::uuid[], $17::text[], $18::text[], $19::text[]) WITH ORDINALITY
            AS notice (actor_id, type, subject_ids, payload, place)
    ), counted AS (
        UPDATE workspace_counters AS counter
        SET event_seq = held.event_seq + cardinality($17::text[]), audit_seq = chain.seq, audit_head = chain.hash
        FROM held, chain WHERE counter.workspace_id = $1 AND chain.place = cardinality($4::bytea[])
    )
    SELECT WHERE NOT EXISTS (SELECT FROM held) AND refuse('the workspace lacks the row that counts its entries')
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """An event, before it is numbered."""

    type: EventType
    subject_ids: tuple[UUID, ...]
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What one actor did in a transaction, in its order."""

    actor: Actor
    acts: list[audit.Act] = field(default_factory=list[audit.Act])
    notices: list[Notice] = field(default_factory=list[Notice])


async def write(session: WriteSession, workspace_id: UUID, parts: Sequence[Part]) -> None:
    """Number and add what actors did in a workspace, one after the other, as the transaction's last statement.

    In a workspace that lacks the row which counts them, the commit raises `StatementRefused`, and nothing is stored.
    """
    at = clock.now()
    origins = [part.actor.origin for part in parts for _ in part.acts]
    sealed = [audit.seal(each, part.actor, at) for part in parts for each in part.acts]
    notices = [each for part in parts for each in part.notices]
    values = (
        workspace_id.bytes,
        wire.moment(at),
        audit.beginning(workspace_id),
        wire.byteas([each.rest for each in sealed]),
        wire.uuids([part.actor.user_id for part in parts for _ in part.acts]),
        wire.texts([each.ip for each in origins]),
        wire.texts([each.user_agent for each in origins]),
        wire.texts([each.request_id for each in origins]),
        wire.uuids([each.id for each in sealed]),
        wire.texts([each.act.action for each in sealed]),
        wire.texts([each.act.subject for each in sealed]),
        wire.uuids([each.act.subject_id for each in sealed]),
        wire.texts([each.changes for each in sealed]),
        wire.byteas([each.salt for each in sealed]),
        wire.byteas([each.digest for each in sealed]),
        wire.uuids([part.actor.user_id for part in parts for _ in part.notices]),
        wire.texts([each.type.value for each in notices]),
        wire.texts([f"{{{','.join(map(str, each.subject_ids))}}}" for each in notices]),
        wire.texts([orjson.dumps(audit.plain(each.payload)).decode() for each in notices]),
    )
    await session.pipe(_WRITE, values)
