"""The value of an input field that the caller left out, which is not the same as null."""

from enum import Enum
from typing import Final, TypeAlias


class Unset(Enum):
    """A field that was not given: leave what is stored as it is."""

    UNSET = "unset"

    def __bool__(self) -> bool:
        return False


UNSET: Final = Unset.UNSET
UnsetType: TypeAlias = Unset
