"""What is said of a contact, checked: every value is cleaned, and all that is wrong is told at once."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeVar
from uuid import UUID

from core import phone, text
from core.errors import DomainError, Invalid, Problems
from core.unset import UNSET, UnsetType
from models import Contact, IdentityKind, Sentiment
from services.contacts import custom_values, naming
from services.contacts.errors import OwnerUnknown
from services.contacts.naming import Name
from services.contacts.terms import Terms

T = TypeVar("T")

NAME_LONGEST: Final = 200
COMPANY_LONGEST: Final = 200
NOTES_LONGEST: Final = 10_000
EXTERNAL_LONGEST: Final = 200
BEST_SCORE: Final = 100
NOBODY: Final = UUID(int=0)
"""Stands for an owner that was named by no id of a person: refused as an unknown one is."""


class ScoreInvalid(Invalid):
    """Write a lead score from 0 to 100."""

    code = "LEAD_SCORE_INVALID"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactDraft:
    """What is said; what is not given stays as it is, and None takes a value away."""

    name: str | UnsetType | None = UNSET
    phone: str | UnsetType | None = UNSET
    email: str | UnsetType | None = UNSET
    whatsapp_id: str | UnsetType | None = UNSET
    external_id: str | UnsetType | None = UNSET
    avatar_url: str | UnsetType | None = UNSET
    company: str | UnsetType | None = UNSET
    position: str | UnsetType | None = UNSET
    notes: str | UnsetType | None = UNSET
    custom: object = UNSET
    owner_id: UUID | UnsetType | None = UNSET
    lead_score: int | UnsetType | None = UNSET
    sentiment: Sentiment | UnsetType | None = UNSET


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """An address that names a contact: what is compared, what is shown, and the field that it came from."""

    kind: IdentityKind
    key: str
    value: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Checked:
    """A draft whose values are good: columns to set, the name (None to derive it), addresses to have, kinds of address
    to take away, and changes of custom fields.
    """

    columns: Mapping[str, Any]
    name: Name | UnsetType | None
    addresses: tuple[Address, ...]
    dropped: frozenset[IdentityKind]
    custom: Mapping[str, object]


def check(draft: ContactDraft, terms: Terms, *, is_new: bool = False) -> Checked:
    """Check everything that does not need the database. Of a contact that `is_new`, required custom fields are asked.

    Raises:
        Invalid: values are not acceptable; all are told.
    """
    problems = Problems()

    def taken(value: T | UnsetType | None, clean: Callable[[T], T]) -> T | UnsetType | None:
        if value is None or isinstance(value, UnsetType):
            return value
        try:
            return clean(value)
        except DomainError as error:
            problems.extend(error)
            return UNSET

    name = taken(draft.name, _line("name", NAME_LONGEST))
    columns: dict[str, Any] = {
        "avatar_url": taken(draft.avatar_url, lambda value: text.url(value, field=("avatar_url",))),
        "company": taken(draft.company, _line("company", COMPANY_LONGEST)),
        "position": taken(draft.position, _line("position", COMPANY_LONGEST)),
        "notes": taken(draft.notes, _notes),
        "owner_id": draft.owner_id,
        "lead_score": taken(draft.lead_score, _score),
        "sentiment": draft.sentiment,
    }
    if draft.lead_score is None:
        problems.extend(ScoreInvalid(field=("lead_score",)))
    if draft.owner_id == NOBODY:
        problems.extend(OwnerUnknown(field=("owner_id",)))
    found = [each for each in _addresses(draft, terms.region, problems) if each is not None]
    given = custom_values.given(draft.custom, problems)
    custom = custom_values.checked(terms, given, problems)
    if is_new:
        custom_values.require(terms, given, problems)
    problems.raise_any()
    return Checked(
        columns={name: value for name, value in columns.items() if value is not UNSET},
        name=naming.own(name, terms.region) if isinstance(name, str) else name,
        addresses=tuple({(each.kind, each.key): each for each in reversed(found)}.values())[::-1],
        dropped=frozenset(kind for name, kind in _KINDS.items() if getattr(draft, name) is None),
        custom=custom,
    )


_KINDS: Final[Mapping[str, IdentityKind]] = {
    "phone": IdentityKind.PHONE,
    "email": IdentityKind.EMAIL,
    "whatsapp_id": IdentityKind.WHATSAPP_LID,
    "external_id": IdentityKind.EXTERNAL,
}


def _addresses(draft: ContactDraft, region: str, problems: Problems) -> list[Address | None]:
    readers: Mapping[str, Callable[[str], Address]] = {
        "external_id": _external,
        "phone": lambda value: _phone(value, region),
        "whatsapp_id": _whatsapp,
        "email": _email,
    }

    def read(name: str) -> Address | None:
        value: str | UnsetType | None = getattr(draft, name)
        if not isinstance(value, str):
            return None
        try:
            return readers[name](value)
        except DomainError as error:
            problems.extend(error)
            return None

    return [read(name) for name in readers]


def _phone(value: str, region: str) -> Address:
    found = phone.parse(value, region)
    return Address(kind=IdentityKind.PHONE, key=found.key, value=found.e164, field="phone")


def _whatsapp(value: str) -> Address:
    found = phone.whatsapp(value)
    kind = IdentityKind.PHONE if found.kind is phone.AddressKind.PHONE else IdentityKind.WHATSAPP_LID
    return Address(kind=kind, key=found.key, value=found.value, field="whatsapp_id")


def _email(value: str) -> Address:
    found = text.email(value)
    return Address(kind=IdentityKind.EMAIL, key=found, value=found, field="email")


def _external(value: str) -> Address:
    found = text.clean_line(value, field=("external_id",), most=EXTERNAL_LONGEST)
    return Address(kind=IdentityKind.EXTERNAL, key=found, value=found, field="external_id")


def _line(field: str, most: int) -> Callable[[str], str]:
    return lambda value: text.clean_line(value, field=(field,), most=most)


def _notes(value: str) -> str:
    return text.clean_text(value, field=("notes",), most=NOTES_LONGEST, least=0)


def _score(value: int) -> int:
    if not 0 <= value <= BEST_SCORE:
        raise ScoreInvalid(field=("lead_score",))
    return value


def name_of(checked: Checked) -> Name | None:
    """Return the name of a new contact: as given, or else after its first address."""
    if isinstance(checked.name, Name):
        return checked.name
    return naming.derived((each.kind, each.value) for each in checked.addresses)


def mirrored(addresses: tuple[Address, ...]) -> Mapping[str, str]:
    """Return the main phone and e-mail address among some, by the columns that repeat them, where lists read them."""
    return {name: each.value for each in reversed(addresses) if (name := _MIRRORS.get(each.kind)) is not None}


def mirror(contact: Contact, addresses: tuple[Address, ...], dropped: frozenset[IdentityKind]) -> None:
    """Keep the main phone and e-mail address on the contact itself."""
    gone = {name: None for kind, name in _MIRRORS.items() if kind in dropped}
    for name, value in {**gone, **mirrored(addresses)}.items():
        setattr(contact, name, value)


_MIRRORS: Final[Mapping[IdentityKind, str]] = {IdentityKind.PHONE: "phone", IdentityKind.EMAIL: "email"}
