"""What a workspace says of all its contacts: the country of its phone numbers, and its custom fields."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from sqlalchemy import select

from models import CustomField, WorkspaceSettings
from services.transaction import Transaction

_FIELDS_MOST: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """`region` is of numbers without a country code (ISO 3166); `fields` are those in use, by their keys."""

    region: str
    fields: Mapping[str, CustomField]


async def terms_of(tx: Transaction) -> Terms:
    """Look up the terms: once a transaction, however many contacts it writes."""
    region = select(WorkspaceSettings.phone_region).where(WorkspaceSettings.workspace_id == tx.workspace_id)
    fields = (
        select(CustomField)
        .where(CustomField.workspace_id == tx.workspace_id, CustomField.archived_at.is_(None))
        .order_by(CustomField.position, CustomField.id)
        .limit(_FIELDS_MOST)
    )
    return Terms(
        region=(await tx.session.scalars(region)).one(),
        fields={each.key: each for each in await tx.session.scalars(fields)},
    )
