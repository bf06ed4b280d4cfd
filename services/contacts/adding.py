"""How contacts that are new get into the database: with their addresses and first scores, by one statement for all.

An address that another contact has is left out by the database, and so found by inserting, never by looking first.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson
from sqlalchemy.orm import make_transient_to_detached

from core import clock
from core.database import ConstraintViolated, StatementRefused
from core.ids import uuid7
from models import Contact
from services.contacts.drafting import Address
from services.contacts.errors import OwnerUnknown
from services.leads import FirstScore
from services.transaction import GroupTransaction, Transaction

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
_NOTHING: Final = dict.fromkeys(_WRITTEN)
_CUSTOM: Final = list(_WRITTEN).index("custom")
_MADE: Final = ("created_at", "updated_at", "is_archived", "name_key", "last_message_key")
_TAKEN: Final = "an address belongs to another contact"
_INSERTS: Final = f"""
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
        RETURNING id
    ), scored AS (
        INSERT INTO lead_scores (workspace_id, reasons, id, contact_id, score, recommendation, factors, provider, at)
        SELECT $1, '{{}}', given.* FROM unnest($23::uuid[], $24::uuid[], $25::int[], $26::text[], $27::jsonb[],
            $28::text[], $29::timestamptz[]) AS given
    )
"""  # noqa: S608  (columns of our own)
_ADD: Final = f"""
    {_INSERTS} SELECT added.*, added.id IN (
        SELECT given.contact_id FROM unnest($18::uuid[], $19::uuid[]) AS given (id, contact_id)
        WHERE given.id NOT IN (SELECT id FROM named)
    ) AS is_refused FROM added
"""  # noqa: S608  (as above)
_ADD_LAST: Final = f"""
    {_INSERTS} SELECT * FROM added WHERE (SELECT count(*) FROM named) = cardinality($18::uuid[]) OR refuse('{_TAKEN}')
"""  # noqa: S608  (as above)
_TAKE_BACK: Final = "DELETE FROM contacts WHERE workspace_id = $1 AND id = ANY($2::uuid[])"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Newcomer:
    """A contact that is not stored yet, with the addresses that it shall have, its first score, and what the audit log
    says of it.
    """

    contact: Contact
    addresses: Sequence[Address]
    score: FirstScore
    changes: Mapping[str, object]


def unstored(values: Mapping[str, Any]) -> Contact:
    """Make a contact of the values of its columns, as it will be once it is stored: nothing waits to be written."""
    contact = Contact()
    vars(contact).update(_NOTHING, **values)
    return contact


class AddressTaken(Exception):
    """Another contact has one of the addresses."""


async def add_last(group: GroupTransaction, newcomer: Newcomer) -> None:
    """Store a contact and conclude the transaction, or store nothing at all.

    Raises:
        AddressTaken: another contact has one of its addresses.
        OwnerUnknown: its owner is nobody of this workspace.
    """
    try:
        (row,) = await group.conclude(_ADD_LAST, group.workspace_id, *_given([newcomer]))
    except StatementRefused as error:
        if error.reason == _TAKEN:
            raise AddressTaken from error
        raise
    except ConstraintViolated as error:
        raise _translated(error) from error
    _complete(newcomer.contact, row)


async def add(tx: Transaction | GroupTransaction, newcomers: Sequence[Newcomer]) -> Collection[Newcomer]:
    """Store contacts; return those that are left out, because another contact has one of their addresses.

    Raises:
        OwnerUnknown: an owner is nobody of this workspace. Nothing was stored, and nothing else can be.
    """
    await tx.session.flush_waiting()
    try:
        rows = await tx.session.fetch(_ADD, tx.workspace_id, *_given(newcomers))
    except ConstraintViolated as error:
        raise _translated(error) from error
    found = {row["id"]: row for row in rows}
    refused = {each for each in newcomers if found[each.contact.id]["is_refused"]}
    if refused:
        await tx.session.fetch(_TAKE_BACK, tx.workspace_id, [each.contact.id for each in refused])
    for each in newcomers:
        _complete(each.contact, found[each.contact.id])
    return refused


def keep(tx: Transaction, newcomer: Newcomer) -> Contact:
    """Log a contact that was stored, and let the session know it as one that it has read."""
    contact = newcomer.contact
    make_transient_to_detached(contact)
    tx.session.add(contact)
    tx.audit("contact.create", contact, changes=newcomer.changes)
    return contact


def _complete(contact: Contact, row: Any) -> None:
    """Let a contact have what the database made for it."""
    vars(contact).update({name: row[name] for name in _MADE})


def _translated(error: ConstraintViolated) -> Exception:
    return OwnerUnknown(field=("owner_id",)) if error.constraint == OWNER_KEY else error


def _given(newcomers: Sequence[Newcomer]) -> Sequence[list[Any]]:
    return (*_contacts(newcomers), *_addresses(newcomers), *_scores(newcomers))


def _contacts(newcomers: Sequence[Newcomer]) -> list[list[Any]]:
    rows = [vars(each.contact) for each in newcomers]
    columns: list[list[Any]] = [[row[name] for row in rows] for name in _WRITTEN]
    columns[_CUSTOM] = [orjson.dumps(each).decode() for each in columns[_CUSTOM]]
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
        [each.contact.id for each in newcomers],
        [each.score for each in scores],
        [each.recommendation for each in scores],
        [each.factors for each in scores],
        [each.provider for each in scores],
        [clock.now()] * len(scores),
    ]
