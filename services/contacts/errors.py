"""What can be refused about contacts."""

from collections.abc import Sequence
from uuid import UUID

from core.errors import Conflict, Invalid, NotFound


class ContactUnknown(NotFound):
    """There is no such contact in this workspace."""


class ContactDuplicate(Conflict):
    """Another contact has this address already: see `duplicateOf`."""

    code = "CONTACT_DUPLICATE"

    def __init__(self, other: UUID | None, field: Sequence[str]) -> None:
        super().__init__(field=field, conflict=other)


class ContactStale(Conflict):
    """The contact was changed meanwhile: load it again, and decide anew."""

    code = "STALE"


class OwnerUnknown(Invalid):
    """The owner is nobody of this workspace: give the id of one of `users`."""

    code = "OWNER_UNKNOWN"


class AddressMissing(Invalid):
    """Give a name, a phone number, an e-mail address, a WhatsApp id or an external id."""

    code = "ADDRESS_MISSING"


class TooMany(Invalid):
    """These are too many at once."""

    code = "TOO_MANY"
