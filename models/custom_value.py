"""What a custom field keeps of a value: one form for each kind, whoever gives the value and whatever it is for."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Final, cast

from core import phone, text
from core.errors import Invalid
from models.custom_field import CustomField, FieldKind

TEXT_LONGEST: Final = 2_000
CHOSEN_MOST: Final = 100
_FIELD: Final = "custom_fields"
_BIGGEST: Final = 10**15


class CustomValueInvalid(Invalid):
    """This is no value of this custom field."""

    code = "CUSTOM_VALUE_INVALID"


def stored(field: CustomField, value: object, region: str) -> object:
    """Return a value as the field keeps it. `region` is of phone numbers without a country code (ISO 3166).

    Raises:
        Invalid: the field keeps no such value.
    """
    return _READERS[field.kind](field, value, region)


def spellings(field: CustomField, value: object, region: str) -> tuple[object, ...]:
    """Return the forms in which a value that is looked for may have been kept.

    A phone number may have been written with Brazil's ninth digit or without. An option that was taken away is still
    looked for: contacts keep it.

    Raises:
        Invalid: the field keeps no such value.
    """
    match field.kind:
        case FieldKind.PHONE:
            return phone.spellings(_phone(field, value, region))
        case FieldKind.SELECT:
            return (_text(field, value, region),)
        case FieldKind.MULTI_SELECT:
            chosen = _listed(value)
            return (list(dict.fromkeys(_text(field, each, region) for each in chosen)),)
        case _:
            return (stored(field, value, region),)


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
            # always as long, so that texts compare as the moments do
            return moment.astimezone(UTC).isoformat(timespec="microseconds")
    except (ValueError, OverflowError):
        pass
    raise _refuse('Write a moment with its offset: "2026-11-23T14:30:00-03:00".')


def _select(field: CustomField, value: object, region: str) -> str:
    del region
    if not isinstance(value, str) or value not in field.options:
        raise _refuse("Choose one of the field's options.")
    return value


def _multi_select(field: CustomField, value: object, region: str) -> list[str]:
    return list(dict.fromkeys(_select(field, each, region) for each in _listed(value)))


def _listed(value: object) -> list[object]:
    chosen = cast("list[object]", value) if isinstance(value, list) else []
    if not isinstance(value, list) or len(chosen) > CHOSEN_MOST:
        raise _refuse("Write a list of the field's options.")
    return chosen


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
