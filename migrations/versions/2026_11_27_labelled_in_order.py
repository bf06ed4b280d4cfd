"""Keep the contacts of a label in their order.

Revision ID: 0011_labelled_in_order
Revises: 0010_acts_in_order
Create Date: 2026-11-27 20:21:37.640915
"""

from collections.abc import Sequence
from uuid import UUID

import sqlalchemy as sa
from alembic import op

from core.database import walls

revision: str = "0011_labelled_in_order"
down_revision: str | Sequence[str] | None = "0010_acts_in_order"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

_LINKS = "contact_labels"
_COPY = "contact_created_at"
_KEY = "fk_contact_labels_workspace_id_contact_id_contact_created_at"
_KEY_BEFORE = "fk_contact_labels_workspace_id_contact_id"
_FILLED = "ck_contact_labels_contact_created_at"
_BATCH = 10_000
_ATTEMPTS = 100

_FILLING = (
    # a time that no contact has, so that the foreign key tells of one that is not there
    f"""
    CREATE OR REPLACE FUNCTION fill_{_COPY}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        NEW.{_COPY} := coalesce(
            (SELECT created_at FROM public.contacts WHERE workspace_id = NEW.workspace_id AND id = NEW.contact_id),
            'infinity');
        RETURN NEW;
    END $$
    """,
    f"""
    CREATE OR REPLACE TRIGGER fill_{_COPY} BEFORE INSERT ON {_LINKS} FOR EACH ROW
    WHEN (NEW.{_COPY} IS NULL) EXECUTE FUNCTION fill_{_COPY}()
    """,
)
_FILL = sa.text(f"""
    WITH batch AS (
        SELECT workspace_id, contact_id, label_id FROM {_LINKS}
        WHERE (workspace_id, contact_id, label_id) > (:workspace_id, :contact_id, :label_id)
        ORDER BY workspace_id, contact_id, label_id LIMIT {_BATCH}
    ), filled AS (
        UPDATE {_LINKS} l SET {_COPY} = c.created_at FROM batch JOIN contacts c
            ON c.workspace_id = batch.workspace_id AND c.id = batch.contact_id
        WHERE l.workspace_id = batch.workspace_id AND l.contact_id = batch.contact_id AND l.label_id = batch.label_id
            AND l.{_COPY} IS NULL
    )
    SELECT workspace_id, contact_id, label_id FROM batch ORDER BY 1 DESC, 2 DESC, 3 DESC LIMIT 1
""")
_IS_BUILT = sa.text("SELECT count(*) FROM pg_index WHERE indexrelid = to_regclass(:name) AND indisvalid")


def upgrade() -> None:
    """Apply. Indexes are built, rows filled and looked through beside writers, so it may be begun again at any place."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.add_column(_LINKS, sa.Column(_COPY, sa.DateTime(timezone=True), nullable=True), if_not_exists=True)
    for statement in _FILLING:
        op.execute(statement)
    with op.get_context().autocommit_block():
        _build("uq_contacts_created_at", "contacts", ["workspace_id", "created_at", "id"], unique=True)
        _fill()
        _build(f"ix_{_LINKS}_{_COPY}", _LINKS, ["workspace_id", "label_id", _COPY, "contact_id"], unique=False)
        # what is written from now on is held to what the rows that are there are looked through for next
        _patiently(
            f"ALTER TABLE {_LINKS} DROP CONSTRAINT IF EXISTS {_FILLED}, DROP CONSTRAINT IF EXISTS {_KEY}",
            f"ALTER TABLE {_LINKS} ADD CONSTRAINT {_FILLED} CHECK ({_COPY} IS NOT NULL) NOT VALID,"
            f" ADD CONSTRAINT {_KEY} FOREIGN KEY (workspace_id, contact_id, {_COPY})"
            " REFERENCES contacts (workspace_id, id, created_at) ON DELETE CASCADE NOT VALID",
        )
        op.execute(f"ALTER TABLE {_LINKS} VALIDATE CONSTRAINT {_FILLED}")
        op.execute(f"ALTER TABLE {_LINKS} VALIDATE CONSTRAINT {_KEY}")
        _patiently(
            f"ALTER TABLE {_LINKS} ALTER COLUMN {_COPY} SET NOT NULL",
            f"ALTER TABLE {_LINKS} DROP CONSTRAINT {_FILLED}, DROP CONSTRAINT IF EXISTS {_KEY_BEFORE}",
        )
        op.drop_index("ix_contacts_created_at", "contacts", postgresql_concurrently=True, if_exists=True)
        op.drop_index("ix_contact_labels_label_id", _LINKS, postgresql_concurrently=True, if_exists=True)


def _build(name: str, table: str, columns: list[str], *, unique: bool) -> None:
    """Build an index, unless it is there; one whose building was broken off is there, but not valid."""
    if op.get_bind().scalar(_IS_BUILT, {"name": name}):
        return
    op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
    op.create_index(name, table, columns, unique=unique, postgresql_concurrently=True)


def _fill() -> None:
    """Fill the rows that were there, in the order of their key, each batch in a transaction of its own."""
    # the owner of a table is bound by its walls too
    op.execute(f"SET ROLE {walls.SYSTEM_ROLE}")
    last: dict[str, object] | None = dict.fromkeys(("workspace_id", "contact_id", "label_id"), UUID(int=0))
    while last is not None:
        row = op.get_bind().execute(_FILL, last).mappings().one_or_none()
        last = None if row is None else dict(row)
    op.execute("RESET ROLE")


def _patiently(*statements: str) -> None:
    """Run statements that lock both tables, in one transaction. Whoever has locked one of them and waits for the other is
    let go on, again and again, before the database finds that we wait for one another (after 1 s).
    """
    op.execute(f"""DO $$ BEGIN
        PERFORM set_config('lock_timeout', '300ms', true);
        FOR attempt IN 1..{_ATTEMPTS} LOOP
            BEGIN
                {"; ".join(statements)};
                RETURN;
            EXCEPTION WHEN lock_not_available THEN
                IF attempt = {_ATTEMPTS} THEN RAISE; END IF;
                PERFORM pg_sleep(0.1);
            END;
        END LOOP;
    END $$""")


def downgrade() -> None:
    """Undo."""
    op.execute("SET LOCAL lock_timeout = '5s'")
    op.create_index("ix_contacts_created_at", "contacts", ["workspace_id", "created_at", "id"])
    op.create_index("ix_contact_labels_label_id", _LINKS, ["workspace_id", "label_id", "contact_id"])
    op.create_foreign_key(
        op.f(_KEY_BEFORE),
        _LINKS,
        "contacts",
        ["workspace_id", "contact_id"],
        ["workspace_id", "id"],
        ondelete="CASCADE",
    )
    op.drop_constraint(_KEY, _LINKS)
    op.execute(f"DROP TRIGGER fill_{_COPY} ON {_LINKS}")
    op.execute(f"DROP FUNCTION fill_{_COPY}()")
    op.drop_index(f"ix_{_LINKS}_{_COPY}", _LINKS)
    op.drop_column(_LINKS, _COPY)
    op.drop_index("uq_contacts_created_at", "contacts")
