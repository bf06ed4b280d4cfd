"""Two workspaces with twin rows, nulls wherever they may be, and people of several rights in each."""

import random
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa

import models
from core.database import Database
from core.ground import Ground
from core.ids import encode, uuid7
from models import (
    AuditEntry,
    Base,
    Contact,
    CreditKind,
    Feature,
    FieldKind,
    IdentityKind,
    Outcome,
    Permission,
    Role,
    RoutingStrategy,
    Sentiment,
    SuggestionState,
)
from services.access import Identity
from tests.equivalence.values import Known
from tests.fixtures.tenants import Tenant, found_tenant, join, make_user, sign_in

MARKS: Final = ("aurora", "boreal")
MOMENT: Final = datetime(2026, 11, 23, 12, 0, 0, 123456, tzinfo=UTC)
CONTACTS: Final = 14
_HEX = re.compile("[0-9a-f]{32}")
_TABLES: Final = {
    "contact": Contact, "label": models.Label, "field": models.CustomField, "identity": models.ContactIdentity,
    "member": models.WorkspaceMember, "invite": models.WorkspaceInvite, "audit": AuditEntry, "credit": models.CreditEntry,
    "airequest": models.AiUsage, "suggestion": models.Suggestion, "prompt": models.PromptTemplate,
    "persona": models.CustomPersona,
}  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """One of the two workspaces: who acts there, what is stored, and what may never appear in the other's answers."""

    mark: str
    tenant: Tenant
    people: Mapping[str, Identity]
    rows: frozenset[str]
    known: Known = field(default_factory=Known)

    def shows(self, text: str) -> list[str]:
        """Return what of this workspace stands in a text."""
        found = [each for each in _HEX.findall(text) if each in self.rows]
        return found + ([self.mark] if self.mark in text else [])


async def furnish(ground: Ground) -> tuple[House, House]:
    """Make both workspaces; each knows ids of the other, as strange ones."""
    first, second = [await _house(ground, mark) for mark in MARKS]
    return _beside(first, second), _beside(second, first)


def _beside(house: House, other: House) -> House:
    strange = [ids[0] for ids in other.known.ids.values()]
    return replace(house, known=replace(house.known, strange=strange))


async def _house(ground: Ground, mark: str) -> House:
    tenant = await found_tenant(ground)
    people = {"owner": tenant.owner, "member": await join(ground, tenant, Role.MEMBER)}
    people["viewer"] = await join(ground, tenant, Role.VIEWER)
    people["curtailed"] = await join(ground, tenant, Role.ADMIN)
    furniture = _Furniture(tenant, mark, [each for actor in people.values() if (each := actor.user_id)])
    async with ground.database.system() as session:
        await session.execute(
            sa.update(models.Workspace).where(models.Workspace.id == tenant.workspace_id).values(name=f"Padaria {mark}")
        )
        for rows in furniture.waves():
            session.add_all(rows)
            await session.flush()
        await session.execute(
            sa.update(models.WorkspaceMember)
            .where(models.WorkspaceMember.user_id == people["curtailed"].user_id)
            .values(granted=["audit:read", "gone:once"], revoked=["phones:read"], invited_by_id=tenant.owner.user_id)
        )
    identities = {name: await sign_in(ground, actor) for name, actor in people.items()}
    return House(
        mark=mark,
        tenant=tenant,
        people={name: limited(identity, name) for name, identity in identities.items()},
        rows=await _everything(ground.database, tenant),
        known=Known(ids=await _ids(ground.database, tenant)),
    )


def limited(identity: Identity, name: str) -> Identity:
    """Take from the one who is curtailed what masks and refuses."""
    if name != "curtailed":
        return identity
    return without(identity, {Permission.PHONES_READ, Permission.LABELS_READ, Permission.AUDIT_READ})


def without(identity: Identity, lost: Iterable[Permission]) -> Identity:
    """Return somebody who lost some rights."""
    actor = identity.working
    return replace(identity, actor=replace(actor, permissions=actor.permissions - frozenset(lost)))


async def _everything(database: Database, tenant: Tenant) -> frozenset[str]:
    """Return all ids of a workspace."""
    found: set[str] = {tenant.workspace_id.hex}
    async with database.read(tenant.workspace_id) as session:
        for table in Base.metadata.sorted_tables:
            if "workspace_id" in table.c and not table.c.workspace_id.nullable and "id" in table.c:
                found |= {each.hex for each in await session.scalars(sa.select(table.c.id)) if isinstance(each, UUID)}
        found |= {each.hex for each in await session.scalars(sa.select(models.User.id))}
    return frozenset(found)


async def _ids(database: Database, tenant: Tenant) -> Mapping[str, Sequence[str]]:
    found: dict[str, Sequence[str]] = {"workspace": [encode("workspace", tenant.workspace_id)]}
    async with database.read(tenant.workspace_id) as session:
        for prefix, model in (*_TABLES.items(), ("user", models.User)):
            ids = await session.scalars(sa.select(model.id).order_by(model.id))
            found[prefix] = [encode(prefix, each) for each in ids]
    return found


