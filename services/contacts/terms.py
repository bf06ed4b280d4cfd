"""What a workspace says of all its contacts: the country of its phone numbers, and its custom fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from models import CustomField
from services.transaction import Transaction

_FIELDS_MOST: Final = 200
_OWN: Final = """
    SELECT phone_region,
        EXISTS (SELECT FROM custom_fields WHERE workspace_id = $1 AND archived_at IS NULL) AS has_fields
    FROM workspace_settings WHERE workspace_id = $1
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`region` is of numbers without a country code (ISO 3166); `fields` are those in use, by their keys."""

    region: str
    fields: Mapping[str, CustomField]


async def terms_of(tx: Transaction) -> Terms:
    """Look up the terms: once a transaction, however many contacts it writes."""
    (own,) = await tx.session.fetch(_OWN, tx.workspace_id)
    if not own["has_fields"]:
        return Terms(region=own["phone_region"], fields={})
    fields = (
        select(CustomField)
        .where(CustomField.workspace_id == tx.workspace_id, CustomField.archived_at.is_(None))
        .order_by(CustomField.position, CustomField.id)
        .limit(_FIELDS_MOST)
    )
    return Terms(region=own["phone_region"], fields={each.key: each for each in await tx.session.scalars(fields)})
