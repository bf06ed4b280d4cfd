"""What a workspace says of all its contacts: the country of its phone numbers, and its custom fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from models import CustomField, FieldKind
from services.transaction import GroupTransaction, Transaction

_FIELDS_MOST: Final = 200
_KNOWN: Final = 4_096
_FOUND: Final = """
    SELECT own.phone_region, field.key, field.kind, field.options, field.is_required
    FROM workspace_settings AS own
    LEFT JOIN custom_fields AS field ON field.workspace_id = own.workspace_id AND field.archived_at IS NULL
    WHERE own.workspace_id = $1
    ORDER BY field.position, field.id
    LIMIT $2
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`region` is of numbers without a country code (ISO 3166); `fields` are those in use, by their keys."""

    region: str
    fields: Mapping[str, CustomField]


async def terms_of(tx: Transaction | GroupTransaction) -> Terms:
    """Look up the terms: once a transaction, however many contacts it writes."""
    rows = await tx.session.fetch(_FOUND, tx.workspace_id, _FIELDS_MOST)
    fields = [_field(key, kind, tuple(options), is_required) for _, key, kind, options, is_required in rows if key]
    return Terms(region=rows[0]["phone_region"], fields={each.key: each for each in fields})


@lru_cache(_KNOWN)
def _field(key: str, kind: str, options: tuple[str, ...], is_required: bool) -> CustomField:
    """Make what values are checked against: a row of no session, the same for whoever has such a field."""
    return CustomField(key=key, kind=FieldKind(kind), options=list(options), is_required=is_required)
