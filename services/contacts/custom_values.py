"""Values of custom fields: checked against the workspace's definitions, and kept as plain JSON."""

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Final, cast

from sqlalchemy import select

from core import phone, text
from core.errors import DomainError, Problems
from models import CustomField, FieldKind
from services.contacts.errors import CustomValueInvalid
from services.transaction import Transaction

TEXT_LONGEST: Final = 2_000
CHOSEN_MOST: Final = 100
_FIELD: Final = "custom_fields"
_BIGGEST: Final = 10**15


async def definitions(tx: Transaction) -> Sequence[CustomField]:
    """Return the fields that are in use."""
    statement = (
        select(CustomField)
        .where(CustomField.workspace_id == tx.workspace_id, CustomField.archived_at.is_(None))
        .order_by(CustomField.position, CustomField.id)
        .limit(200)
    )
    return (await tx.session.scalars(statement)).all()


def merged(
    fields: Sequence[CustomField], kept: Mapping[str, object], given: Mapping[str, object], region: str
) -> dict[str, object]:
    """Return the values after a change: what is not given stays, None takes a value away.

    Raises:
        Invalid: a key is unknown, a value does not fit its field, or a required one is missing; all are told.
    """
    problems = Problems()
    known = {each.key: each for each in fields}
    values = dict(kept)
    for key, value in given.items():
        field = known.get(key)
        if field is None:
            message = "There is no custom field with this key: define it first, or see `customFields`."
            problems.add(message, field=("customFields", key), code=CustomValueInvalid.code)
        elif value is None:
            values.pop(key, None)
        else:
            try:
                values[key] = _read(field, value, region)
            except DomainError as error:
                problems.add(error.message, field=("customFields", key), code=CustomValueInvalid.code)
    for field in fields:
        if field.is_required and field.key not in values:
            problems.add("This custom field is required.", field=("customFields", field.key), code="REQUIRED")
    problems.raise_any()
    return values


def _read(field: CustomField, value: object, region: str) -> object:
    return _READERS[field.kind](field, value, region)


def _refuse(message: str) -> CustomValueInvalid:
    return CustomValueInvalid(message, field=(_FIELD,))


def _text(field: CustomField, value: object, region: str) -> str:
    del field, region
    if not isinstance(value, str):
        raise _refuse("Write a text.")
    return text.clean_text(value, field=(_FIELD,), most=TEXT_LONGEST)


def _number(field: CustomField, value: object, region: str) -> int | float:
    del field, region
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _refuse("Write a number.")
    if abs(value) > _BIGGEST:
        raise _refuse("Write a number of up to fifteen digits.")
    return value


def _boolean(field: CustomField, value: object, region: str) -> bool:
    del field, region
    if not isinstance(value, bool):
        raise _refuse("Write true or false.")
    return value


def _date(field: CustomField, value: object, region: str) -> str:
    del field, region
    try:
        if isinstance(value, str) and len(value) == len("2026-11-23"):
            return date.fromisoformat(value).isoformat()
    except ValueError:
        pass
    raise _refuse('Write a day: "2026-11-23".')


def _datetime(field: CustomField, value: object, region: str) -> str:
    del field, region
    try:
        moment = datetime.fromisoformat(value) if isinstance(value, str) else None
        if moment is not None and moment.tzinfo is not None:
            return moment.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):
        pass
    raise _refuse('Write a moment with its offset: "2026-11-23T14:30:00-03:00".')


def _select(field: CustomField, value: object, region: str) -> str:
    del region
    if not isinstance(value, str) or value not in field.options:
        raise _refuse("Choose one of the field's options.")
    return value


def _multi_select(field: CustomField, value: object, region: str) -> list[str]:
    chosen = cast("list[object]", value) if isinstance(value, list) else []
    if not isinstance(value, list) or len(chosen) > CHOSEN_MOST:
        raise _refuse("Write a list of the field's options.")
    return list(dict.fromkeys(_select(field, each, region) for each in chosen))


def _url(field: CustomField, value: object, region: str) -> str:
    return text.url(_text(field, value, region), field=(_FIELD,))


def _email(field: CustomField, value: object, region: str) -> str:
    return text.email(_text(field, value, region), field=(_FIELD,))


def _phone(field: CustomField, value: object, region: str) -> str:
    return phone.parse(_text(field, value, region), region, field=(_FIELD,)).e164


_READERS: Final[Mapping[FieldKind, Callable[[CustomField, object, str], object]]] = {
    FieldKind.TEXT: _text,
    FieldKind.NUMBER: _number,
    FieldKind.BOOLEAN: _boolean,
    FieldKind.DATE: _date,
    FieldKind.DATETIME: _datetime,
    FieldKind.SELECT: _select,
    FieldKind.MULTI_SELECT: _multi_select,
    FieldKind.URL: _url,
    FieldKind.EMAIL: _email,
    FieldKind.PHONE: _phone,
}
