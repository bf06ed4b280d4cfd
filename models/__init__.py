"""What is stored: SQLAlchemy tables, one file an aggregate, and the rules of a single row."""
