"""How contacts that are new get into the database: with their addresses and first scores, by one statement for all.

An address that another contact has is left out by the database, and so found by inserting, never by looking first.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy.orm import make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from core.database import ConstraintViolated
from core.ids import uuid7
from models import Contact, LeadScore
from services.contacts.drafting import Address
from services.contacts.errors import OwnerUnknown
from services.transaction import Transaction

OWNER_KEY: Final = "fk_contacts_workspace_id_owner_id"
"""The constraint that keeps contacts from having an owner who is nobody of their workspace."""

_WRITTEN: Final = {
    "id": "uuid",
    "name": "text",
    "named_after": "text",
    "phone": "text",
    "email": "text",
    "avatar_url": "text",
    "company": "text",
    "position": "text",
    "notes": "text",
    "custom": "jsonb",
    "owner_id": "uuid",
    "lead_score": "int",
    "sentiment": "text",
    "last_message_at": "timestamptz",
    "archived_at": "timestamptz",
    "created_by_id": "uuid",
}
_MADE: Final = ("created_at", "updated_at", "is_archived", "name_key", "last_message_key")
_ADD: Final = f"""
    WITH added AS (
        INSERT INTO contacts (workspace_id, {", ".join(_WRITTEN)})
        SELECT $1, given.* FROM unnest({", ".join(f"${n}::{kind}[]" for n, kind in enumerate(_WRITTEN.values(), 2))})
            AS given
        RETURNING id, {", ".join(_MADE)}
    ), named AS (
        INSERT INTO contact_identities (workspace_id, id, contact_id, kind, key, value)
        SELECT $1, given.* FROM unnest($18::uuid[], $19::uuid[], $20::text[], $21::text[], $22::text[])
            AS given (id, contact_id, kind, key, value) ORDER BY given.kind, given.key
        ON CONFLICT (workspace_id, kind, key) DO NOTHING
        RETURNING contact_id, kind, key
    ), scored AS (
        INSERT INTO lead_scores (workspace_id, reasons, id, contact_id, score, recommendation, factors, provider, at)
        SELECT $1, '{{}}', given.* FROM unnest($23::uuid[], $24::uuid[], $25::int[], $26::text[], $27::jsonb[],
            $28::text[], $29::timestamptz[]) AS given
    )
    SELECT added.*, (SELECT count(*) FROM named WHERE named.contact_id = added.id) AS named FROM added
"""  # noqa: S608  (columns of our own)
_TAKE_BACK: Final = "DELETE FROM contacts WHERE workspace_id = $1 AND id = ANY($2::uuid[])"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Newcomer:
    """A contact that is not stored yet, with the addresses that it shall have, its first score, and what the audit log
    says of it.
    """

    contact: Contact
    addresses: Sequence[Address]
    score: LeadScore
    changes: Mapping[str, object]


async def add(tx: Transaction, newcomers: Sequence[Newcomer]) -> Collection[Newcomer]:
    """Store contacts; return those that are left out, because another contact has one of their addresses.

    Raises:
        OwnerUnknown: an owner is nobody of this workspace. Nothing was stored, and nothing else can be.
    """
    await tx.session.flush_waiting()
    try:
        given = (*_contacts(newcomers), *_addresses(newcomers), *_scores(newcomers))
        rows = await tx.session.fetch(_ADD, tx.workspace_id, *given)
    except ConstraintViolated as error:
        if error.constraint == OWNER_KEY:
            raise OwnerUnknown(field=("owner_id",)) from error
        raise
    found = {row["id"]: row for row in rows}
    refused = {each for each in newcomers if found[each.contact.id]["named"] < len(each.addresses)}
    if refused:
        await tx.session.fetch(_TAKE_BACK, tx.workspace_id, [each.contact.id for each in refused])
    for each in newcomers:
        if each not in refused:
            _stored(tx, each.contact, found[each.contact.id])
            tx.audit("contact.create", each.contact, changes=each.changes)
    return refused


def _stored(tx: Transaction, contact: Contact, row: Any) -> None:
    """Let the session know a contact as one that it has read."""
    for name in _WRITTEN:
        set_committed_value(contact, name, getattr(contact, name))
    for name in _MADE:
        set_committed_value(contact, name, row[name])
    make_transient_to_detached(contact)
    tx.session.add(contact)


def _contacts(newcomers: Sequence[Newcomer]) -> list[list[Any]]:
    columns: list[list[Any]] = [[getattr(each.contact, name) for each in newcomers] for name in _WRITTEN]
    custom = list(_WRITTEN).index("custom")
    columns[custom] = [orjson.dumps(each).decode() for each in columns[custom]]
    return columns


def _addresses(newcomers: Sequence[Newcomer]) -> list[list[Any]]:
    pairs = [(each.contact.id, address) for each in newcomers for address in each.addresses]
    return [
        [uuid7() for _ in pairs],
        [contact_id for contact_id, _ in pairs],
        [address.kind.value for _, address in pairs],
        [address.key for _, address in pairs],
        [address.value for _, address in pairs],
    ]


def _scores(newcomers: Sequence[Newcomer]) -> list[list[Any]]:
    scores = [each.score for each in newcomers]
    return [
        [uuid7() for _ in scores],
        [each.contact_id for each in scores],
        [each.score for each in scores],
        [each.recommendation for each in scores],
        [orjson.dumps(each.factors).decode() for each in scores],
        [each.provider for each in scores],
        [each.at for each in scores],
    ]