class _Furniture:
    """The rows of one workspace: the same for the same seed but for their ids and the mark."""

    def __init__(self, tenant: Tenant, mark: str, people: Sequence[UUID]) -> None:
        self._chance = random.Random(5)  # noqa: S311
        self._workspace = tenant.workspace_id
        self._mark = mark
        self._people = list(people)
        self._gone = make_user()
        self._contacts = [uuid7() for _ in range(CONTACTS)]
        self._labels = [uuid7() for _ in range(5)]

    def waves(self) -> Iterable[list[Any]]:
        """Yield rows in the order in which they can be stored."""
        yield [self._gone]
        yield [*self._the_labels(), *self._the_fields(), *self._the_contacts()]
        yield [*self._attached(), *self._addresses(), *self._scores()]
        yield [*self._invites(), *self._acts(), *self._credits(), *self._requests()]
        yield [*self._suggestions(), *self._templates(), *self._personas()]

    def _may(self, value: Any, percent: int = 60) -> Any:
        """The value, or nothing."""
        return value if self._chance.random() * 100 < percent else None

    def _text(self, word: str) -> str:
        return f"{word} {self._mark}"

    def _person(self) -> UUID | None:
        return self._may(self._chance.choice([*self._people, self._gone.id]), 80)

    def _later(self, number: int) -> datetime:
        """Moments with ties."""
        return MOMENT + timedelta(seconds=number // 2)

    def _the_labels(self) -> Iterable[Any]:
        for position, (own, name) in enumerate(zip(self._labels, ("Frio", "Quente", "Álcool", "%", "_x"), strict=True)):
            yield models.Label(
                id=own, workspace_id=self._workspace, name=self._text(name), color="#112233", position=position // 2,
                description=self._may(self._text("para")), created_at=self._later(position),
            )  # fmt: skip

    def _the_fields(self) -> Iterable[Any]:
        for position, kind in enumerate(FieldKind):
            options = ["a", "b", 'c"ç'] if kind in (FieldKind.SELECT, FieldKind.MULTI_SELECT) else []
            yield models.CustomField(
                workspace_id=self._workspace, key=f"campo_{kind.value}", label=self._text("Campo"), kind=kind,
                options=options, position=position // 2, is_required=position % 3 == 0,
                archived_at=self._may(MOMENT, 30),
            )  # fmt: skip

    def _the_contacts(self) -> Iterable[Any]:
        names = ("Ana", "João", "Zoë", 'O"Neil\\', "100%", "a_b", "🙂 Ω", "<b>&amp;", "Ana")
        for number, own in enumerate(self._contacts):
            named_after = self._may("+5511987654321", 15)
            yield Contact(
                id=own, workspace_id=self._workspace, named_after=named_after,
                name="+55 ** *****-**21" if named_after else self._text(names[number % len(names)]),
                phone=self._may(f"+55119876543{number:02}"), email=self._may(f"ana{number}@{self._mark}.example"),
                avatar_url=self._may("https://example.com/a.png"), company=self._may(self._text("Padaria")),
                position=self._may("sócia"), notes=self._may(self._text("linha\nlinha\u2028\ttab")),
                custom=self._custom(number), owner_id=self._may(self._chance.choice(self._people)),
                lead_score=self._chance.choice((0, 50, 50, 100)), sentiment=self._may(self._chance.choice(list(Sentiment))),
                last_message_at=self._may(self._later(number)), archived_at=self._may(MOMENT, 25),
                created_by_id=self._person(), created_at=self._later(number), updated_at=self._later(CONTACTS - number),
            )  # fmt: skip

    def _custom(self, number: int) -> dict[str, Any]:
        if number % 4 == 0:
            return {}
        return {
            "campo_text": self._text("São Paulo"), "campo_number": 12.5 if number % 2 else 3,
            "campo_phone": f"+55119876543{number:02}", "campo_boolean": number % 2 == 0, "campo_multi_select": ["a"],
            "other": {"b": [1, None, {"z": 1e3, "a": "é"}]},
        }  # fmt: skip

    def _attached(self) -> Iterable[Any]:
        for contact in self._contacts:
            for label in self._chance.sample(self._labels, self._chance.choice((0, 1, 2, 3, 5))):
                yield models.ContactLabel(
                    workspace_id=self._workspace, contact_id=contact, label_id=label, assigned_by_id=self._person()
                )

    def _addresses(self) -> Iterable[Any]:
        for number, contact in enumerate(self._contacts):
            for kind in self._chance.sample(list(IdentityKind), self._chance.choice((0, 1, 3))):
                phone = f"+55119{number:08}"
                value = phone if kind is IdentityKind.PHONE else f"{kind.value}-{number}@{self._mark}.example"
                yield models.ContactIdentity(
                    workspace_id=self._workspace, contact_id=contact, kind=kind, key=value, value=value
                )

    def _scores(self) -> Iterable[Any]:
        factors = {
            "company": {"points": 3, "most": 10, "known": True}, "position": {"points": 5, "most": 10, "known": False},
            "engagement": {"points": 20, "most": 40, "known": True},
        }  # fmt: skip
        for contact in self._contacts:
            for turn in range(self._chance.choice((0, 1, 4))):
                yield models.LeadScore(
                    workspace_id=self._workspace, contact_id=contact, score=10 * turn,
                    recommendation=self._chance.choice(("hot", "warm", "cold", "low")),
                    factors=factors if turn % 2 == 0 else {}, reasons=[self._text("porque")] if turn else [],
                    provider="local", at=self._later(turn),
                )  # fmt: skip

    def _invites(self) -> Iterable[Any]:
        for number in range(5):
            yield models.WorkspaceInvite(
                workspace_id=self._workspace, email=f"novo{number}@{self._mark}.example", role=Role.VIEWER,
                token_hash=uuid7().bytes, invited_by_id=self._person(), created_at=self._later(number),
                expires_at=self._later(number + 9), accepted_at=self._may(MOMENT, 30), revoked_at=self._may(MOMENT, 30),
            )  # fmt: skip

    def _acts(self) -> Iterable[Any]:
        for number in range(10):
            contact = self._chance.choice(self._contacts)
            yield AuditEntry(
                workspace_id=self._workspace, seq=2**33 + number, action="contact.update",
                subject=self._chance.choice(("Contact", "Label", "Unheard")), subject_id=self._may(contact),
                actor_id=self._person(), at=self._later(number), ip=self._may("203.0.113.9"),
                user_agent=self._may(self._text("Firefox")), request_id=self._may("suite"),
                changes=self._changes(number), salt=b"s", digest=b"d", previous=b"p", hash=b"h",
            )  # fmt: skip

    def _changes(self, number: int) -> dict[str, Any]:
        if number % 3 == 0:
            return {}
        return {
            "phone": {"before": None, "after": "+5511987654321"},
            "name": {"before": self._text("Ana"), "after": self._text("Bia")},
            "owner_id": {"before": None, "after": str(self._people[0])},
        }

    def _credits(self) -> Iterable[Any]:
        for number in range(6):
            yield models.CreditEntry(
                workspace_id=self._workspace, kind=self._chance.choice(list(CreditKind)), amount=number - 3,
                balance_after=number, feature=self._may("copilot"), request_id=uuid7(), user_id=self._person(),
                at=self._later(number),
            )  # fmt: skip

    def _requests(self) -> Iterable[Any]:
        for number in range(9):
            yield models.AiUsage(
                workspace_id=self._workspace, feature=self._chance.choice(list(Feature)),
                outcome=self._chance.choice(list(Outcome)), provider=self._chance.choice(("groq", "local")),
                model=self._may(self._text("llama")), strategy=self._may(self._chance.choice(list(RoutingStrategy))),
                failure=self._may("timeout", 30), user_id=self._person(),
                contact_id=self._may(self._chance.choice(self._contacts)), persona=self._may("friendly"),
                micro_usd=2**40 + number, credits=number, first_token_ms=self._may(7), took_ms=number * 100,
                is_cached=number % 2 == 0, at=self._later(number),
            )  # fmt: skip

    def _suggestions(self) -> Iterable[Any]:
        for number in range(9):
            yield models.Suggestion(
                workspace_id=self._workspace, feature=Feature.COPILOT, state=self._chance.choice(list(SuggestionState)),
                user_id=self._person(), contact_id=self._may(self._chance.choice(self._contacts)),
                client_request_id=self._may(f"key {number}"), request_id=self._may(uuid7()), asked=self._text("Quanto?"),
                text=self._text("R$ 10"), final_text=self._may(self._text("R$ 9")),
                provider=self._chance.choice(("groq", "local")), model=self._may("groq/llama"),
                persona=self._may("friendly"), language="pt", intent=self._may("price"),
                confidence=self._may(self._chance.choice((0.0, 0.1 + 0.2, 1.0))), micro_usd=2**35,
                is_accepted=self._may(True), at=self._later(number), decided_at=self._may(MOMENT),
            )  # fmt: skip

    def _templates(self) -> Iterable[Any]:
        for number in range(5):
            yield models.PromptTemplate(
                workspace_id=self._workspace, feature=Feature.COPILOT, version=number + 1, body=self._text("Diga"),
                is_active=number == 4, created_by_id=self._person(), created_at=self._later(number),
            )  # fmt: skip

    def _personas(self) -> Iterable[Any]:
        for number in range(2):
            yield models.CustomPersona(
                workspace_id=self._workspace, name=self._text(f"Voz {number}"), instructions="Fale.",
                temperature=0.25 * number, max_tokens=100, created_by_id=self._person(),
            )  # fmt: skip
