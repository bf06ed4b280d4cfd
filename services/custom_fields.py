"""Definitions of custom fields: the key under which contacts keep a value, and what it accepts.

The key and the kind of a field never change, so that values always fit; a field that is not wanted any more is put
away, and its values stay where they are.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from core import clock, text
from core.database import constraint_of
from core.errors import Conflict, DomainError, Invalid, NotFound, Problems
from core.ids import uuid7
from core.unset import UNSET, UnsetType
from models import CustomField, EventType, FieldKind, Permission
from services.transaction import Transaction

LABEL_LONGEST: Final = 100
OPTION_LONGEST: Final = 100
OPTIONS_MOST: Final = 200
MOST: Final = 100
EVER_MOST: Final = 1_000
_KEY: Final = re.compile(r"[a-z][a-z0-9_]{0,49}")
_CHOICES: Final = (FieldKind.SELECT, FieldKind.MULTI_SELECT)
_UNIQUE_KEY: Final = "uq_custom_fields_workspace_id_key"


class FieldUnknown(NotFound):
    """There is no such custom field in this workspace."""


class FieldKeyTaken(Conflict):
    """There is, or was, a custom field with this key."""

    code = "FIELD_KEY_TAKEN"


class FieldKeyInvalid(Invalid):
    """Write a key of up to 50 lower-case letters, digits and _, beginning with a letter."""

    code = "FIELD_KEY_INVALID"


class OptionsInvalid(Invalid):
    """Give 1 to 200 different options to a select field, and none to any other."""

    code = "OPTIONS_INVALID"


class FieldsFull(Conflict):
    """A workspace may have 100 custom fields."""

    code = "LIMIT_REACHED"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldDraft:
    """A new field."""

    key: str
    label: str
    kind: FieldKind
    options: Sequence[str] = ()
    is_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """What is to change of a field; what is not given stays."""

    label: str | UnsetType = UNSET
    options: Sequence[str] | UnsetType = UNSET
    is_required: bool | UnsetType = UNSET


async def create(tx: Transaction, draft: FieldDraft) -> CustomField:
    """Define a field, behind all others.

    Raises:
        Invalid: values are not acceptable; all are told.
        FieldKeyTaken: the key is in use, or was.
        FieldsFull: there are a hundred, or were a thousand.
    """
    tx.require(Permission.FIELDS_WRITE)
    problems = Problems()
    if not _KEY.fullmatch(draft.key):
        problems.extend(FieldKeyInvalid(field=("key",)))
    label, options = _noted(problems, draft.label), _options(problems, draft.kind, draft.options)
    problems.raise_any()
    fields = await _lock_all(tx)
    if len([each for each in fields if each.archived_at is None]) >= MOST:
        raise FieldsFull
    if len(fields) >= EVER_MOST:
        message = f"A workspace may define {EVER_MOST:,} custom fields in its life, archived ones included."
        raise FieldsFull(message)
    field = CustomField(
        id=uuid7(),
        workspace_id=tx.workspace_id,
        key=draft.key,
        label=label,
        kind=draft.kind,
        options=options,
        is_required=draft.is_required,
        position=max((each.position for each in fields), default=0) + 1,
    )
    tx.session.add(field)
    tx.audit("custom_field.create", field)
    try:
        await tx.session.flush()
    except IntegrityError as error:
        if constraint_of(error) == _UNIQUE_KEY:
            raise FieldKeyTaken(field=("key",)) from error
        raise
    tx.publish(EventType.CUSTOM_FIELD_CREATED, field.id)
    return field


async def change(tx: Transaction, field_id: UUID, draft: FieldChange) -> CustomField:
    """Change a field. An option that is taken away stays on the contacts that have it.

    Raises:
        FieldUnknown: there is none.
        Invalid: values are not acceptable; all are told.
    """
    tx.require(Permission.FIELDS_WRITE)
    field = await _locked(tx, field_id)
    problems = Problems()
    if isinstance(draft.label, str):
        field.label = _noted(problems, draft.label)
    if not isinstance(draft.options, UnsetType):
        field.options = _options(problems, field.kind, draft.options)
    if not isinstance(draft.is_required, UnsetType):
        field.is_required = draft.is_required
    problems.raise_any()
    if tx.session.is_modified(field):
        tx.audit("custom_field.update", field)
        await tx.session.flush()
        tx.publish(EventType.CUSTOM_FIELD_UPDATED, field.id)
    return field


async def archive(tx: Transaction, field_id: UUID) -> CustomField:
    """Put a field away: its values stay, and cannot be set any more."""
    tx.require(Permission.FIELDS_WRITE)
    field = await _locked(tx, field_id)
    if field.archived_at is None:
        field.archived_at = clock.now()
        tx.audit("custom_field.archive", field)
        await tx.session.flush()
        tx.publish(EventType.CUSTOM_FIELD_ARCHIVED, field.id)
    return field


def _noted(problems: Problems, label: str) -> str:
    try:
        return text.clean_line(label, field=("label",), most=LABEL_LONGEST)
    except DomainError as error:
        problems.extend(error)
        return label


def _options(problems: Problems, kind: FieldKind, options: Sequence[str]) -> list[str]:
    try:
        clean = [text.clean_line(each, field=("options",), most=OPTION_LONGEST) for each in options[: OPTIONS_MOST + 1]]
    except DomainError as error:
        problems.extend(error)
        return []
    is_fit = 1 <= len(clean) <= OPTIONS_MOST and len(set(clean)) == len(clean) if kind in _CHOICES else not clean
    if not is_fit:
        problems.extend(OptionsInvalid(field=("options",)))
    return clean


async def _lock_all(tx: Transaction) -> Sequence[CustomField]:
    lock = func.pg_advisory_xact_lock(func.hashtextextended(f"custom fields {tx.workspace_id}", 0))
    await tx.session.execute(select(lock))
    statement = select(CustomField).where(CustomField.workspace_id == tx.workspace_id).order_by(CustomField.id)
    return (await tx.session.scalars(statement.limit(EVER_MOST))).all()


async def _locked(tx: Transaction, field_id: UUID) -> CustomField:
    statement = select(CustomField).where(CustomField.workspace_id == tx.workspace_id, CustomField.id == field_id)
    field = await tx.session.scalar(statement.with_for_update())
    if field is None:
        raise FieldUnknown(field=("id",))
    return field
