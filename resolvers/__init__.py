"""The grammar of the API: root fields, context and loaders. Thin."""
