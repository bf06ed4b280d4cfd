"""The demo workspace of a fresh machine: made once, through the same verbs as everything else, in one transaction."""

from typing import Final

from sqlalchemy import select

from core import clock
from core.ground import Ground
from core.ids import UserId, uuid7
from models import FieldKind, Role, User, Workspace, WorkspaceMember
from server import demo_knowledge
from services import custom_fields, labels
from services.access import Actor, Origin
from services.contacts import creation, labelling
from services.contacts.drafting import ContactDraft
from services.custom_fields import FieldDraft
from services.labels import LabelDraft
from services.transaction import SystemTransaction, Transaction, begin_system
from services.workspaces.founding import found, owner_of

EMAIL: Final = "demo@whatshybrid.dev"
PASSWORD: Final = "demo-password-123"  # noqa: S105  (published in the README; planted on embedded stores only)
WORKSPACE: Final = "Demo"
_ORIGIN: Final = Origin(user_agent="seed")
_LABELS: Final = (("Novo", "#2563EB"), ("Cliente", "#16A34A"), ("VIP", "#D97706"), ("Inadimplente", "#DC2626"))
_CONTACTS: Final = (
    ("Ana Beatriz Gonçalves", "+55 11 98123-4501", "Padaria Pão Nosso", 82, ("Cliente", "VIP")),
    ("João Conceição", "+55 21 99876-1102", "Oficina São Jorge", 45, ("Novo",)),
    ("Thaís Araújo", "+55 31 98444-2203", "Clínica Vida Leve", 67, ("Cliente",)),
    ("Vinícius Simões", "+55 71 99222-3304", "Pousada do Porto", 30, ("Inadimplente",)),
)


async def plant(ground: Ground) -> None:
    """Make the demo person and their workspace, unless the person was made before, and give it its knowledge."""
    async with ground.database.system() as session:
        is_there = await session.scalar(select(User.id).where(User.email == EMAIL)) is not None
    if not is_there:
        await _make(ground)
    home = await _home(ground)
    if home is not None:
        await demo_knowledge.teach(ground, home)


async def _home(ground: Ground) -> Actor | None:
    """Return the demo person as the owner of their workspace; None when they gave it up."""
    is_theirs = (User.email == EMAIL, WorkspaceMember.role == Role.OWNER, Workspace.deleted_at.is_(None))
    statement = (
        select(Workspace, WorkspaceMember.user_id)
        .join(WorkspaceMember, WorkspaceMember.workspace_id == Workspace.id)
        .join(User, User.id == WorkspaceMember.user_id)
        .where(*is_theirs)
        .order_by(Workspace.id)
        .limit(1)
    )
    async with ground.database.system() as session:
        found = (await session.execute(statement)).one_or_none()
    return None if found is None else owner_of(found[0], UserId(found[1]), _ORIGIN)


async def _make(ground: Ground) -> None:
    password_hash = await ground.passwords.hash(PASSWORD)
    async with begin_system(ground) as tx:
        tx.session.add(owner := _owner(password_hash))
        await tx.session.flush()
        await _furnish(await _workspace(tx, UserId(owner.id)))


def _owner(password_hash: bytes) -> User:
    return User(
        id=uuid7(),
        email=EMAIL,
        name="Pessoa de Demonstração",
        password_hash=password_hash,
        email_verified_at=clock.now(),
    )


async def _workspace(tx: SystemTransaction, owner: UserId) -> Transaction:
    workspace = await found(tx, founder=owner, origin=_ORIGIN, name=WORKSPACE)
    return tx.within(owner_of(workspace, owner, _ORIGIN))


async def _furnish(tx: Transaction) -> None:
    made = {name: await labels.create(tx, LabelDraft(name=name, color=color)) for name, color in _LABELS}
    city = FieldDraft(key="cidade", label="Cidade", kind=FieldKind.TEXT)
    await custom_fields.create(tx, city)
    for name, phone, company, score, worn in _CONTACTS:
        draft = ContactDraft(name=name, phone=phone, company=company, lead_score=score)
        contact = await creation.create(tx, draft)
        await labelling.add(tx, [contact.id], [made[each].id for each in worn])
