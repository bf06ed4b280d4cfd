"""What those see who may not read phone numbers: numbers and addresses of which most is hidden."""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from core import phone, text

_NUMBER: Final = re.compile(r"\+\d{6,15}", re.ASCII)


def address(value: str) -> str:
    """Hide most of an address, whatever sort it is."""
    return phone.masked(value) if value.startswith("+") else text.masked(value)


def number(value: str) -> str:
    """Hide most of a text that is a phone number in E.164; return any other as it is."""
    return phone.masked(value) if _NUMBER.fullmatch(value) else value


def numbers(value: object) -> object:
    """Hide most of every phone number in E.164 among the values of a JSON document, however deep."""
    match value:
        case str():
            return number(value)
        case Mapping():
            return {key: numbers(each) for key, each in value.items()}  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case Sequence():
            return [numbers(each) for each in value]  # pyright: ignore[reportUnknownVariableType, reportUnknownArgumentType]
        case _:
            return value
