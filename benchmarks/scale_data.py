"""A large workspace and a small one, made by the database itself: contacts, owners, labels, archived ones."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text

from core import clock
from core.database import Database
from core.database.sessions import WriteSession
from core.ids import uuid7
from models import Label, Role, User, Workspace, WorkspaceCounter, WorkspaceMember

OWNERS: Final = 5
LABELS: Final = 20
SMALL: Final = 50_000
RARE_EVERY: Final = 50_000

_NAMES: Final = (
    "Ana|João|Maria|José|Antônio|Francisca|Carlos|Paulo|Adriana|Lucas|Juliana|Márcia|Fernanda|Patrícia|Luís|Aline|Sandra|Camila"
    "|Marcos|Bruno|Rafael|Eduardo|Felipe|Rodrigo|Letícia|Vinícius|Beatriz|Gabriela|Thiago|Larissa|Otávio|Helena|Sônia|Renata"
)
_SURNAMES: Final = (
    "Silva|Santos|Oliveira|Souza|Rodrigues|Ferreira|Alves|Pereira|Lima|Gomes|Costa|Ribeiro|Martins|Carvalho|Almeida|Lopes|Soares"
    "|Fernandes|Vieira|Barbosa|Rocha|Dias|Nascimento|Andrade|Moreira|Nunes|Marques|Machado|Mendes|Freitas|Cardoso|Ramos|Gonçalves"
    "|Santana|Teixeira|Araújo|Moura|Campos|Jesus|Borges|Cavalcanti|Monteiro|Correia|Pinto|Azevedo|Brito|Farias|Queiroz|Tavares"
)
_COMPANIES: Final = "Padaria|Oficina|Clínica|Escola|Mercado|Farmácia|Floricultura|Papelaria|Academia|Barbearia"

_CONTACTS = text(f"""
    INSERT INTO contacts
        (workspace_id, id, name, phone, email, company, notes, owner_id, lead_score, last_message_at, archived_at,
        created_at, updated_at)
    SELECT :workspace_id, gen_random_uuid(),
        a[1 + n % cardinality(a)] || ' ' || b[1 + n / 34 % cardinality(b)] || ' ' || b[1 + n / 1666 % cardinality(b)]
            || CASE WHEN n % :rare = 7 THEN ' Wladislaw' ELSE '' END,
        '+55119' || lpad((n::bigint * 7919 % 100000000)::text, 8, '0'),
        'pessoa' || n || '@example.com',
        CASE WHEN n % 3 = 0 THEN c[1 + n % cardinality(c)] || ' ' || n / 90 END,
        CASE WHEN n % :rare = 11 THEN 'prefere broto de bambu' WHEN n % 10 = 0 THEN 'gosta de bolo de cenoura' END,
        CASE WHEN n % 20 <> 0 THEN (CAST(:owners AS uuid[]))[1 + n % :people] END,
        n * 31 % 101,
        CASE WHEN n % 2 = 0 THEN now() - make_interval(mins => n * 13 % 500000) END,
        CASE WHEN n % 10 = 3 THEN now() - make_interval(mins => n % 5000) END,
        now() - make_interval(secs => n * 29), now() - make_interval(secs => n * 17 % 9000000)
    FROM generate_series(CAST(:first AS int), CAST(:last AS int)) n,
        (SELECT string_to_array('{_NAMES}', '|') a, string_to_array('{_SURNAMES}', '|') b,
                string_to_array('{_COMPANIES}', '|') c) words
""")  # noqa: S608  (the words are ours)
_LABELLED = text("""
    INSERT INTO contact_labels (workspace_id, contact_id, label_id)
    SELECT :workspace_id, id,
        (CAST(:labels AS uuid[]))[1 + CASE WHEN lead_score < 90 THEN lead_score % 3 ELSE 3 + lead_score % 17 END]
    FROM contacts WHERE workspace_id = :workspace_id AND lead_score % 2 = 0
""")
_RARE = text("""
    INSERT INTO contact_labels (workspace_id, contact_id, label_id)
    SELECT :workspace_id, id, :label FROM contacts WHERE workspace_id = :workspace_id AND name LIKE '%Wladislaw'
""")
_SECONDARY = text("""
    SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS made FROM pg_index
    WHERE indrelid = 'contacts'::regclass AND NOT indisprimary AND NOT indisunique
""")


@dataclass(frozen=True, slots=True, kw_only=True)
class Crowd:
    """A filled workspace: one of its owners, a label of a sixth of all, and one of very few."""

    workspace_id: UUID
    contacts: int
    owner_id: UUID
    label_id: UUID
    rare_label_id: UUID


async def fill(database: Database, contacts: int, *, batch: int = 100_000) -> Crowd:
    """Make the large workspace and the small one. Indexes are built at the end, as they are after a restore."""
    async with database.system() as session:
        await session.execute(text("SET LOCAL ROLE NONE"))
        indexes = (await session.execute(_SECONDARY)).all()
        for each in indexes:
            await session.execute(text(f"DROP INDEX {each.name}"))
    await _crowd(database, SMALL, batch)
    crowd = await _crowd(database, contacts, batch)
    async with database.system() as session:
        await session.execute(text("SET LOCAL ROLE NONE"))
        await session.execute(text("SET LOCAL maintenance_work_mem = '512MB'"))
        for each in indexes:
            await session.execute(text(each.made))
        for table in ("contacts", "contact_labels"):
            await session.execute(text(f"ANALYZE {table}"))
    return crowd


async def _crowd(database: Database, contacts: int, batch: int) -> Crowd:
    workspace_id, owners, labels = uuid7(), [uuid7() for _ in range(OWNERS)], [uuid7() for _ in range(LABELS + 1)]
    async with database.system() as session:
        await _ground(session, workspace_id, owners, labels)
    for first in range(1, contacts + 1, batch):
        given: dict[str, Any] = {"owners": owners, "people": OWNERS, "rare": RARE_EVERY, "workspace_id": workspace_id}
        async with database.system() as session:
            await session.execute(_CONTACTS, {**given, "first": first, "last": min(first + batch - 1, contacts)})
    async with database.system() as session:
        await session.execute(_LABELLED, {"workspace_id": workspace_id, "labels": labels})
        await session.execute(_RARE, {"workspace_id": workspace_id, "label": labels[LABELS]})
    return Crowd(
        workspace_id=workspace_id,
        contacts=contacts,
        owner_id=owners[0],
        label_id=labels[0],
        rare_label_id=labels[LABELS],
    )


async def _ground(session: WriteSession, workspace_id: UUID, owners: Sequence[UUID], labels: Sequence[UUID]) -> None:
    session.add(Workspace(id=workspace_id, name="Padaria", slug=workspace_id.hex))
    people = [
        User(id=each, email=f"{each.hex}@example.com", name=f"Colega {number}", password_hash=b"-")
        for number, each in enumerate(owners)
    ]
    session.add_all(people)
    await session.flush()
    session.add(WorkspaceCounter(workspace_id=workspace_id))
    session.add_all(
        WorkspaceMember(workspace_id=workspace_id, user_id=each, role=Role.MEMBER, joined_at=clock.now())
        for each in owners
    )
    session.add_all(
        Label(workspace_id=workspace_id, id=each, name=f"Etiqueta {number}", color="#112233", position=number)
        for number, each in enumerate(labels)
    )
