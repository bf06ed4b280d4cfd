"""Values of custom fields: checked against the workspace's definitions, and kept as plain JSON."""

from collections.abc import Mapping
from typing import Final, cast

from core import text
from core.errors import DomainError, Problems
from core.unset import UnsetType
from models.custom_value import CustomValueInvalid, stored
from services.contacts.terms import Terms

_FIELD: Final = "custom_fields"
_SHOWN: Final = "customFields"
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
                kept[key] = stored(field, value, terms.region)
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
