"""History of the tables (Alembic)."""
