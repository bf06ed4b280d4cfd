"""Values of custom fields: checked against the workspace's definitions, and kept as plain JSON."""

import math
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from typing import Final, cast

from core import phone, text
from core.errors import DomainError, Problems
from core.unset import UnsetType
from models import CustomField, FieldKind
from services.contacts.errors import CustomValueInvalid
from services.contacts.terms import Terms

TEXT_LONGEST: Final = 2_000
CHOSEN_MOST: Final = 100
_FIELD: Final = "custom_fields"
_SHOWN: Final = "customFields"
_BIGGEST: Final = 10**15
_REQUIRED: Final = "This custom field is required: give it a value."


def given(custom: object, problems: Problems) -> Mapping[str, object]:
    """Return values by their keys, as they were given; nothing when none were."""
    if custom is None or isinstance(custom, UnsetType):
        return {}
    if isinstance(custom, Mapping):
        return cast("Mapping[str, object]", custom)
    message = "Write an object: the values by the keys of their fields."
    problems.add(message, field=(_FIELD,), code=CustomValueInvalid.code)
    return {}


def checked(terms: Terms, values: Mapping[str, object], problems: Problems) -> Mapping[str, object]:
    """Return given values as they are kept; None takes one away. What is refused is noted."""
    kept: dict[str, object] = {}
    for key, value in values.items():
        field = terms.fields.get(key)
        if field is None:
            message = "There is no custom field with this key: define it first, or see `customFields`."
            problems.add(message, field=(_SHOWN, key), code=CustomValueInvalid.code)
        elif value is None and not field.is_required:
            kept[key] = None
        elif value is None:
            problems.add(_REQUIRED, field=(_SHOWN, key), code=text.Required.code)
        else:
            try:
                kept[key] = _READERS[field.kind](field, value, terms.region)
            except DomainError as error:
                problems.add(error.message, field=(_SHOWN, key), code=CustomValueInvalid.code)
    return kept


def merged(kept: Mapping[str, object], changes: Mapping[str, object]) -> dict[str, object]:
    """Return the values after a change: what is not given stays."""
    return {key: value for key, value in {**kept, **changes}.items() if value is not None}


def require(terms: Terms, values: Mapping[str, object], problems: Problems) -> None:
    """Note the required fields that have no value."""
    for field in terms.fields.values():
        if field.is_required and field.key not in values:
            problems.add(_REQUIRED, field=(_SHOWN, field.key), code=text.Required.code)


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
