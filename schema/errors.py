"""How a mutation tells what it refused: a list of user errors beside its answer."""

from collections.abc import Sequence
from enum import StrEnum
from typing import Self

import strawberry
from strawberry.utils.str_converters import to_camel_case

from core.errors import Problem
from schema.enums import described


class ErrorCode(StrEnum):
    """Stable names of what can be refused."""

    INVALID = "INVALID"
    NOT_FOUND = "NOT_FOUND"
    CONFLICT = "CONFLICT"


_MEANINGS = {
    "INVALID": "A value is not acceptable; the message says what is.",
    "NOT_FOUND": "There is no such thing in this workspace.",
    "CONFLICT": "The stored state does not allow this.",
}

described(ErrorCode, "Why a mutation was refused. New codes may be added: treat an unknown one as INVALID.", _MEANINGS)


@strawberry.type(description="One value, or one act, that was refused. Nothing was changed.")
class UserError:
    code: ErrorCode = strawberry.field(description="The stable name of the reason.")
    message: str = strawberry.field(description="A sentence that says what would be accepted.")
    field: list[str] = strawberry.field(
        description="The path of the refused value inside `input`; empty for the whole."
    )


@strawberry.interface(description="What every mutation answers.")
class MutationPayload:
    user_errors: list[UserError] = strawberry.field(
        default_factory=list, description="What was refused, and why; empty when it was done."
    )

    @classmethod
    def refused(cls, problems: Sequence[Problem]) -> Self:
        """Make the answer to a refused mutation. Payloads that tell more of a conflict override this."""
        return cls(user_errors=[user_error(problem) for problem in problems])


def user_error(problem: Problem) -> UserError:
    """Show one refused value."""
    return UserError(code=ErrorCode(problem.code), message=problem.message, field=_path(problem.field))


def _path(field: Sequence[str]) -> list[str]:
    """Spell a path as the API does. Below `customFields` stand the workspace's own keys, which are left alone."""
    path: list[str] = []
    for each in field:
        path.append(each if "customFields" in path else to_camel_case(each))
    return path
