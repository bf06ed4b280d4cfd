"""The errors that a caller can act on. A bug is any other exception.

A leaf class states a fact; its docstring is the default message, its `code` is stable and public. A message never
holds a secret, a phone number or an e-mail address.
"""

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import ClassVar
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One refused value: what it is about (`field`, a path inside the mutation's input) and what would be accepted."""

    code: str
    message: str
    field: tuple[str, ...] = ()
    conflict: UUID | None = None


class DomainError(Exception):
    """The request cannot be carried out."""

    code: ClassVar[str] = "INTERNAL_ERROR"

    def __init__(self, message: str | None = None, *, field: Sequence[str] = (), conflict: UUID | None = None) -> None:
        self.message = message or (type(self).__doc__ or "").strip()
        self.field = tuple(field)
        self.conflict = conflict
        super().__init__(self.message)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """The same facts as data, for a payload's `userErrors`."""
        return (Problem(code=self.code, message=self.message, field=self.field, conflict=self.conflict),)


class Unauthenticated(DomainError):
    """Sign in first: send `Authorization: Bearer <accessToken>`."""

    code = "UNAUTHENTICATED"


class Forbidden(DomainError):
    """Your role does not allow this."""

    code = "FORBIDDEN"


class NotFound(DomainError):
    """There is no such thing in this workspace."""

    code = "NOT_FOUND"


class Conflict(DomainError):
    """The stored state does not allow this."""

    code = "CONFLICT"


class RateLimited(DomainError):
    """Too many requests: wait and try again."""

    code = "RATE_LIMITED"

    def __init__(self, message: str | None = None, *, retry_after: float = 0.0, field: Sequence[str] = ()) -> None:
        self.retry_after = retry_after
        super().__init__(message, field=field)


class Unavailable(DomainError):
    """A part of the service is not available right now: try again."""

    code = "UNAVAILABLE"


class Invalid(DomainError):
    """A value is not acceptable."""

    code = "INVALID"

    def __init__(
        self,
        message: str | None = None,
        *,
        field: Sequence[str] = (),
        others: Sequence[Problem] = (),
        code: str | None = None,
    ) -> None:
        super().__init__(message, field=field)
        self._others, self._code = tuple(others), code or self.code

    @property
    def problems(self) -> tuple[Problem, ...]:
        return self._others or (Problem(code=self._code, message=self.message, field=self.field),)


@contextmanager
def about(*field: str) -> Generator[None]:
    """Say of the one value that is refused inside that it stands below `field`."""
    try:
        yield
    except Invalid as error:
        error.field = (*field, *error.field)
        raise


class Problems:
    """Collects every refused value of one input, so that the caller hears of all at once."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, message: str, *, field: Sequence[str], code: str = "INVALID") -> None:
        """Note one refused value."""
        self._found.append(Problem(code=code, message=message, field=tuple(field)))

    def extend(self, error: DomainError) -> None:
        """Note what a failed part found."""
        self._found.extend(error.problems)

    @contextmanager
    def noting(self) -> Generator[None]:
        """Note what is raised inside, and go on behind it."""
        try:
            yield
        except DomainError as error:
            self.extend(error)

    def raise_any(self) -> None:
        """Raise one `Invalid` with all that was noted; do nothing when nothing was."""
        if self._found:
            raise Invalid(self._found[0].message, field=self._found[0].field, others=self._found)
