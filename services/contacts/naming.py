"""What a contact is called. One without a name of its own is called after an address, in a form that gives it not away.

`name` is compared, ordered and searched by everybody, so it never holds a phone number: that is in `named_after`, which
only those see who may read numbers. A given name that is a phone number counts as such an address.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from core import masking, phone
from models import Contact, IdentityKind

_FIRST: Final = (IdentityKind.EXTERNAL, IdentityKind.PHONE, IdentityKind.WHATSAPP_LID, IdentityKind.EMAIL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """What everybody sees, and the address that it was made of; None for a name of the contact's own."""

    shown: str
    after: str | None = None


def own(given: str, region: str) -> Name:
    """Return the name that somebody wrote. Numbers without a country code belong to `region` (ISO 3166)."""
    try:
        found = phone.parse(given, region)
    except phone.PhoneInvalid:
        return Name(shown=given)
    return Name(shown=phone.masked(found.e164), after=found.e164)


def derived(addresses: Iterable[tuple[IdentityKind, str]]) -> Name | None:
    """Return the name after the first of a contact's addresses; None when it has none."""
    first = min(addresses, key=lambda each: _FIRST.index(each[0]), default=None)
    if first is None:
        return None
    kind, value = first
    return Name(shown=value if kind is IdentityKind.EMAIL else masking.address(value), after=value)


def put(contact: Contact, name: Name) -> None:
    """Call a contact by a name."""
    if (contact.name, contact.named_after) != (name.shown, name.after):
        contact.name, contact.named_after = name.shown, name.after
