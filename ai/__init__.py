"""Language-model engines: text in, typed result and usage out. Knows no tenant, no database, no credit."""
