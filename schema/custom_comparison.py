"""Comparisons of custom fields: an operand is read as its field keeps values, and refused if it is none of them."""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final, TypeAlias, cast

from strawberry import UNSET

import models
from core import phone
from core.errors import Invalid, about
from graph import Context
from graph.comparing import BadFilter, spelled
from graph.json_values import OPERATORS, AnyOf, JsonFilter
from models import FieldKind, Permission
from models.custom_value import spellings
from schema.custom_field import CustomField
from schema.setting import WorkspaceSettings

_ORDER: Final = ("gt", "gte", "lt", "lte")
_ORDERED: Final = (FieldKind.NUMBER, FieldKind.DATE, FieldKind.DATETIME)
_WHOLE: Final = (*_ORDERED, FieldKind.BOOLEAN)
_WANTED: Final[Mapping[FieldKind, str]] = {
    FieldKind.TEXT: "a text that is not empty",
    FieldKind.NUMBER: "a number of up to fifteen digits, such as 12.5",
    FieldKind.BOOLEAN: "true or false",
    FieldKind.DATE: 'a day, such as "2026-11-23"',
    FieldKind.DATETIME: 'a moment with its offset, such as "2026-11-23T14:30:00-03:00"',
    FieldKind.SELECT: "the text of one option",
    FieldKind.MULTI_SELECT: 'a list of options, such as ["a", "b"], or ask whether it `contains` one',
    FieldKind.URL: 'a web address, such as "https://example.com"',
    FieldKind.EMAIL: 'an e-mail address, such as "ana@example.com"',
    FieldKind.PHONE: 'a phone number with its area code, such as "(11) 98765-4321"',
}


Comparing: TypeAlias = Callable[[Iterable[JsonFilter]], list[JsonFilter]]


async def comparing(
    asked: Iterable[JsonFilter], context: Context
) -> Callable[[Iterable[JsonFilter]], list[JsonFilter]]:
    """Look up the fields that are compared, and return what turns the operands of a filter's comparisons into stored
    values; that raises `BadFilter` for an operand that its field cannot hold, and for a key of no field.

    Fields that were put away can be compared: their values are still there.

    Raises:
        Forbidden: a field holds phone numbers, and the actor may not read them.
    """
    keys = list(dict.fromkeys(each.key for each in asked))
    found = await asyncio.gather(*(context.find(CustomField.source, models.CustomField.key, key) for key in keys))
    fields: dict[str, models.CustomField] = {each.key: each for each in found if each is not None}
    region = ""
    if any(each.kind is FieldKind.PHONE for each in fields.values()):
        context.require(Permission.PHONES_READ)
        region = await _region(context)

    def one(asked: JsonFilter) -> JsonFilter:
        field = fields.get(asked.key)
        if field is None:
            message = f'There is no custom field "{asked.key}": see `customFields` for the keys.'
            raise BadFilter(message, field=("key",))
        return _Comparison(field=field, region=region).of(asked)

    def stored(asked: Iterable[JsonFilter]) -> list[JsonFilter]:
        found: list[JsonFilter] = []
        for place, each in enumerate(asked):
            with about("customFields", str(place)):
                found.append(one(each))
        return found

    return stored


async def _region(context: Context) -> str:
    """The country of numbers without a country code."""
    source, column = WorkspaceSettings.source, models.WorkspaceSettings.workspace_id
    settings: models.WorkspaceSettings = await context.find(source, column, context.actor.workspace_id)
    return settings.phone_region


@dataclass(frozen=True, slots=True, kw_only=True)
class _Comparison:
    field: models.CustomField
    region: str

    def of(self, asked: JsonFilter) -> JsonFilter:
        """Return a comparison with its operands as the field keeps them; null has one meaning for all kinds."""
        given = {name: getattr(asked, name) for name in OPERATORS if name != "is_null"}
        operands = {name: each for name, each in given.items() if each is not UNSET and each is not None}
        return replace(asked, **{name: self._operand(name, each) for name, each in operands.items()})

    def _operand(self, name: str, operand: Any) -> Any:
        with about(spelled(name)):
            return self._stored(name, operand)

    def _stored(self, name: str, operand: Any) -> Any:
        if name in _ORDER and self.field.kind not in _ORDERED:
            message = f'The custom field "{self.field.key}" has no order: only numbers, days and moments do.'
            raise BadFilter(message)
        if name == "contains":
            return self._part(operand)
        return [self._value(each) for each in operand] if name == "in_" else self._value(operand)

    def _value(self, operand: object) -> object:
        try:
            forms = spellings(self.field, operand, self.region)
        except Invalid:
            message = f'Compare the custom field "{self.field.key}" with {_WANTED[self.field.kind]}.'
            raise BadFilter(message) from None
        return forms[0] if len(forms) == 1 else AnyOf(forms)

    def _part(self, operand: str) -> object:
        """Return what a value is to hold. Of a phone number only the digits count."""
        if self.field.kind in _WHOLE:
            message = f'The custom field "{self.field.key}" holds no text: `contains` is for texts and lists.'
            raise BadFilter(message)
        if self.field.kind is not FieldKind.PHONE:
            return operand
        digits = "".join(each for each in operand if each in "+0123456789")
        if not digits:
            message = f'Compare the custom field "{self.field.key}" with digits of a phone number, such as "98765".'
            raise BadFilter(message)
        return AnyOf(cast("tuple[object, ...]", tuple(phone.search_forms(operand)) or (digits,)))
